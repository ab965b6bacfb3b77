//! Finds the self-test that a run cites.

use crate::cli::{RunArguments, SELFTEST_FILE};
use anyhow::Result;
use authbench_reports::selftest::{self, SelftestFile};
use std::path::Path;

/// The file that was named, or the one that the last self-test left in its usual place; `None` without either.
///
/// # Errors
/// When the file that was named cannot be read. One that only lies about is left aside, and that is said.
pub(super) fn find(arguments: &RunArguments) -> Result<Option<SelftestFile>> {
    if let Some(named) = &arguments.selftest {
        return Ok(Some(selftest::read(named)?));
    }
    let usual = Path::new(SELFTEST_FILE);
    if !usual.exists() {
        return Ok(None);
    }
    let found = selftest::read(usual);
    if let Err(error) = &found {
        eprintln!("the self-test is left aside: {error}");
    }
    Ok(found.ok())
}
