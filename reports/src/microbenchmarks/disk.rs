//! Writes and reads the file of microbenchmarks.

use super::{MicrobenchmarksFile, SCHEMA};
use crate::versioned::{self, ReadError, WriteError};
use std::path::Path;

/// Writes `file` to `path`, in place of what stood there; makes its folder. Whoever sees the file sees all of it.
///
/// # Errors
/// When it cannot be encoded or written; what stood there is left then.
pub fn write(path: &Path, file: &MicrobenchmarksFile) -> Result<(), WriteError> {
    versioned::write(path, file)
}

/// Reads the file at `path`.
///
/// # Errors
/// When there is none, it is of another format, or damaged (with line and column).
pub fn read(path: &Path) -> Result<MicrobenchmarksFile, ReadError> {
    versioned::read(path, SCHEMA)
}
