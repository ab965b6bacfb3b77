//! Whether the processors were ours and equally fast all the time.

use super::stream::Stream;
use crate::number::{percent, significant};
use crate::run_file::{Canary, RoundRecord};
use crate::validity::{Check, Finding, Verdict};

/// Share of processor time in one round, taken by the hypervisor, from which it stands in the tail of a latency.
const STEAL_FROM: f64 = 0.01;
/// Share over all rounds from which no latency is the targets' own: one request in ten had to wait for the hypervisor.
const STEAL_RUINS_FROM: f64 = 0.1;
/// Coefficient of variation of the canary over the rounds from which rounds are not alike. An undisturbed processor stays within 1 %.
const CANARY_CV_UP_TO: f64 = 0.05;
/// Slowest ÷ fastest reading from which the rounds were not measured on the same machine in any useful sense.
const CANARY_RATIO_UP_TO: f64 = 2.0;

pub(super) fn steal(stream: &Stream) -> Option<Finding> {
    let rounds = &stream.steady.rounds;
    let shares: Vec<f64> = rounds
        .iter()
        .filter_map(|round| round.steal_share)
        .collect();
    steal_in(&shares)
}

/// The share stolen in each part of a load.
pub(super) fn steal_in(shares: &[f64]) -> Option<Finding> {
    let worst = shares.iter().copied().fold(0.0, f64::max);
    let mean = shares.iter().sum::<f64>() / shares.len().max(1) as f64;
    let (verdict, taints) = match mean >= STEAL_RUINS_FROM {
        true => (Verdict::Invalid, "latency and CPU of every target"),
        false => (Verdict::Degraded, "latency beyond the median"),
    };
    (worst >= STEAL_FROM).then(|| Finding {
        check: Check::Steal,
        verdict,
        what: format!(
            "the hypervisor took {} of the processor time in one round, {} over all",
            percent(worst),
            percent(mean)
        ),
        taints: taints.to_owned(),
        advice: "run it on a machine without neighbours, or quote CPU per request only".to_owned(),
    })
}

/// Without either, nothing at all is known of what the machine did meanwhile.
pub(super) fn unwatched(
    during: &str,
    tells_steal: bool,
    has_canary: bool,
    taints: &str,
) -> Option<Finding> {
    (!tells_steal && !has_canary).then(|| Finding {
        check: Check::Canary,
        verdict: Verdict::Degraded,
        what: format!(
            "{during} has neither figures of stolen processor time nor readings of the processor's speed"
        ),
        taints: format!("{taints}: nobody knows whether the machine was the targets' alone"),
        advice: "run it again with a version of authbench that reads the processor's speed"
            .to_owned(),
    })
}

/// Whether the kernel told in any of `rounds` what the hypervisor took.
pub(in crate::validity) fn tells_steal(rounds: &[RoundRecord]) -> bool {
    rounds.iter().any(|round| round.steal_share.is_some())
}

/// Whether any of `rounds` has readings to compare.
pub(in crate::validity) fn has_canary(rounds: &[RoundRecord]) -> bool {
    rounds.iter().any(|round| round.canary.len() > 1)
}

/// The medians of all readings: interruptions, which the median leaves out, show as send lag and steal.
/// `beside` is what they were taken before and after.
pub(super) fn canary<'a>(
    readings: impl Iterator<Item = &'a Canary>,
    beside: &str,
    taints: &str,
) -> Option<Finding> {
    let ns: Vec<f64> = readings.map(|reading| reading.median_ns as f64).collect();
    let slowest = ns.iter().copied().fold(0.0, f64::max);
    let fastest = ns.iter().copied().fold(f64::INFINITY, f64::min);
    let cv = coefficient_of_variation(&ns)?;
    let verdict = match slowest > fastest * CANARY_RATIO_UP_TO {
        true => Verdict::Invalid,
        false => Verdict::Degraded,
    };
    (cv > CANARY_CV_UP_TO).then(|| Finding {
        check: Check::Canary,
        verdict,
        what: format!(
            "the same arithmetic took {} to {} µs on the generator's processor, before and after {beside} (coefficient of variation {})",
            significant(fastest / 1e3),
            significant(slowest / 1e3),
            percent(cv)
        ),
        taints: format!("{taints}: {beside} were measured at different speeds of the machine"),
        advice: "stop what else runs on this machine, fix its clock frequency, or take one that is yours alone; `authbench doctor` shows more".to_owned(),
    })
}

/// Sample standard deviation ÷ mean; `None` below two values.
fn coefficient_of_variation(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    if n < 2.0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (n - 1.0)).sqrt() / mean)
}
