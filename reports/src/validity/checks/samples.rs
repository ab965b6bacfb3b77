//! Whether there are enough samples for what is printed.

use super::stream::{Part, Stream};
use crate::histogram::SAMPLES_BEYOND;
use crate::matrix::{STREAM, class};
use crate::number::{count, percent, significant};
use crate::revocation::Lag;
use crate::run_file::{EventRecord, JourneyRecord, JourneySlice, RevocationRecord, RunFile};
use crate::validity::{Check, Finding, Verdict};

/// Fewer rounds than this say little about how far apart rounds lie: the range of four covers the next one three times in five.
const ROUNDS_AT_LEAST: usize = 5;
/// "None of n was accepted" still allows a share of 3 ÷ n at 95 % confidence (the rule of three): one in ten at this n.
const REVOCATIONS_AT_LEAST: usize = 30;
/// The same for sessions in which something did not happen.
const SESSIONS_AT_LEAST: u64 = 30;
/// Share of revocations without a sample from which the rest may be a selection.
const UNKNOWN_FROM: f64 = 0.05;
/// What a table has a column for.
const QUANTILES: [(f64, &str); 3] = [(0.5, "p50"), (0.9, "p90"), (0.99, "p99")];

fn too_few(what: String, taints: String, advice: &str) -> Finding {
    Finding {
        check: Check::TooFewSamples,
        verdict: Verdict::Degraded,
        what,
        taints,
        advice: advice.to_owned(),
    }
}

pub(super) fn rounds(stream: &Stream) -> Option<Finding> {
    let rounds = stream.steady.rounds.len();
    (rounds < ROUNDS_AT_LEAST).then(|| {
        too_few(
            format!(
                "{} has {rounds} rounds, of {ROUNDS_AT_LEAST} at least",
                stream.name
            ),
            "every spread, and whether two targets differ at all".to_owned(),
            "ask for more rounds",
        )
    })
}

pub(super) fn requests(part: &Part) -> Option<Finding> {
    let missing = QUANTILES
        .iter()
        .filter(|(quantile, _)| part.response.quantile_ms(*quantile).is_none());
    let missing: Vec<(f64, &str)> = missing.copied().collect();
    let (highest, _) = missing.last()?;
    let names: Vec<&str> = missing.iter().map(|(_, name)| *name).collect();
    let names = names.join(", ");
    Some(too_few(
        format!(
            "{} has {} samples, too few for {names}: {} are needed",
            part.whose,
            count(part.response.count()),
            significant(SAMPLES_BEYOND / (1.0 - highest))
        ),
        format!("{names} of `{}`, which are not printed", part.target.name),
        "ask for longer or more rounds",
    ))
}

/// Client types with few sessions, of all targets together.
pub(super) fn sessions(run: &RunFile, record: &JourneyRecord, name: &str) -> Option<Finding> {
    let sessions = |target: &str, client: &str| -> u64 {
        let parts = record.slices.iter().flat_map(JourneySlice::parts);
        let own = parts.filter(|(name, part)| *name == target && part.client == client);
        own.map(|(_, part)| part.counts.sessions).sum()
    };
    let clients = record.mix.iter().map(|client| client.client.as_str());
    let rows = run.targets.iter().flat_map(|target| {
        let name = target.name.as_str();
        clients.clone().map(move |client| (name, client))
    });
    let few: Vec<String> = rows
        .map(|(target, client)| (target, client, sessions(target, client)))
        .filter(|(.., sessions)| (1..SESSIONS_AT_LEAST).contains(sessions))
        .map(|(target, client, sessions)| format!("`{client}` at `{target}` ({sessions})"))
        .collect();
    (!few.is_empty()).then(|| {
        too_few(
            format!(
                "{name} are fewer than {SESSIONS_AT_LEAST} of {}",
                few.join(", ")
            ),
            "those rows: what happens in one session of ten may not have happened in any of these"
                .to_owned(),
            "ask for more sessions per second, longer slices or more rounds",
        )
    })
}

/// Row by row; the targets in the order of the run.
pub(super) fn revocations(run: &RunFile, revocation: &RevocationRecord) -> Vec<Finding> {
    let events = run.targets.iter().flat_map(|target| {
        let events = revocation.events.iter();
        events.filter(|event| event.target == target.name)
    });
    events
        .flat_map(|event| event.points().map(move |point| (event, point)))
        .flat_map(|(event, point)| row(event, point))
        .collect()
}

fn row(event: &EventRecord, point: &str) -> impl Iterator<Item = Finding> {
    let trials = event.trials.len();
    let unknown = event
        .trials
        .iter()
        .filter(|trial| trial.lag(point) == Lag::Unknown)
        .count();
    let (name, target) = (&event.event, &event.target);
    // A connection that brought nothing shows no end: another finding says so.
    let asked = class(point) != STREAM;
    let lost = (asked && unknown as f64 > trials as f64 * UNKNOWN_FROM).then(|| Finding {
        check: Check::UnknownRevocations,
        verdict: Verdict::Degraded,
        what: format!(
            "{unknown} of {trials} revocations by `{name}` of `{target}` gave no sample at `{point}`"
        ),
        taints: "that row: the others may be a selection".to_owned(),
        advice: "look at the process logs in the run directory".to_owned(),
    });
    let sampled = trials - unknown;
    let few = (sampled < REVOCATIONS_AT_LEAST).then(|| {
        let unseen = 3.0 / sampled.max(3) as f64;
        too_few(
            format!("{sampled} revocations by `{name}` of `{target}` gave a sample at `{point}`, of {REVOCATIONS_AT_LEAST} at least"),
            format!("that row: as many as {} of all revocations could do what none of these did", percent(unseen)),
            "ask for more revocations, or let the run come to its end",
        )
    });
    lost.into_iter().chain(few)
}
