//! What a search for capacity has to say of itself. It overloads its targets on purpose, so that a missed rate or an unexpected answer is
//! its result and no finding; what counts is whether the figure is the target's, and whether it repeats.

use super::checks::{Alone, missed_by_answers, of_alone};
use super::{Check, Finding, Verdict};
use crate::number::{percent, significant};
use crate::run_file::{
    CapacityRecord, Probe, RunFile, ScenarioRecord, SearchEnd, SearchRecord, SweepRecord, Unmet,
};
use crate::summary::capacity::{CapacitySummary, LimitedBy, ProcessorUse, missed};
use crate::summary::sweep::SweepSummary;
use std::collections::BTreeSet;

/// Rounds that lie further apart than this share of their median do not agree.
const SPREAD_FROM: f64 = 0.1;
/// Share of processor time taken by the hypervisor over all probes from which it is mentioned…
const STEAL_FROM: f64 = 0.01;
/// …and from which nothing can be made of the figures.
const STEAL_SPOILS_FROM: f64 = 0.1;
/// Processors' worth of CPU of the targets that are meant to be idle from which they count as busy.
const OTHERS_FROM: f64 = 0.05;

/// Of the searches in `record`.
pub(super) fn of_searches(
    run: &RunFile,
    scenario: &ScenarioRecord,
    record: &CapacityRecord,
) -> Vec<Finding> {
    let probes: Vec<&Probe> = record
        .searches
        .iter()
        .flat_map(|search| &search.probes)
        .collect();
    let mut findings: Vec<Finding> = of_machine(&probes, "every capacity").collect();
    findings.extend(of_alone(&Alone::searches(run, scenario, record)));
    let found: Vec<(&str, CapacitySummary)> = record
        .slo
        .keys()
        .filter_map(|target| {
            let found = CapacitySummary::in_scenario(&run.manifest, scenario, target)?;
            Some((target.as_str(), found))
        })
        .collect();
    findings.extend(nothing_held(record, &found));
    for (target, found) in &found {
        findings.extend(generator_bound(target, found));
        findings.extend(missed_by_answers(
            target,
            "capacity",
            &missed_by(record, target),
        ));
        findings.extend(too_few(target, found.repeats, "capacity"));
        findings.extend(spread(target, found));
        findings.extend(spare_processors(target, found));
    }
    findings
}

/// Of the ladders in `record`.
pub(super) fn of_ladders(
    run: &RunFile,
    scenario: &ScenarioRecord,
    record: &SweepRecord,
) -> Vec<Finding> {
    let alone = Alone::ladders(run, scenario, record);
    let probes: Vec<&Probe> = alone.probes.iter().map(|(_, probe)| *probe).collect();
    let mut findings: Vec<Finding> = of_machine(&probes, "every curve").collect();
    findings.extend(of_alone(&alone));
    findings.extend(record.searches.iter().filter_map(of_short_search));
    for target in record.slo.keys() {
        if let Some(curve) = SweepSummary::in_scenario(scenario, target) {
            findings.extend(of_curve(run, record, target, &curve));
        }
    }
    findings
}

/// Of the search that a ladder was made from: its figure is printed nowhere, but the ladder's rates are parts of it.
fn of_short_search(search: &SearchRecord) -> Option<Finding> {
    let target = &search.target;
    if search.end == SearchEnd::Interrupted {
        return None;
    }
    if search.held_per_s.is_some() {
        let missed: Vec<&Probe> = missed(search).collect();
        return missed_by_answers(target, "ladder", &missed);
    }
    Some(Finding {
        check: Check::NothingHeld,
        verdict: Verdict::Degraded,
        what: format!("the search that the ladder of `{target}` is made from held no rate"),
        taints: format!("the curve of `{target}`: its rates are parts of one that was not held"),
        advice: "lower the rate that the search starts at, or loosen [slo]".to_owned(),
    })
}

