//! Whether the generator kept up.

use super::send_lag::late_sends;
use super::stream::{Part, Stream};
use crate::number::percent;
use crate::validity::{Check, Finding, Verdict};

/// Share of its processors' time at which the generator counts as saturated.
const SATURATED_FROM: f64 = 0.9;

/// A generator that is not pinned is measured against all processors: its send lag shows if it runs short of one.
pub(super) fn saturated(stream: &Stream) -> Option<Finding> {
    let manifest = &stream.run.manifest;
    let processors = match manifest.generator_cpus.len() {
        0 => manifest.cores,
        pinned => pinned,
    };
    let share = stream
        .steady
        .rounds
        .iter()
        .map(|round| round.generator_cpu_ns as f64 / (round.wall_s * 1e9 * processors as f64))
        .fold(0.0, f64::max);
    (share >= SATURATED_FROM).then(|| Finding {
        check: Check::GeneratorSaturated,
        verdict: Verdict::Invalid,
        what: format!(
            "the generator used {} of its processors in one round",
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
