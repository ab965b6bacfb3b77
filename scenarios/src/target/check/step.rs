//! Checks step lists: requests and commands.

use std::time::Duration;

use toml::Spanned;

use super::Checker;
use super::capture::Captured;
use super::process::{ON_COMMAND_LINE, on_command_line};
use super::request::RawRequest;
use super::scope::Scope;
use crate::target::duration;
use crate::target::file::ProcessSpec;
use crate::target::flows::{Action, Call, CommandLine, Follow, Step};
use crate::target::raw::{RawFollow, RawStep};
use crate::target::request::RequestTemplate;
use crate::target::source::FileError;
use crate::target::template::Template;
use crate::target::users::Users;
use crate::target::written::without_query;

/// How long a command may take when the file does not say.
const COMMAND_WITHIN: Duration = Duration::from_secs(30);
const MOST_WITHIN: Duration = Duration::from_secs(600);
/// How many redirects are followed when the file does not say.
const FOLLOWED: u32 = 10;
const MOST_FOLLOWED: i64 = 20;
const PKCE: [&str; 2] = ["pkce.challenge", "pkce.verifier"];

/// What the steps of a list may refer to; every step adds what it captures.
#[derive(Clone)]
pub(super) struct StepScope {
    texts: Scope,
    /// Where every user of the machine can read along.
    command_line: Scope,
    captured: Vec<String>,
}

impl StepScope {
    pub(super) fn new(checker: &Checker<'_>, processes: &[ProcessSpec]) -> Self {
        let texts = Scope::default()
            .with_vars(&checker.vars)
            .with_all_under("env.")
            .with_names(["uuid"])
            .with_names(PKCE);
        let texts = processes.iter().fold(texts, |texts, process| {
            texts.with_all_under(format!("{}.", process.name))
        });
        let command_line = Scope::default()
            .with_public_vars(&checker.vars, ON_COMMAND_LINE)
            .with_names(["uuid"])
            .bar_all_under("env.", ON_COMMAND_LINE)
            .bar(PKCE, ON_COMMAND_LINE);
        Self {
            texts,
            command_line: on_command_line(command_line, processes),
            captured: Vec::new(),
        }
    }

    pub(super) fn with_user(mut self, users: &Users) -> Self {
        self.texts = self.texts.with_names(users.fields());
        self.command_line = self
            .command_line
            .with_names(["user.name", "user.number"])
            .bar_all_under("user.", ON_COMMAND_LINE);
        self
    }

    /// With what the steps of `admin` captured, as `admin.…`.
    pub(super) fn with_admin(self, admin: &Self) -> Self {
        let names = admin.captured.iter().map(|name| format!("admin.{name}"));
        self.with_secrets(names.collect())
    }

    /// What a request may refer to that is built once and sent many times.
    pub(super) fn at_a_point(&self) -> Scope {
        let reason = "belongs to one walk through a step list";
        self.texts.clone().without(PKCE).bar(PKCE, reason)
    }

    /// Whether an earlier step of the list captures this.
    pub(super) fn captures(&self, name: &str) -> bool {
        self.captured.iter().any(|captured| captured == name)
    }

    fn capture(&mut self, name: &str) {
        self.captured.push(name.to_owned());
        let grown = self.clone().with_secrets(vec![name.to_owned()]);
        *self = grown;
    }

    fn with_secrets(mut self, names: Vec<String>) -> Self {
        self.texts = self.texts.with_names(names.clone());
        self.command_line = self.command_line.bar(names, ON_COMMAND_LINE);
        self
    }
}

