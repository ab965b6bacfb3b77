//! Checks `[[process]]`.

use std::collections::BTreeMap;
use std::time::Duration;

use authbench_reports::run_file::Role;
use toml::{Spanned, Value};

use super::Checker;
use super::scope::Scope;
use crate::target::file::{CounterTemplate, ProcessSpec, Ready, StdinValue};
use crate::target::parts::Parts;
use crate::target::raw::{RawCounters, RawProcess};
use crate::target::request::RequestTemplate;
use crate::target::source::FileError;
use crate::target::template::Template;

/// The port that is chosen for a process which asks for one.
const OWN_PORT: &str = "self.port";
/// How long a process may take to be ready, when the file does not say.
const READY_WITHIN: Duration = Duration::from_secs(15);
/// What the run itself offers to its processes: `${run.…}`.
pub(crate) const RUN_VALUES: [&str; 4] = ["store_url", "redis_server", "require_real_redis", "dir"];
/// First parts of references that mean something else than a process.
const RESERVED: [&str; 7] = ["vars", "env", "user", "self", "run", "admin", "pkce"];
pub(super) const ON_COMMAND_LINE: &str =
    "is a secret, and every user of the machine can read a command line; hand it over in stdin";
const STORE_ON_COMMAND_LINE: &str = "may carry the store's password, and every user of the machine can read a command line; hand it over in stdin";
const MAX_COUNT: i64 = 64;
/// What `sizes` may name.
pub(crate) const SIZES: [&str; 6] = [
    "store_keys",
    "store_bytes",
    "announced_entries",
    "announced_bytes",
    "denied_entries",
    "denied_bytes",
];

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

/// The ports of all processes that ask for one, as other processes refer to them. They are chosen before anything is started, so
/// that two processes can know each other.
fn ports(raw: &[RawProcess]) -> Vec<String> {
    let asks = format!("${{{OWN_PORT}}}");
    let has = |text: &str| text.contains(&asks);
    let asking = raw.iter().filter(|process| {
        let stdin = process.stdin.iter().flatten();
        process
            .command
            .get_ref()
            .iter()
            .any(|word| has(word.get_ref()))
            || stdin
                .map(|(_, value)| value.get_ref())
                .any(|value| value.as_str().is_some_and(has))
            || process.env.values().any(|value| has(value.get_ref()))
    });
    let names = asking.flat_map(|process| {
        let name = process.name.get_ref();
        match process.count.as_ref().map_or(1, |count| *count.get_ref()) {
            1 => vec![name.clone()],
            count => (1..=count).map(|n| format!("{name}-{n}")).collect(),
        }
    });
    names.map(|name| format!("{name}.port")).collect()
}

fn wants_port(
    command: &[Template],
    stdin: Option<&[(String, StdinValue)]>,
    env: &[(String, Template)],
    ready: &Ready,
) -> bool {
    let stdin = stdin
        .into_iter()
        .flatten()
        .filter_map(|(_, value)| match value {
            StdinValue::Text(text) => Some(text),
            StdinValue::Literal(_) => None,
        });
    let url = match ready {
        Ready::Answers { request, .. } => Some(&request.url),
        Ready::Line { .. } => None,
    };
    let env = env.iter().map(|(_, value)| value);
    command
        .iter()
        .chain(stdin)
        .chain(env)
        .chain(url)
        .flat_map(Template::references)
        .any(|reference| reference.name == OWN_PORT)
}

