//! From raw TOML to a target file that cannot be wrong: every value parsed, every reference known where it stands.

mod capture;
mod client;
mod event;
mod flow;
mod json;
mod point;
mod process;
mod request;
mod rule;
mod scope;
mod step;
mod tls;
mod users;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use toml::{Spanned, Table};

use self::scope::Scope;
use super::file::{About, TargetFile};
use super::limits::Limits;
use super::loaded::Loaded;
use super::raw::{RawLimits, RawTarget, RawTexts};
use super::secrets::{Asked, Secrets};
use super::source::{FileError, Source};
use super::template::{Reference, Template, is_name};
use super::vars::{self, Environment, Vars};
use super::{TARGET_NAME, duration, extends, is_target_name, written};

const SHOWN: &str = "is a secret, and would be shown in every report";
const MAX_USERS: i64 = 10_000_000;

/// Checks a whole file. `overrides` replace variables of the same name; others are left aside.
pub(super) fn check(
    source: &Source,
    overrides: &BTreeMap<String, String>,
    environment: Environment<'_>,
) -> Result<TargetFile, FileError> {
    let source = &extends::with_base(source)?;
    let raw: RawTarget = source.parse()?;
    let table: Table = source.parse()?;
    let asked = Asked::of(environment);
    let environment: Environment<'_> = &|variable: &str| asked.ask(variable);
    let vars = vars::resolve(source, &raw.vars, overrides, environment)?;
    let checker = Checker {
        source,
        vars,
        environment,
    };
    let about = checker.about(&raw)?;
    let build = raw
        .build
        .as_ref()
        .map(|build| checker.build(build))
        .transpose()?;
    let processes = checker.processes(&raw.process)?;
    let starts_nothing = processes.is_empty() && build.is_none();
    let tls = checker.tls(&raw.tls, &processes, starts_nothing)?;
    let flows = checker.flows(&raw, &about, &processes)?;
    let shown_variables = written::shown_variables(&table);
    Ok(TargetFile {
        secrets: Secrets::of(&checker.vars, &shown_variables, &asked),
        about: Arc::new(about),
        build: build.unwrap_or_default(),
        processes,
        flows,
        tls,
        variant: None,
        loaded: Loaded::new(
            &source.name,
            |name| raw.vars.contains_key(name),
            |name| shown_variables.iter().any(|shown| shown == name),
            overrides,
        ),
        as_written: written::as_written(&table),
        shown_variables,
        checkout: None,
    })
}

struct Checker<'a> {
    source: &'a Source,
    vars: Vars,
    environment: Environment<'a>,
}

