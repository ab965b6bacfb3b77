//! What a run could not be asked: a check without its figures has not passed.

use super::Check;
use super::checks::{ROUNDS_NEEDED, Stream, has_canary, tells_steal};
use crate::run_file::{RoundRecord, RunFile, TargetRecord, TargetRound};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A check that could not be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unjudged {
    /// Which.
    pub check: Check,
    /// Of what, and what is missing for it.
    pub why: String,
}

/// Every check of `run` that lacks its figures.
#[must_use]
pub fn unjudged(run: &RunFile) -> Vec<Unjudged> {
    let mut missing = Vec::new();
    for scenario in &run.scenarios {
        if let Some(stream) = Stream::of(run, scenario) {
            missing.extend(of_stream(&stream, &scenario.name));
        }
        let revocation = scenario.revocation.as_ref();
        if revocation.is_some_and(|revocation| revocation.background.clocks.is_none()) {
            missing.push(Unjudged {
                check: Check::ClockSteps,
                why: format!("`{}`: the clocks were not compared", scenario.name),
            });
        }
    }
    missing
}

fn of_stream(stream: &Stream, scenario: &str) -> Vec<Unjudged> {
    let rounds = &stream.steady.rounds;
    let none = |has: &dyn Fn(&RoundRecord) -> bool| !rounds.iter().any(has);
    let mut missing = Vec::new();
    let mut lacks = |lacking: bool, check, why: String| {
        if lacking {
            missing.push(Unjudged {
                check,
                why: format!("`{scenario}`: {why}"),
            });
        }
    };
    lacks(
        !tells_steal(rounds),
        Check::Steal,
        "the kernel does not tell".to_owned(),
    );
    lacks(
        !has_canary(rounds),
        Check::Canary,
        "no reading was taken".to_owned(),
    );
    lacks(
        none(&|round| round.clocks.is_some()),
        Check::ClockSteps,
        "the clocks were not compared".to_owned(),
    );
    lacks(
        none(&|round| round.targets.iter().any(|part| part.reconnects.is_some())),
        Check::ConnectionChurn,
        "connections were not counted".to_owned(),
    );
    lacks(
        rounds.len() < ROUNDS_NEEDED,
        Check::WarmUp,
        format!("{} rounds, and {ROUNDS_NEEDED} are needed", rounds.len()),
    );
    let silent = silent_about_their_store(stream);
    lacks(
        !silent.is_empty(),
        Check::StoreEvictions,
        format!("no process of {} tells", silent.join(", ")),
    );
    missing
}

/// Targets that have, or may have, a store, and no counter of what it threw away.
fn silent_about_their_store(stream: &Stream) -> Vec<String> {
    let tells = |part: &TargetRound| {
        let counters = part.counters.as_ref();
        counters.is_some_and(|counters| counters.store_evictions.is_some())
    };
    let rounds = &stream.steady.rounds;
    let of = |name: &str| -> Vec<&TargetRound> {
        let parts = rounds.iter().flat_map(|round| &round.targets);
        parts.filter(|part| part.target == name).collect()
    };
    let silent = stream.run.targets.iter().filter(|target| {
        let parts = of(&target.name);
        may_have_a_store(target) && !parts.is_empty() && !parts.into_iter().any(tells)
    });
    silent.map(|target| format!("`{}`", target.name)).collect()
}

/// One that runs elsewhere says nothing about its processes.
fn may_have_a_store(target: &TargetRecord) -> bool {
    let processes = target
        .file
        .get("process")
        .and_then(|process| process.as_array());
    processes.is_none_or(|processes| {
        let role = |process: &serde_json::Value| process.get("role").cloned();
        processes
            .iter()
            .any(|process| role(process) == Some("store".into()))
    })
}
