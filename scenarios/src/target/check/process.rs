//! Checks `[[process]]`.

use std::collections::BTreeMap;

use authbench_reports::run_file::Role;
use toml::{Spanned, Value};

use super::Checker;
use super::scope::Scope;
use crate::target::file::{CounterTemplate, ProcessSpec, StdinValue};
use crate::target::parts::Parts;
use crate::target::raw::{RawCounters, RawProcess};
use crate::target::request::RequestTemplate;
use crate::target::source::FileError;

/// What the run itself offers to its processes: `${run.…}`.
pub(crate) const RUN_VALUES: [&str; 4] = ["store_url", "redis_server", "require_real_redis", "dir"];
/// First parts of references that mean something else than a process.
const RESERVED: [&str; 5] = ["vars", "env", "user", "self", "run"];
pub(super) const ON_COMMAND_LINE: &str =
    "is a secret, and every user of the machine can read a command line; hand it over in stdin";
const STORE_ON_COMMAND_LINE: &str = "may carry the store's password, and every user of the machine can read a command line; hand it over in stdin";
const MAX_COUNT: i64 = 64;

/// What processes say is for everyone to see, but for a store's URL.
pub(super) fn on_command_line(scope: Scope, processes: &[ProcessSpec]) -> Scope {
    processes.iter().fold(scope, |scope, process| {
        let prefix = format!("{}.", process.name);
        match process.role {
            Role::Store => scope.bar_all_under(prefix, STORE_ON_COMMAND_LINE),
            _ => scope.with_all_under(prefix),
        }
    })
}

impl Checker<'_> {
    pub(super) fn processes(&self, raw: &[RawProcess]) -> Result<Vec<ProcessSpec>, FileError> {
        let mut processes: Vec<ProcessSpec> = Vec::new();
        for process in raw {
            let same_kind = self.process(process, &processes)?;
            processes.extend(same_kind);
        }
        Ok(processes)
    }

    /// One `[[process]]`: as many processes as its `count` says, named `name-1`, `name-2`… when there are several.
    fn process(
        &self,
        raw: &RawProcess,
        earlier: &[ProcessSpec],
    ) -> Result<Vec<ProcessSpec>, FileError> {
        let name = self.name(&raw.name, "process.name")?;
        let key = |member: &str| format!("process.{name}.{member}");
        let count = raw.count.as_ref().map_or(Ok(1), |count| {
            self.whole(count, &key("count"), 1..=MAX_COUNT)
        })?;
        let template = ProcessSpec {
            name: name.clone(),
            role: self.role(&raw.role, &key("role"))?,
            command: self.command(&raw.command, &key("command"), earlier)?,
            stdin: raw
                .stdin
                .as_ref()
                .map(|stdin| self.stdin(stdin, &key("stdin"), earlier))
                .transpose()?,
            counters: raw
                .counters
                .as_ref()
                .map(|counters| self.counters(counters, &key("counters")))
                .transpose()?,
        };
        let names = if count == 1 {
            vec![name]
        } else {
            (1..=count).map(|n| format!("{name}-{n}")).collect()
        };
        for name in &names {
            let taken = RESERVED.contains(&name.as_str())
                || earlier.iter().any(|other| other.name == *name);
            if taken {
                let problem = format!("{name:?} is taken");
                let allowed = format!("a name used once, and none of {}", RESERVED.join(", "));
                return Err(self.error(&raw.name, "process.name", problem, allowed));
            }
        }
        Ok(names
            .into_iter()
            .map(|name| ProcessSpec {
                name,
                ..template.clone()
            })
            .collect())
    }

    fn role(&self, raw: &Spanned<String>, key: &str) -> Result<Role, FileError> {
        let roles = [
            Role::Store,
            Role::AuthorizationServer,
            Role::ResourceServer,
            Role::Other,
        ];
        let problem = || {
            let allowed = roles.map(Role::name).join(", ");
            self.error(
                raw,
                key,
                format!("{:?} is not a role", raw.get_ref()),
                allowed,
            )
        };
        roles
            .into_iter()
            .find(|role| role.name() == raw.get_ref())
            .ok_or_else(problem)
    }

    fn command(
        &self,
        raw: &Spanned<Vec<Spanned<String>>>,
        key: &str,
        earlier: &[ProcessSpec],
    ) -> Result<Vec<crate::target::template::Template>, FileError> {
        let scope = Scope::default()
            .with_public_vars(&self.vars, ON_COMMAND_LINE)
            .with_names(["authbench"])
            .with_names(RUN_VALUES.map(|name| format!("run.{name}")))
            .bar_all_under("env.", ON_COMMAND_LINE);
        self.words(raw, key, &on_command_line(scope, earlier))
    }

    /// A program and its arguments.
    pub(super) fn words(
        &self,
        raw: &Spanned<Vec<Spanned<String>>>,
        key: &str,
        scope: &Scope,
    ) -> Result<Vec<crate::target::template::Template>, FileError> {
        if raw.get_ref().is_empty() {
            return Err(self.error(
                raw,
                key,
                "is empty",
                "the program and its arguments, one text each",
            ));
        }
        let words = raw.get_ref().iter().enumerate();
        words
            .map(|(index, word)| self.template(word, &format!("{key}[{index}]"), scope))
            .collect()
    }

    fn stdin(
        &self,
        raw: &BTreeMap<String, Spanned<Value>>,
        key: &str,
        earlier: &[ProcessSpec],
    ) -> Result<Vec<(String, StdinValue)>, FileError> {
        let mut scope = Scope::default()
            .with_vars(&self.vars)
            .with_all_under("env.")
            .with_names(RUN_VALUES.map(|name| format!("run.{name}")));
        for process in earlier {
            scope = scope.with_all_under(format!("{}.", process.name));
        }
        let mut members = Vec::new();
        for (name, value) in raw {
            let key = format!("{key}.{name}");
            let member = match value.get_ref() {
                Value::String(text) => {
                    let text = Spanned::new(value.span(), text.clone());
                    StdinValue::Text(self.template(&text, &key, &scope)?)
                }
                Value::Boolean(truth) => StdinValue::Literal((*truth).into()),
                Value::Integer(number) => StdinValue::Literal((*number).into()),
                _ => {
                    return Err(self.error(
                        value,
                        key,
                        "cannot be handed over",
                        "a text, a whole number, true or false",
                    ));
                }
            };
            members.push((name.clone(), member));
        }
        Ok(members)
    }

    fn counters(&self, raw: &RawCounters, key: &str) -> Result<CounterTemplate, FileError> {
        let scope = Scope::default()
            .with_public_vars(&self.vars, super::SHOWN)
            .with_all_under("self.");
        let url = self.template(&raw.url, &format!("{key}.url"), &scope)?;
        let parts = Parts::bare("GET");
        Ok(CounterTemplate {
            request: RequestTemplate { url, parts },
            store_commands: raw.store_commands.clone(),
            store_round_trips: raw.store_round_trips.clone(),
            introspections: raw.introspections.clone(),
            store_evictions: raw.store_evictions.clone(),
            store_out_of_memory: raw.store_out_of_memory.clone(),
        })
    }
}
