//! Options of `authbench undo`.

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

    /// Host other than this machine that may be sent requests; repeatable
    #[arg(long = "allow-remote-target", value_name = "HOST")]
    pub(crate) remote_targets: Vec<String>,

    /// Let steps of a target file run commands on this machine (command = […]); without it such a file is refused
    #[arg(long)]
    pub(crate) allow_commands: bool,
}
