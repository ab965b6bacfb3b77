//! Targets alone under load, asked what a stream is asked. A probe that was missed overloaded its target on purpose: what became of its
//! requests and connections is its result, and only those that were held are judged by it.

use super::{clocks, connections, credentials, outcomes, processor, store};
use crate::run_file::{
    CapacityRecord, Outcomes, Probe, RunFile, ScenarioRecord, SweepRecord, TargetRecord, Unmet,
};
use crate::validity::{Check, Finding, Verdict};

/// The searches of a scenario, or its ladders.
pub(in crate::validity) struct Alone<'a> {
    pub(in crate::validity) run: &'a RunFile,
    /// How findings call it.
    name: String,
    /// What of a target it is made for.
    figure: &'static str,
    connections: u32,
    credentials: u32,
    /// Each with the name of its target.
    pub(in crate::validity) probes: Vec<(&'a str, &'a Probe)>,
}

impl<'a> Alone<'a> {
    pub(in crate::validity) fn searches(
        run: &'a RunFile,
        scenario: &ScenarioRecord,
        record: &'a CapacityRecord,
    ) -> Self {
        let searches = record.searches.iter();
        let probes = searches.flat_map(|search| {
            let probes = search.probes.iter();
            probes.map(|probe| (search.target.as_str(), probe))
        });
        Self {
            run,
            name: format!("the searches of `{}`", scenario.name),
            figure: "capacity",
            connections: record.connections_per_target,
            credentials: record.credentials_per_target,
            probes: probes.collect(),
        }
    }

    pub(in crate::validity) fn ladders(
        run: &'a RunFile,
        scenario: &ScenarioRecord,
        record: &'a SweepRecord,
    ) -> Self {
        // The short searches, too: what disturbed one of them has made another ladder.
        let searched = record.searches.iter().flat_map(|search| {
            let probes = search.probes.iter();
            probes.map(|probe| (search.target.as_str(), probe))
        });
        let steps = record.steps.iter();
        let climbed = steps.map(|step| (step.target.as_str(), &step.probe));
        Self {
            run,
            name: format!("the ladders of `{}`", scenario.name),
            figure: "curve",
            connections: record.connections_per_target,
            credentials: record.credentials_per_target,
            probes: searched.chain(climbed).collect(),
        }
    }

    /// Whether the kernel told in any probe what the hypervisor took.
    pub(in crate::validity) fn tells_steal(&self) -> bool {
        self.any(|probe| probe.steal_share.is_some())
    }

    /// Whether there are readings of the processor's speed to compare.
    pub(in crate::validity) fn has_canary(&self) -> bool {
        self.any(|probe| probe.canary.len() > 1)
    }

    /// Whether any probe is as `has` says.
    pub(in crate::validity) fn any(&self, has: impl Fn(&Probe) -> bool) -> bool {
        self.probes.iter().any(|(_, probe)| has(probe))
    }

    fn of(&self, target: &TargetRecord) -> Vec<&'a Probe> {
        let all = self.probes.iter();
        all.filter(|(name, _)| *name == target.name)
            .map(|(_, probe)| *probe)
            .collect()
    }
}

/// What is found in `alone` besides its figures.
pub(in crate::validity) fn findings(alone: &Alone) -> Vec<Finding> {
    let probes = || alone.probes.iter().map(|(_, probe)| *probe);
    let taints = format!("every {}", alone.figure);
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(processor::canary(
        probes().flat_map(|probe| &probe.canary),
        "probes",
        &taints,
    ));
    if !alone.probes.is_empty() {
        let (steal, canary) = (alone.tells_steal(), alone.has_canary());
        findings.extend(processor::unwatched(&alone.name, steal, canary, &taints));
    }
    findings.extend(clocks::of_load(
        &alone.name,
        probes().filter_map(|probe| probe.clocks),
    ));
    findings.extend(reuse(alone));
    for target in &alone.run.targets {
        findings.extend(of_target(alone, target));
    }
    findings
}

fn reuse(alone: &Alone) -> Option<Finding> {
    let asked: Vec<(&TargetRecord, u64)> = alone
        .run
        .targets
        .iter()
        .map(|target| (target, requests(&alone.of(target))))
        .filter(|(_, requests)| *requests > 0)
        .collect();
    credentials::reuse(&alone.name, alone.credentials, alone.connections, &asked)
}

fn of_target(alone: &Alone, target: &TargetRecord) -> Vec<Finding> {
    let probes = alone.of(target);
    let held: Vec<&Probe> = probes
        .iter()
        .copied()
        .filter(|probe| probe.held())
        .collect();
    let whose = format!("`{}` in {}", target.name, alone.name);
    let taints = format!("the {} of `{}`", alone.figure, target.name);
    let mut ended = Outcomes::default();
    held.iter().for_each(|probe| ended.merge(&probe.outcomes));
    // `slo.unexpected` allows for some: that makes them expected, and no less those of a system of which a part was out of order.
    let broken = outcomes::infrastructure(&whose, &ended, &taints).map(|found| Finding {
        verdict: Verdict::Degraded,
        ..found
    });
    let reconnects = held.iter().filter_map(|probe| probe.reconnects).sum();
    // A key that is thrown away in an overload is missing ever after.
    let counters = probes.iter().filter_map(|probe| probe.counters.as_ref());
    [
        broken,
        connections::churn(&whose, &target.name, reconnects, ended.total()),
        store::losses(&whose, counters, &taints),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn requests(probes: &[&Probe]) -> u64 {
    probes.iter().map(|probe| probe.outcomes.total()).sum()
}

/// Of the probes in which `target` missed the rate that ends its `figure`: whether most of them were in time and answered wrongly.
pub(in crate::validity) fn missed_by_answers(
    target: &str,
    figure: &str,
    missed: &[&Probe],
) -> Option<Finding> {
    let wrongly = |probe: &&&Probe| {
        probe.unmet.contains(&Unmet::Unexpected) && !probe.unmet.contains(&Unmet::P99)
    };
    let wrong: Vec<&&Probe> = missed.iter().filter(wrongly).collect();
    let mut ended = Outcomes::default();
    wrong.iter().for_each(|probe| ended.merge(&probe.outcomes));
    (2 * wrong.len() > missed.len()).then(|| Finding {
        check: Check::UnexpectedOutcomes,
        verdict: Verdict::Degraded,
        what: format!(
            "`{target}` missed its first rate by what it answered and not by when ({})",
            outcomes::unexpected_kinds(&ended)
        ),
        taints: format!(
            "the {figure} of `{target}`: it may be one of its credentials or its store, and not of its speed"
        ),
        advice: "see whether its credentials live as long as the target file says, then look at the logs of its processes in the run directory".to_owned(),
    })
}
