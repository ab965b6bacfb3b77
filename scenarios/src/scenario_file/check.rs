//! From raw TOML to a scenario that cannot be wrong in itself, and the check that its targets have what it names.

mod journey;
mod kind;
mod login;
mod mass;
mod revocations;
mod solo;
mod thresholds;

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;

use super::raw::RawScenario;
use super::{Load, Plan, Profile, SCHEMA, Scenario};
use crate::target::{FileError, Source, TargetFile, duration, is_name};

const MAX: i64 = 1_000_000;

pub(super) fn check(source: Source) -> Result<Scenario, FileError> {
    source.check_schema(SCHEMA)?;
    let raw: RawScenario = source.parse()?;
    let checker = Checker { source: &source };
    let kind = checker.kind(&raw)?;
    let mut plans = [
        checker.plan(&kind, Profile::Quick, &raw.profile.quick)?,
        checker.plan(&kind, Profile::Standard, &raw.profile.standard)?,
        checker.plan(&kind, Profile::Full, &raw.profile.full)?,
    ];
    let (name, question) = (
        checker.name(&raw.name, "name")?,
        checker.question(&raw.question)?,
    );
    let (targets, vars, load) = (
        checker.list(&raw.targets, "targets")?,
        checker.plain_texts(&raw.vars, "vars")?,
        checker.load(&raw, &plans[0])?,
    );
    checker.thresholds(&raw)?;
    let variants = checker.variants(&raw, &targets)?;
    checker.events_of_variants(&raw, &mut plans)?;
    Ok(Scenario {
        default_profile: checker.default_profile(&raw)?,
        cost: checker.cost(&raw)?,
        name,
        question,
        targets,
        vars,
        variants,
        load,
        plans,
        source,
    })
}

/// Two targets of one name could not be told apart in any table.
pub(super) fn twice(source: &Source, name: &str) -> FileError {
    source.error(
        &at_key(source, "targets"),
        "targets",
        format!("two targets are called {name:?}"),
        "names used once",
    )
}

/// Whether every variable and event that the scenario names exists in one of its targets at least, and every target that it names.
pub(super) fn fits(
    source: &Source,
    vars: &BTreeMap<String, String>,
    events: &[String],
    targets: &[TargetFile],
) -> Result<(), FileError> {
    for name in vars.keys() {
        if !targets.iter().any(|target| target.has_variable(name)) {
            let problem = "no target of this scenario has a variable of this name";
            return Err(source.error(&at_key(source, name), format!("vars.{name}"), problem, ""));
        }
    }
    for event in events {
        if !targets.iter().any(|target| target.has_event(event)) {
            let problem = format!("no target of this scenario has an event called {event:?}");
            let (line, key) = match at_key(source, "events") {
                nowhere if nowhere.is_empty() => (at_key(source, "event"), "mass.event"),
                line => (line, "revocation.events"),
            };
            return Err(source.error(&line, key, problem, ""));
        }
    }
    solo::objectives_fit(source, targets)?;
    thresholds::targets_fit(source, targets)
}

/// Where a line begins with `key`; for what only turns out once the targets are read.
fn at_key(source: &Source, key: &str) -> std::ops::Range<usize> {
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        if line
            .split('=')
            .next()
            .is_some_and(|before| before.trim() == key)
        {
            return start..start + line.len();
        }
        start += line.len();
    }
    0..0
}

pub(super) struct Checker<'a> {
    source: &'a Source,
}

