//! What a target has built before anything of it is started.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::child::{Child, Launch, Stdout};
use super::error::ProcessFailure;
use super::{RunSettings, folder, wiring};
use crate::target::{Members, TargetFile};

/// How long it may take: compiling and fetching do.
const WITHIN: Duration = Duration::from_secs(600);

/// Runs the target's `build` to its end, if it has one. What it prints goes to `TARGET-build.log`.
pub(super) fn run(target: &TargetFile, settings: &RunSettings) -> Result<(), ProcessFailure> {
    let built = target.checkout().is_some_and(|checkout| checkout.built);
    if target.build.is_empty() || built {
        return Ok(());
    }
    let words = target.build.iter();
    let command = words.map(|word| wiring::fill(word, settings, &Members::new()));
    let child = Child::spawn(Launch {
        target: &target.about.name,
        name: "build",
        command: command.collect::<Result<_, _>>()?,
        env: Vec::new(),
        input: String::new(),
        secrets: wiring::secrets(target, settings),
        stdout: Stdout::Log,
        log: settings
            .dir
            .join(format!("{}-build.log", target.about.name)),
        cpus: &settings.cpus,
        folder: folder(target),
        parent_death: Signal::SIGKILL,
    })?;
    child.wait_for_success(WITHIN, &settings.interrupted)
}
