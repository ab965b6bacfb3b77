//! Why a target's process is not there.

use std::io;
use std::time::Duration;

use super::child::Exit;
use crate::flow::EncodeError;
use crate::target::{BindError, BindReason};

/// A process of a target could not be started, or ended.
#[derive(Debug, thiserror::Error)]
#[error("target {target}, process {process}: {failure}")]
pub struct ProcessError {
    /// The target's name.
    pub target: String,
    /// The process's name.
    pub process: String,
    /// What happened.
    pub failure: ProcessFailure,
}

/// What happened to a process.
#[derive(Debug, thiserror::Error)]
pub enum ProcessFailure {
    /// The program could not be run.
    #[error("running {program}: {source}")]
    Spawn {
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// The log file could not be created.
    #[error("creating {path}: {source}")]
    Log {
        /// The log file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A `${run.…}` that has no value in this run is part of a longer text.
    #[error("${{run.{0}}} has no value in this run, and can only stand alone in stdin")]
    Unset(String),
    /// An earlier process did not say what this one needs.
    #[error(transparent)]
    Reference(#[from] BindReason),
    /// No port was to be had for it.
    #[error("finding a free port: {0}")]
    Port(io::Error),
    /// It is asked whether it is ready where it must not be asked.
    #[error(transparent)]
    Address(Box<BindError>),
    /// Its counters are where they must not be read.
    #[error(transparent)]
    Counters(Box<BindError>),
    /// The request for its counters cannot be built.
    #[error(transparent)]
    Scrape(#[from] EncodeError),
    /// It ended, before it was ready or during the run.
    #[error("{exit}{}", quoted(.stderr))]
    Ended {
        /// How it ended.
        exit: Exit,
        /// The end of its standard error.
        stderr: String,
    },
    /// Its first line of output is no ready line.
    #[error("its first line of output is not a JSON object with a \"ready\" text{}", quoted(.stderr))]
    NotAReadyLine {
        /// The end of its standard error.
        stderr: String,
    },
    /// The run was told to stop before it was ready.
    #[error("interrupted while it started")]
    Interrupted,
    /// It printed no line in time.
    #[error("not ready within {deadline:?}{}", quoted(.stderr))]
    Deadline {
        /// The time it had.
        deadline: Duration,
        /// The end of its standard error.
        stderr: String,
    },
}

fn quoted(stderr: &str) -> String {
    if stderr.is_empty() {
        String::new()
    } else {
        format!("; its standard error ends with:\n{stderr}")
    }
}
