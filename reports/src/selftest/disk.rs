//! Writes and reads the file of a self-test.

use super::{SCHEMA, SelftestFile};
use crate::run_directory::write_whole;
use serde::Deserialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why the file of a self-test could not be written.
#[derive(Debug, Error)]
pub enum WriteSelftestError {
    /// Permissions, a full disk, …
    #[error("could not write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A value that JSON cannot hold.
    #[error("could not encode the self-test: {0}")]
    Encode(#[from] serde_json::Error),
}

/// Why the file of a self-test could not be read.
#[derive(Debug, Error)]
pub enum ReadSelftestError {
    /// There is none, permissions, …
    #[error("could not read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another format, or another version of it.
    #[error("{} is `{found}`; this build reads `{SCHEMA}`", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// What the file says it is.
        found: String,
    },
    /// Cut off, or not as the format says; the message ends in line and column.
    #[error("{} is not the file of a self-test: {source}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: serde_json::Error,
    },
}

/// Writes `selftest` to `path`, in place of what stood there; makes its folder. Whoever sees the file sees all of it.
///
/// # Errors
/// When it cannot be encoded or written; what stood there is left then.
pub fn write(path: &Path, selftest: &SelftestFile) -> Result<(), WriteSelftestError> {
    let mut bytes = serde_json::to_vec_pretty(selftest)?;
    bytes.push(b'\n');
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| write_whole(path, &bytes))
        .map_err(|source| WriteSelftestError::Io {
            path: path.to_owned(),
            source,
        })
}

/// Reads the file of a self-test.
///
/// # Errors
/// When there is none, it is of another format, or damaged (with line and column).
pub fn read(path: &Path) -> Result<SelftestFile, ReadSelftestError> {
    let bytes = fs::read(path).map_err(|source| ReadSelftestError::Io {
        path: path.to_owned(),
        source,
    })?;
    let parse = |source| ReadSelftestError::Parse {
        path: path.to_owned(),
        source,
    };
    let stated: Stated = serde_json::from_slice(&bytes).map_err(parse)?;
    if stated.schema != SCHEMA {
        return Err(ReadSelftestError::Schema {
            path: path.to_owned(),
            found: stated.schema,
        });
    }
    serde_json::from_slice(&bytes).map_err(parse)
}

/// The version first: another version's fields would only give a puzzling message about one of them.
#[derive(Deserialize)]
struct Stated {
    schema: String,
}
