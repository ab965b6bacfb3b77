//! One event for many accounts at once, as it was measured.

use super::{Canary, Clocks, Counters, TargetRound};
use crate::histogram::Histogram;
use crate::revocation::Lag;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The event at one target after another, the stream of others beside it in three parts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MassRecord {
    /// The event.
    pub event: String,
    /// How many accounts it was to happen to at each target.
    pub accounts: u32,
    /// How many of its calls could be under way at once.
    pub calls_at_once: u32,
    /// Rate of the stream of others.
    pub background_per_s: f64,
    /// Connections of that stream, spread over the enforcement points.
    pub connections_per_target: u32,
    /// Distinct credentials that it presents.
    pub credentials_per_target: u32,
    /// Rate of probes asked, before, during and after the event alike.
    pub probes_per_s: f64,
    /// Connections that probes were sent on.
    pub probe_connections: u32,
    /// How far apart two probes of one credential were at least, while it was watched closely.
    pub probe_every_ms: f64,
    /// How long before its call a credential may last have been seen to be accepted, to count as accepted before it; absent in files from before
    /// there was such a limit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accepted_within_ms: Option<f64>,
    /// How long after the last call credentials were watched at most, unless the last slice took longer anyway.
    pub observe_at_most_ms: f64,
    /// The stream alone, before anything is measured.
    pub warm_up_s: f64,
    /// How long the stream was measured before the event at least, and after it.
    pub slice_s: f64,
    /// What happened at each target, in the order in which they had their turn.
    pub targets: Vec<MassTarget>,
}

/// The event at one target.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MassTarget {
    /// The target.
    pub target: String,
    /// Where credentials were watched, each at one of these, in turn.
    pub points: Vec<MassPoint>,
    /// How long it took to log all accounts in, in seconds.
    pub logged_in_s: f64,
    /// From the first call until the answer to the last, in seconds.
    pub calls_s: f64,
    /// How long each acknowledged call took, all of its steps.
    pub calls: Histogram,
    /// Calls that were answered with something else than an acknowledgement.
    pub calls_refused: u64,
    /// Calls whose answer was lost.
    pub calls_unknown: u64,
    /// What became of each account's credential.
    pub accounts: MassAccounts,
    /// Before, during and after the calls.
    pub slices: Vec<MassSlice>,
    /// What there was in lists and stores, at several moments; empty where the target file names no sizes.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sizes: Vec<SizesAt>,
    /// What the target counted over all slices; absent where it declares no counters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counters: Option<Counters>,
    /// Accounts that were brought back afterwards; absent where the event has no undo.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub brought_back: Option<u32>,
}

/// An enforcement point at which credentials were watched.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MassPoint {
    /// Its name.
    pub point: String,
    /// What the target promises of the event there; absent where it promises nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound_ms: Option<f64>,
    /// The same in the words of the target file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound: Option<String>,
}

/// A list for each thing that is known of an account; the nth entry of each is the nth account. Times are in nanoseconds since just before the
/// first call was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MassAccounts {
    /// The number of the first one.
    pub first_user: u32,
    /// Which of the points its credential was watched at, counted from 0.
    pub point: Vec<u32>,
    /// When its call was sent; null: never.
    pub requested_ns: Vec<Option<u64>>,
    /// Only where calls are commands: the start of each; it was acknowledged between this and `acknowledged_ns`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub acknowledged_from_ns: Vec<Option<u64>>,
    /// When its acknowledgement had been received in full; null: never.
    pub acknowledged_ns: Vec<Option<u64>>,
    /// Whether the last answer before its call was that the credential is accepted, and not longer before it than `accepted_within_ms`.
    pub accepted_before: Vec<bool>,
    /// When the last request was sent that was sent after the acknowledgement (or, where calls are commands, perhaps after it) and accepted; null:
    /// there was none.
    pub last_accepted_ns: Vec<Option<u64>>,
    /// When the first refusal after that had been received; null: there was none.
    pub refused_ns: Vec<Option<u64>>,
    /// How often a credential was accepted after it had been refused.
    pub flaps: u64,
    /// Credentials that were refused before their own account's call was made: others' calls, or expiry.
    pub refused_early: u64,
    /// Probes that were answered by neither acceptance nor refusal.
    pub gaps: u64,
}

/// The stream of others during one part of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MassSlice {
    /// Which part.
    pub part: MassPart,
    /// For how long requests of the stream began.
    pub scheduled_s: f64,
    /// What CPU and probes are counted over: from just before the first intended start to the last answer.
    pub wall_s: f64,
    /// Probes that were answered over `wall_s`.
    pub probes: u64,
    /// CPU time of the generator (this process) over `wall_s`.
    pub generator_cpu_ns: u64,
    /// Share (0 to 1) of all processors' time that the hypervisor took; absent where the kernel does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steal_share: Option<f64>,
    /// The same work on the generator's processor, where nothing was under way: before the first slice and after the last.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub canary: Vec<Canary>,
    /// What the clocks did; absent where they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clocks: Option<Clocks>,
    /// The stream, and what the target's processes used for all that they were asked.
    pub others: TargetRound,
}

/// A part of a mass event. The stream pauses between two of them, while things are written down and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MassPart {
    /// Until the first call.
    Before,
    /// From the first call, which is made at the first intended start, until soon after the last was answered: schedules are a tenth of a second
    /// long, or a whole one.
    During,
    /// Until the last credential was refused, or observation ended, and the slice's length at least.
    After,
}

/// What there was at one moment: the largest that any process told of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SizesAt {
    /// When.
    pub moment: MassMoment,
    /// By name: `store_keys`, `store_bytes`, `announced_entries`, `announced_bytes`, `denied_entries`, `denied_bytes`.
    pub sizes: BTreeMap<String, u64>,
}

