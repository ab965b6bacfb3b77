//! `authbench check`: walks one user through every flow of a target and says what does not do what its file says.

use crate::cli::check::{CheckArguments, CheckFormat};
use crate::interrupt;
use crate::run::{RUNS, manifest};
use crate::settings::standing_alone;
use crate::undo;
use anyhow::{Context, Result};
use authbench_reports::check::{TargetCheck, text};
use authbench_scenarios::check::{CheckPlan, check};
use authbench_scenarios::load;
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::run::system::System;
use authbench_scenarios::target::TargetFile;
use authbench_scenarios::undo::Journal;
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

/// Runs the command; its exit code.
pub(crate) fn execute(arguments: &CheckArguments) -> Result<u8> {
    // Everything runs on the main thread: the parent-death signal of a child follows the thread that created it.
    load::runtime()?.block_on(check_and_print(arguments))
}

async fn check_and_print(arguments: &CheckArguments) -> Result<u8> {
    let interrupted = interrupt::watch().context("watch for ctrl-c")?;
    let file = TargetFile::load(&arguments.target, &BTreeMap::new())?;
    let logs = tempfile::tempdir().context("create a folder for the processes' logs")?;
    let progress = progress(arguments.quiet);
    progress.set_message("start");
    let settings = RunSettings {
        allow_commands: arguments.reach.allow_commands,
        remote: arguments.reach.hosts(),
        ..standing_alone(logs.path().to_owned(), interrupted.clone())?
    };
    let system = match System::start(file, &settings) {
        Err(_) if *interrupted.borrow() => return Ok(interrupt::EXIT_CODE),
        started => started?,
    };
    let directory = Path::new(RUNS).join(format!("check-{}", manifest::run_id()));
    let plan = CheckPlan {
        user: arguments.user,
        events: arguments.events.clone(),
        journal: Journal::of_new_run(&directory),
    };
    let checked = check(&system, &plan, interrupted, &|step| {
        progress.set_message(step.to_owned());
    })
    .await;
    progress.finish_and_clear();
    system.stop();
    clean_up(&plan.journal);
    let checked = checked?;
    print!("{}", rendered(&checked, arguments.format)?);
    Ok(checked.outcome.exit_code())
}

/// Takes the journal away again, unless somebody is left to be brought back.
fn clean_up(journal: &Journal) {
    journal.remove_when_done();
    // Only if it is empty: there was no run yet.
    let _ = std::fs::remove_dir(RUNS);
    if !journal.open().is_empty() {
        undo::advise(journal);
    }
}

fn rendered(checked: &TargetCheck, format: CheckFormat) -> Result<String> {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    Ok(match format {
        CheckFormat::Text => text(checked, colour),
        CheckFormat::Json => serde_json::to_string_pretty(checked)? + "\n",
    })
}

fn progress(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(250));
    spinner
}
