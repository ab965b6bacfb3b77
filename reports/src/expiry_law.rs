//! The law of a credential that nothing but its own expiry ends: revoked at a random age, it stays accepted for the rest of
//! its lifetime, which is uniform.
//!
//! Lifetimes too long to watch are projected from this law, so it is verified first, at a lifetime short enough to watch.

use crate::number::rounded;
use crate::revocation::{Lag, Trial};
use crate::statistics::{ALPHA, uniform_p_value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a refusal may lie from the credential's own expiry: the clock of the issuer and that of the prober
/// are read at different moments, and slewed in between.
const CLOCK_TOLERANCE_NS: f64 = 10e6;

/// What the revocations at one enforcement point say about the law.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpiryLaw {
    /// Revocations that could be checked.
    pub n: u64,
    /// Chance (0 to 1) of lags at least this far from uniform, if the law holds. Below [`ALPHA`] it does not.
    pub p_value: f64,
    /// Revocations whose lag cannot have ended at the expiry of their own credential.
    pub off_expiry: u64,
}

/// Why the law was not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAsked {
    /// Something else ends acceptance here, or no credential says when it expires.
    EndsOtherwise,
    /// Too few revocations to tell.
    TooFew,
}

impl ExpiryLaw {
    /// Asks `trials` at `point`, where acceptance should end `leeway_ns` after `exp`.
    ///
    /// # Errors
    /// Where the question does not arise: credentials that do not say when they expire, a point that promises
    /// (`bound_ms`) to refuse before they expire, a point that refused most of them at once, or too few of them.
    pub fn of(
        trials: &[Trial],
        point: &str,
        leeway_ns: f64,
        bound_ms: Option<f64>,
    ) -> Result<Self, NotAsked> {
        let observed: Vec<Observed> = trials
            .iter()
            .filter_map(|trial| Observed::of(trial, point, leeway_ns))
            .collect();
        let longest_ns = observed
            .iter()
            .map(|one| one.lifetime_ns + leeway_ns)
            .fold(0.0, f64::max);
        let promises_less =
            bound_ms.is_some_and(|bound| bound * 1e6 + CLOCK_TOLERANCE_NS < longest_ns);
        let outlived = observed.iter().filter(|one| one.accepted_after).count();
        if observed.is_empty() || promises_less || outlived * 2 < observed.len() {
            return Err(NotAsked::EndsOtherwise);
        }
        let shares: Vec<(f64, f64)> = observed
            .iter()
            .map(|one| one.share_of_lifetime(leeway_ns))
            .collect();
        let p_value = uniform_p_value(&shares).ok_or(NotAsked::TooFew)?;
        Ok(Self {
            n: observed.len() as u64,
            p_value: rounded(p_value),
            off_expiry: observed.iter().filter(|one| one.off_expiry()).count() as u64,
        })
    }

    /// Whether nothing speaks against the law.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.p_value >= ALPHA && self.off_expiry == 0
    }
}

/// One revocation; times in nanoseconds since t0.
struct Observed {
    /// Last certainly accepted.
    after_ns: f64,
    /// Certainly refused; infinite when observation ended before.
    until_ns: f64,
    accepted_after: bool,
    /// When acceptance should end: expiry + leeway.
    end_ns: f64,
    /// Expiry − issue.
    lifetime_ns: f64,
}

impl Observed {
    fn of(trial: &Trial, point: &str, leeway_ns: f64) -> Option<Self> {
        let expires_ns = trial.expires_ns? as f64;
        let lag = trial.lag(point);
        let (after_ns, until_ns) = match lag {
            Lag::Interval { after_ns, until_ns } => (after_ns as f64, until_ns as f64),
            // It may have expired at any moment before the refusal, even before t0: both ends of (0, until] are possible,
            // and leaving these out would cut the short lags off the distribution.
            Lag::NeverAccepted { until_ns } => (0.0, until_ns as f64),
            Lag::Censored { after_ns } => (after_ns as f64, f64::INFINITY),
            Lag::Unknown => return None,
        };
        Some(Self {
            after_ns,
            until_ns,
            accepted_after: lag.accepted_after(),
            end_ns: expires_ns + leeway_ns - trial.answered_ns as f64,
            lifetime_ns: expires_ns - trial.issued_ns as f64,
        })
    }

    /// A token that had expired when the acknowledgement came, by however much, is one that is not accepted after it.
    fn off_expiry(&self) -> bool {
        let outlived = self.accepted_after && self.end_ns + CLOCK_TOLERANCE_NS < self.after_ns;
        outlived || self.end_ns - CLOCK_TOLERANCE_NS > self.until_ns
    }

