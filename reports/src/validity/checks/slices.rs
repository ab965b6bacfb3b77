//! The machine while slices were measured, whatever was measured in them.

use super::{clocks, generator, processor};
use crate::run_file::{Canary, Clocks};
use crate::validity::Finding;

/// What is known of the machine during one slice.
pub(super) struct Slice<'a> {
    pub(super) wall_s: f64,
    pub(super) generator_cpu_ns: u64,
    pub(super) steal_share: Option<f64>,
    pub(super) canary: &'a [Canary],
    pub(super) clocks: Option<Clocks>,
}

/// Of the `slices` of `name`; what is found touches `everything`.
pub(super) fn of_machine(name: &str, slices: &[Slice<'_>], everything: &str) -> Vec<Finding> {
    let busy = |slice: &Slice<'_>| slice.generator_cpu_ns as f64 / (slice.wall_s * 1e9);
    let busiest = slices.iter().map(busy).fold(0.0, f64::max);
    let steal: Vec<f64> = slices
        .iter()
        .filter_map(|slice| slice.steal_share)
        .collect();
    let readings = || slices.iter().flat_map(|slice| slice.canary);
    let mut findings: Vec<Finding> = generator::saturated_at(busiest)
        .into_iter()
        .chain(processor::steal_in(&steal))
        .chain(processor::canary(readings(), "slices", everything))
        .collect();
    if !slices.is_empty() {
        let (tells_steal, has_canary) = (!steal.is_empty(), readings().count() > 1);
        findings.extend(processor::unwatched(
            name,
            tells_steal,
            has_canary,
            everything,
        ));
    }
    let seen = slices.iter().filter_map(|slice| slice.clocks);
    findings.extend(clocks::of_load(name, seen));
    findings
}
