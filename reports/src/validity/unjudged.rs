//! What a run could not be asked: a check without its figures has not passed.

use super::Check;
use super::checks::{Alone, ROUNDS_NEEDED, Stream, has_canary, tells_steal};
use crate::run_file::{
    Counters, JourneyRecord, LoginRecord, MassRecord, RoundRecord, RunFile, ScenarioRecord,
    TargetRecord,
};
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
        for alone in alone_in(run, scenario) {
            missing.extend(of_probes(&alone, &scenario.name));
        }
        let sessions = scenario.journey.as_ref();
        let sessions = sessions.filter(|record| !record.slices.is_empty());
        missing.extend(
            sessions.map_or_else(Vec::new, |record| of_sessions(run, record, &scenario.name)),
        );
        let storms = scenario.login.as_ref();
        let storms = storms.filter(|record| !record.slices.is_empty());
        missing
            .extend(storms.map_or_else(Vec::new, |record| of_storms(run, record, &scenario.name)));
        let event = scenario.mass.as_ref();
        let event = event.filter(|record| !record.targets.is_empty());
        missing.extend(event.map_or_else(Vec::new, |record| of_mass(run, record, &scenario.name)));
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

fn alone_in<'a>(run: &'a RunFile, scenario: &'a ScenarioRecord) -> impl Iterator<Item = Alone<'a>> {
    let searches = scenario.capacity.iter();
    let ladders = scenario.sweep.iter();
    searches
        .map(|record| Alone::searches(run, scenario, record))
        .chain(ladders.map(|record| Alone::ladders(run, scenario, record)))
        // What measured nothing has nothing to be asked.
        .filter(|alone| !alone.probes.is_empty())
}

/// What a load says of the conditions it was measured under.
struct Told {
    steal: bool,
    canary: bool,
    clocks: bool,
    reconnects: bool,
    /// Targets of whose store nobody tells.
    silent: Vec<String>,
}

impl Told {
    fn lacks(self, scenario: &str) -> Vec<Unjudged> {
        let silent = self.silent.join(", ");
        let lacking = [
            (
                !self.steal,
                Check::Steal,
                "the kernel does not tell".to_owned(),
            ),
            (
                !self.canary,
                Check::Canary,
                "no reading was taken".to_owned(),
            ),
            (
                !self.clocks,
                Check::ClockSteps,
                "the clocks were not compared".to_owned(),
            ),
            (
                !self.reconnects,
                Check::ConnectionChurn,
                "connections were not counted".to_owned(),
            ),
            (
                !silent.is_empty(),
                Check::StoreEvictions,
                format!("no process of {silent} tells"),
            ),
        ];
        lacking
            .into_iter()
            .filter(|(lacking, ..)| *lacking)
            .map(|(_, check, why)| missing(check, scenario, &why))
            .collect()
    }
}

fn missing(check: Check, scenario: &str, why: &str) -> Unjudged {
    Unjudged {
        check,
        why: format!("`{scenario}`: {why}"),
    }
}

fn of_stream(stream: &Stream, scenario: &str) -> Vec<Unjudged> {
    let rounds = &stream.steady.rounds;
    let any = |has: &dyn Fn(&RoundRecord) -> bool| rounds.iter().any(has);
    let parts = rounds.iter().flat_map(|round| &round.targets);
    let counted = parts.map(|part| (part.target.as_str(), part.counters.as_ref()));
    let told = Told {
        steal: tells_steal(rounds),
        canary: has_canary(rounds),
        clocks: any(&|round| round.clocks.is_some()),
        reconnects: any(&|round| round.targets.iter().any(|part| part.reconnects.is_some())),
        silent: silent_about_their_store(stream.run, &counted.collect::<Vec<_>>()),
    };
    let mut lacking = told.lacks(scenario);
    if rounds.len() < ROUNDS_NEEDED {
        let why = format!("{} rounds, and {ROUNDS_NEEDED} are needed", rounds.len());
        lacking.push(missing(Check::WarmUp, scenario, &why));
    }
    lacking
}

fn of_probes(alone: &Alone, scenario: &str) -> Vec<Unjudged> {
    let probes = alone.probes.iter();
    let counted = probes.map(|(target, probe)| (*target, probe.counters.as_ref()));
    let told = Told {
        steal: alone.tells_steal(),
        canary: alone.has_canary(),
        clocks: alone.any(|probe| probe.clocks.is_some()),
        reconnects: alone.any(|probe| probe.reconnects.is_some()),
        silent: silent_about_their_store(alone.run, &counted.collect::<Vec<_>>()),
    };
    told.lacks(scenario)
}

fn of_storms(run: &RunFile, record: &LoginRecord, scenario: &str) -> Vec<Unjudged> {
    let slices = &record.slices;
    let parts = slices.iter().map(|slice| &slice.others);
    let counted = parts
        .clone()
        .map(|part| (part.target.as_str(), part.counters.as_ref()));
    let told = Told {
        steal: slices.iter().any(|slice| slice.steal_share.is_some()),
        canary: slices.iter().any(|slice| slice.canary.len() > 1),
        clocks: slices.iter().any(|slice| slice.clocks.is_some()),
        reconnects: parts.clone().any(|part| part.reconnects.is_some()),
        silent: silent_about_their_store(run, &counted.collect::<Vec<_>>()),
    };
    told.lacks(scenario)
}

fn of_mass(run: &RunFile, record: &MassRecord, scenario: &str) -> Vec<Unjudged> {
    let slices = || record.targets.iter().flat_map(|target| &target.slices);
    let targets = record.targets.iter();
    let counted = targets.map(|target| (target.target.as_str(), target.counters.as_ref()));
    let told = Told {
        steal: slices().any(|slice| slice.steal_share.is_some()),
        canary: slices().map(|slice| slice.canary.len()).sum::<usize>() > 1,
        clocks: slices().any(|slice| slice.clocks.is_some()),
        reconnects: slices().any(|slice| slice.others.reconnects.is_some()),
        silent: silent_about_their_store(run, &counted.collect::<Vec<_>>()),
    };
    told.lacks(scenario)
}

/// Connections are left out: every session makes its own.
fn of_sessions(run: &RunFile, record: &JourneyRecord, scenario: &str) -> Vec<Unjudged> {
    let slices = &record.slices;
    let parts = slices.iter().flat_map(|slice| &slice.targets);
    let counted = parts.map(|part| (part.target.as_str(), part.counters.as_ref()));
    let told = Told {
        steal: slices.iter().any(|slice| slice.steal_share.is_some()),
        canary: slices.iter().any(|slice| slice.canary.len() > 1),
        clocks: slices.iter().any(|slice| slice.clocks.is_some()),
        reconnects: true,
        silent: silent_about_their_store(run, &counted.collect::<Vec<_>>()),
    };
    told.lacks(scenario)
}

/// Targets that have, or may have, a store, and no counter of what it threw away in any of their parts: `counted`, with the target's name.
fn silent_about_their_store(run: &RunFile, counted: &[(&str, Option<&Counters>)]) -> Vec<String> {
    let tells = |counters: Option<&Counters>| {
        counters.is_some_and(|counters| counters.store_evictions.is_some())
    };
    let silent = run.targets.iter().filter(|target| {
        let mut parts = counted
            .iter()
            .filter(|(name, _)| *name == target.name)
            .peekable();
        may_have_a_store(target)
            && parts.peek().is_some()
            && !parts.any(|(_, counters)| tells(*counters))
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
