//! JSON files that say in their member `schema` which format they are, and of which version.

use crate::run_directory::write_whole;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why such a file could not be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// Permissions, a full disk, …
    #[error("could not write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A value that JSON cannot hold.
    #[error("could not encode {}: {source}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What the encoder said.
        source: serde_json::Error,
    },
}

/// Why such a file could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is none, permissions, …
    #[error("could not read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another format, or another version of it.
    #[error("{} is `{found}`; this build reads `{reads}`", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// What the file says it is.
        found: String,
        /// What was expected.
        reads: &'static str,
    },
    /// Cut off, or not as the format says; the message ends in line and column.
    #[error("{} is not a whole file of the format `{reads}`: {source}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What was expected.
        reads: &'static str,
        /// What the decoder said.
        source: serde_json::Error,
    },
}

/// Writes `value` to `path`, in place of what stood there; makes its folder. Whoever sees the file sees all of it.
pub(crate) fn write(path: &Path, value: &impl Serialize) -> Result<(), WriteError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|source| WriteError::Encode {
        path: path.to_owned(),
        source,
    })?;
    bytes.push(b'\n');
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| write_whole(path, &bytes))
        .map_err(|source| WriteError::Io {
            path: path.to_owned(),
            source,
        })
}

/// Reads the file at `path`, which must say that it is of the format `reads`.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, reads: &'static str) -> Result<T, ReadError> {
    let bytes = fs::read(path).map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })?;
    decode(path, &bytes, reads)
}

/// The version first: another version's fields would only give a puzzling message about one of them.
pub(crate) fn decode<T: DeserializeOwned>(
    path: &Path,
    bytes: &[u8],
    reads: &'static str,
) -> Result<T, ReadError> {
    #[derive(serde::Deserialize)]
    struct Stated {
        schema: String,
    }
    let parse = |source| ReadError::Parse {
        path: path.to_owned(),
        reads,
        source,
    };
    let stated: Stated = serde_json::from_slice(bytes).map_err(parse)?;
    is_of(path, &stated.schema, reads)?;
    serde_json::from_slice(bytes).map_err(parse)
}

/// The same of what was read as any JSON.
pub(crate) fn decode_value<T: DeserializeOwned>(
    path: &Path,
    value: Value,
    reads: &'static str,
) -> Result<T, ReadError> {
    let stated = value.get("schema").and_then(Value::as_str);
    is_of(path, stated.unwrap_or("of no stated format"), reads)?;
    serde_json::from_value(value).map_err(|source| ReadError::Parse {
        path: path.to_owned(),
        reads,
        source,
    })
}

fn is_of(path: &Path, found: &str, reads: &'static str) -> Result<(), ReadError> {
    if found == reads {
        return Ok(());
    }
    Err(ReadError::Schema {
        path: path.to_owned(),
        found: found.to_owned(),
        reads,
    })
}
