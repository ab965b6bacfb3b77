//! Limits that the system sets.

use authbench_reports::doctor::OpenFiles;
use nix::sys::resource::{Resource, getrlimit};

/// How many files may be open; every connection is one.
pub(super) fn open_files() -> Option<OpenFiles> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    Some(OpenFiles { soft, hard })
}
