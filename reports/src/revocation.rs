//! The timeline of one revocation, and the lag derived from it.
//!
//! t0 is the moment the acknowledgement (2xx) of the revoking call had been fully received. Only probes *sent* after t0 count
//! as accepted afterwards. The lag is the interval (last accepted sent − t0, next refused done − t0]: probes are discrete, so it
//! cannot be a point. Every time is in nanoseconds on the prober's clock since the trial began.
//!
//! A revoking call that is a command may have had its answer at any time from its start to its exit. t0 then lies somewhere in between, and
//! the lag is widened by that: its lower end is counted from the exit, its upper end from the start.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an enforcement point said to one probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The credential was accepted.
    Accepted,
    /// The credential was refused (401; 403 for a role).
    Refused,
    /// Neither: 503, a time-out, a broken connection. It says nothing about the credential.
    Gap,
}

/// One probe.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// When its first byte was sent.
    pub sent_ns: u64,
    /// When its answer had been fully received, or given up.
    pub done_ns: u64,
    /// What the point said.
    pub verdict: Verdict,
}

/// Consecutive probes with one verdict, all sent before t0 or all after it (or, where t0 is not a moment, all in between).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// What the point said to each of them.
    pub verdict: Verdict,
    /// How many probes.
    pub probes: u32,
    /// First probe: sent.
    pub first_sent_ns: u64,
    /// First probe: answered.
    pub first_done_ns: u64,
    /// Last probe: sent.
    pub last_sent_ns: u64,
    /// Last probe: answered.
    pub last_done_ns: u64,
}

/// When the revoking call was acknowledged: a moment, or for a command the time in which it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct T0 {
    /// Not before this.
    pub earliest_ns: u64,
    /// Not after this.
    pub latest_ns: u64,
}

impl From<u64> for T0 {
    fn from(moment_ns: u64) -> Self {
        Self {
            earliest_ns: moment_ns,
            latest_ns: moment_ns,
        }
    }
}

impl T0 {
    /// Whether a probe was sent certainly before, perhaps after, or certainly after.
    fn side(self, sent_ns: u64) -> u8 {
        u8::from(sent_ns > self.earliest_ns) + u8::from(sent_ns > self.latest_ns)
    }
}

/// How the revoking call itself ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Acknowledgement {
    /// 2xx, fully received.
    Received,
    /// Lost or timed out: the revocation may have happened. Never a sample.
    Unknown,
    /// Answered with something else: no revocation was promised. Never a sample.
    Refused,
}

/// Whether something that should be over still worked after the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum After {
    /// It still worked.
    Worked,
    /// It was refused.
    Refused,
    /// It could not be told: time-out, 503, broken connection.
    Unknown,
}

/// One revocation of one credential.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Number of the account the credential belongs to.
    pub user: u32,
    /// When the login that issued the credential was answered.
    pub issued_ns: u64,
    /// When the credential says it expires (a JWT's `exp`); absent when it does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_ns: Option<i64>,
    /// When the revoking call was sent: its first request, after it had waited for the administrator's session and its turn.
    pub requested_ns: u64,
    /// When its answer had been fully received, or it was given up: t0 if acknowledged.
    pub answered_ns: u64,
    /// Where the revoking call was a command: its start. It was acknowledged between this and `answered_ns`, its exit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub acknowledged_from_ns: Option<u64>,
    /// How it ended.
    pub acknowledgement: Acknowledgement,
    /// What each enforcement point said, by point name.
    pub points: BTreeMap<String, Vec<Segment>>,
    /// Whether a refresh still worked afterwards; absent where the target has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refresh_after: Option<After>,
    /// Where one event ends many credentials at once: which event it was, counted from 0. Trials of one event share it, and are not
    /// independent of each other.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub occurrence: Option<u32>,
    /// Credentials that the event should have left alone, and what became of them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub witnesses: Vec<Witness>,
}

/// A credential that an event should leave alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// Whose it is.
    pub of: WitnessOf,
    /// The enforcement point that was asked about it.
    pub point: String,
    /// What that point said after the acknowledgement, last.
    pub verdict: Verdict,
}

/// Whose credential a witness is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum WitnessOf {
    /// Another session of the user whose session ended.
    SameUser,
    /// Another user's.
    OtherUser,
}

/// Whom an event puts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventReach {
    /// One credential: the user's other sessions go on.
    Credential,
    /// All that one account has open.
    Account,
    /// All that was handed out to one client.
    Client,
    /// Everybody.
    Everyone,
}

