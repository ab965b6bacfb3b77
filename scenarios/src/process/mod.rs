//! The processes that a target file starts: in order, each ready before the next, none left behind.
//!
//! A child is told what it needs in one JSON line on its standard input, and the pipe stays open for the child's life: when this
//! process ends, for whatever reason, the child reads the end of the input and exits. On Linux it also gets a parent-death signal, for
//! children that do not read. Each child leads a process group of its own, so that a ctrl-c in the terminal reaches this process
//! only, and whatever the child itself starts can be ended with it.

mod answers;
mod attach;
mod build;
mod child;
mod error;
mod ready;
mod started;
mod wiring;

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::sync::watch;

pub use child::Exit;
pub use error::{ProcessError, ProcessFailure};
pub use ready::ReadyLine;
pub use started::{CounterSource, Started};

use self::answers::{Answers, FreePort};
use self::child::{Child, Launch, Stdout};
use crate::target::{Members, ProcessSpec, Ready, RemoteTargets, TargetFile};

/// How long all children together may take to exit once their input has ended.
const GRACE: Duration = Duration::from_secs(3);
/// What errors call a target's `build`.
const BUILD: &str = "build";
/// How long they may take after SIGTERM, before SIGKILL.
const TERM_GRACE: Duration = Duration::from_secs(1);

/// What the run offers to its processes, and how it wants them started.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// This program: `${authbench}`.
    pub authbench: PathBuf,
    /// `${run.store_url}`: a store of the user's own; `null` to a process when absent.
    pub store_url: Option<String>,
    /// `${run.redis_server}`: the server program to use; `null` when absent.
    pub redis_server: Option<PathBuf>,
    /// `${run.require_real_redis}`: whether the embedded store will not do.
    pub require_real_redis: bool,
    /// `${run.dir}`: an existing directory; each child's standard error goes to `TARGET-PROCESS.log` in it.
    pub dir: PathBuf,
    /// Processors that the children may use, set before they run their program; empty: not pinned. Linux only.
    pub cpus: Vec<usize>,
    /// Whether steps may run commands.
    pub allow_commands: bool,
    /// Where requests may go; the processes' counters are read over HTTP.
    pub remote: RemoteTargets,
    /// Becomes true when the run should stop: nothing more is started then.
    pub interrupted: watch::Receiver<bool>,
}

/// The running processes of one target. Dropping it kills them at once. `Debug` leaves out what the ready lines said.
pub struct Processes {
    children: Vec<Child>,
    started: Vec<Started>,
    members: Members,
}

impl Processes {
    /// Runs the target's `build`, then starts its processes, in order; returns when the last is ready. Blocks, for each as long as the file says
    /// (15 s where it does not).
    ///
    /// **Call this from the main thread.** Linux delivers a parent-death signal when the *thread* that created the child ends.
    ///
    /// # Errors
    /// When one of them cannot be started, ends before it is ready, or is not ready in time. Those already started are then killed.
    pub fn start(target: &TargetFile, settings: &RunSettings) -> Result<Self, ProcessError> {
        let settings = &*settings_for(target, settings);
        let mut processes = Self {
            children: Vec::new(),
            started: Vec::new(),
            members: Members::new(),
        };
        let failed = |process: &str, failure| ProcessError {
            target: target.about.name.clone(),
            process: process.to_owned(),
            failure,
        };
        build::run(target, settings).map_err(|failure| failed(BUILD, failure))?;
        processes
            .choose_ports(target)
            .map_err(|(process, failure)| failed(&process, failure))?;
        if let Err((process, failure)) = processes.start_all(target, settings) {
            // In order, not by the kill of a drop: a store's private folder goes with its process.
            processes.stop();
            return Err(failed(&process, failure));
        }
        Ok(processes)
    }

    /// The processes in the order of their start; empty when the target starts none.
    #[must_use]
    pub fn started(&self) -> &[Started] {
        &self.started
    }

    /// The string members of the ready lines: what [`TargetFile::bind`] fills in.
    #[must_use]
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// Whether every child still runs. Cheap enough to ask between rounds.
    ///
    /// # Errors
    /// With the first one that ended, how, and the end of what it wrote to its standard error.
    pub fn check_alive(&self) -> Result<(), ProcessError> {
        let ended = self
            .children
            .iter()
            .find_map(|child| Some((child, child.exit()?)));
        match ended {
            None => Ok(()),
            Some((child, exit)) => Err(ProcessError {
                target: child.target.clone(),
                process: child.name.clone(),
                failure: ProcessFailure::Ended {
                    exit,
                    stderr: child.stderr_tail(),
                },
            }),
        }
    }

    /// Ends all children and waits for them: closes their input, last started first; after 3 s sends SIGTERM to the groups of those
    /// left, after another second SIGKILL to every group. Blocks.
    pub fn stop(self) {
        self.stop_within(GRACE, TERM_GRACE);
    }

    fn stop_within(mut self, grace: Duration, term_grace: Duration) {
        let deadline = Instant::now() + grace;
        for child in self.children.iter_mut().rev() {
            child.close_input();
            child.wait_until(deadline);
        }
        for child in &self.children {
            child.terminate();
        }
        let deadline = Instant::now() + term_grace;
        for child in &self.children {
            child.wait_until(deadline);
        }
        // What is left is killed and reaped by the children's own Drop.
    }

