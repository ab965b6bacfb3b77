//! Whether a matrix of events may be read as one: enough separate events, somebody watched who should stay in, controls that fail.
//!
//! Only events that say whom they put out (`reach`) are asked: others are no part of a matrix.

use crate::matrix::{STREAM, class};
use crate::number::count;
use crate::revocation::{EventReach, Lag, Trial, Verdict as Said};
use crate::run_file::{EventRecord, RevocationRecord, RunFile, ScenarioRecord, TargetRecord};
use crate::settings::Settings;
use crate::summary::lag::{self, OCCURRENCES_AT_LEAST, P99_NEEDS, RevocationSummary};
use crate::validity::{Check, Finding, Verdict};
use std::collections::BTreeSet;

/// The events that variants are compared by first.
const HEADLINES: [&str; 2] = ["logout", "account_disabled"];
/// Share of connections that may have brought nothing.
const SILENT_UP_TO: f64 = 0.05;

pub(super) fn findings(
    run: &RunFile,
    scenario: &ScenarioRecord,
    record: &RevocationRecord,
) -> Vec<Finding> {
    let events: Vec<&EventRecord> = record
        .events
        .iter()
        .filter(|event| event.reach.is_some())
        .collect();
    let name = &scenario.name;
    [
        occurrences(name, &events),
        witnesses(name, &events),
        headlines(run, name, &events),
        streams(name, &record.events),
    ]
    .into_iter()
    .flatten()
    .chain(controls(run, scenario))
    .collect()
}

fn degraded(check: Check, what: String, taints: &str, advice: &str) -> Finding {
    Finding {
        check,
        verdict: Verdict::Degraded,
        what,
        taints: taints.to_owned(),
        advice: advice.to_owned(),
    }
}

/// Events that end many credentials, of which too few gave samples.
fn occurrences(scenario: &str, events: &[&EventRecord]) -> Option<Finding> {
    let few: Vec<String> = events
        .iter()
        .filter_map(|event| {
            let numbers = event.trials.iter().filter_map(|trial| trial.occurrence);
            let separate = numbers.collect::<BTreeSet<u32>>().len() as u64;
            let few = separate < OCCURRENCES_AT_LEAST && ends_many(event);
            few.then(|| format!("{} ({})", place(event), count(separate)))
        })
        .collect();
    (!few.is_empty()).then(|| {
        degraded(
            Check::TooFewOccurrences,
            format!(
                "`{scenario}` has fewer than {OCCURRENCES_AT_LEAST} separate events of {}",
                listed(&few)
            ),
            "those cells: all credentials of one event share what happened to it",
            "ask for more occurrences",
        )
    })
}

/// Those whose trials say which event they belong to, and those that end everybody's.
fn ends_many(event: &EventRecord) -> bool {
    let numbered = |trial: &Trial| trial.occurrence.is_some();
    event.reach == Some(EventReach::Everyone) || event.trials.iter().any(numbered)
}

/// Events that should leave somebody alone, and nobody was asked. One that ends everybody's concerns everybody.
fn witnesses(scenario: &str, events: &[&EventRecord]) -> Option<Finding> {
    let missing: Vec<String> = events
        .iter()
        .filter(|event| event.reach != Some(EventReach::Everyone))
        .filter(|event| event.trials.iter().all(|trial| trial.witnesses.is_empty()))
        .map(|event| place(event))
        .collect();
    (!missing.is_empty()).then(|| {
        degraded(
            Check::WitnessesMissing,
            format!(
                "`{scenario}` watched nobody who should have stayed in after {}",
                listed(&missing)
            ),
            "those cells: whether callers are put out by mistake is unknown",
            "let the scenario watch witnesses",
        )
    })
}