/// Joins probes, in the order they were sent, into segments cut at `t0`, at both ends of it.
#[must_use]
pub fn segments(probes: &[Probe], t0: impl Into<T0>) -> Vec<Segment> {
    let t0 = t0.into();
    let mut segments: Vec<Segment> = Vec::new();
    for probe in probes {
        match segments.last_mut() {
            Some(last)
                if last.verdict == probe.verdict
                    && t0.side(last.last_sent_ns) == t0.side(probe.sent_ns) =>
            {
                last.probes += 1;
                last.last_sent_ns = probe.sent_ns;
                last.last_done_ns = probe.done_ns;
            }
            _ => segments.push(Segment {
                verdict: probe.verdict,
                probes: 1,
                first_sent_ns: probe.sent_ns,
                first_done_ns: probe.done_ns,
                last_sent_ns: probe.sent_ns,
                last_done_ns: probe.done_ns,
            }),
        }
    }
    segments
}

/// What one trial says about one enforcement point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    /// Accepted after t0, then refused: the interval (after, until] since t0. From 0 on where t0 is not a moment and the last acceptance may lie on
    /// either side of it.
    Interval {
        /// Last accepted sent − t0: certainly still in.
        after_ns: u64,
        /// Next refused done − t0: certainly out.
        until_ns: u64,
    },
    /// No probe sent after t0 was accepted, and one was refused.
    NeverAccepted {
        /// First refused done − t0: how soon that is known.
        until_ns: u64,
    },
    /// Still accepted when observation ended: the lag is longer than this.
    Censored {
        /// Last accepted sent − t0.
        after_ns: u64,
    },
    /// No sample: the revocation was not acknowledged, no probe after t0 had an answer, or the last answer before the revoking call was no
    /// acceptance, so that a refusal says nothing about the revocation.
    Unknown,
}

impl Lag {
    /// What must at least be true: the longest time after t0 at which a probe was certainly still accepted.
    #[must_use]
    pub fn at_least_ns(self) -> u64 {
        match self {
            Self::Interval { after_ns, .. } | Self::Censored { after_ns } => after_ns,
            Self::NeverAccepted { .. } | Self::Unknown => 0,
        }
    }

    /// Whether a probe that was certainly sent after t0 was accepted.
    #[must_use]
    pub fn accepted_after(self) -> bool {
        self.at_least_ns() > 0
    }
}

impl Trial {
    /// When the revoking call was acknowledged, if it was.
    #[must_use]
    pub fn t0(&self) -> T0 {
        T0 {
            earliest_ns: self.acknowledged_from_ns.unwrap_or(self.answered_ns),
            latest_ns: self.answered_ns,
        }
    }

    /// The lag at `point`.
    #[must_use]
    pub fn lag(&self, point: &str) -> Lag {
        let Some(segments) = self.points.get(point) else {
            return Lag::Unknown;
        };
        if self.acknowledgement != Acknowledgement::Received {
            return Lag::Unknown;
        }
        lag(segments, self.requested_ns, self.t0())
    }

    /// How often the credential was accepted again at `point` after it had been refused there.
    #[must_use]
    pub fn flaps(&self, point: &str) -> u32 {
        let after = self
            .points
            .get(point)
            .into_iter()
            .flatten()
            .filter(|segment| segment.first_sent_ns > self.answered_ns);
        let mut refused = false;
        let mut flaps = 0;
        for segment in after {
            match segment.verdict {
                Verdict::Refused => refused = true,
                Verdict::Accepted if refused => {
                    flaps += 1;
                    refused = false;
                }
                Verdict::Accepted | Verdict::Gap => {}
            }
        }
        flaps
    }
}

