//! Writes the file of an exploration, and the page beside it.

use super::{InterleavingsFile, html};
use crate::run_directory::write_whole;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why the file of an exploration could not be written.
#[derive(Debug, Error)]
pub enum WriteInterleavingsError {
    /// Permissions, a full disk, …
    #[error("could not write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A value that JSON cannot hold.
    #[error("could not encode the exploration: {0}")]
    Encode(#[from] serde_json::Error),
}

/// Writes `file` to `path`, and its page to the same path with the extension `html`, in place of what stood there; makes their folder.
/// Answers where the page is. Whoever sees one of them sees all of it.
///
/// # Errors
/// When one cannot be encoded or written; what stood there is left then.
pub fn write(path: &Path, file: &InterleavingsFile) -> Result<PathBuf, WriteInterleavingsError> {
    let mut bytes = serde_json::to_vec_pretty(file)?;
    bytes.push(b'\n');
    let page = path.with_extension("html");
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| WriteInterleavingsError::Io { path, source }
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    write_whole(&page, html(file).as_bytes()).map_err(failed(&page))?;
    write_whole(path, &bytes).map_err(failed(path))?;
    Ok(page)
}
