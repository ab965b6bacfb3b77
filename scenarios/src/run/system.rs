//! One target, running.

use crate::credentials::{LoginLimit, Turns};
use crate::process::{ProcessError, Processes, RunSettings, Started};
use crate::target::{BindError, Limits, Target, TargetFile};
use authbench_reports::run_file::{StoreInfo, TargetRecord};
use std::sync::Arc;

/// A target whose processes, if it has any, are ready. Dropping it kills them.
#[derive(Debug)]
pub struct System {
    file: TargetFile,
    target: Arc<Target>,
    login_limit: Arc<LoginLimit>,
    processes: Processes,
}

/// Why a target does not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// One of its processes.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A step of it runs a command, and nobody allowed that.
    #[error(
        "target {target}, {step}: runs a command on this machine; allow that with --allow-commands, if you trust the file"
    )]
    Command {
        /// The target's name.
        target: String,
        /// The step.
        step: String,
    },
    /// Its requests would go where they must not, or nowhere.
    #[error(transparent)]
    Bind(#[from] BindError),
}

impl System {
    /// Starts the target's processes. Blocks; call it on the main thread (see [`Processes::start`]).
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub fn start(file: TargetFile, settings: &RunSettings) -> Result<Self, StartError> {
        Self::check_permitted(&file, settings)?;
        let processes = Processes::start(&file, settings)?;
        let target = file.bind(processes.members(), &settings.remote)?;
        Ok(Self {
            file,
            login_limit: login_limit(&target),
            target: Arc::new(target),
            processes,
        })
    }

    /// Gives it the limits of the host that it shares with others, in the place of its own. Whoever has its target already goes on with those.
    pub(super) fn limit(&mut self, limits: Limits, turns: &Turns) {
        let target = Arc::make_mut(&mut self.target);
        target.limit(limits, turns);
        self.login_limit = login_limit(target);
    }

    /// Whether the target may run the commands that its steps consist of, if any do, and send requests to the hosts that it names: to know
    /// that before anything is started.
    ///
    /// # Errors
    /// With the first step that may not.
    pub fn check_permitted(file: &TargetFile, settings: &RunSettings) -> Result<(), StartError> {
        file.clear(&settings.remote)?;
        match file.commands().next() {
            Some(step) if !settings.allow_commands => Err(StartError::Command {
                target: file.about.name.clone(),
                step: step.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// What can be done with it.
    #[must_use]
    pub fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// How fast it may be asked for credentials: one limit for all who ask.
    #[must_use]
    pub fn login_limit(&self) -> &Arc<LoginLimit> {
        &self.login_limit
    }

    /// Its name in every table.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.target.about.name
    }

    /// Its processes; empty when it runs elsewhere.
    #[must_use]
    pub fn processes(&self) -> &[Started] {
        self.processes.started()
    }

    /// The store behind it, when it started one and that said what it is.
    #[must_use]
    pub fn store(&self) -> Option<StoreInfo> {
        self.processes()
            .iter()
            .find_map(|process| process.ready.store())
    }

    /// How it stands in the run file: as written, without any value that was filled in.
    #[must_use]
    pub fn record(&self) -> TargetRecord {
        let about = &self.target.about;
        TargetRecord {
            name: about.name.clone(),
            model: about.model.clone(),
            file: self.file.as_written().clone(),
            variant: self.file.variant().cloned(),
            control: about.control.clone(),
        }
    }

    /// Its file.
    #[must_use]
    pub fn file(&self) -> &TargetFile {
        &self.file
    }

    /// Whether the value of this variable may stand in a run file.
    #[must_use]
    pub fn shows_variable(&self, name: &str) -> bool {
        self.file.shows_variable(name)
    }

    /// Whether all of its processes still run.
    ///
    /// # Errors
    /// With the one that ended.
    pub fn check_alive(&self) -> Result<(), ProcessError> {
        self.processes.check_alive()
    }

    /// Ends its processes in order and waits for them. Blocks for some seconds at most.
    pub fn stop(self) {
        self.processes.stop();
    }
}

/// The limit on logins; none where a login sends nothing.
fn login_limit(target: &Target) -> Arc<LoginLimit> {
    match target.flows.login.is_empty() {
        true => LoginLimit::new(None),
        false => Arc::clone(&target.turns.logins),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::RemoteTargets;
    use std::collections::BTreeMap;

    #[test]
    fn a_target_that_runs_commands_needs_leave_before_anything_is_started() {
        let text = r#"
schema = "authbench.target/1"
name = "t"
model = "t"
[users]
count = 1
name = "u"
password = "p"
[[process]]
name = "never"
role = "other"
command = ["/no/such/program"]
[[login]]
request = "GET http://127.0.0.1:1/"
expect = 200
[[login]]
command = ["rm", "-rf", "${user.name}"]
[[point]]
name = "api"
request = "GET http://127.0.0.1:1/"
accept = { status = 200 }
refuse = { status = 401 }
"#;
        let file = TargetFile::parse("t.toml", text, &BTreeMap::new()).expect("a target file");
        let settings = |allow_commands| RunSettings {
            authbench: "authbench".into(),
            store_url: None,
            redis_server: None,
            require_real_redis: false,
            dir: std::env::temp_dir(),
            cpus: Vec::new(),
            allow_commands,
            remote: RemoteTargets::refused(),
            interrupted: tokio::sync::watch::channel(false).1,
        };
        let refused = System::start(file.clone(), &settings(false)).map(drop);
        assert_eq!(
            refused.expect_err("refused").to_string(),
            "target t, login[1] (command rm): runs a command on this machine; allow that with --allow-commands, if you trust the file"
        );
        System::check_permitted(&file, &settings(true)).expect("allowed");
    }
}
