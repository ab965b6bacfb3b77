//! Whether the generator kept up.

use super::send_lag::late_sends;
use super::stream::{Part, Stream};
use crate::number::percent;
use crate::validity::{Check, Finding, Verdict};

/// Share of one processor's time at which the generator counts as saturated.
const SATURATED_FROM: f64 = 0.9;

/// Against one processor, however many it may use: its engine has one thread, which is all that can run short.
pub(super) fn saturated(stream: &Stream) -> Option<Finding> {
    let share = stream
        .steady
        .rounds
        .iter()
        .map(|round| round.generator_cpu_ns as f64 / (round.wall_s * 1e9))
        .fold(0.0, f64::max);
    saturated_at(share)
}

/// When the generator used at most `share` of a processor in any part of a load.
pub(super) fn saturated_at(share: f64) -> Option<Finding> {
    (share >= SATURATED_FROM).then(|| Finding {
        check: Check::GeneratorSaturated,
        verdict: Verdict::Invalid,
        what: format!(
            "the generator used {} of the one processor that its thread can use in one round",
            percent(share)
        ),
        taints: "latency of every target: part of it is the generator's".to_owned(),
        advice: "ask for a lower rate, or run on a machine with more processors".to_owned(),
    })
}

pub(super) fn late(part: &Part, taints: &str) -> Option<Finding> {
    late_sends(&part.whose, &part.send_lag, &part.response)
        .map(|late| late.finding(Verdict::Invalid, taints))
}
