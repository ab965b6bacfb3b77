//! `authbench doctor`: looks at the machine and says whether it is fit to measure.

use crate::cli::doctor::{DoctorArguments, DoctorFormat};
use crate::interrupt;
use crate::run::manifest;
use crate::run::pinning;
use crate::settings::standing_alone;
use anyhow::{Context, Result};
use authbench_reports::doctor::{Diagnosis, markdown, text};
use authbench_scenarios::accounting::machine;
use authbench_scenarios::doctor::{ExamineError, Known, examine};
use authbench_scenarios::load;
use authbench_scenarios::process::RunSettings;
use indicatif::ProgressBar;
use std::io::IsTerminal;
use std::time::Duration;

/// Runs the command; its exit code.
pub(crate) fn execute(arguments: &DoctorArguments) -> Result<u8> {
    let interrupted = interrupt::watch().context("watch for ctrl-c")?;
    let logs = tempfile::tempdir().context("create a folder for the servers' logs")?;
    let processors_allowed = machine::allowed_cpus();
    let pinning = pinning::apply(true).awake(true);
    let known = Known {
        authbench_version: env!("CARGO_PKG_VERSION").to_owned(),
        build: manifest::build().to_owned(),
        examined_at: manifest::now(),
        kept_awake: pinning.awake.is_some(),
        processors_allowed,
    };
    // As a run starts its servers: what is examined is what a run would use.
    let settings = RunSettings {
        cpus: pinning.targets.clone(),
        ..standing_alone(logs.path().to_owned(), interrupted)?
    };
    let progress = progress(arguments.quiet);
    let examined = load::runtime()?.block_on(examine(known, &settings, &|step| {
        progress.set_message(step.to_owned());
    }));
    progress.finish_and_clear();
    let examination = match examined {
        Err(ExamineError::Interrupted) => return Ok(interrupt::EXIT_CODE),
        examined => examined?,
    };
    let diagnosis = Diagnosis::of(examination);
    print!("{}", rendered(&diagnosis, arguments.format)?);
    Ok(diagnosis.fitness.exit_code())
}

fn rendered(diagnosis: &Diagnosis, format: DoctorFormat) -> Result<String> {
    Ok(match format {
        DoctorFormat::Text => text(diagnosis),
        DoctorFormat::Md => markdown(diagnosis),
        DoctorFormat::Json => serde_json::to_string_pretty(diagnosis)? + "\n",
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
