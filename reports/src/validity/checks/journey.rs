//! Whether sessions began as they should, and ended as the targets promise.

use super::slices::{self, Slice};
use super::{outcomes, rate, samples, send_lag, store};
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
    let slices: Vec<Slice<'_>> = record.slices.iter().map(machine).collect();
    let mut findings = slices::of_machine(&name, &slices, EVERYTHING);
    for target in &run.targets {
        findings.extend(of_target(target, record, &name));
    }
    findings.extend(samples::sessions(run, record, &name));
    findings
}

fn machine(slice: &JourneySlice) -> Slice<'_> {
    Slice {
        wall_s: slice.wall_s,
        generator_cpu_ns: slice.generator_cpu_ns,
        steal_share: slice.steal_share,
        canary: &slice.canary,
        clocks: slice.clocks,
    }
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
