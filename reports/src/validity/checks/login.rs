//! Whether a login storm was the one that was asked for. What the target makes of it is a result: turned away, late, or never begun.

use super::slices::{self, Slice};
use super::{outcomes, rate, send_lag, store};
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
    let slices: Vec<Slice<'_>> = record.slices.iter().map(machine).collect();
    let mut findings = slices::of_machine(&name, &slices, EVERYTHING);
    for target in &run.targets {
        findings.extend(of_target(target, record, &name));
    }
    findings
}

fn machine(slice: &LoginSlice) -> Slice<'_> {
    Slice {
        wall_s: slice.wall_s,
        generator_cpu_ns: slice.generator_cpu_ns,
        steal_share: slice.steal_share,
        canary: &slice.canary,
        clocks: slice.clocks,
    }
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
