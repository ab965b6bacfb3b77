//! Finds the self-test and the microbenchmarks that a run cites.

use crate::cli::{MICROBENCHMARKS_FILE, RunArguments, SELFTEST_FILE};
use anyhow::{Result, bail};
use authbench_reports::microbenchmarks::{self, MicrobenchmarksFile};
use authbench_reports::selftest::{self, Scope, SelftestFile};
use authbench_reports::versioned::ReadError;
use std::path::{Path, PathBuf};

/// The self-test.
///
/// # Errors
/// As [`cited`], and when the file that was named is of comparisons.
pub(super) fn selftest(arguments: &RunArguments) -> Result<Option<SelftestFile>> {
    let named = arguments.selftest.as_ref();
    let found = cited("the self-test is", named, SELFTEST_FILE, selftest::read)?;
    let of_comparisons = |file: &SelftestFile| file.scope == Scope::Compare;
    match named {
        Some(named) if found.as_ref().is_some_and(of_comparisons) => bail!(
            "{}: a self-test with --compare says nothing of what measures a run; name one without it",
            named.display()
        ),
        _ => Ok(found.filter(|file| !of_comparisons(file))),
    }
}

/// The microbenchmarks.
///
/// # Errors
/// As [`cited`].
pub(super) fn microbenchmarks(arguments: &RunArguments) -> Result<Option<MicrobenchmarksFile>> {
    let named = arguments.microbenchmarks.as_ref();
    let read = microbenchmarks::read;
    cited("the microbenchmarks are", named, MICROBENCHMARKS_FILE, read)
}

/// The file that was named, or the last one in its usual place; `None` without either.
///
/// # Errors
/// When the file that was named cannot be read. One that only lies about is left aside, and that is said.
fn cited<T>(
    what: &str,
    named: Option<&PathBuf>,
    usual: &str,
    read: fn(&Path) -> Result<T, ReadError>,
) -> Result<Option<T>> {
    if let Some(named) = named {
        return Ok(Some(read(named)?));
    }
    let usual = Path::new(usual);
    if !usual.exists() {
        return Ok(None);
    }
    let found = read(usual);
    if let Err(error) = &found {
        eprintln!("{what} left aside: {error}");
    }
    Ok(found.ok())
}
