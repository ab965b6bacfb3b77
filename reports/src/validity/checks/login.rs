//! Whether a login storm was the one that was asked for. What the target makes of it is a result: turned away, late, or never begun.

use super::{clocks, generator, outcomes, processor, rate, send_lag, store};
use crate::histogram::Histogram;
use crate::run_file::{LoginRecord, LoginSlice, Outcomes, RunFile, ScenarioRecord, TargetRecord};
use crate::validity::{Finding, Verdict};

const EVERYTHING: &str = "response times and CPU of logins and other routes at every target";

pub(super) fn findings(
    run: &RunFile,
    scenario: &ScenarioRecord,
    record: &LoginRecord,
) -> Vec<Finding> {
    let name = format!("the login storms of `{}`", scenario.name);
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
        let steal = !steal.is_empty();
        findings.extend(processor::unwatched(&name, steal, has_canary, EVERYTHING));
    }
    let seen = slices.iter().filter_map(|slice| slice.clocks);
    findings.extend(clocks::of_load(&name, seen));
    for target in &run.targets {
        findings.extend(of_target(target, record, &name));
    }
    findings
}

/// The other routes are held to what a stream is held to while nobody logs in; after that, what becomes of them is what was asked.
fn of_target(target: &TargetRecord, record: &LoginRecord, name: &str) -> Vec<Finding> {
    let taints = format!("response times and CPU of `{}`", target.name);
    let slices = record.slices.iter();
    let own: Vec<&LoginSlice> = slices
        .filter(|slice| slice.others.target == target.name)
        .collect();
    let quiet: Vec<_> = own.iter().filter(|slice| slice.logins.is_none()).collect();
    let mut calm = Outcomes::default();
    quiet
        .iter()
        .for_each(|slice| calm.merge(&slice.others.outcomes));
    let (mut late, mut response) = (Histogram::default(), Histogram::default());
    for slice in &own {
        late.merge(&slice.others.send_lag);
        response.merge(&slice.others.response);
    }
    let whose = format!("`{}` in {name}", target.name);
    let calmly = format!("{whose}, while nobody logged in");
    let unsent = quiet.iter().map(|slice| slice.others.unsent).sum();
    let counters = own
        .iter()
        .filter_map(|slice| slice.others.counters.as_ref());
    rate::unsent(&calmly, unsent, &taints)
        .into_iter()
        .chain(outcomes::unexpected(&calmly, &calm, &taints))
        .chain(outcomes::infrastructure(&calmly, &calm, &taints))
        .chain(
            send_lag::late_sends(&whose, &late, &response)
                .map(|late| late.finding(Verdict::Invalid, &taints)),
        )
        .chain(store::losses(&whose, counters, &taints))
        .collect()
}
