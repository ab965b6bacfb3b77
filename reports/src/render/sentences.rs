//! What a run says, in three sentences, each a function of its numbers.

mod capacity;
mod controls;
mod cost;
mod journey;
mod lag;
mod login;
mod mass;
mod promises;
mod thresholds;
mod tls;

use crate::summary::{Summary, TargetSummary};
use crate::validity::Verdict;
use capacity::{capacity, knees};
use controls::controls;
use cost::cost;
use journey::journey;
use lag::lag;
use login::login;
use mass::mass;
use promises::promises;
use thresholds::thresholds;
use tls::tls;

/// What the run says: what a request costs, how much load a target holds, how long a caller stays in, which promises were kept. An
/// invalid run says why it says nothing: it ranks no target.
#[must_use]
pub fn sentences(summary: &Summary) -> Vec<String> {
    if summary.validity.verdict == Verdict::Invalid {
        return refusal(summary).to_vec();
    }
    let any = |has: fn(&TargetSummary) -> bool| summary.targets.iter().any(has);
    let alone = any(|target| {
        target.capacity.is_some()
            || target.sweep.is_some()
            || target.login.is_some()
            || target.mass.is_some()
            || target.journey.is_some()
    });
    // Where targets were only loaded alone, or had sessions, nobody asked for the rest.
    let cost = (!alone || any(|target| target.load.is_some())).then(|| cost(summary));
    let watched = !alone || any(|target| !target.revocation.is_empty());
    let lag = watched.then(|| [lag(summary), promises(summary)]);
    let others = [
        capacity(summary),
        knees(summary),
        login(summary),
        mass(summary),
        journey(summary),
    ];
    cost.into_iter()
        .chain(tls(summary))
        .chain(others.into_iter().flatten())
        .chain(lag.into_iter().flatten())
        .chain(thresholds(summary))
        .chain(controls(summary))
        .collect()
}

/// What a reader must know before quoting a figure.
#[must_use]
pub fn caveats(summary: &Summary) -> Vec<String> {
    let store = summary.store.as_ref();
    let embedded = store.filter(|store| store.kind == "embedded").map(|store| {
        format!(
            "The store was {}: a small one of authbench's own, because no Redis was found. Do not read the cost of models that call a store as that of Redis.",
            store.label()
        )
    });
    let users = store.filter(|store| store.started_by == "user").map(|_| {
        "The store was given from outside, so its CPU is in no figure: models that call it look cheaper than they are.".to_owned()
    });
    let control = summary.control().is_none().then(|| {
        "The control (no_auth) was not part of this run: what a request costs without any check is unknown here.".to_owned()
    });
    embedded.into_iter().chain(users).chain(control).collect()
}

fn refusal(summary: &Summary) -> [String; 3] {
    let reasons: Vec<_> = summary
        .validity
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Invalid)
        .collect();
    let first = reasons.first();
    let others = match reasons.len() {
        0 | 1 => String::new(),
        more => format!(" ({} more below)", more - 1),
    };
    [
        "This run does not measure the targets, so it ranks none of them.".to_owned(),
        first.map_or_else(String::new, |finding| {
            format!("The reason: {}{others}.", finding.what)
        }),
        first.map_or_else(String::new, |finding| {
            format!("What to do: {}.", finding.advice)
        }),
    ]
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}

/// `a`, `b` and `c`.
pub(super) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
