//! Whether sessions began as they should, and ended as the targets promise.

use super::{clocks, generator, outcomes, processor, rate, samples, send_lag, store};
use crate::histogram::Histogram;
use crate::run_file::{
    JourneyPart, JourneyRecord, JourneySlice, Outcomes, RunFile, ScenarioRecord, TargetRecord,
};
use crate::validity::{Finding, Verdict};

const EVERYTHING: &str = "response times and CPU of every client type at every target";

pub(super) fn findings(
    run: &RunFile,
    scenario: &ScenarioRecord,
    record: &JourneyRecord,
) -> Vec<Finding> {
    let name = format!("the sessions of `{}`", scenario.name);
    let slices = &record.slices;
    let busiest = slices
        .iter()
        .map(|slice| slice.generator_cpu_ns as f64 / (slice.wall_s * 1e9));
    let steal: Vec<f64> = slices
        .iter()
        .filter_map(|slice| slice.steal_share)
        .collect();
    let readings = || slices.iter().flat_map(|slice| &slice.canary);
    let mut findings: Vec<Finding> = generator::saturated_at(busiest.fold(0.0, f64::max))
        .into_iter()
        .chain(processor::steal_in(&steal))
        .chain(processor::canary(readings(), "slices", EVERYTHING))
        .collect();
    if !slices.is_empty() {
        let has_canary = readings().count() > 1;
        findings.extend(processor::unwatched(
            &name,
            !steal.is_empty(),
            has_canary,
            EVERYTHING,
        ));
    }
    let seen = slices.iter().filter_map(|slice| slice.clocks);
    findings.extend(clocks::of_load(&name, seen));
    for target in &run.targets {
        findings.extend(of_target(target, record, &name));
    }
    findings.extend(samples::sessions(run, record, &name));
    findings
}

fn of_target(target: &TargetRecord, record: &JourneyRecord, name: &str) -> Vec<Finding> {
    let whose = format!("`{}` in {name}", target.name);
    let taints = format!("response times, counts and CPU of `{}`", target.name);
    let own = |slice: &JourneySlice| slice.targets.iter().any(|part| part.target == target.name);
    let parts = record.slices.iter().flat_map(JourneySlice::parts);
    let parts: Vec<&JourneyPart> = parts
        .filter(|(name, _)| *name == target.name)
        .map(|(_, part)| part)
        .collect();
    let (mut outcomes, mut late, mut response) = (
        Outcomes::default(),
        Histogram::default(),
        Histogram::default(),
    );
    for part in &parts {
        outcomes.merge(&part.outcomes);
        late.merge(&part.start_lag);
        response.merge(&part.response);
    }
    let sum = |of: fn(&JourneyPart) -> u64| -> u64 { parts.iter().map(|part| of(part)).sum() };
    let slices = record.slices.iter().filter(|slice| own(slice));
    let scheduled_s: f64 = slices.map(|slice| slice.scheduled_s).sum();
    let intended = sum(|part| part.intended) as f64;
    let whole = sum(|part| part.counts.sessions - part.counts.abandoned) as f64;
    let counters = record.slices.iter().flat_map(|slice| &slice.targets);
    let counters = counters.filter(|part| part.target == target.name);
    rate::sessions(&whose, intended / scheduled_s, whole / scheduled_s, &taints)
        .into_iter()
        .chain(rate::unsent(&whose, sum(|part| part.unsent), &taints))
        .chain(
            send_lag::late_sends(&whose, &late, &response)
                .map(|late| late.finding(Verdict::Invalid, &taints)),
        )
        .chain(outcomes::unexpected(&whose, &outcomes, &taints))
        .chain(outcomes::infrastructure(&whose, &outcomes, &taints))
        .chain(store::losses(
            &whose,
            counters.filter_map(|part| part.counters.as_ref()),
            &taints,
        ))
        .collect()
}
