//! `authbench migrate`: a run file of an older version as one of the version that this program writes.

use crate::cli::migrate::MigrateArguments;
use anyhow::{Context, Result};
use authbench_reports::migrate::{read, write_new};
use authbench_reports::run_file::SCHEMA;
use std::io::Write;

/// Runs the command; its exit code.
pub(crate) fn execute(arguments: &MigrateArguments) -> Result<u8> {
    let migrated = read(&arguments.run)?;
    let run = arguments.run.display();
    if migrated.steps.is_empty() {
        eprintln!("{run} is already {SCHEMA}: nothing is written");
        return Ok(0);
    }
    match &arguments.out {
        Some(path) => write_new(path, &migrated.run)?,
        None => {
            let text = serde_json::to_string_pretty(&migrated.run).context("encode the run")?;
            writeln!(std::io::stdout(), "{text}").context("write to standard output")?;
        }
    }
    for step in migrated.steps {
        eprintln!("{run}: {step}");
    }
    Ok(0)
}