impl Checker<'_> {
    pub(super) fn processes(&self, raw: &[RawProcess]) -> Result<Vec<ProcessSpec>, FileError> {
        let ports = ports(raw);
        let mut processes: Vec<ProcessSpec> = Vec::new();
        for process in raw {
            let same_kind = self.process(process, &processes, &ports)?;
            processes.extend(same_kind);
        }
        Ok(processes)
    }

    /// One `[[process]]`: as many processes as its `count` says, named `name-1`, `name-2`… when there are several.
    fn process(
        &self,
        raw: &RawProcess,
        earlier: &[ProcessSpec],
        ports: &[String],
    ) -> Result<Vec<ProcessSpec>, FileError> {
        let name = self.name(&raw.name, "process.name")?;
        let key = |member: &str| format!("process.{name}.{member}");
        let count = raw.count.as_ref().map_or(Ok(1), |count| {
            self.whole(count, &key("count"), 1..=MAX_COUNT)
        })?;
        let command = self.command(&raw.command, &key("command"), earlier, ports)?;
        let handed_over = self.handed_over(earlier, ports);
        let stdin = raw.stdin.as_ref();
        let stdin = stdin.map(|stdin| self.stdin(stdin, &key("stdin"), &handed_over));
        let stdin = stdin.transpose()?;
        let env = self.texts(&raw.env, &key("env"), &handed_over)?;
        let ready = self.ready(raw, &key("ready"))?;
        if let (None, Some(first)) = (&raw.counters, raw.sizes.values().next()) {
            let problem = "needs counters, whose url they are read from";
            return Err(self.error(first, key("sizes"), problem, ""));
        }
        let template = ProcessSpec {
            name: name.clone(),
            role: self.role(&raw.role, &key("role"))?,
            wants_port: wants_port(&command, stdin.as_deref(), &env, &ready),
            command,
            stdin,
            env,
            ready,
            counters: raw
                .counters
                .as_ref()
                .map(|counters| self.counters(counters, &key("counters")))
                .transpose()?
                .map(|counters| {
                    let sizes = self.sizes(&raw.sizes, &key("sizes"))?;
                    Ok(CounterTemplate { sizes, ..counters })
                })
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
            Role::Gateway,
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
        ports: &[String],
    ) -> Result<Vec<Template>, FileError> {
        let scope = Scope::default()
            .with_public_vars(&self.vars, ON_COMMAND_LINE)
            .with_names(["authbench"])
            .with_names(RUN_VALUES.map(|name| format!("run.{name}")))
            .with_names([OWN_PORT])
            .with_names(ports)
            .bar_all_under("env.", ON_COMMAND_LINE);
        self.words(raw, key, &on_command_line(scope, earlier))
    }

    /// A program and its arguments.
    pub(super) fn words(
        &self,
        raw: &Spanned<Vec<Spanned<String>>>,
        key: &str,
        scope: &Scope,
    ) -> Result<Vec<Template>, FileError> {
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

    /// What a process may be told where nobody else can read it.
    fn handed_over(&self, earlier: &[ProcessSpec], ports: &[String]) -> Scope {
        let scope = Scope::default()
            .with_vars(&self.vars)
            .with_all_under("env.")
            .with_names([OWN_PORT])
            .with_names(ports)
            .with_names(RUN_VALUES.map(|name| format!("run.{name}")));
        earlier.iter().fold(scope, |scope, process| {
            scope.with_all_under(format!("{}.", process.name))
        })
    }

    /// A program that is run to its end before anything is started.
    pub(super) fn build(
        &self,
        raw: &Spanned<Vec<Spanned<String>>>,
    ) -> Result<Vec<Template>, FileError> {
        let scope = Scope::default()
            .with_public_vars(&self.vars, ON_COMMAND_LINE)
            .with_names(["authbench"])
            .with_names(RUN_VALUES.map(|name| format!("run.{name}")))
            .bar_all_under("env.", ON_COMMAND_LINE);
        self.words(raw, "build", &scope)
    }

    /// `"line"`, which is also what absence means, or `{ url, within }`.
    fn ready(&self, raw: &RawProcess, key: &str) -> Result<Ready, FileError> {
        const ALLOWED: &str =
            "\"line\", or { url = \"http://127.0.0.1:${self.port}/…\", within = \"30s\" }";
        let line = Ready::Line {
            within: READY_WITHIN,
        };
        let Some(ready) = &raw.ready else {
            return Ok(line);
        };
        let wrong = || self.error(ready, key, "is no way to be ready", ALLOWED);
        let text = |value: &Value| {
            let text = value.as_str().ok_or_else(wrong)?;
            Ok(Spanned::new(ready.span(), text.to_owned()))
        };
        let table = match ready.get_ref() {
            Value::String(text) if text == "line" => return Ok(line),
            Value::Table(table) => table,
            _ => return Err(wrong()),
        };
        let url = text(table.get("url").ok_or_else(wrong)?)?;
        if table
            .keys()
            .any(|key| !["url", "within"].contains(&key.as_str()))
        {
            return Err(wrong());
        }
        let scope = Scope::default()
            .with_public_vars(&self.vars, super::SHOWN)
            .with_names([OWN_PORT]);
        let within = match table.get("within") {
            Some(within) => self.within(&text(within)?, &format!("{key}.within"))?,
            None => READY_WITHIN,
        };
        Ok(Ready::Answers {
            request: Box::new(RequestTemplate {
                url: self.url(&url, &format!("{key}.url"), &scope)?,
                connect: None,
                parts: Parts::bare("GET"),
            }),
            within,
        })
    }

    fn stdin(
        &self,
        raw: &BTreeMap<String, Spanned<Value>>,
        key: &str,
        scope: &Scope,
    ) -> Result<Vec<(String, StdinValue)>, FileError> {
        let mut members = Vec::new();
        for (name, value) in raw {
            let key = format!("{key}.{name}");
            let member = match value.get_ref() {
                Value::String(text) => {
                    let text = Spanned::new(value.span(), text.clone());
                    StdinValue::Text(self.template(&text, &key, scope)?)
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
        let url = self.url(&raw.url, &format!("{key}.url"), &scope)?;
        let parts = Parts::bare("GET");
        Ok(CounterTemplate {
            request: RequestTemplate {
                url,
                connect: None,
                parts,
            },
            store_commands: raw.store_commands.clone(),
            store_round_trips: raw.store_round_trips.clone(),
            introspections: raw.introspections.clone(),
            store_evictions: raw.store_evictions.clone(),
            store_out_of_memory: raw.store_out_of_memory.clone(),
            sizes: BTreeMap::new(),
        })
    }

    fn sizes(
        &self,
        raw: &BTreeMap<String, Spanned<String>>,
        key: &str,
    ) -> Result<BTreeMap<String, String>, FileError> {
        let mut sizes = BTreeMap::new();
        for (name, metric) in raw {
            if !SIZES.contains(&name.as_str()) {
                let problem = format!("unknown {name:?}");
                return Err(self.error(metric, key, problem, SIZES.join(", ")));
            }
            sizes.insert(name.clone(), metric.get_ref().clone());
        }
        Ok(sizes)
    }
}
