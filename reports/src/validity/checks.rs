//! The checks themselves, each a function from a part of the run to what it finds there.

mod send_lag;

use super::{Check, Finding, Verdict, capacity};
use crate::histogram::Histogram;
use crate::number::{count, percent, significant};
use crate::run_file::{
    Background, Outcomes, RevocationRecord, RoundRecord, RunFile, ScenarioRecord, Status,
    SteadyRecord,
};
use crate::summary::steady_scenario;
use send_lag::late_sends;

/// Achieved ÷ offered below this is not the load that was asked.
const ACHIEVED_AT_LEAST: f64 = 0.99;
/// Share of its processors' time at which the generator counts as saturated.
const SATURATED_FROM: f64 = 0.9;
/// Share of processor time taken by the hypervisor from which it is mentioned.
const STEAL_FROM: f64 = 0.01;
/// Share of revocations without a sample from which the rest may be a selection.
const UNKNOWN_FROM: f64 = 0.05;

/// Probes are judged by the moments at which they were truly sent and answered, so a late one loses precision and nothing else.
const LATE_PROBES: &str =
    "the resolution of the lags in this scenario: late probes widen the intervals";

pub(super) fn all(run: &RunFile) -> Vec<Finding> {
    let mut findings: Vec<Finding> = interrupted(run)
        .into_iter()
        .chain(debug_build(run))
        .collect();
    for scenario in &run.scenarios {
        if let Some(steady) = &scenario.steady {
            findings.extend(steady_findings(run, scenario, steady));
        }
        if let Some(revocation) = &scenario.revocation {
            findings.extend(revocation_findings(scenario, revocation));
        }
        if let Some(searches) = &scenario.capacity {
            findings.extend(capacity::of_searches(run, scenario, searches));
        }
        if let Some(ladders) = &scenario.sweep {
            findings.extend(capacity::of_ladders(scenario, ladders));
        }
    }
    findings
}

/// The stream that the summary reports.
pub(super) fn steady(run: &RunFile) -> Option<&SteadyRecord> {
    steady_scenario(run)?.steady.as_ref()
}

/// Answered per second. Over the schedule alone a backlog would count as if it had been answered in time; over the whole wall
/// time one slow answer at the end of a round would look like a generator that fell behind: hence [`RoundRecord::counted_s`].
pub(super) fn achieved_per_s(steady: &SteadyRecord) -> Option<f64> {
    let counted_s: f64 = steady.rounds.iter().map(RoundRecord::counted_s).sum();
    let parts = steady.rounds.iter().flat_map(|round| &round.targets);
    let answered: u64 = parts.map(|part| part.outcomes.answered()).sum();
    (counted_s > 0.0).then(|| answered as f64 / counted_s)
}

fn interrupted(run: &RunFile) -> Option<Finding> {
    let how = match run.status {
        Status::Complete => return None,
        Status::Interrupted => "was interrupted",
        Status::Failed => "broke off",
    };
    Some(Finding {
        check: Check::Interrupted,
        verdict: Verdict::Degraded,
        what: format!("the run {how} after {} s", significant(run.duration_s)),
        taints: "every figure rests on fewer samples than the profile asks, and some are missing"
            .to_owned(),
        advice: "run it again to its end before quoting it".to_owned(),
    })
}

fn debug_build(run: &RunFile) -> Option<Finding> {
    (run.manifest.build == "debug").then(|| Finding {
        check: Check::DebugBuild,
        verdict: Verdict::Degraded,
        what: "this is a debug build".to_owned(),
        taints: "CPU and latency are several times what an optimised build needs, and not by the same factor for each target".to_owned(),
        advice: "run it with `cargo run --release -- run`".to_owned(),
    })
}

fn steady_findings(
    run: &RunFile,
    scenario: &ScenarioRecord,
    steady: &SteadyRecord,
) -> Vec<Finding> {
    let stream = format!("the stream of `{}`", scenario.name);
    let taints = "latency and CPU of every target";
    let parts = || steady.rounds.iter().flat_map(|round| &round.targets);
    let mut findings: Vec<Finding> = [
        achieved_per_s(steady)
            .and_then(|achieved| achieved_rate(&stream, steady.offered_per_s, achieved, &format!("{taints}: a backlog grows for as long as a round lasts, so latencies depend on the length of the round"))),
        generator_saturated(run, steady),
        unsent(&stream, parts().map(|part| part.unsent).sum(), taints),
        steal(steady),
    ]
    .into_iter()
    .flatten()
    .collect();
    for target in &run.targets {
        let mut outcomes = Outcomes::default();
        let mut send_lag = Histogram::default();
        let mut response = Histogram::default();
        for part in parts().filter(|part| part.target == target.name) {
            outcomes.merge(&part.outcomes);
            send_lag.merge(&part.send_lag);
            response.merge(&part.response);
        }
        let whose = format!("`{}` in {stream}", target.name);
        let taints = format!("latency and CPU of `{}`", target.name);
        findings.extend(
            late_sends(&whose, &send_lag, &response)
                .map(|late| late.finding(Verdict::Invalid, &taints)),
        );
        findings.extend(unexpected(&whose, &outcomes, &taints));
    }
    findings
}

