//! What a truth server does with a revoked credential, and whether a trial says so.
//!
//! The server counts from the moment at which its acknowledgement left, the instrument from that at which it had been received. Between the
//! two lies the *flight*: no longer than the revoking call took, less what the server withheld its answer. An acceptance that ends L after the
//! one moment ends between L − flight and L after the other, so an interval is right when it meets that span: no guess at the machine's
//! speed is part of it.

use crate::selftest::{Bench, SelftestError};
use crate::target::TargetFile;
use authbench_reports::number::span;
use authbench_reports::revocation::{Lag, Trial, Verdict};

const ONE: &str = include_str!("../targets/revocation.toml");
const THREE: &str = include_str!("../targets/instances.toml");
/// The point of a server alone, and the first of three.
const POINT: &str = "instance-1";
/// The one of three that lags.
const LAGGING: &str = "instance-3";
const ON_TIME: [&str; 2] = [POINT, "instance-2"];
const MS: u64 = 1_000_000;
/// A lag this long must be seen as an acceptance, not only be compatible with what was seen.
const SEEN_FROM_NS: u64 = 1_000 * MS;

/// Every script that is measured.
pub(super) const SCRIPTS: [Script; 9] = [
    Script::Lags { for_ms: 0 },
    Script::Lags { for_ms: 3 },
    Script::Lags { for_ms: 50 },
    Script::Lags { for_ms: 1000 },
    Script::Never,
    Script::Flaps {
        from_ms: 100,
        until_ms: 300,
    },
    Script::OneLags { for_ms: 50 },
    Script::Outage { for_ms: 400 },
    Script::Blocks { for_ms: 2000 },
];

/// What a server does with a revoked credential; times since the acknowledgement left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Goes on accepting it.
    Lags { for_ms: u64 },
    /// Accepts it for ever.
    Never,
    /// Refuses it, accepts it again for a while, refuses it.
    Flaps { from_ms: u64, until_ms: u64 },
    /// One of three instances goes on accepting it, the others refuse it at once.
    OneLags { for_ms: u64 },
    /// Answers 503, then refuses it.
    Outage { for_ms: u64 },
    /// Withholds the acknowledgement, and accepts it until that leaves.
    Blocks { for_ms: u64 },
}

impl Script {
    /// The target's name.
    pub(super) fn name(self) -> String {
        match self {
            Self::Lags { for_ms } => format!("lags-{for_ms}-ms"),
            Self::Never => "never-stops".to_owned(),
            Self::Flaps { .. } => "flaps".to_owned(),
            Self::OneLags { .. } => "one-of-three-lags".to_owned(),
            Self::Outage { .. } => "outage".to_owned(),
            Self::Blocks { .. } => "blocks".to_owned(),
        }
    }

    /// What is known by construction.
    pub(super) fn told(self) -> String {
        let time = |ms: u64| span(ms as f64);
        match self {
            Self::Lags { for_ms } => {
                format!("accepted for {} after the acknowledgement", time(for_ms))
            }
            Self::Never => "accepted for ever".to_owned(),
            Self::Flaps { from_ms, until_ms } => format!(
                "refused at once, accepted again from {} to {}",
                time(from_ms),
                time(until_ms)
            ),
            Self::OneLags { for_ms } => {
                format!(
                    "one of three instances accepts for {}, the others not",
                    time(for_ms)
                )
            }
            Self::Outage { for_ms } => format!("503 for {}, then refused", time(for_ms)),
            Self::Blocks { for_ms } => {
                format!(
                    "the revoking call blocks for {}, and it is accepted meanwhile",
                    time(for_ms)
                )
            }
        }
    }

