//! Run files of older versions, brought to the version that this program reads and writes.
//!
//! A step leads from one version to the next; they are taken one after another, the oldest first. A step that knows no value for something new puts
//! there what claims least, and says so. `summary.json` and the reports are not migrated: they are made from the run file anew.

use crate::run_directory::{RUN_FILE, ReadRunError, unread};
use crate::run_file::{RunFile, SCHEMA};
use crate::versioned::{ReadError, WriteError, decode_value, write};
use serde_json::Value;
use std::fs;
use std::path::Path;
use thiserror::Error;

/// From one version to the next.
struct Step {
    from: &'static str,
    to: &'static str,
    /// What it does, in words.
    what: &'static str,
    /// Whether a file of the version needs it: files of version 1 changed for some days without another number.
    needed: fn(&Value) -> bool,
    apply: fn(&mut Value),
}

/// The oldest first.
const STEPS: [Step; 1] = [Step {
    from: "authbench.run/1",
    to: "authbench.run/1",
    what: "manifest.selftest.same_processors was not told by its version, so it is false: a self-test counts as one of the same use of the processors only \
        where that is known",
    needed: |run| {
        let citation = run.pointer("/manifest/selftest");
        citation.is_some_and(|citation| {
            citation.is_object() && citation.get("same_processors").is_none()
        })
    },
    apply: |run| run["manifest"]["selftest"]["same_processors"] = false.into(),
}];

/// A run file as this program reads it, and how it came to be so.
#[derive(Clone, Debug)]
pub struct Migrated {
    /// The run.
    pub run: RunFile,
    /// What each step did, in their order; empty where the file was of this version.
    pub steps: Vec<&'static str>,
}

/// Why a migrated file could not be written.
#[derive(Debug, Error)]
pub enum WriteMigratedError {
    /// Nothing is overwritten.
    #[error("{0} exists already: name another file with --out")]
    Exists(String),
    /// Permissions, a full disk, …
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Reads the run at `path`, a run directory or a run file of any version that this program knows.
///
/// # Errors
/// When there is none, it is incomplete, damaged, or of a format that no step leads from.
pub fn read(path: &Path) -> Result<Migrated, ReadRunError> {
    let file = match path.is_dir() {
        true => path.join(RUN_FILE),
        false => path.to_owned(),
    };
    let bytes = fs::read(&file).map_err(|source| unread(path, &file, source))?;
    let parse = |source| ReadError::Parse {
        path: file.clone(),
        reads: SCHEMA,
        source,
    };
    let mut value: Value = serde_json::from_slice(&bytes).map_err(parse)?;
    let mut steps = Vec::new();
    for step in &STEPS {
        let is_from = value
            .get("schema")
            .is_some_and(|stated| stated == step.from);
        if is_from && (step.needed)(&value) {
            (step.apply)(&mut value);
            value["schema"] = step.to.into();
            steps.push(step.what);
        }
    }
    let run = decode_value(&file, value, SCHEMA)?;
    Ok(Migrated { run, steps })
}

/// Writes `run` to `path`, where nothing may stand; whoever sees the file sees all of it.
///
/// # Errors
/// When there is such a file already, or it cannot be written.
pub fn write_new(path: &Path, run: &RunFile) -> Result<(), WriteMigratedError> {
    if path.exists() {
        return Err(WriteMigratedError::Exists(path.display().to_string()));
    }
    Ok(write(path, run)?)
}
