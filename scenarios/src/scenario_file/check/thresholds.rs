//! `thresholds`: each can be read, is about something that the scenario measures, and about a target that it has.

use super::Checker;
use crate::scenario_file::raw::{RawScenario, RawThresholds};
use crate::target::{FileError, Source, TargetFile, is_path};
use authbench_reports::threshold::{EVERY_TARGET, Metric, Part, Threshold, ThresholdError};
use toml::Spanned;

/// Whether everybody in a table of thresholds is one of `targets`, for those whose names only their files know.
pub(in super::super) fn targets_fit(
    source: &Source,
    targets: &[TargetFile],
) -> Result<(), FileError> {
    // Read again: the places of its keys were not kept.
    let raw: RawScenario = source.parse()?;
    let Some(RawThresholds::By(tables)) = raw.thresholds.as_ref().map(Spanned::get_ref) else {
        return Ok(());
    };
    let loaded = targets.iter().map(|target| target.about.name.as_str());
    // This may be one part of a scenario with two, each with targets of its own.
    let named = names(&raw);
    if named.iter().any(|name| is_path(name)) && raw.steady.is_some() {
        return Ok(());
    }
    let known: Vec<&str> = loaded.chain(named).collect();
    for (target, list) in tables {
        if target != EVERY_TARGET && !known.contains(&target.as_str()) {
            return Err(Checker { source }.no_such_target_of(list, target, &known));
        }
    }
    Ok(())
}

/// The targets as the file names them.
fn names(raw: &RawScenario) -> Vec<&str> {
    let of_cost = raw.steady.iter().map(|steady| &steady.get_ref().targets);
    std::iter::once(&raw.targets)
        .chain(of_cost)
        .flat_map(|targets| targets.get_ref())
        .map(|target| target.get_ref().as_str())
        .collect()
}

impl Checker<'_> {
    /// Nothing is kept of them: they are read from the resolved scenario when there are figures.
    pub(super) fn thresholds(&self, raw: &RawScenario) -> Result<(), FileError> {
        let Some(thresholds) = &raw.thresholds else {
            return Ok(());
        };
        match thresholds.get_ref() {
            RawThresholds::Every(list) => {
                self.list_of_thresholds(raw, thresholds, list, "thresholds")
            }
            RawThresholds::By(tables) => {
                if tables.is_empty() {
                    let allowed = "a list by the name of a target, or \"*\"";
                    return Err(self.error(thresholds, "thresholds", "is empty", allowed));
                }
                let names = names(raw);
                let by_path = names.iter().any(|name| is_path(name));
                for (target, list) in tables {
                    let known = target == EVERY_TARGET || names.contains(&target.as_str());
                    // Targets given as paths have a name that only their file knows: see `targets_fit`.
                    if !known && !by_path {
                        return Err(self.no_such_target_of(list, target, &names));
                    }
                    let key = format!("thresholds.{target}");
                    self.list_of_thresholds(raw, list, list.get_ref(), &key)?;
                }
                Ok(())
            }
        }
    }

    fn list_of_thresholds<T>(
        &self,
        raw: &RawScenario,
        at: &Spanned<T>,
        list: &[Spanned<String>],
        key: &str,
    ) -> Result<(), FileError> {
        if list.is_empty() {
            let allowed = "at least one, such as \"p99 < 10ms\"";
            return Err(self.error(at, key, "is empty", allowed));
        }
        let mut seen = Vec::new();
        for item in list {
            let threshold: Threshold =
                item.get_ref().parse().map_err(|wrong: ThresholdError| {
                    self.error(item, key, wrong.problem, wrong.allowed)
                })?;
            self.is_measured(raw, item, key, &threshold.metric)?;
            let about = (threshold.metric.clone(), threshold.comparison);
            if seen.contains(&about) {
                let problem = format!("{:?} compares the same a second time", item.get_ref());
                return Err(self.error(item, key, problem, "one limit each way"));
            }
            seen.push(about);
        }
        Ok(())
    }

    /// Whether the scenario measures it at all: a threshold that nothing could keep is a mistake.
    fn is_measured(
        &self,
        raw: &RawScenario,
        item: &Spanned<String>,
        key: &str,
        metric: &Metric,
    ) -> Result<(), FileError> {
        let kind = raw.kind.get_ref().as_str();
        let (measured, allowed) = match metric.part() {
            Part::Stream => (
                kind == "steady" || raw.steady.is_some(),
                "in kind \"steady\", or \"revocation\" with a table [steady]",
            ),
            Part::Revocations => (raw.revocation.is_some(), "in kind \"revocation\""),
            Part::Searches => (raw.capacity.is_some(), "in kind \"capacity\""),
        };
        if !measured {
            let problem = format!("{} is not measured by this scenario", metric.name());
            return Err(self.error(item, key, problem, allowed));
        }
        let Metric::Revocation { event, .. } = metric else {
            return Ok(());
        };
        let events = raw.revocation.iter();
        let events = events.flat_map(|revocation| revocation.get_ref().events.get_ref());
        let events: Vec<&str> = events.map(|event| event.get_ref().as_str()).collect();
        if events.contains(&event.as_str()) {
            Ok(())
        } else {
            let problem = format!("{event:?} is no event of this scenario");
            Err(self.error(item, key, problem, events.join(", ")))
        }
    }

    fn no_such_target_of<T>(&self, list: &Spanned<T>, target: &str, known: &[&str]) -> FileError {
        let mut known = known.to_vec();
        known.dedup();
        let problem = "no target of this scenario has this name";
        let allowed = format!("\"*\" for every target, {}", known.join(", "));
        self.error(list, format!("thresholds.{target}"), problem, allowed)
    }
}
