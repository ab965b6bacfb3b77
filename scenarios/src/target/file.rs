//! A target file, read and checked, before any of its processes runs.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use authbench_reports::run_file::{Role, VariantRecord};
use serde_json::Value as Json;

use super::flows::{Action, Event, Flows};
use super::limits::Limits;
use super::loaded::Loaded;
use super::request::RequestTemplate;
use super::secrets::Secrets;
use super::source::{FileError, Source};
use super::template::Template;
use super::tls::TlsSpec;
use super::users::Users;
use super::{builtin, check};

/// What a target is, as reports name it and bounds are computed from it.
#[derive(Debug, Clone)]
pub struct About {
    /// Name in every table.
    pub name: String,
    /// Which model it follows; free text for a system of one's own.
    pub model: String,
    /// Why it is measured only to be seen failing; absent for all others.
    pub control: Option<String>,
    /// What stands in every row label, never a secret.
    pub settings: BTreeMap<String, String>,
    /// Durations that bounds are made of.
    pub facts: BTreeMap<String, Duration>,
    /// How much load the target may get.
    pub limits: Limits,
    /// Who can log in; absent for a target without login.
    pub users: Option<Users>,
}

/// A checked target file.
#[derive(Debug, Clone)]
pub struct TargetFile {
    /// What the target is.
    pub about: Arc<About>,
    /// The program and arguments to run before anything is started; empty when there is nothing to build.
    pub(crate) build: Vec<Template>,
    /// What must be started for it, in order; empty when it runs already.
    pub processes: Vec<ProcessSpec>,
    pub(super) flows: Flows<RequestTemplate>,
    pub(super) tls: TlsSpec,
    pub(super) variant: Option<VariantRecord>,
    pub(super) loaded: Loaded,
    pub(super) as_written: Json,
    pub(super) secrets: Secrets,
    pub(super) shown_variables: Vec<String>,
    pub(super) checkout: Option<Arc<Checkout>>,
}

/// A copy of the target's repository in which its commands run, when that is not where this program was started.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// What stands for the folder in which this program was started.
    pub folder: PathBuf,
    /// What `${authbench}` is.
    pub authbench: PathBuf,
    /// Whether its `build` has been run already.
    pub built: bool,
}

/// One process to start.
#[derive(Debug, Clone)]
pub struct ProcessSpec {
    /// Unique within the target.
    pub name: String,
    /// What its CPU is booked as.
    pub role: Role,
    pub(crate) command: Vec<Template>,
    pub(crate) stdin: Option<Vec<(String, StdinValue)>>,
    /// Environment variables besides those of this process.
    pub(crate) env: Vec<(String, Template)>,
    pub(crate) ready: Ready,
    /// Whether it refers to `${self.port}`: a port is chosen for it then.
    pub(crate) wants_port: bool,
    pub(crate) counters: Option<CounterTemplate>,
}

/// How a process shows that it is ready.
#[derive(Debug, Clone)]
pub(crate) enum Ready {
    /// It prints one JSON line.
    Line { within: Duration },
    /// This request is answered with a status below 500.
    Answers {
        request: Box<RequestTemplate>,
        within: Duration,
    },
}

/// One member of the JSON line that a process reads on its standard input.
#[derive(Debug, Clone)]
pub(crate) enum StdinValue {
    Literal(Json),
    /// A text; one that is a single `${run.…}` keeps that value's JSON type, `null` included.
    Text(Template),
}

/// Where a process publishes what it counted, and under which names.
#[derive(Debug, Clone)]
pub(crate) struct CounterTemplate {
    pub(crate) request: RequestTemplate,
    pub(crate) store_commands: Option<String>,
    pub(crate) store_round_trips: Option<String>,
    pub(crate) introspections: Option<String>,
    pub(crate) store_evictions: Option<String>,
    pub(crate) store_out_of_memory: Option<String>,
    /// What there is at a moment, by its name in the run file: the metric.
    pub(crate) sizes: BTreeMap<String, String>,
}