fn of_curve(
    run: &RunFile,
    record: &SweepRecord,
    target: &str,
    curve: &SweepSummary,
) -> Vec<Finding> {
    let rounds = curve.steps.iter().map(|step| step.rounds).max();
    let bound = curve.generator_gave_out();
    [
        bound.then(|| generator_gave_out(target, "knee")),
        too_few(target, rounds.unwrap_or(0), "curve"),
        up_and_down(target, curve),
        missed_by_answers(target, "knee", &missed_at_the_knee(record, target, curve)),
        spare_at_the_knee(run, record, target, curve),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_machine(probes: &[&Probe], taints: &'static str) -> impl Iterator<Item = Finding> {
    steal(probes, taints)
        .into_iter()
        .chain(others(probes, taints))
}

/// Over all probes: one that was disturbed is tried again, and rounds show the rest.
fn steal(probes: &[&Probe], taints: &str) -> Option<Finding> {
    let watched = || {
        let shares = probes.iter();
        shares.filter_map(|probe| Some((probe.steal_share?, probe.wall_s)))
    };
    let wall_s: f64 = watched().map(|(_, wall_s)| wall_s).sum();
    let stolen_s: f64 = watched().map(|(share, wall_s)| share * wall_s).sum();
    // Nobody told: that is no share of nothing, and listed as not judged.
    let share = (wall_s > 0.0).then(|| stolen_s / wall_s)?;
    (share >= STEAL_FROM).then(|| Finding {
        check: Check::Steal,
        verdict: if share >= STEAL_SPOILS_FROM {
            Verdict::Invalid
        } else {
            Verdict::Degraded
        },
        what: format!(
            "the hypervisor took {} of the processor time",
            percent(share)
        ),
        taints: format!("{taints}: a target is held to hold less than it does"),
        advice: "run it on a machine without neighbours".to_owned(),
    })
}

fn others(probes: &[&Probe], taints: &str) -> Option<Finding> {
    let wall_s: f64 = probes.iter().map(|probe| probe.wall_s).sum();
    let ns: u64 = probes.iter().map(|probe| probe.others_cpu_ns).sum();
    let cores = ns as f64 / 1e9 / wall_s;
    (cores >= OTHERS_FROM).then(|| Finding {
        check: Check::OthersBusy,
        verdict: Verdict::Degraded,
        what: format!(
            "targets that were meant to be idle used {} of a processor",
            percent(cores)
        ),
        taints: format!("{taints}: they share the target's processors"),
        advice: "give credentials a lifetime that needs no renewal during the run".to_owned(),
    })
}

/// Of every target that has a row and no rate in it. Where that is all of them, there is no capacity at all.
fn nothing_held(record: &CapacityRecord, found: &[(&str, CapacitySummary)]) -> Vec<Finding> {
    let without = || found.iter().filter(|(_, found)| found.per_s.is_none());
    if !found.is_empty() && without().count() == found.len() {
        return vec![Finding {
            check: Check::NothingHeld,
            verdict: Verdict::Invalid,
            what: "no target held any rate within its objective".to_owned(),
            taints: "every capacity".to_owned(),
            advice:
                "look at the logs of the processes, lower capacity.start_per_s, or loosen [slo]"
                    .to_owned(),
        }];
    }
    without()
        .map(|(target, _)| held_nothing(target, record))
        .collect()
}

/// The probes of the lowest rate that each search at `target` missed.
fn missed_by<'a>(record: &'a CapacityRecord, target: &str) -> Vec<&'a Probe> {
    let searches = record.searches.iter();
    searches
        .filter(|search| search.target == target && search.end != SearchEnd::Interrupted)
        .flat_map(missed)
        .collect()
}

fn held_nothing(target: &str, record: &CapacityRecord) -> Finding {
    let missed = missed_by(record, target);
    let unmet = missed.iter().flat_map(|probe| &probe.unmet);
    let kinds: BTreeSet<Unmet> = unmet.copied().collect();
    let kinds: Vec<&str> = kinds.into_iter().map(Unmet::words).collect();
    Finding {
        check: Check::NothingHeld,
        verdict: Verdict::Degraded,
        what: format!(
            "`{target}` held no rate within its objective (not met: {})",
            kinds.join(", ")
        ),
        taints: format!("the capacity of `{target}`, which is not printed"),
        advice:
            "look at the logs of its processes, lower capacity.start_per_s, or loosen its objective"
                .to_owned(),
    }
}

fn generator_bound(target: &str, found: &CapacitySummary) -> Option<Finding> {
    (found.at_least && found.limited_by == Some(LimitedBy::Generator))
        .then(|| generator_gave_out(target, "capacity"))
}