    /// The ports of all processes that ask for one, before any is started: two of them may have to know each other.
    fn choose_ports(&mut self, target: &TargetFile) -> Result<(), (String, ProcessFailure)> {
        // Held together, so that no two are the same.
        let mut held = Vec::new();
        for spec in target.processes.iter().filter(|spec| spec.wants_port) {
            let port = FreePort::find().map_err(ProcessFailure::Port);
            let port = port.map_err(|failure| (spec.name.clone(), failure))?;
            let own = [("port".to_owned(), port.number.to_string())].into();
            self.members.insert(spec.name.clone(), own);
            held.push(port);
        }
        Ok(())
    }

    /// Starts every process, then finds their counters; the name of the process that failed.
    fn start_all(
        &mut self,
        target: &TargetFile,
        settings: &RunSettings,
    ) -> Result<(), (String, ProcessFailure)> {
        for spec in &target.processes {
            self.start_one(target, spec, settings)
                .map_err(|failure| (spec.name.clone(), failure))?;
        }
        if target.processes.iter().all(|spec| spec.counters.is_none()) {
            return Ok(());
        }
        let first = &target.processes[0].name;
        let trust = target
            .trust(&self.members)
            .map_err(|error| (first.clone(), ProcessFailure::Counters(Box::new(error))))?;
        for (started, spec) in self.started.iter_mut().zip(&target.processes) {
            let said = &self.members[&spec.name];
            started
                .find_counters(target, spec, said, &settings.remote, &trust)
                .map_err(|failure| (spec.name.clone(), failure))?;
        }
        Ok(())
    }

    fn start_one(
        &mut self,
        target: &TargetFile,
        spec: &ProcessSpec,
        settings: &RunSettings,
    ) -> Result<(), ProcessFailure> {
        let members = self.members_with_own_port(spec);
        let answers = match &spec.ready {
            Ready::Line { .. } => None,
            Ready::Answers { request, .. } => {
                Some(Answers::new(target, spec, request, &members, settings)?)
            }
        };
        let launch = Launch {
            target: &target.about.name,
            name: &spec.name,
            command: wiring::command(spec, settings, &members)?,
            env: wiring::env(spec, settings, &members)?,
            input: wiring::input_line(spec, settings, &members)?,
            secrets: wiring::secrets(target, settings),
            stdout: match answers {
                None => Stdout::Ours,
                Some(_) => Stdout::Log,
            },
            log: settings
                .dir
                .join(format!("{}-{}.log", target.about.name, spec.name)),
            cpus: &settings.cpus,
            folder: folder(target),
            parent_death: parent_death(spec),
        };
        let mut child = Child::spawn(launch)?;
        let interrupted = &settings.interrupted;
        let ready = match (&spec.ready, &answers) {
            (Ready::Answers { within, .. }, Some(answers)) => child
                .wait_until_it(|| answers.is_there(), *within, interrupted)
                .map(|()| ReadyLine::silent()),
            (Ready::Line { within } | Ready::Answers { within, .. }, _) => {
                child.wait_ready(*within, interrupted)
            }
        };
        // Kept before the outcome is looked at: a child that is not ready must be ended too.
        self.children.push(child);
        let ready = ready?;
        let mut said = members.get(wiring::OWN).cloned().unwrap_or_default();
        said.extend(answers.map(|answers| ("url".to_owned(), answers.url())));
        said.extend(ready.members());
        let child = &self.children[self.children.len() - 1];
        let started = Started::new(spec, child, ready);
        self.members.insert(spec.name.clone(), said);
        self.started.push(started);
        Ok(())
    }

    /// What earlier processes said, all ports that were chosen, and this one's own if it asks for one.
    fn members_with_own_port(&self, spec: &ProcessSpec) -> Members {
        let mut members = self.members.clone();
        if let Some(own) = self.members.get(&spec.name) {
            members.insert(wiring::OWN.to_owned(), own.clone());
        }
        members
    }
}

/// Runs the target's `build` to its end, if it has one. Blocks for ten minutes at most; call it on the main thread.
///
/// # Errors
/// When it cannot be started, fails, or takes longer.
pub fn build(target: &TargetFile, settings: &RunSettings) -> Result<(), ProcessError> {
    let outcome = build::run(target, &settings_for(target, settings));
    outcome.map_err(|failure| ProcessError {
        target: target.about.name.clone(),
        process: BUILD.to_owned(),
        failure,
    })
}

/// In a checkout, the program that is measured is that of the checkout.
fn settings_for<'a>(target: &TargetFile, settings: &'a RunSettings) -> Cow<'a, RunSettings> {
    match target.checkout() {
        Some(checkout) => Cow::Owned(RunSettings {
            authbench: checkout.authbench.clone(),
            ..settings.clone()
        }),
        None => Cow::Borrowed(settings),
    }
}

/// Where the target's commands run; `None`: where this process does.
fn folder(target: &TargetFile) -> Option<&Path> {
    target.checkout().map(|checkout| checkout.folder.as_path())
}

impl fmt::Debug for Processes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.children).finish()
    }
}

/// A child that is told what it needs on its standard input knows from the end of it that its parent is gone, and gets SIGTERM besides, so
/// that it can end in order. Any other might ignore that.
fn parent_death(spec: &ProcessSpec) -> Signal {
    match spec.stdin {
        Some(_) => Signal::SIGTERM,
        None => Signal::SIGKILL,
    }
}

#[cfg(test)]
mod tests;