fn revocation_findings(scenario: &ScenarioRecord, revocation: &RevocationRecord) -> Vec<Finding> {
    let load: &Background = &revocation.background;
    let stream = format!("the background load of `{}`", scenario.name);
    let taints =
        "every revocation lag of this scenario: probes shared a generator that was not keeping up";
    let mut findings: Vec<Finding> = [
        achieved_rate(&stream, load.offered_per_s, load.achieved_per_s, taints),
        unsent(&stream, load.unsent, taints),
        late_sends(&stream, &load.send_lag, &load.response)
            .map(|late| late.finding(Verdict::Degraded, LATE_PROBES)),
    ]
    .into_iter()
    .flatten()
    .collect();
    for (target, outcomes) in &load.outcomes {
        let whose = format!("`{target}` in {stream}");
        findings.extend(unexpected(
            &whose,
            outcomes,
            &format!("the lags of `{target}`"),
        ));
    }
    findings.extend(unknown_revocations(revocation));
    findings
}

fn achieved_rate(stream: &str, offered: f64, achieved: f64, taints: &str) -> Option<Finding> {
    (achieved < offered * ACHIEVED_AT_LEAST).then(|| Finding {
        check: Check::AchievedRate,
        verdict: Verdict::Invalid,
        what: format!(
            "{stream} reached {} of {} requests/s ({})",
            significant(achieved),
            significant(offered),
            percent(achieved / offered)
        ),
        taints: taints.to_owned(),
        advice: "ask for a lower rate, or give generator and targets more processors".to_owned(),
    })
}

fn unsent(stream: &str, unsent: u64, taints: &str) -> Option<Finding> {
    (unsent > 0).then(|| Finding {
        check: Check::UnsentStarts,
        verdict: Verdict::Invalid,
        what: format!(
            "{} intended starts of {stream} were never sent",
            count(unsent)
        ),
        taints: format!("{taints}: the longest waits are missing"),
        advice: "ask for a lower rate or more connections per target".to_owned(),
    })
}

/// A generator that is not pinned is measured against all processors: its send lag shows if it runs short of one.
fn generator_saturated(run: &RunFile, steady: &SteadyRecord) -> Option<Finding> {
    let pinned = run.manifest.generator_cpus.len();
    let processors = if pinned == 0 {
        run.manifest.cores
    } else {
        pinned
    };
    let share = steady
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

fn unexpected(whose: &str, outcomes: &Outcomes, taints: &str) -> Option<Finding> {
    (outcomes.unexpected() > 0).then(|| Finding {
        check: Check::UnexpectedOutcomes,
        verdict: Verdict::Invalid,
        what: format!(
            "{} of {} requests to {whose} did not end as expected ({})",
            count(outcomes.unexpected()),
            count(outcomes.total()),
            kinds(outcomes)
        ),
        taints: format!("{taints}: an error is answered by another path than a success"),
        advice: "look at the logs of its processes in the run directory, and whether its credentials live as long as the target file says".to_owned(),
    })
}

fn kinds(outcomes: &Outcomes) -> String {
    let statuses = outcomes
        .unexpected_status
        .iter()
        .map(|(status, times)| (format!("status {status}"), *times));
    let others = [
        ("timed out".to_owned(), outcomes.timed_out),
        ("broken".to_owned(), outcomes.broken),
    ];
    let kinds: Vec<String> = statuses
        .chain(others)
        .filter(|(_, times)| *times > 0)
        .map(|(kind, times)| format!("{kind}: {}", count(times)))
        .collect();
    kinds.join(", ")
}

fn steal(steady: &SteadyRecord) -> Option<Finding> {
    let shares = steady.rounds.iter().filter_map(|round| round.steal_share);
    let worst = shares.fold(0.0, f64::max);
    (worst >= STEAL_FROM).then(|| Finding {
        check: Check::Steal,
        verdict: Verdict::Degraded,
        what: format!(
            "the hypervisor took {} of the processor time in one round",
            percent(worst)
        ),
        taints: "latency beyond the median".to_owned(),
        advice: "run it on a machine without neighbours, or quote CPU per request only".to_owned(),
    })
}

fn unknown_revocations(revocation: &RevocationRecord) -> Vec<Finding> {
    let mut findings = Vec::new();
    for event in &revocation.events {
        for point in event.points() {
            let trials = event.trials.len();
            let unknown = event
                .trials
                .iter()
                .filter(|trial| trial.lag(point) == crate::revocation::Lag::Unknown)
                .count();
            if unknown as f64 > trials as f64 * UNKNOWN_FROM {
                findings.push(Finding {
                    check: Check::UnknownRevocations,
                    verdict: Verdict::Degraded,
                    what: format!(
                        "{unknown} of {trials} revocations by `{}` of `{}` gave no sample at `{point}`",
                        event.event, event.target
                    ),
                    taints: "that row: the others may be a selection".to_owned(),
                    advice: "look at the process logs in the run directory".to_owned(),
                });
            }
        }
    }
    findings
}