/// Why a target or scenario could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Neither a built-in name nor a path.
    #[error(
        "no {what} is called {name:?} (built in: {known}; a file is named by a path with a / or ending in .toml)"
    )]
    Unknown {
        /// `target` or `scenario`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The file cannot be read.
    #[error("reading {path}: {source}")]
    Read {
        /// The path as given.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// The file is wrong.
    #[error(transparent)]
    File(#[from] FileError),
}

impl TargetFile {
    /// Loads a built-in target by name, or a file by path (anything with a `/` or ending in `.toml`).
    ///
    /// `overrides` replace variables of the same name with plain text; names that the file does not have are left aside, since one
    /// scenario sets variables for targets that differ. Secrets are drawn anew at every load.
    ///
    /// # Errors
    /// When there is no such target, the file cannot be read, or anything in it is wrong.
    pub fn load(
        name_or_path: &str,
        overrides: &BTreeMap<String, String>,
    ) -> Result<Self, LoadError> {
        let source = read("target", name_or_path, builtin::TARGETS)?;
        let mut file = check::check(&source, overrides, &|variable| std::env::var(variable).ok())?;
        name_or_path.clone_into(&mut file.loaded.file);
        Ok(file)
    }

    /// Like [`parse`](Self::parse), with another environment.
    ///
    /// # Errors
    /// When anything in it is wrong.
    pub(crate) fn parse_with(
        name: &str,
        text: &str,
        overrides: &BTreeMap<String, String>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, FileError> {
        let source = Source::new(name, text);
        check::check(&source, overrides, environment)
    }

    /// Reads `text` as a target file; errors call it `name`. Otherwise like [`load`](Self::load).
    ///
    /// # Errors
    /// When anything in it is wrong.
    pub fn parse(
        name: &str,
        text: &str,
        overrides: &BTreeMap<String, String>,
    ) -> Result<Self, FileError> {
        let source = Source::new(name, text);
        check::check(&source, overrides, &|variable| std::env::var(variable).ok())
    }

    /// The same under another name: one of several forms of a target in one scenario, made by setting `variables`.
    #[must_use]
    pub fn as_variant(mut self, name: &str, variables: &BTreeMap<String, String>) -> Self {
        let shown = |(variable, text): (&String, &String)| {
            let masked = || "(masked)".to_owned();
            let shows = self.shows_variable(variable);
            (
                variable.clone(),
                if shows { text.clone() } else { masked() },
            )
        };
        self.variant = Some(VariantRecord {
            of: self.about.name.clone(),
            vars: variables.iter().map(shown).collect(),
        });
        self.loaded.variant_of = Some(self.about.name.clone());
        Arc::make_mut(&mut self.about).name = name.to_owned();
        self
    }

    /// The same with its commands run in `checkout`.
    #[must_use]
    pub fn in_checkout(mut self, checkout: Checkout) -> Self {
        self.checkout = Some(Arc::new(checkout));
        self
    }

    /// Where its commands run; `None`: where this program was started.
    #[must_use]
    pub fn checkout(&self) -> Option<&Checkout> {
        self.checkout.as_deref()
    }

    /// Whether `${authbench}` stands in a command of it: then it is this program that is measured.
    #[must_use]
    pub fn starts_authbench(&self) -> bool {
        let words = self.processes.iter().flat_map(|spec| &spec.command);
        words.chain(&self.build).any(Template::names_authbench)
    }

    /// What it is another form of, if anything.
    pub fn variant(&self) -> Option<&VariantRecord> {
        self.variant.as_ref()
    }

    /// Whether the file has a variable of this name.
    pub fn has_variable(&self, name: &str) -> bool {
        self.as_written
            .pointer("/vars")
            .and_then(|vars| vars.get(name))
            .is_some()
    }

    /// Whether the value of this variable stands where everyone may see it: in `settings`, `facts` or a command.
    pub fn shows_variable(&self, name: &str) -> bool {
        self.shown_variables.iter().any(|shown| shown == name)
    }

    /// Whether the file has an event of this name.
    pub fn has_event(&self, name: &str) -> bool {
        self.flows.event(name).is_some()
    }

    /// The event of this name.
    pub(crate) fn event(&self, name: &str) -> Option<&Event<RequestTemplate>> {
        self.flows.event(name)
    }

    /// Every event.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Event<RequestTemplate>> {
        self.flows.events.iter()
    }

    /// The names of its enforcement points.
    pub(crate) fn points(&self) -> impl Iterator<Item = &str> {
        self.flows.points.iter().map(|point| point.name.as_str())
    }

    /// The steps that run a command, as errors name them.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        let steps = self.flows.steps();
        steps
            .filter(|step| matches!(step.action, Action::Command(_)))
            .map(|step| step.label.as_str())
    }

    /// What the file knows that must never be shown.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter()
    }

    /// The file's content as written: references unresolved, literal credentials masked. Fit for a run file.
    pub fn as_written(&self) -> &Json {
        &self.as_written
    }
}

/// The text of a built-in file, or of one on disk.
pub(crate) fn read(
    what: &'static str,
    name_or_path: &str,
    built_in: &'static [(&'static str, &'static str)],
) -> Result<Source, LoadError> {
    if is_path(name_or_path) {
        let text =
            fs::read_to_string(Path::new(name_or_path)).map_err(|source| LoadError::Read {
                path: name_or_path.to_owned(),
                source,
            })?;
        return Ok(Source::new(name_or_path, text));
    }
    let found = built_in.iter().find(|(name, _)| *name == name_or_path);
    let (name, text) = found.ok_or_else(|| LoadError::Unknown {
        what,
        name: name_or_path.to_owned(),
        known: built_in
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(", "),
    })?;
    Ok(Source::new(format!("{name}.toml"), *text))
}

/// Whether a target or scenario is named by its path.
pub(crate) fn is_path(name_or_path: &str) -> bool {
    name_or_path.contains('/') || name_or_path.ends_with(".toml")
}
