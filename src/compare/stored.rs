//! Two stored runs.

use super::command;
use crate::cli::compare::CompareArguments;
use anyhow::{Result, bail};
use authbench_reports::comparison::file::ComparisonFile;
use authbench_reports::comparison::stored::{compare as compare_runs, differences};
use authbench_reports::run_directory::read_run;
use std::path::Path;

/// Compares the runs at `base` and `candidate`.
pub(super) fn compare(
    arguments: &CompareArguments,
    base: &Path,
    candidate: &Path,
) -> Result<ComparisonFile> {
    let (base, candidate) = (read_run(base)?, read_run(candidate)?);
    let differences = differences(&base, &candidate);
    let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
    if !told.is_empty() {
        let told = told.join("; ");
        if !arguments.reference_only {
            bail!(
                "the runs do not measure the same: {told} (--reference-only shows their figures all the same)"
            );
        }
        eprintln!("reference only: {told}");
    }
    let comparison = compare_runs(
        &base,
        &candidate,
        arguments.accept_looser_bounds,
        command(arguments).join(" "),
    );
    if comparison.subjects.is_empty() {
        bail!("the runs have no target in common");
    }
    Ok(comparison)
}