    /// Against its own lifetime and not the configured one: `exp` has whole seconds, so lifetimes differ by up to one.
    fn share_of_lifetime(&self, leeway_ns: f64) -> (f64, f64) {
        let share = |ns: f64| ((ns - leeway_ns) / self.lifetime_ns).max(0.0);
        (share(self.after_ns), share(self.until_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revocation::{Acknowledgement, Segment, Verdict};
    use std::collections::BTreeMap;

    const MS: u64 = 1_000_000;
    const LIFETIME_MS: u64 = 2000;

    /// Revoked `age_ms` after issue, accepted until `end_ms` after issue, probed every 5 ms.
    fn trial(age_ms: u64, end_ms: u64) -> Trial {
        let segment = |verdict, first_ms: u64, last_ms: u64| Segment {
            verdict,
            probes: 1,
            first_sent_ns: first_ms * MS,
            first_done_ns: first_ms * MS + 1,
            last_sent_ns: last_ms * MS,
            last_done_ns: last_ms * MS + 1,
        };
        let mut segments = vec![segment(Verdict::Accepted, age_ms - 1, age_ms - 1)];
        let last_accepted_ms = end_ms - 1;
        if last_accepted_ms > age_ms {
            segments.push(segment(Verdict::Accepted, age_ms + 1, last_accepted_ms));
        }
        let refused_ms = last_accepted_ms.max(age_ms) + 5;
        segments.push(segment(Verdict::Refused, refused_ms, refused_ms + 100));
        Trial {
            user: 0,
            issued_ns: 0,
            expires_ns: Some((LIFETIME_MS * MS) as i64),
            requested_ns: age_ms * MS - 1,
            answered_ns: age_ms * MS,
            acknowledged_from_ns: None,
            acknowledgement: Acknowledgement::Received,
            points: BTreeMap::from([("resource-1".to_owned(), segments)]),
            refresh_after: None,
            occurrence: None,
            witnesses: Vec::new(),
        }
    }

    fn at_every_age(end_ms: impl Fn(u64) -> u64) -> Vec<Trial> {
        (0..200)
            .map(|i| i * 10 + 5)
            .map(|age| trial(age, end_ms(age)))
            .collect()
    }

    fn law(trials: &[Trial]) -> Result<ExpiryLaw, NotAsked> {
        ExpiryLaw::of(trials, "resource-1", 0.0, Some(LIFETIME_MS as f64))
    }

    #[test]
    fn acceptance_until_expiry_is_the_law() {
        let law = law(&at_every_age(|_| LIFETIME_MS)).expect("applies");
        assert!(law.holds(), "{law:?}");
        assert_eq!(law.n, 200);
    }

    #[test]
    fn expired_just_before_the_next_probe_belongs_to_the_law() {
        let mut trials = at_every_age(|_| LIFETIME_MS);
        trials.push(trial(LIFETIME_MS - 1, LIFETIME_MS));
        // The acknowledgement took 50 ms, and the token expired meanwhile.
        trials.push(trial(LIFETIME_MS + 50, LIFETIME_MS));
        let law = law(&trials).expect("applies");
        assert_eq!((law.n, law.off_expiry), (202, 0));
    }

    #[test]
    fn a_deny_list_pulled_each_half_second_is_another_law() {
        let law = law(&at_every_age(|age| (age + 250).min(LIFETIME_MS))).expect("applies");
        assert!(law.p_value < ALPHA, "{law:?}");
        assert!(law.off_expiry > 150, "{law:?}");
    }

    #[test]
    fn uniform_but_not_at_its_own_expiry_is_another_law_too() {
        let law = law(&at_every_age(|age| 2 * LIFETIME_MS - age)).map(|law| law.holds());
        assert_eq!(law, Ok(false));
    }

    #[test]
    fn the_question_does_not_arise_where_revocation_is_immediate_or_promised_sooner() {
        let otherwise = Err(NotAsked::EndsOtherwise);
        assert_eq!(law(&at_every_age(|age| age + 1)), otherwise);
        let trials = at_every_age(|_| LIFETIME_MS);
        assert_eq!(
            ExpiryLaw::of(&trials, "resource-1", 0.0, Some(0.0)),
            otherwise
        );
        assert_eq!(
            ExpiryLaw::of(&trials, "introspection", 0.0, None),
            otherwise
        );
        assert_eq!(law(&trials[..5]), Err(NotAsked::TooFew));
    }
}