fn generator_gave_out(target: &str, figure: &str) -> Finding {
    Finding {
        check: Check::GeneratorSaturated,
        verdict: Verdict::Degraded,
        what: format!("the generator gave out before `{target}` did"),
        taints: format!("the {figure} of `{target}`: it is a lower bound"),
        advice: "give the generator a faster processor, or read the bound as one".to_owned(),
    }
}

fn too_few(target: &str, rounds: u64, figure: &str) -> Option<Finding> {
    (rounds < 2).then(|| Finding {
        check: Check::TooFewSamples,
        verdict: Verdict::Degraded,
        what: format!("the {figure} of `{target}` was measured once"),
        taints: format!("the {figure} of `{target}`: how far another would be off is unknown"),
        advice: "ask for three rounds or more".to_owned(),
    })
}

fn spread(target: &str, found: &CapacitySummary) -> Option<Finding> {
    let (spread, per_s) = found.spread.zip(found.per_s)?;
    let share = (spread.max - spread.min) / per_s;
    (share > SPREAD_FROM).then(|| Finding {
        check: Check::RoundsDisagree,
        verdict: Verdict::Degraded,
        what: format!(
            "the searches at `{target}` lie {} apart: {} to {} requests/s",
            percent(share),
            significant(spread.min),
            significant(spread.max)
        ),
        taints: format!("the capacity of `{target}`"),
        advice: "stop what else runs on this machine, or ask for more rounds".to_owned(),
    })
}

/// A target that stops with processors to spare may wait for a lock or for something far away, or the machine did something else.
fn spare_processors(target: &str, found: &CapacitySummary) -> Option<Finding> {
    let used = found.processors.as_ref()?;
    (found.limited_by.is_none() && !used.processes.is_empty())
        .then(|| nothing_gave_out(target, used.target, used.generator, "capacity"))
}

fn spare_at_the_knee(
    run: &RunFile,
    record: &SweepRecord,
    target: &str,
    curve: &SweepSummary,
) -> Option<Finding> {
    let missed = curve.steps.iter().find(|step| !step.mostly_held())?;
    let used = ProcessorUse::of(&missed_at_the_knee(record, target, curve))
        .filter(|used| !used.processes.is_empty())?;
    let spare = !used.saturated(run.manifest.targets_processors());
    (spare && !missed.generator_bound)
        .then(|| nothing_gave_out(target, used.target, used.generator, "knee"))
}

/// The probes in which `target` did not hold the first rate that it missed.
fn missed_at_the_knee<'a>(
    record: &'a SweepRecord,
    target: &str,
    curve: &SweepSummary,
) -> Vec<&'a Probe> {
    let first = curve.steps.iter().find(|step| !step.mostly_held());
    let steps = record.steps.iter().filter(|step| step.target == target);
    steps
        .map(|step| &step.probe)
        .filter(|probe| !probe.held() && first.is_some_and(|at| at.rate_per_s == probe.rate_per_s))
        .collect()
}

fn nothing_gave_out(target: &str, cores: f64, generator: f64, figure: &str) -> Finding {
    Finding {
        check: Check::NothingGaveOut,
        verdict: Verdict::Degraded,
        what: format!(
            "`{target}` did not hold a rate at which its processes used {} and the generator {} of a processor",
            percent(cores),
            percent(generator)
        ),
        taints: format!("the {figure} of `{target}`: it may be the machine's"),
        advice: "stop what else runs on this machine; if it stays, the target waits for something other than a processor".to_owned(),
    }
}

/// Held above a rate that was not: then the lower one failed for another reason than its rate.
fn up_and_down(target: &str, curve: &SweepSummary) -> Option<Finding> {
    let missed = curve.steps.iter().find(|step| !step.mostly_held())?;
    let above = curve.steps.iter().rev().find(|step| step.mostly_held())?;
    (above.rate_per_s > missed.rate_per_s).then(|| Finding {
        check: Check::RoundsDisagree,
        verdict: Verdict::Degraded,
        what: format!(
            "`{target}` held {} requests/s and not {}",
            significant(above.rate_per_s),
            significant(missed.rate_per_s)
        ),
        taints: format!("the knee of `{target}`"),
        advice: "stop what else runs on this machine, or ask for more rounds".to_owned(),
    })
}
