//! Options of `authbench undo`.

use super::measuring::ReachArguments;
use clap::Args;
use std::path::PathBuf;

pub(super) const EXIT_CODES: &str = "Exit codes: 0 everybody was brought back · 1 somebody was not, or belongs to another target · 2 bad input";

/// Options of `authbench undo`.
#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// Directory of the run that was killed
    pub(crate) run: PathBuf,

    /// The target of that run, by name or path to a .toml file
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) target: String,

    /// The scenario of that run, by name or path to a .toml file: where it set variables whose values may be credentials, which no journal holds
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scenario: Option<String>,

    /// What the target file may reach
    #[command(flatten)]
    pub(crate) reach: ReachArguments,
}
