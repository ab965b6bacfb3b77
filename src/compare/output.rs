//! Where a comparison goes.

use crate::cli::compare::{CompareArguments, CompareFormat};
use anyhow::{Context, Result};
use authbench_reports::comparison::export;
use authbench_reports::comparison::file::ComparisonFile;
use authbench_reports::comparison::render;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where GitHub wants the summary of a step.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Writes every export that was asked for, and the summary of a GitHub step where this is one.
pub(super) fn exports(arguments: &CompareArguments, comparison: &ComparisonFile) -> Result<()> {
    type Export = fn(&ComparisonFile) -> String;
    let wanted: [(&Option<PathBuf>, Export); 5] = [
        (&arguments.junit, export::junit),
        (&arguments.benchmark_action, export::benchmark_action),
        (&arguments.bencher, export::bencher),
        (&arguments.openmetrics, export::openmetrics),
        (&arguments.csv, export::csv),
    ];
    for (path, export) in wanted {
        if let Some(path) = path {
            write(path, &export(comparison))?;
        }
    }
    if let Some(path) = std::env::var_os(STEP_SUMMARY).filter(|path| !path.is_empty()) {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&path);
        let appended = file
            .as_mut()
            .map(|file| file.write_all(markdown(comparison).as_bytes()));
        // A summary that cannot be written changes nothing about what was measured.
        if !matches!(appended, Ok(Ok(()))) {
            eprintln!(
                "warning: the step summary {} could not be written",
                path.display()
            );
        }
    }
    Ok(())
}

/// As it is printed.
pub(super) fn rendered(comparison: &ComparisonFile, format: CompareFormat) -> Result<String> {
    Ok(match format {
        CompareFormat::Text => render::text(comparison),
        CompareFormat::Md => markdown(comparison),
        CompareFormat::Json => serde_json::to_string_pretty(comparison)? + "\n",
    })
}

pub(super) fn markdown(comparison: &ComparisonFile) -> String {
    render::markdown(comparison)
}

/// Writes `text` to `path`, whole or not at all; what stood there is replaced.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let written = folder.map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(text.as_bytes())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    });
    written.with_context(|| format!("write {}", path.display()))
}
