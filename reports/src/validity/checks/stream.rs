//! A stream as the checks look at it: as a whole, and each target's part of it over all rounds.

use crate::histogram::Histogram;
use crate::run_file::{
    Counters, Outcomes, RoundRecord, RunFile, ScenarioRecord, SteadyRecord, TargetRecord,
    TargetRound,
};
use crate::summary::steady_scenario;

/// One open-loop stream and the run it belongs to.
pub(in crate::validity) struct Stream<'a> {
    pub(in crate::validity) run: &'a RunFile,
    pub(in crate::validity) steady: &'a SteadyRecord,
    /// How findings call it.
    pub(super) name: String,
}

/// One target's part of a stream, all rounds together.
pub(super) struct Part<'a> {
    pub(super) target: &'a TargetRecord,
    /// How findings call it.
    pub(super) whose: String,
    /// Its part of each round, and the round.
    pub(super) rounds: Vec<(&'a RoundRecord, &'a TargetRound)>,
    pub(super) outcomes: Outcomes,
    pub(super) response: Histogram,
    pub(super) service: Histogram,
    pub(super) send_lag: Histogram,
    pub(super) unsent: u64,
}

/// The stream that the summary reports.
pub(in crate::validity) fn steady(run: &RunFile) -> Option<&SteadyRecord> {
    steady_scenario(run)?.steady.as_ref()
}

impl<'a> Stream<'a> {
    /// The stream of `scenario`; `None` when it has none.
    pub(in crate::validity) fn of(run: &'a RunFile, scenario: &'a ScenarioRecord) -> Option<Self> {
        Some(Self {
            run,
            steady: scenario.steady.as_ref()?,
            name: format!("the stream of `{}`", scenario.name),
        })
    }

    /// The parts of all targets that took part in it.
    pub(super) fn parts(&self) -> Vec<Part<'a>> {
        let targets = self.run.targets.iter();
        targets.filter_map(|target| self.part(target)).collect()
    }

    fn part(&self, target: &'a TargetRecord) -> Option<Part<'a>> {
        let of_target = |round: &'a RoundRecord| {
            let part = round
                .targets
                .iter()
                .find(|part| part.target == target.name)?;
            Some((round, part))
        };
        let mut part = Part {
            target,
            whose: format!("`{}` in {}", target.name, self.name),
            rounds: self.steady.rounds.iter().filter_map(of_target).collect(),
            outcomes: Outcomes::default(),
            response: Histogram::default(),
            service: Histogram::default(),
            send_lag: Histogram::default(),
            unsent: 0,
        };
        for (_, round) in &part.rounds {
            part.outcomes.merge(&round.outcomes);
            part.response.merge(&round.response);
            part.service.merge(&round.service);
            part.send_lag.merge(&round.send_lag);
            part.unsent += round.unsent;
        }
        (!part.rounds.is_empty()).then_some(part)
    }
}

impl Part<'_> {
    /// The counters of every round that has them.
    pub(super) fn counters(&self) -> impl Iterator<Item = &Counters> {
        self.rounds
            .iter()
            .filter_map(|(_, round)| round.counters.as_ref())
    }
}
