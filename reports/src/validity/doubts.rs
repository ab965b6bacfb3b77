//! Which figures of a run its findings touch, for whoever has to decide by one of them.

use super::{Check, Finding, checks};
use crate::run_file::RunFile;

/// What a run's checks found, by the scenario in which they found it.
#[derive(Clone, Debug)]
pub struct Doubts {
    targets: Vec<String>,
    of_run: Vec<Finding>,
    of_scenario: Vec<(String, Vec<Finding>)>,
}

/// Figures that the same findings touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figures<'a> {
    /// Response times and CPU in a stream.
    Timing,
    /// What is counted per request: bytes, store commands.
    Work,
    /// How many requests were sent, answered and answered as expected.
    Counts,
    /// Lags after this event.
    Lag(&'a str),
    /// The highest rate that was held.
    Capacity,
}

impl Doubts {
    /// Everything that the checks find in `run`.
    #[must_use]
    pub fn of(run: &RunFile) -> Self {
        let scenarios = run.scenarios.iter();
        Self {
            targets: run
                .targets
                .iter()
                .map(|target| target.name.clone())
                .collect(),
            of_run: checks::of_run(run),
            of_scenario: scenarios
                .map(|scenario| {
                    let found = checks::of_scenario(run, scenario);
                    (scenario.name.clone(), found)
                })
                .collect(),
        }
    }

    /// The first finding that touches `figures` of `target` in the scenario of this number; `None` where nothing speaks against them.
    #[must_use]
    pub fn about(&self, scenario: usize, target: &str, figures: Figures<'_>) -> Option<&Finding> {
        let (name, found) = self.of_scenario.get(scenario)?;
        let touches = |finding: &&Finding| {
            figures.touched_by(finding) && self.concerns(finding, target, name)
        };
        self.of_run.iter().chain(found).find(touches)
    }

    /// Whether `finding` is about `target`: it names it, or no target at all. The scenario may be called like one.
    fn concerns(&self, finding: &Finding, target: &str, scenario: &str) -> bool {
        let what = finding.what.replace(&quoted(scenario), "");
        let names = |target: &str| {
            finding.taints.contains(&quoted(target)) || what.contains(&quoted(target))
        };
        finding.taints.contains("every ")
            || names(target)
            || !self.targets.iter().any(|target| names(target))
    }
}

impl Figures<'_> {
    fn touched_by(self, finding: &Finding) -> bool {
        let check = finding.check;
        match self {
            // Too few rounds say little about spreads; a quantile of too few requests is not there.
            Self::Timing => check != Check::TooFewSamples,
            Self::Work => matches!(
                check,
                Check::AchievedRate
                    | Check::UnexpectedOutcomes
                    | Check::InfrastructureErrors
                    | Check::UnsentStarts
                    | Check::ClockSteps
                    | Check::StoreEvictions
                    | Check::Interrupted
            ),
            // Too many of them are themselves findings, and yet what they are.
            Self::Counts => matches!(check, Check::ClockSteps | Check::Interrupted),
            Self::Lag(event) => match check {
                Check::TooFewSamples
                | Check::UnknownRevocations
                | Check::TooFewOccurrences
                | Check::StreamWithoutEvents => finding.what.contains(&quoted(event)),
                Check::AchievedRate
                | Check::UnexpectedOutcomes
                | Check::InfrastructureErrors
                | Check::UnsentStarts
                | Check::ClockSteps
                | Check::FactsContradicted
                | Check::StoreEvictions
                | Check::ControlWithoutFailure
                | Check::Interrupted => true,
                _ => false,
            },
            Self::Capacity => true,
        }
    }
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}