    /// What every trial must say.
    pub(super) fn quantity(self) -> &'static str {
        match self {
            Self::Lags { .. } => "intervals contain it",
            Self::Never => "censored",
            Self::Flaps { .. } => "contain it, one flap each",
            Self::OneLags { .. } => "contain it, there alone",
            Self::Outage { .. } => "gaps, and no refusal",
            Self::Blocks { .. } => "contain it, and the ack shows it",
        }
    }

    /// The server that does it.
    pub(super) fn file(self, bench: &Bench) -> Result<TargetFile, SelftestError> {
        let (text, variable, value) = match self {
            Self::Lags { for_ms } => (ONE, "behaviour", format!("--revocation-lag={for_ms}ms")),
            Self::Never => (ONE, "behaviour", "--never-revoked".to_owned()),
            Self::Flaps { from_ms, until_ms } => {
                (ONE, "behaviour", format!("--flap={from_ms}ms,{until_ms}ms"))
            }
            Self::OneLags { for_ms } => (THREE, "lag", format!("{for_ms}ms")),
            Self::Outage { for_ms } => (ONE, "behaviour", format!("--outage=0ms,{for_ms}ms")),
            Self::Blocks { for_ms } => (ONE, "behaviour", format!("--block-revocation={for_ms}ms")),
        };
        bench.file(&self.name(), text, &[(variable, &value)])
    }

    /// Whether `trial` says what the server did, its lag at each point being `lag`.
    pub(super) fn is_right(self, trial: &Trial, lag: &dyn Fn(&str) -> Lag) -> bool {
        let flight_ns = trial.answered_ns - trial.requested_ns;
        let contains = |point: &str, until_ms: u64| contains(lag(point), until_ms * MS, flight_ns);
        match self {
            Self::Lags { for_ms } => contains(POINT, for_ms),
            Self::Never => matches!(lag(POINT), Lag::Censored { .. }),
            Self::Flaps { until_ms, .. } => contains(POINT, until_ms) && trial.flaps(POINT) == 1,
            Self::OneLags { for_ms } => {
                contains(LAGGING, for_ms) && ON_TIME.iter().all(|point| contains(point, 0))
            }
            Self::Outage { for_ms } => {
                matches!(lag(POINT), Lag::NeverAccepted { until_ns }
                    if until_ns + flight_ns >= for_ms * MS)
                    && has_gap_after(trial)
            }
            Self::Blocks { for_ms } => blocked(trial, lag(POINT), for_ms * MS),
        }
    }

    /// The points of `trial` whose acceptance ends in an interval.
    pub(super) fn lagging(self, trial: &Trial) -> Option<(&Trial, &'static str)> {
        match self {
            Self::Lags { .. } | Self::Flaps { .. } => Some((trial, POINT)),
            Self::OneLags { .. } => Some((trial, LAGGING)),
            Self::Never | Self::Outage { .. } | Self::Blocks { .. } => None,
        }
    }

    /// Whether the server withholds nothing of its acknowledgement.
    pub(super) fn acknowledges_at_once(self) -> bool {
        !matches!(self, Self::Blocks { .. })
    }

    /// From the revoking call sent to the last acceptance sent, where that is what the script is about.
    pub(super) fn request_to_last_accepted_ns(self, trial: &Trial) -> Option<u64> {
        matches!(self, Self::Blocks { .. }).then_some(())?;
        let (accepted_ns, _) = end_of_acceptance(trial)?;
        accepted_ns.checked_sub(trial.requested_ns)
    }
}

/// Whether an acceptance that ends `truth_ns` after the acknowledgement left can be what `lag` shows.
fn contains(lag: Lag, truth_ns: u64, flight_ns: u64) -> bool {
    let earliest_ns = truth_ns.saturating_sub(flight_ns);
    match lag {
        Lag::Interval { after_ns, until_ns } => after_ns < truth_ns && earliest_ns <= until_ns,
        // No machine is so busy that not one of two hundred probes is sent in time.
        Lag::NeverAccepted { .. } if truth_ns >= SEEN_FROM_NS => false,
        Lag::NeverAccepted { until_ns } => earliest_ns <= until_ns,
        Lag::Censored { .. } | Lag::Unknown => false,
    }
}

fn has_gap_after(trial: &Trial) -> bool {
    let segments = trial.points.get(POINT).into_iter().flatten();
    let mut after = segments.filter(|segment| segment.first_sent_ns > trial.answered_ns);
    after.any(|segment| segment.verdict == Verdict::Gap)
}

/// The revoking call took as long as the server withheld its answer, nothing was accepted after it, and nothing was refused before that time.
fn blocked(trial: &Trial, lag: Lag, withheld_ns: u64) -> bool {
    let ack_ns = trial.answered_ns - trial.requested_ns;
    let Some(flight_ns) = ack_ns.checked_sub(withheld_ns) else {
        return false;
    };
    let ends_in_time = end_of_acceptance(trial).is_some_and(|(accepted_ns, refused_ns)| {
        accepted_ns < trial.answered_ns && refused_ns >= trial.requested_ns + withheld_ns
    });
    contains(lag, 0, flight_ns) && ends_in_time
}

