//! Options of `authbench check`.

use super::measuring::ReachArguments;
use clap::{Args, ValueEnum};

pub(super) const EXIT_CODES: &str = "Exit codes: 0 the target does what its file says · 1 something does not · \
2 bad input, or an address does not answer · 130 interrupted";

/// Options of `authbench check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Target to check, by name or path to a .toml file
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) target: String,

    /// Number of the user who walks through the flows. Events without an undo take the accounts after it, one each, for they may end them
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) user: u32,

    /// Event to make happen; repeatable [default: all]
    #[arg(long = "event", value_name = "NAME")]
    pub(crate) events: Vec<String>,

    /// What the target file may reach
    #[command(flatten)]
    pub(crate) reach: ReachArguments,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(crate) format: CheckFormat,

    /// Print only the result, no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// How a check is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// Calls, tables and findings for a terminal
    Text,
    /// JSON, format authbench.check/1
    Json,
}