impl Checker<'_> {
    pub(super) fn steps(
        &self,
        raw: &[Spanned<RawStep>],
        list: &str,
        scope: &mut StepScope,
    ) -> Result<Vec<Step<RequestTemplate>>, FileError> {
        let mut steps = Vec::new();
        for (index, step) in raw.iter().enumerate() {
            steps.push(self.step(step, &format!("{list}[{index}]"), scope)?);
            for name in step.get_ref().capture.keys() {
                scope.capture(name);
            }
        }
        Ok(steps)
    }

    fn step(
        &self,
        raw: &Spanned<RawStep>,
        key: &str,
        scope: &StepScope,
    ) -> Result<Step<RequestTemplate>, FileError> {
        self.one_kind(raw, key)?;
        let step = raw.get_ref();
        let (action, shown, captured) = match (&step.request, &step.command) {
            (Some(line), None) => {
                let captured = Captured::Response {
                    keeps_cookies: step.cookies.is_none(),
                };
                let call = self.call(raw, line, key, &scope.texts)?;
                (
                    Action::Request(call),
                    without_query(line.get_ref()),
                    captured,
                )
            }
            (None, Some(argv)) => {
                let command = self.command_line(step, argv, key, scope)?;
                let program = argv.get_ref().first().map(|word| word.get_ref().as_str());
                let shown = format!("command {}", program.unwrap_or_default());
                (Action::Command(command), shown, Captured::Output)
            }
            _ => {
                let allowed = "request = \"METHOD URL\", or command = [\"PROGRAM\", …]";
                return Err(self.error(raw, key, "needs one thing to do", allowed));
            }
        };
        let mut captures = Vec::new();
        for (name, raw) in &step.capture {
            captures.push(self.capture(name, raw, &format!("{key}.capture.{name}"), captured)?);
        }
        Ok(Step {
            label: format!("{key} ({shown})"),
            uses_admin: uses_admin(&action),
            is_admin_call: ["admin_login", "event."]
                .iter()
                .any(|list| key.starts_with(list)),
            action,
            captures,
        })
    }

    /// Every key goes with a request or with a command.
    fn one_kind(&self, raw: &Spanned<RawStep>, key: &str) -> Result<(), FileError> {
        let step = raw.get_ref();
        let of_request = [
            ("connect", step.connect.as_ref().map(Spanned::span)),
            ("headers", step.headers.values().next().map(Spanned::span)),
            ("cookies", step.cookies.as_ref().map(Spanned::span)),
            ("client", step.client.as_ref().map(Spanned::span)),
            ("form", step.form.as_ref().map(Spanned::span)),
            ("json", step.json.as_ref().map(Spanned::span)),
            ("body", step.body.as_ref().map(Spanned::span)),
            ("expect", step.expect.as_ref().map(Spanned::span)),
            ("follow", step.follow.as_ref().map(Spanned::span)),
        ];
        let of_command = [
            ("env", step.env.as_ref().map(Spanned::span)),
            ("stdin", step.stdin.as_ref().map(Spanned::span)),
            ("within", step.within.as_ref().map(Spanned::span)),
        ];
        let (misplaced, belongs_to) = match (&step.request, &step.command) {
            (Some(_), None) => (first(&of_command), "a command"),
            (None, Some(_)) => (first(&of_request), "a request"),
            _ => return Ok(()),
        };
        match misplaced {
            Some((name, span)) => Err(self.source.error(
                &span,
                format!("{key}.{name}"),
                format!("goes with {belongs_to}"),
                "",
            )),
            None => Ok(()),
        }
    }

    fn call(
        &self,
        raw: &Spanned<RawStep>,
        line: &Spanned<String>,
        key: &str,
        scope: &Scope,
    ) -> Result<Call<RequestTemplate>, FileError> {
        let step = raw.get_ref();
        let request = self.request(&RawRequest::of_step(line, step), key, scope)?;
        let expect_key = format!("{key}.expect");
        let Some(expect) = &step.expect else {
            let allowed = "the status that means success, or a list of them";
            return Err(self.error(raw, expect_key, "is missing", allowed));
        };
        let expect = self.statuses(expect, &expect_key)?;
        let follow = step.follow.as_ref();
        let follow = follow.map(|follow| self.follow(follow, step, key, scope));
        Ok(Call {
            request,
            expect,
            follow: follow.transpose()?,
        })
    }

    fn follow(
        &self,
        raw: &Spanned<RawFollow>,
        step: &RawStep,
        key: &str,
        scope: &Scope,
    ) -> Result<Follow, FileError> {
        let key = format!("{key}.follow");
        if step.cookies.is_some() {
            let problem = "needs the jar: cookies change from answer to answer";
            return Err(self.error(raw, key, problem, "a step without cookies = { … }"));
        }
        let inner = raw.get_ref();
        let max = inner.max.as_ref();
        let max = max.map(|max| self.whole(max, &format!("{key}.max"), 1..=MOST_FOLLOWED));
        let stop = inner.stop.as_ref();
        let stop = stop.map(|stop| self.url(stop, &format!("{key}.stop"), scope));
        Ok(Follow {
            max: max.transpose()?.unwrap_or(FOLLOWED),
            stop: stop.transpose()?,
        })
    }

    fn command_line(
        &self,
        step: &RawStep,
        argv: &Spanned<Vec<Spanned<String>>>,
        key: &str,
        scope: &StepScope,
    ) -> Result<CommandLine, FileError> {
        let env = step.env.as_ref();
        let env = env.map(|env| self.texts(env.get_ref(), &format!("{key}.env"), &scope.texts));
        let stdin = step.stdin.as_ref();
        let stdin = stdin.map(|text| self.template(text, &format!("{key}.stdin"), &scope.texts));
        Ok(CommandLine {
            argv: self.words(argv, &format!("{key}.command"), &scope.command_line)?,
            env: env.transpose()?.unwrap_or_default(),
            stdin: stdin.transpose()?,
            within: match &step.within {
                Some(within) => self.within(within, &format!("{key}.within"))?,
                None => COMMAND_WITHIN,
            },
        })
    }

    /// How long something may take.
    pub(super) fn within(&self, raw: &Spanned<String>, key: &str) -> Result<Duration, FileError> {
        let fitting = duration::parse(raw.get_ref())
            .filter(|within| !within.is_zero() && *within <= MOST_WITHIN);
        fitting.ok_or_else(|| {
            let problem = format!("{:?} is not a time to wait", raw.get_ref());
            let allowed = format!("up to 10m: {}", duration::ALLOWED);
            self.error(raw, key, problem, allowed)
        })
    }
}

fn first<'k>(
    keys: &[(&'k str, Option<std::ops::Range<usize>>)],
) -> Option<(&'k str, std::ops::Range<usize>)> {
    keys.iter()
        .find_map(|(name, span)| Some((*name, span.clone()?)))
}

fn uses_admin(action: &Action<RequestTemplate>) -> bool {
    let templates: Vec<&Template> = match action {
        Action::Request(call) => call.request.templates(),
        Action::Command(command) => {
            let env = command.env.iter().map(|(_, template)| template);
            command
                .argv
                .iter()
                .chain(env)
                .chain(&command.stdin)
                .collect()
        }
    };
    templates
        .into_iter()
        .flat_map(Template::references)
        .any(|reference| reference.name.starts_with("admin."))
}
