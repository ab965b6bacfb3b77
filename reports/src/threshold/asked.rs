//! Whom a scenario's thresholds concern.

use super::declared::Declared;
use super::{Metric, Part, Thresholds};
use crate::run_file::{RunFile, ScenarioRecord, TargetRecord};
use serde_json::Value;

/// The thresholds of one scenario, and its parts: they were measured one after another, each with a record of its own.
pub(super) struct Asked<'a> {
    pub(super) scenario: &'a str,
    pub(super) thresholds: Thresholds,
    parts: Vec<Measured<'a>>,
}

/// The record of one part, and its number in the run.
#[derive(Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) number: usize,
    pub(super) record: &'a ScenarioRecord,
}

/// The scenarios of `run` that have thresholds.
pub(super) fn asked(run: &RunFile) -> Vec<Asked<'_>> {
    let mut all: Vec<Asked<'_>> = Vec::new();
    for (number, record) in run.scenarios.iter().enumerate() {
        let thresholds = Thresholds::in_resolved(&record.resolved);
        // Parts have names of their own; the file's stands in what was resolved.
        let written = record.resolved.get("name").and_then(Value::as_str);
        let scenario = written.unwrap_or(&record.name);
        let part = Measured { number, record };
        match all.iter_mut().find(|asked| asked.scenario == scenario) {
            Some(asked) => asked.parts.push(part),
            None if thresholds.is_empty() => {}
            None => all.push(Asked {
                scenario,
                thresholds,
                parts: vec![part],
            }),
        }
    }
    all
}

impl<'a> Asked<'a> {
    /// Whether `target` took part in any part.
    pub(super) fn has(&self, target: &TargetRecord) -> bool {
        self.parts.iter().any(|part| part.has(target))
    }

    /// Where figures of `target` of this kind were measured.
    pub(super) fn measured(&self, part: Part, target: &TargetRecord) -> Option<Measured<'a>> {
        let mut parts = self.parts.iter().copied();
        parts.find(|measured| measured.measures(part) && measured.has(target))
    }

    /// Whether what is asked of every target is asked of `target`: it took part where that is measured and makes the event, and is not there to fail.
    /// What nobody can read, and what was measured of nobody because the run ended before, concerns everybody: it has to be seen.
    pub(super) fn concerns(&self, declared: &Declared, target: &TargetRecord) -> bool {
        if target.control.is_some() {
            return false;
        }
        let Some(metric) = declared.metric() else {
            return true;
        };
        let of_anybody = self.parts.iter().any(|part| part.measures(metric.part()));
        match (self.measured(metric.part(), target), metric) {
            (None, _) => !of_anybody,
            (Some(measured), Metric::Revocation { event, .. }) => measured.makes(event, target),
            (Some(_), _) => true,
        }
    }
}

impl Measured<'_> {
    fn measures(&self, part: Part) -> bool {
        match part {
            Part::Stream => self.record.steady.is_some(),
            Part::Revocations => self.record.revocation.is_some(),
            Part::Searches => self.record.capacity.is_some(),
        }
    }

    fn has(&self, target: &TargetRecord) -> bool {
        self.record.settings.contains_key(&target.name)
    }

    /// Whether the event was made at `target`, or should have been: its file has it, and no variant leaves it out.
    fn makes(&self, event: &str, target: &TargetRecord) -> bool {
        let records = self.record.revocation.iter();
        let mut records = records.flat_map(|record| &record.events);
        if records.any(|made| made.target == target.name && made.event == event) {
            return true;
        }
        let variant = self.record.resolved.get("variant");
        let own = variant
            .and_then(|variants| variants.get(&target.name)?.get("events")?.as_array())
            .is_none_or(|events| events.iter().any(|made| made == event));
        let declared = target.file.get("event").and_then(Value::as_array);
        let mut declared = declared.into_iter().flatten();
        own && declared.any(|one| one.get("name").is_some_and(|name| name == event))
    }
}
