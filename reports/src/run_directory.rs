//! The directory of one run: who may write into it, and what a reader can rely on.
//!
//! Every file is written under a temporary name and renamed, so a file that exists is whole. `run.json` comes last;
//! until then a file `INCOMPLETE` says that the directory is not a run yet.

use crate::interval_log::{IntervalLogError, interval_logs};
use crate::render;
use crate::run_file::{RunFile, SCHEMA};
use crate::summary::Summary;
use crate::versioned::{self, ReadError};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Everything, raw.
pub const RUN_FILE: &str = "run.json";
/// The small stable face.
pub const SUMMARY_FILE: &str = "summary.json";
/// The report as Markdown.
pub const MARKDOWN_FILE: &str = "report.md";
/// The report as one self-contained page.
pub const HTML_FILE: &str = "report.html";
/// The frontier as a picture of its own, for documents that link to it.
pub const FRONTIER_FILE: &str = "frontier.svg";
/// Stands in the directory until the run has been written.
pub const MARKER_FILE: &str = "INCOMPLETE";

const MARKER: &str = "This run has not been written to its end. If no authbench is running, it was killed. Where there is an \
undo.journal, run `authbench undo` on the directory first; then remove it.\n";

/// A directory that one run writes.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
}

/// Why a run directory could not be made.
#[derive(Debug, Error)]
pub enum CreateRunError {
    /// Results are never overwritten.
    #[error("the run directory {} exists already: name another with --out, or remove it", path.display())]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// Permissions, a full disk, …
    #[error("could not create the run directory {}: {source}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Why a run could not be written.
#[derive(Debug, Error)]
pub enum WriteRunError {
    /// Permissions, a full disk, …
    #[error("could not write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A value that JSON cannot hold.
    #[error("could not encode {file}: {source}")]
    Encode {
        /// The file's name.
        file: &'static str,
        /// What the encoder said.
        source: serde_json::Error,
    },
    /// A histogram that could not be encoded.
    #[error(transparent)]
    IntervalLog(#[from] IntervalLogError),
}

/// Why a run could not be read.
#[derive(Debug, Error)]
pub enum ReadRunError {
    /// There is nothing of that name.
    #[error("there is no run at {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The run was killed, or is still going on.
    #[error("the run in {} was not written to its end", path.display())]
    Incomplete {
        /// The directory.
        path: PathBuf,
    },
    /// It cannot be read, or is of another format, or damaged.
    #[error(transparent)]
    File(#[from] ReadError),
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The files, in the order in which they appeared.
    pub files: Vec<PathBuf>,
    /// The summary that the reports were made from.
    pub summary: Summary,
}

impl RunDirectory {
    /// Makes the directory and marks it as incomplete.
    ///
    /// # Errors
    /// When it exists, even empty, or cannot be made.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, CreateRunError> {
        let path = path.into();
        let made = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::create_dir(&path))
            .and_then(|()| write_whole(&path.join(MARKER_FILE), MARKER.as_bytes()));
        match made {
            Ok(()) => Ok(Self { path }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(CreateRunError::Exists { path })
            }
            Err(source) => Err(CreateRunError::Io { path, source }),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the directory away again, with all that is in it: nothing was measured.
    pub fn discard(self) {
        // A directory that cannot be removed still says INCOMPLETE.
        let _ = fs::remove_dir_all(&self.path);
    }

    /// Writes the run and every report of it, `run.json` last, and removes the mark.
    ///
    /// # Errors
    /// When a file cannot be encoded or written; the directory then stays marked as incomplete.
    pub fn write(&self, run: &RunFile) -> Result<Written, WriteRunError> {
        let summary = Summary::of(run);
        let mut files = Vec::new();
        let mut put = |name: &str, bytes: &[u8]| {
            let path = self.path.join(name);
            write_whole(&path, bytes).map_err(|source| WriteRunError::Io {
                path: path.clone(),
                source,
            })?;
            files.push(path);
            Ok::<(), WriteRunError>(())
        };
        for log in interval_logs(run)? {
            put(&log.file_name, &log.bytes)?;
        }
        put(SUMMARY_FILE, &json(SUMMARY_FILE, &summary)?)?;
        put(FRONTIER_FILE, render::frontier_svg(&summary).as_bytes())?;
        put(MARKDOWN_FILE, render::markdown(run, &summary).as_bytes())?;
        put(HTML_FILE, render::html(run, &summary).as_bytes())?;
        put(RUN_FILE, &json(RUN_FILE, run)?)?;
        let marker = self.path.join(MARKER_FILE);
        fs::remove_file(&marker).map_err(|source| WriteRunError::Io {
            path: marker,
            source,
        })?;
        Ok(Written { files, summary })
    }
}

/// Reads the run at `path`: a run directory or its `run.json`.
///
/// # Errors
/// When there is none, it is incomplete, of another format, or damaged (with line and column).
pub fn read_run(path: &Path) -> Result<RunFile, ReadRunError> {
    let file = if path.is_dir() {
        path.join(RUN_FILE)
    } else {
        path.to_owned()
    };
    let bytes = fs::read(&file).map_err(|source| unread(path, &file, source))?;
    Ok(versioned::decode(&file, &bytes, SCHEMA)?)
}

/// Why nothing could be read from `file`, which is `path` or in it.
pub(crate) fn unread(path: &Path, file: &Path, source: io::Error) -> ReadRunError {
    match source.kind() {
        io::ErrorKind::NotFound if path.join(MARKER_FILE).exists() => ReadRunError::Incomplete {
            path: path.to_owned(),
        },
        io::ErrorKind::NotFound => ReadRunError::NotFound {
            path: file.to_owned(),
        },
        _ => ReadRunError::File(ReadError::Io {
            path: file.to_owned(),
            source,
        }),
    }
}

fn json(file: &'static str, value: &impl serde::Serialize) -> Result<Vec<u8>, WriteRunError> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|source| WriteRunError::Encode { file, source })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Under another name first: whoever sees `path` sees all of it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let mut file = fs::File::create(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, path)
}