/// When sizes were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MassMoment {
    /// Only the stream's own credentials are there.
    Start,
    /// All accounts are logged in.
    LoggedIn,
    /// The last call was answered.
    Ended,
    /// The last slice is over.
    Settled,
}

impl MassAccounts {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.point.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.point.is_empty()
    }

    /// How long the nth credential was accepted after its acknowledgement. As in [`crate::revocation`].
    #[must_use]
    pub fn lag(&self, nth: usize) -> Lag {
        let Some(latest_ns) = at(&self.acknowledged_ns, nth) else {
            return Lag::Unknown;
        };
        if !self.was_in(nth) {
            return Lag::Unknown;
        }
        let earliest_ns = at(&self.acknowledged_from_ns, nth).unwrap_or(latest_ns);
        let until = at(&self.refused_ns, nth).map(|until| until.saturating_sub(earliest_ns));
        // No moment where the last acceptance may have come before the acknowledgement.
        let after = at(&self.last_accepted_ns, nth).map(|after| after.checked_sub(latest_ns));
        match (after, until) {
            (Some(after_ns), Some(until_ns)) => Lag::Interval {
                after_ns: after_ns.unwrap_or(0),
                until_ns,
            },
            (Some(Some(after_ns)), None) => Lag::Censored { after_ns },
            (None, Some(until_ns)) => Lag::NeverAccepted { until_ns },
            (None | Some(None), None) => Lag::Unknown,
        }
    }

    /// When the nth credential was out, for certain not before the first and not after the second; no second: it was never seen to be out, whether
    /// it was still accepted or nobody could tell. `None` where the call was not acknowledged, or the credential not accepted before it.
    #[must_use]
    pub fn out(&self, nth: usize) -> Option<(u64, Option<u64>)> {
        at(&self.acknowledged_ns, nth)?;
        if !self.was_in(nth) {
            return None;
        }
        // Whoever was not accepted after the acknowledgement may have been out as soon as the call had been sent.
        let from = at(&self.last_accepted_ns, nth).or_else(|| at(&self.requested_ns, nth))?;
        Some((from, at(&self.refused_ns, nth)))
    }

    /// When the last call was acknowledged: not before the first and not after the second, which differ where calls are commands. `None` without
    /// one.
    #[must_use]
    pub fn last_acknowledged_ns(&self) -> Option<(u64, u64)> {
        let acknowledged = (0..self.len()).filter_map(|nth| {
            let latest_ns = at(&self.acknowledged_ns, nth)?;
            let earliest_ns = at(&self.acknowledged_from_ns, nth).unwrap_or(latest_ns);
            Some((earliest_ns, latest_ns))
        });
        acknowledged.reduce(|one, other| (one.0.max(other.0), one.1.max(other.1)))
    }

    fn was_in(&self, nth: usize) -> bool {
        self.accepted_before.get(nth).copied().unwrap_or_default()
    }
}

fn at(list: &[Option<u64>], nth: usize) -> Option<u64> {
    list.get(nth).copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(
        accepted_before: bool,
        last_accepted: Option<u64>,
        refused: Option<u64>,
    ) -> MassAccounts {
        MassAccounts {
            point: vec![0],
            requested_ns: vec![Some(100)],
            acknowledged_ns: vec![Some(150)],
            accepted_before: vec![accepted_before],
            last_accepted_ns: vec![last_accepted],
            refused_ns: vec![refused],
            ..MassAccounts::default()
        }
    }

    #[test]
    fn a_lag_is_what_the_same_revocation_would_have_alone() {
        let cases = [
            (
                one(true, Some(200), Some(260)),
                Lag::Interval {
                    after_ns: 50,
                    until_ns: 110,
                },
                Some((200, Some(260))),
            ),
            (
                one(true, None, Some(260)),
                Lag::NeverAccepted { until_ns: 110 },
                Some((100, Some(260))),
            ),
            (
                one(true, Some(200), None),
                Lag::Censored { after_ns: 50 },
                Some((200, None)),
            ),
            // Nobody was told anything afterwards: it may be in until today.
            (one(true, None, None), Lag::Unknown, Some((100, None))),
            (one(false, None, Some(260)), Lag::Unknown, None),
        ];
        for (accounts, lag, out) in cases {
            assert_eq!((accounts.lag(0), accounts.out(0)), (lag, out));
        }
        let last = one(true, None, None).last_acknowledged_ns();
        assert_eq!(last, Some((150, 150)));
    }

    #[test]
    fn a_command_may_have_been_acknowledged_from_its_start_on() {
        let mut accounts = one(true, Some(200), Some(260));
        accounts.acknowledged_from_ns = vec![Some(110)];
        let expected = Lag::Interval {
            after_ns: 50,
            until_ns: 150,
        };
        assert_eq!(accounts.lag(0), expected);
        assert_eq!(accounts.lag(1), Lag::Unknown);
        assert_eq!(accounts.last_acknowledged_ns(), Some((110, 150)));
    }

    #[test]
    fn accepted_while_a_command_ran_is_perhaps_after_its_acknowledgement() {
        let mut accounts = one(true, Some(130), Some(260));
        accounts.acknowledged_from_ns = vec![Some(110)];
        let perhaps = Lag::Interval {
            after_ns: 0,
            until_ns: 150,
        };
        assert_eq!(accounts.lag(0), perhaps);
        assert_eq!(accounts.out(0), Some((130, Some(260))));
        accounts.refused_ns = vec![None];
        assert_eq!(accounts.lag(0), Lag::Unknown);
        assert_eq!(accounts.out(0), Some((130, None)));
    }
}