fn lag(segments: &[Segment], requested_ns: u64, t0: T0) -> Lag {
    // It may have expired while the call waited for its turn: that it was accepted once says nothing. A refusal tells that only if it was there
    // before the call: a probe that was under way meanwhile may have been overtaken by it.
    let is_before = |segment: &&Segment| match segment.verdict {
        Verdict::Accepted => segment.first_sent_ns < requested_ns,
        Verdict::Refused => segment.first_done_ns < requested_ns,
        Verdict::Gap => false,
    };
    let last_before = segments.iter().rfind(is_before);
    if last_before.is_none_or(|segment| segment.verdict != Verdict::Accepted) {
        return Lag::Unknown;
    }
    let after = |segment: &&Segment| segment.first_sent_ns > t0.earliest_ns;
    let last_accepted = segments
        .iter()
        .filter(after)
        .rfind(|segment| segment.verdict == Verdict::Accepted)
        .map(|segment| segment.last_sent_ns);
    let since = last_accepted.unwrap_or(t0.earliest_ns);
    let refused = segments
        .iter()
        .filter(after)
        .find(|segment| segment.verdict == Verdict::Refused && segment.first_sent_ns > since);
    let until_ns = refused.map(|segment| segment.first_done_ns.saturating_sub(t0.earliest_ns));
    // Absent where the last acceptance may have come before t0.
    let after_ns = last_accepted.map(|sent_ns| sent_ns.checked_sub(t0.latest_ns));
    match (after_ns, until_ns) {
        (Some(after_ns), Some(until_ns)) => Lag::Interval {
            after_ns: after_ns.unwrap_or(0),
            until_ns,
        },
        (Some(Some(after_ns)), None) => Lag::Censored { after_ns },
        (None, Some(until_ns)) => Lag::NeverAccepted { until_ns },
        (None | Some(None), None) => Lag::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Accepted, Gap, Refused};

    const T0: u64 = 100;

    fn trial(acknowledgement: Acknowledgement, probes: &[(u64, u64, Verdict)]) -> Trial {
        let probes: Vec<Probe> = probes
            .iter()
            .map(|&(sent_ns, done_ns, verdict)| Probe {
                sent_ns,
                done_ns,
                verdict,
            })
            .collect();
        Trial {
            user: 7,
            issued_ns: 0,
            expires_ns: None,
            requested_ns: 90,
            answered_ns: T0,
            acknowledged_from_ns: None,
            acknowledgement,
            points: BTreeMap::from([("resource-1".to_owned(), segments(&probes, T0))]),
            refresh_after: None,
            occurrence: None,
            witnesses: Vec::new(),
        }
    }

    /// The lag where the credential was accepted before the revoking call, as it should be.
    fn lag_of(probes: &[(u64, u64, Verdict)]) -> Lag {
        let probes = [&[(80, 81, Accepted)], probes].concat();
        trial(Acknowledgement::Received, &probes).lag("resource-1")
    }

    #[test]
    fn a_credential_that_was_never_accepted_shows_no_revocation() {
        let probes = [(90, 91, Refused), (110, 112, Refused)];
        assert_eq!(
            trial(Acknowledgement::Received, &probes).lag("resource-1"),
            Lag::Unknown
        );
        let unasked = [(110, 112, Refused)];
        assert_eq!(
            trial(Acknowledgement::Received, &unasked).lag("resource-1"),
            Lag::Unknown
        );
    }

    #[test]
    fn a_credential_that_expired_while_the_call_waited_shows_no_revocation() {
        let expired = [
            (20, 21, Accepted),
            (60, 61, Refused),
            (80, 85, Gap),
            (110, 112, Refused),
        ];
        let lag = |probes| trial(Acknowledgement::Received, probes).lag("resource-1");
        assert_eq!(lag(&expired), Lag::Unknown);
        // Asked once more when the call was under way (from 90 to 100): accepted before it, refused by what it did.
        let meanwhile = [(20, 21, Accepted), (95, 97, Refused), (110, 112, Refused)];
        assert_eq!(lag(&meanwhile), Lag::NeverAccepted { until_ns: 12 });
        // Overtaken by the call while it was under way.
        let overtaken = [(20, 21, Accepted), (89, 97, Refused), (110, 112, Refused)];
        assert_eq!(lag(&overtaken), Lag::NeverAccepted { until_ns: 12 });
        // A refusal from long before, and then accepted: it was alive.
        let late = [(20, 21, Refused), (60, 61, Accepted), (110, 112, Refused)];
        assert_eq!(lag(&late), Lag::NeverAccepted { until_ns: 12 });
    }

    #[test]
    fn the_lag_runs_from_the_last_accepted_not_to_the_first_refused() {
        let probes = [
            (110, 112, Accepted),
            (120, 122, Refused),
            (130, 132, Accepted),
            (140, 143, Refused),
        ];
        assert_eq!(
            lag_of(&probes),
            Lag::Interval {
                after_ns: 30,
                until_ns: 43
            }
        );
        assert_eq!(
            trial(Acknowledgement::Received, &probes).flaps("resource-1"),
            1
        );
    }

    #[test]
    fn a_probe_sent_before_the_acknowledgement_does_not_count_as_accepted_after_it() {
        let probes = [(95, 105, Accepted), (106, 108, Refused)];
        assert_eq!(lag_of(&probes), Lag::NeverAccepted { until_ns: 8 });
    }

    #[test]
    fn a_refusal_sent_before_the_acknowledgement_does_not_end_the_lag() {
        let probes = [
            (95, 104, Refused),
            (110, 112, Accepted),
            (120, 121, Refused),
        ];
        assert_eq!(
            lag_of(&probes),
            Lag::Interval {
                after_ns: 10,
                until_ns: 21
            }
        );
    }

    #[test]
    fn gaps_are_neither_accepted_nor_refused_and_widen_the_interval() {
        let probes = [(110, 112, Accepted), (120, 140, Gap), (150, 152, Refused)];
        assert_eq!(
            lag_of(&probes),
            Lag::Interval {
                after_ns: 10,
                until_ns: 52
            }
        );
        assert_eq!(lag_of(&[(110, 150, Gap)]), Lag::Unknown);
    }

    #[test]
    fn still_accepted_at_the_end_is_censored() {
        assert_eq!(
            lag_of(&[(110, 111, Accepted), (160, 161, Accepted)]),
            Lag::Censored { after_ns: 60 }
        );
        let flapping = [(110, 111, Refused), (120, 121, Accepted)];
        assert_eq!(lag_of(&flapping), Lag::Censored { after_ns: 20 });
    }

    #[test]
    fn a_lost_acknowledgement_is_never_a_sample() {
        let lost = trial(Acknowledgement::Unknown, &[(110, 112, Refused)]);
        assert_eq!(lost.lag("resource-1"), Lag::Unknown);
        assert_eq!(lost.lag("no such point"), Lag::Unknown);
    }

    /// The lag where the revoking call was a command that ran from 100 to 150.
    fn lag_of_command(probes: &[(u64, u64, Verdict)]) -> Lag {
        let probes = [&[(80, 81, Accepted)], probes].concat();
        let probes = probes.iter().map(|&(sent_ns, done_ns, verdict)| Probe {
            sent_ns,
            done_ns,
            verdict,
        });
        let t0 = super::T0 {
            earliest_ns: 100,
            latest_ns: 150,
        };
        let mut trial = trial(Acknowledgement::Received, &[]);
        (trial.acknowledged_from_ns, trial.answered_ns) = (Some(100), 150);
        let probes: Vec<Probe> = probes.collect();
        trial
            .points
            .insert("resource-1".to_owned(), segments(&probes, t0));
        trial.lag("resource-1")
    }

    #[test]
    fn a_command_widens_the_lag_by_the_time_it_took() {
        let after_its_exit = [
            (120, 121, Accepted),
            (170, 171, Accepted),
            (180, 182, Refused),
        ];
        let widened = Lag::Interval {
            after_ns: 20,
            until_ns: 82,
        };
        assert_eq!(lag_of_command(&after_its_exit), widened);
        // Accepted before or after t0: nobody can say, so it is no breach of any bound, and no proof of an immediate end either.
        let meanwhile = [(120, 121, Accepted), (130, 132, Refused)];
        let perhaps = Lag::Interval {
            after_ns: 0,
            until_ns: 32,
        };
        assert_eq!(lag_of_command(&meanwhile), perhaps);
        assert_eq!(perhaps.at_least_ns(), 0);
        assert!(!perhaps.accepted_after() && widened.accepted_after());
        let at_once = [(105, 107, Refused), (170, 171, Refused)];
        assert_eq!(lag_of_command(&at_once), Lag::NeverAccepted { until_ns: 7 });
        let still_in = [(120, 121, Accepted), (170, 171, Accepted)];
        assert_eq!(lag_of_command(&still_in), Lag::Censored { after_ns: 20 });
        assert_eq!(
            lag_of_command(&[(120, 121, Accepted), (170, 171, Gap)]),
            Lag::Unknown
        );
        // The acceptance that a revocation needs before it must lie before the command.
        assert_eq!(lag_of_command(&[]), Lag::Unknown);
    }

    #[test]
    fn segments_keep_the_edges_of_each_run_of_verdicts() {
        let probes = [
            (90, 91, Accepted),
            (110, 111, Accepted),
            (115, 116, Accepted),
            (120, 121, Refused),
        ]
        .map(|(sent_ns, done_ns, verdict)| Probe {
            sent_ns,
            done_ns,
            verdict,
        });
        let joined = segments(&probes, T0);
        assert_eq!(
            joined.iter().map(|s| s.probes).collect::<Vec<_>>(),
            [1, 2, 1]
        );
        assert_eq!(
            (joined[1].first_sent_ns, joined[1].last_done_ns),
            (110, 116)
        );
    }
}