/// Cells of the first events at points that guard the resource. Where there are no other events it is no matrix, and what its samples are too few for is
/// not printed anyway.
fn headlines(run: &RunFile, scenario: &str, events: &[&EventRecord]) -> Option<Finding> {
    let is_headline = |event: &&&EventRecord| HEADLINES.contains(&event.event.as_str());
    if events.iter().all(|event| is_headline(&event)) {
        return None;
    }
    let few: Vec<String> = events
        .iter()
        .filter(is_headline)
        .filter_map(|event| {
            let target = run.targets.iter().find(|one| one.name == event.target)?;
            let guards = event
                .points()
                .filter(|point| lag::carries_traffic(target, point));
            let least = guards.map(|point| sampled(event, point)).min()?;
            (least < P99_NEEDS).then(|| format!("{} ({})", place(event), count(least)))
        })
        .collect();
    (!few.is_empty()).then(|| {
        degraded(
            Check::HeadlineCells,
            format!(
                "`{scenario}` has fewer than {P99_NEEDS} revocations of {}",
                listed(&few)
            ),
            "the p99 of those cells, which is not printed",
            "ask for more revocations",
        )
    })
}

fn sampled(event: &EventRecord, point: &str) -> u64 {
    let lags = event.trials.iter().map(|trial| trial.lag(point));
    lags.filter(|lag| *lag != Lag::Unknown).count() as u64
}

/// Points at which a connection stays open, and brought nothing before it was to end.
fn streams(scenario: &str, events: &[EventRecord]) -> Option<Finding> {
    let silent: Vec<String> = events
        .iter()
        .flat_map(|event| event.points().map(move |point| (event, point)))
        .filter(|(_, point)| class(point) == STREAM)
        .filter_map(|(event, point)| {
            let trials = event.trials.iter();
            let silent = trials.filter(|trial| !spoke(trial, point)).count();
            let many = silent as f64 > event.trials.len() as f64 * SILENT_UP_TO;
            many.then(|| format!("{} ({silent} of {})", place(event), event.trials.len()))
        })
        .collect();
    (!silent.is_empty()).then(|| {
        degraded(
            Check::StreamWithoutEvents,
            format!(
                "connections that stay open brought nothing in `{scenario}` before {}",
                listed(&silent)
            ),
            "those cells: a connection that is silent anyway does not show when it ends",
            "look at what the stream sends, and how often",
        )
    })
}

/// Whether anything came before the revoking call.
fn spoke(trial: &Trial, point: &str) -> bool {
    let mut segments = trial.points.get(point).into_iter().flatten();
    segments.any(|segment| {
        segment.verdict == Said::Accepted && segment.first_sent_ns < trial.requested_ns
    })
}

/// Negative controls of this scenario that failed nowhere.
fn controls<'a>(
    run: &'a RunFile,
    scenario: &'a ScenarioRecord,
) -> impl Iterator<Item = Finding> + 'a {
    let took_part = |target: &&TargetRecord| {
        let events = scenario.revocation.iter().flat_map(|record| &record.events);
        events
            .filter(|event| event.target == target.name)
            .any(|event| !event.trials.is_empty())
    };
    let controls = run.targets.iter().filter(|target| target.control.is_some());
    controls.filter(took_part).filter_map(|target| {
        let rows = lag::rows(run, target, &Settings::default());
        let failed = rows.iter().any(RevocationSummary::shows_failure);
        let why = target.control.as_deref().unwrap_or_default();
        (!failed).then(|| {
            degraded(
                Check::ControlWithoutFailure,
                format!(
                    "the negative control `{}` of `{}` did not show its failure ({why})",
                    target.name, scenario.name
                ),
                "every cell in which nothing went wrong: the run has not shown that it would have seen it",
                "look at whether the control is set up as it says",
            )
        })
    })
}

fn place(event: &EventRecord) -> String {
    format!("`{}` of `{}`", event.event, event.target)
}

/// As many as can be read; how many more there are.
fn listed(places: &[String]) -> String {
    const READ: usize = 4;
    match places.len() {
        few if few <= READ => places.join(", "),
        many => format!("{} and {} more", places[..READ].join(", "), many - READ),
    }
}