impl Checker<'_> {
    fn about(&self, raw: &RawTarget) -> Result<About, FileError> {
        let shown = Scope::default().with_public_vars(&self.vars, SHOWN);
        let mut settings = BTreeMap::new();
        for (name, value) in &raw.settings {
            settings.insert(
                name.clone(),
                self.plain(value, &format!("settings.{name}"), &shown)?,
            );
        }
        Ok(About {
            name: self.target_name(&raw.name)?,
            control: raw
                .control
                .as_ref()
                .map(|why| self.plain(why, "control", &shown))
                .transpose()?,
            model: self.plain(&raw.model, "model", &shown)?,
            settings,
            facts: self.facts(&raw.facts, &shown)?,
            limits: self.limits(&raw.limits)?,
            users: raw
                .users
                .as_ref()
                .map(|users| {
                    self.users(users, raw.event.iter().any(|event| !event.undo.is_empty()))
                })
                .transpose()?,
        })
    }

    fn facts(
        &self,
        raw: &RawTexts,
        scope: &Scope,
    ) -> Result<BTreeMap<String, Duration>, FileError> {
        let mut facts = BTreeMap::new();
        for (name, value) in raw {
            let key = format!("facts.{name}");
            let text = self.plain(value, &key, scope)?;
            let fact = duration::parse(&text).ok_or_else(|| {
                self.error(
                    value,
                    &*key,
                    format!("{text:?} is not a duration"),
                    duration::ALLOWED,
                )
            })?;
            facts.insert(name.clone(), fact);
        }
        Ok(facts)
    }

    fn limits(&self, raw: &RawLimits) -> Result<Limits, FileError> {
        let rate = |value: &Option<Spanned<i64>>, key: &str| {
            value
                .as_ref()
                .map(|value| self.whole(value, key, 1..=10_000_000))
                .transpose()
        };
        Ok(Limits {
            requests_per_s: rate(&raw.requests_per_s, "limits.requests_per_s")?,
            logins_per_s: rate(&raw.logins_per_s, "limits.logins_per_s")?,
            admin_calls_per_s: rate(&raw.admin_calls_per_s, "limits.admin_calls_per_s")?,
        })
    }

    /// A template whose references `scope` allows, variables and environment already replaced.
    fn template(
        &self,
        value: &Spanned<String>,
        key: &str,
        scope: &Scope,
    ) -> Result<Template, FileError> {
        self.parsed(value, key)?
            .resolve(|reference| self.known(reference, value, key, scope))
    }

    /// The same for a URL, in whose path and query values are encoded.
    fn url(
        &self,
        value: &Spanned<String>,
        key: &str,
        scope: &Scope,
    ) -> Result<Template, FileError> {
        self.parsed(value, key)?
            .resolve_url(|reference| self.known(reference, value, key, scope))
    }

    fn parsed(&self, value: &Spanned<String>, key: &str) -> Result<Template, FileError> {
        Template::parse(value.get_ref())
            .map_err(|error| self.error(value, key, error.to_string(), ""))
    }

    /// What a reference means, if that is known before anything runs.
    fn known(
        &self,
        reference: &Reference,
        value: &Spanned<String>,
        key: &str,
        scope: &Scope,
    ) -> Result<Option<String>, FileError> {
        let name = reference.name.as_str();
        scope
            .check(name)
            .map_err(|(problem, allowed)| self.error(value, key, problem, allowed))?;
        if let Some(variable) = name.strip_prefix("env.") {
            let unset = || self.error(value, key, format!("the environment has no {variable}"), "");
            return (self.environment)(variable).ok_or_else(unset).map(Some);
        }
        Ok(name
            .strip_prefix("vars.")
            .map(|variable| self.vars[variable].text.clone()))
    }

    /// A text that is complete once variables are replaced.
    fn plain(
        &self,
        value: &Spanned<String>,
        key: &str,
        scope: &Scope,
    ) -> Result<String, FileError> {
        let template = self.template(value, key, scope)?;
        match template.text() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(self.error(value, key, "is empty", "some text")),
        }
    }

    fn target_name(&self, value: &Spanned<String>) -> Result<String, FileError> {
        let name = value.get_ref();
        let problem = || format!("{name:?} is not a name");
        is_target_name(name)
            .then(|| name.clone())
            .ok_or_else(|| self.error(value, "name", problem(), TARGET_NAME))
    }

    fn name(&self, value: &Spanned<String>, key: &str) -> Result<String, FileError> {
        let name = value.get_ref();
        let problem = || {
            self.error(
                value,
                key,
                format!("{name:?} is not a name"),
                "letters, digits, _ and -",
            )
        };
        is_name(name).then(|| name.clone()).ok_or_else(problem)
    }

    fn whole(
        &self,
        value: &Spanned<i64>,
        key: &str,
        allowed: std::ops::RangeInclusive<i64>,
    ) -> Result<u32, FileError> {
        let number = *value.get_ref();
        let range = format!("{} to {}", allowed.start(), allowed.end());
        let fitting = u32::try_from(number)
            .ok()
            .filter(|_| allowed.contains(&number));
        fitting.ok_or_else(|| self.error(value, key, format!("{number} is out of range"), range))
    }

    fn error<T>(
        &self,
        at: &Spanned<T>,
        key: impl Into<String>,
        problem: impl Into<String>,
        allowed: impl Into<String>,
    ) -> FileError {
        self.source.error(&at.span(), key, problem, allowed)
    }
}
