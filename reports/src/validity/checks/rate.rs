//! Whether the load that was asked is the load that there was.

use super::stream::{Part, Stream};
use crate::number::{count, percent, significant};
use crate::run_file::{RoundRecord, SteadyRecord};
use crate::validity::{Check, Finding, Verdict};

/// Achieved ÷ offered below this is not the load that was asked.
const ACHIEVED_AT_LEAST: f64 = 0.99;
/// Why a target that falls behind has no latency.
const BACKLOG: &str =
    "a backlog grows for as long as a round lasts, so latencies depend on the length of the round";

/// Answered per second. Over the schedule alone a backlog would count as if it had been answered in time; over the whole wall
/// time one slow answer at the end of a round would look like a generator that fell behind: hence [`RoundRecord::counted_s`].
pub(in crate::validity) fn achieved_per_s(steady: &SteadyRecord) -> Option<f64> {
    let counted_s: f64 = steady.rounds.iter().map(RoundRecord::counted_s).sum();
    let parts = steady.rounds.iter().flat_map(|round| &round.targets);
    let answered: u64 = parts.map(|part| part.outcomes.answered()).sum();
    (counted_s > 0.0).then(|| answered as f64 / counted_s)
}

/// Each target by itself, because one that falls behind disappears among many that do not; the stream as a whole only where no single
/// target explains what is missing.
pub(super) fn of_stream(stream: &Stream, parts: &[Part]) -> Vec<Finding> {
    let findings: Vec<Finding> = parts.iter().filter_map(of_target).collect();
    if !findings.is_empty() {
        return findings;
    }
    let taints = format!("latency and CPU of every target: {BACKLOG}");
    let whole = achieved_per_s(stream.steady)
        .and_then(|achieved| short(&stream.name, stream.steady.offered_per_s, achieved, &taints));
    whole.into_iter().collect()
}

fn of_target(part: &Part) -> Option<Finding> {
    let over = |seconds: fn(&(&RoundRecord, &crate::run_file::TargetRound)) -> f64| -> f64 {
        part.rounds.iter().map(seconds).sum()
    };
    let scheduled_s = over(|(round, _)| round.scheduled_s);
    let counted_s = over(|(round, part)| round.counted_s_of(part));
    let intended: u64 = part.rounds.iter().map(|(_, part)| part.intended).sum();
    let taints = format!("latency and CPU of `{}`: {BACKLOG}", part.target.name);
    short(
        &part.whose,
        intended as f64 / scheduled_s,
        part.outcomes.answered() as f64 / counted_s,
        &taints,
    )
}

/// What `stream` achieved, when that is too little.
pub(super) fn short(stream: &str, offered: f64, achieved: f64, taints: &str) -> Option<Finding> {
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

/// How many sessions per second came to their end, when that is too few of those that were to begin.
pub(super) fn sessions(whose: &str, offered: f64, completed: f64, taints: &str) -> Option<Finding> {
    (completed < offered * ACHIEVED_AT_LEAST).then(|| Finding {
        check: Check::AchievedRate,
        verdict: Verdict::Invalid,
        what: format!(
            "{whose} saw {} of {} sessions/s to their end ({})",
            significant(completed),
            significant(offered),
            percent(completed / offered)
        ),
        taints: taints.to_owned(),
        advice: "ask for fewer sessions per second, and see in the logs of its processes why clients gave up"
            .to_owned(),
    })
}

pub(super) fn unsent(stream: &str, unsent: u64, taints: &str) -> Option<Finding> {
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
