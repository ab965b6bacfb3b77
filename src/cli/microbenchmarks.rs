//! Options of `authbench microbenchmarks`.

use clap::Args;
use std::path::PathBuf;

/// Where a run looks for microbenchmarks that it is not told of.
pub(crate) const MICROBENCHMARKS_FILE: &str = "authbench-runs/microbenchmarks.json";

/// Options of `authbench microbenchmarks`.
#[derive(Debug, Args)]
pub(crate) struct MicrobenchmarksArguments {
    /// The folder in which criterion leaves its results
    #[arg(default_value = "target/criterion", value_name = "FOLDER")]
    pub(crate) results: PathBuf,

    /// Where the file goes, which is then cited by every run on this machine
    #[arg(long, value_name = "FILE", default_value = MICROBENCHMARKS_FILE)]
    pub(crate) out: PathBuf,
}
