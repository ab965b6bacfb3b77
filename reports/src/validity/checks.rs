//! The checks themselves, a file for each family: functions from a part of the run to what they find there.

mod alone;
mod clocks;
mod concurrency;
mod connections;
mod credentials;
mod facts;
mod generator;
mod journey;
mod login;
mod mass;
mod matrix;
mod outcomes;
mod processor;
mod rate;
mod samples;
mod send_lag;
mod slices;
mod steady_state;
mod store;
mod stream;
mod whole_run;

pub(super) use alone::{Alone, findings as of_alone, missed_by_answers};
pub(super) use processor::{has_canary, tells_steal};
pub(super) use rate::achieved_per_s;
pub(super) use steady_state::ROUNDS_NEEDED;
pub(super) use stream::{Stream, steady};

use stream::Part;

use super::{Finding, capacity};
use crate::run_file::{RevocationRecord, RunFile, ScenarioRecord};

/// Probes are judged by the moments at which they were truly sent and answered, so a late one loses precision and nothing else.
const LATE_PROBES: &str =
    "the resolution of the lags in this scenario: late probes widen the intervals";

/// Everything that any check finds, the run as a whole first, then its scenarios in their order.
pub(super) fn all(run: &RunFile) -> Vec<Finding> {
    let mut findings = of_run(run);
    for scenario in &run.scenarios {
        findings.extend(of_scenario(run, scenario));
    }
    findings
}

/// What is found of the run as a whole.
pub(super) fn of_run(run: &RunFile) -> Vec<Finding> {
    whole_run::findings(run).collect()
}

/// What is found in one scenario.
pub(super) fn of_scenario(run: &RunFile, scenario: &ScenarioRecord) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts::contradicted(scenario).collect();
    if let Some(stream) = Stream::of(run, scenario) {
        findings.extend(of_stream(&stream));
    }
    if let Some(revocation) = &scenario.revocation {
        findings.extend(of_revocations(run, scenario, revocation));
    }
    if let Some(searches) = &scenario.capacity {
        findings.extend(capacity::of_searches(run, scenario, searches));
    }
    if let Some(ladders) = &scenario.sweep {
        findings.extend(capacity::of_ladders(run, scenario, ladders));
    }
    if let Some(storms) = &scenario.login {
        findings.extend(login::findings(run, scenario, storms));
    }
    if let Some(event) = &scenario.mass {
        findings.extend(mass::findings(run, scenario, event));
    }
    if let Some(sessions) = &scenario.journey {
        findings.extend(journey::findings(run, scenario, sessions));
    }
    findings
}

fn of_stream(stream: &Stream) -> Vec<Finding> {
    let parts = stream.parts();
    let mut findings = rate::of_stream(stream, &parts);
    findings.extend(generator::saturated(stream));
    findings.extend(rate::unsent(
        &stream.name,
        parts.iter().map(|part| part.unsent).sum(),
        "latency and CPU of every target",
    ));
    findings.extend(processor::steal(stream));
    findings.extend(of_machine(stream));
    findings.extend(reuse(stream, &parts));
    findings.extend(samples::rounds(stream));
    findings.extend(steady_state::warm_up(stream, &parts));
    for part in &parts {
        let taints = format!("latency and CPU of `{}`", part.target.name);
        findings.extend(generator::late(part, &taints));
        findings.extend(outcomes::unexpected(&part.whose, &part.outcomes, &taints));
        findings.extend(outcomes::infrastructure(
            &part.whose,
            &part.outcomes,
            &taints,
        ));
        findings.extend(concurrency::implied(stream, part));
        findings.extend(churn(part));
        findings.extend(samples::requests(part));
        findings.extend(store::losses(&part.whose, part.counters(), &taints));
    }
    findings
}

fn of_machine(stream: &Stream) -> Vec<Finding> {
    const TAINTS: &str = "latency and CPU of every target";
    let rounds = &stream.steady.rounds;
    let readings = rounds.iter().flat_map(|round| &round.canary);
    let mut findings: Vec<Finding> = processor::canary(readings, "rounds", TAINTS)
        .into_iter()
        .collect();
    if !rounds.is_empty() {
        let (steal, canary) = (tells_steal(rounds), has_canary(rounds));
        findings.extend(processor::unwatched(&stream.name, steal, canary, TAINTS));
    }
    let seen = rounds.iter().filter_map(|round| round.clocks);
    findings.extend(clocks::of_load(&stream.name, seen));
    findings
}

fn reuse(stream: &Stream, parts: &[Part]) -> Option<Finding> {
    let steady = stream.steady;
    let asked: Vec<_> = parts
        .iter()
        .map(|part| (part.target, part.outcomes.total()))
        .collect();
    credentials::reuse(
        &stream.name,
        steady.credentials_per_target,
        steady.connections_per_target,
        &asked,
    )
}

fn churn(part: &Part) -> Option<Finding> {
    let made = part.rounds.iter().filter_map(|(_, round)| round.reconnects);
    let requests = part.outcomes.total();
    connections::churn(&part.whose, &part.target.name, made.sum(), requests)
}

fn of_revocations(
    run: &RunFile,
    scenario: &ScenarioRecord,
    revocation: &RevocationRecord,
) -> Vec<Finding> {
    let load = &revocation.background;
    let stream = format!("the background load of `{}`", scenario.name);
    let taints =
        "every revocation lag of this scenario: probes shared a generator that was not keeping up";
    let late = send_lag::late_sends(&stream, &load.send_lag, &load.response)
        .map(|late| late.finding(super::Verdict::Degraded, LATE_PROBES));
    let mut findings: Vec<Finding> =
        rate::short(&stream, load.offered_per_s, load.achieved_per_s, taints)
            .into_iter()
            .chain(rate::unsent(&stream, load.unsent, taints))
            .chain(late)
            .chain(clocks::of_revocations(scenario, load))
            .collect();
    for (target, outcomes) in &load.outcomes {
        let whose = format!("`{target}` in {stream}");
        let taints = format!("the lags of `{target}`");
        findings.extend(outcomes::unexpected(&whose, outcomes, &taints));
        findings.extend(outcomes::infrastructure(&whose, outcomes, &taints));
        findings.extend(store::losses(&whose, load.counters.get(target), &taints));
    }
    findings.extend(samples::revocations(run, revocation));
    findings.extend(matrix::findings(run, scenario, revocation));
    findings
}
