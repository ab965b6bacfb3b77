//! Options of `authbench migrate`.

use clap::Args;
use std::path::PathBuf;

pub(super) const EXIT_CODES: &str = "Exit codes: 0 migrated, or of the current version already: then nothing is written · 2 bad input";

/// Options of `authbench migrate`.
#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    /// Run directory, or the run.json in it
    pub(crate) run: PathBuf,

    /// New file for the migrated run, which must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}