impl Checker<'_> {
    /// The rate of a stream stands in `[load]`; where targets are loaded one at a time, it is that of the first probe.
    fn load(&self, scenario: &RawScenario, plan: &Plan) -> Result<Load, FileError> {
        let raw = match (&scenario.load, plan) {
            (Some(raw), Plan::Journey(_)) => {
                let problem = "does not belong to kind \"journey\", whose clients make the traffic";
                return Err(self.error(raw, "load", problem, ""));
            }
            (None, Plan::Journey(_)) => return Ok(Load::default()),
            (Some(raw), _) => raw,
            (None, _) => {
                let kind = &scenario.kind;
                return Err(self.error(kind, "load", "is missing", "a table [load]"));
            }
        };
        let load = raw.get_ref();
        let rate_per_s = match (plan.first_probe_per_s(), &load.rate_per_s) {
            (None, Some(rate)) => self.whole(rate, "load.rate_per_s")?,
            (Some(rate), None) => rate,
            (None, None) => return Err(self.error(raw, "load.rate_per_s", "is missing", "")),
            (Some(_), Some(rate)) => {
                let problem = "does not belong to this kind of scenario";
                return Err(self.error(rate, "load.rate_per_s", problem, ""));
            }
        };
        Ok(Load {
            rate_per_s,
            connections_per_target: self
                .whole(&load.connections_per_target, "load.connections_per_target")?,
            credentials_per_target: self
                .whole(&load.credentials_per_target, "load.credentials_per_target")?,
        })
    }

    pub(super) fn plain_texts(
        &self,
        raw: &BTreeMap<String, Spanned<String>>,
        key: &str,
    ) -> Result<BTreeMap<String, String>, FileError> {
        let mut vars = BTreeMap::new();
        for (name, text) in raw {
            if text.get_ref().contains("${") {
                let problem = "has a reference; a scenario gives plain text";
                return Err(self.error(text, format!("{key}.{name}"), problem, ""));
            }
            vars.insert(name.clone(), text.get_ref().clone());
        }
        Ok(vars)
    }

    fn list(
        &self,
        raw: &Spanned<Vec<Spanned<String>>>,
        key: &str,
    ) -> Result<Vec<String>, FileError> {
        let mut list: Vec<String> = Vec::new();
        for item in raw.get_ref() {
            if item.get_ref().is_empty() || list.contains(item.get_ref()) {
                return Err(self.error(
                    item,
                    key,
                    format!("{:?} is empty or named twice", item.get_ref()),
                    "names used once",
                ));
            }
            list.push(item.get_ref().clone());
        }
        if list.is_empty() {
            Err(self.error(raw, key, "is empty", "at least one name"))
        } else {
            Ok(list)
        }
    }

    fn name(&self, raw: &Spanned<String>, key: &str) -> Result<String, FileError> {
        let name = raw.get_ref();
        let problem = || {
            self.error(
                raw,
                key,
                format!("{name:?} is not a name"),
                "letters, digits, _ and -",
            )
        };
        is_name(name).then(|| name.clone()).ok_or_else(problem)
    }

    fn question(&self, raw: &Spanned<String>) -> Result<String, FileError> {
        let question = raw.get_ref().trim();
        let problem = || self.error(raw, "question", "is empty", "one sentence");
        (!question.is_empty())
            .then(|| question.to_owned())
            .ok_or_else(problem)
    }

    fn duration(&self, raw: &Spanned<String>, key: &str) -> Result<Duration, FileError> {
        let problem = || {
            self.error(
                raw,
                key,
                format!("{:?} is not a duration", raw.get_ref()),
                duration::ALLOWED,
            )
        };
        duration::parse(raw.get_ref()).ok_or_else(problem)
    }

    fn positive(&self, raw: &Spanned<String>, key: &str) -> Result<Duration, FileError> {
        let duration = self.duration(raw, key)?;
        if duration.is_zero() {
            Err(self.error(raw, key, "is zero", "more than that"))
        } else {
            Ok(duration)
        }
    }

    fn whole(&self, raw: &Spanned<i64>, key: &str) -> Result<u32, FileError> {
        let number = *raw.get_ref();
        let fitting = u32::try_from(number)
            .ok()
            .filter(|_| (1..=MAX).contains(&number));
        fitting.ok_or_else(|| {
            self.error(
                raw,
                key,
                format!("{number} is out of range"),
                format!("1 to {MAX}"),
            )
        })
    }

    pub(super) fn error<T>(
        &self,
        at: &Spanned<T>,
        key: impl Into<String>,
        problem: impl Into<String>,
        allowed: impl Into<String>,
    ) -> FileError {
        self.source.error(&at.span(), key, problem, allowed)
    }
}