/// When the last acceptance of `trial` was sent and when the next refusal had been received, on the trial's clock.
fn end_of_acceptance(trial: &Trial) -> Option<(u64, u64)> {
    let segments = trial.points.get(POINT)?;
    let last = segments
        .iter()
        .rposition(|segment| segment.verdict == Verdict::Accepted)?;
    let mut after = segments[last..].iter();
    let refused = after.find(|segment| segment.verdict == Verdict::Refused)?;
    Some((segments[last].last_sent_ns, refused.first_done_ns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selftest::fault::lag_to_first_refusal;
    use Verdict::{Accepted, Gap, Refused};
    use authbench_reports::revocation::{Acknowledgement, Probe, segments};
    use std::collections::BTreeMap;

    const T0_MS: u64 = 1000;

    /// Requested 2 ms before t0; probes at so many milliseconds from t0, each answered after one.
    fn trial(probes: &[(i64, Verdict)]) -> Trial {
        let at = |ms: i64| (T0_MS as i64 + ms) as u64 * MS;
        let probes: Vec<Probe> = probes
            .iter()
            .map(|(sent, verdict)| Probe {
                sent_ns: at(*sent),
                done_ns: at(*sent + 1),
                verdict: *verdict,
            })
            .collect();
        Trial {
            user: 1,
            issued_ns: 0,
            expires_ns: None,
            requested_ns: at(-2),
            answered_ns: at(0),
            acknowledged_from_ns: None,
            acknowledgement: Acknowledgement::Received,
            points: BTreeMap::from([(POINT.to_owned(), segments(&probes, T0_MS * MS))]),
            refresh_after: None,
            occurrence: None,
            witnesses: Vec::new(),
        }
    }

    fn is_right(script: Script, trial: &Trial) -> bool {
        script.is_right(trial, &|point| trial.lag(point))
    }

    #[test]
    fn an_interval_beside_the_truth_is_wrong_and_the_flight_of_the_acknowledgement_is_not() {
        let right =
            |for_ms, probes: &[(i64, Verdict)]| is_right(Script::Lags { for_ms }, &trial(probes));
        let ends_by_51 = [(-10, Accepted), (45, Accepted), (50, Refused)];
        assert!(right(50, &ends_by_51));
        assert!(right(52, &ends_by_51), "the flight took up to 2 ms");
        assert!(!right(54, &ends_by_51), "refused too early");
        assert!(!right(45, &ends_by_51), "accepted too late");
        assert!(!right(0, &ends_by_51));
        assert!(right(0, &[(-10, Accepted), (5, Refused)]));
        assert!(!right(0, &[(5, Refused)]), "never seen to accept");
        assert!(
            !right(1000, &[(-10, Accepted), (1005, Refused)]),
            "nobody looked for a whole second"
        );
    }

    #[test]
    fn a_flap_must_be_counted_and_the_first_refusal_is_not_the_end() {
        let script = Script::Flaps {
            from_ms: 100,
            until_ms: 300,
        };
        let probes = [
            (-10, Accepted),
            (5, Refused),
            (120, Accepted),
            (298, Accepted),
            (303, Refused),
        ];
        let trial = trial(&probes);
        assert!(is_right(script, &trial));
        assert!(!script.is_right(&trial, &|point| lag_to_first_refusal(&trial, point)));
        let missed = [(-10, Accepted), (5, Refused), (303, Refused)];
        assert!(!is_right(script, &self::trial(&missed)));
    }

    #[test]
    fn an_outage_is_a_gap_and_no_refusal() {
        let script = Script::Outage { for_ms: 400 };
        let probes = [(-10, Accepted), (5, Gap), (395, Gap), (401, Refused)];
        assert!(is_right(script, &trial(&probes)));
        let refused_meanwhile = [(-10, Accepted), (5, Refused), (395, Gap), (401, Refused)];
        assert!(!is_right(script, &trial(&refused_meanwhile)));
        let without_gap = [(-10, Accepted), (401, Refused)];
        assert!(!is_right(script, &trial(&without_gap)));
    }

    #[test]
    fn a_call_that_blocks_shows_in_the_acknowledgement_and_in_the_last_acceptance() {
        let script = Script::Blocks { for_ms: 900 };
        let blocked = Trial {
            requested_ns: (T0_MS - 901) * MS,
            ..trial(&[
                (-950, Accepted),
                (-300, Accepted),
                (-2, Accepted),
                (3, Refused),
            ])
        };
        assert!(is_right(script, &blocked));
        assert_eq!(script.request_to_last_accepted_ns(&blocked), Some(899 * MS));
        let quick = Trial {
            requested_ns: (T0_MS - 890) * MS,
            ..blocked.clone()
        };
        assert!(!is_right(script, &quick), "answered before its time");
        let early = Trial {
            requested_ns: (T0_MS - 901) * MS,
            ..trial(&[
                (-950, Accepted),
                (-300, Accepted),
                (-100, Refused),
                (3, Refused),
            ])
        };
        assert!(!is_right(script, &early), "refused before the answer left");
    }

    #[test]
    fn only_the_instance_that_lags_may_lag() {
        let script = Script::OneLags { for_ms: 50 };
        let lags = trial(&[(-10, Accepted), (45, Accepted), (50, Refused)]);
        let stops = trial(&[(-10, Accepted), (5, Refused)]);
        let lag = |lagging: &'static str| {
            let (lags, stops) = (lags.lag(POINT), stops.lag(POINT));
            move |point: &str| if point == lagging { lags } else { stops }
        };
        assert!(script.is_right(&stops, &lag(LAGGING)));
        assert!(!script.is_right(&stops, &lag(POINT)));
        assert!(!script.is_right(&stops, &lag("none of them")));
    }

    #[test]
    fn still_accepted_at_the_end_is_what_never_means() {
        let never = trial(&[(-10, Accepted), (900, Accepted)]);
        assert!(is_right(Script::Never, &never));
        assert!(!is_right(Script::Lags { for_ms: 900 }, &never));
        let stops = trial(&[(-10, Accepted), (900, Accepted), (905, Refused)]);
        assert!(!is_right(Script::Never, &stops));
    }
}
