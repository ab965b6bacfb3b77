//! Options of `authbench explore`.

use super::duration;
use authbench_servers::rotation::interleavings::defect::Defect;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

const EXIT_CODES: &str = "Exit codes: 0 everything that must hold held · 1 something did not, or a server that was asked did otherwise than was explored · 2 bad input · \
130 interrupted";

/// What is explored.
#[derive(Debug, Subcommand)]
pub(crate) enum ExploreCommand {
    /// Rotating refresh tokens: two tabs, lost answers and a thief, in every order, over the rotation code that serves; and what a
    /// grace window costs and saves
    #[command(after_help = EXIT_CODES)]
    Refresh(RefreshArguments),
}

/// Options of `authbench explore refresh`.
#[derive(Debug, Args)]
pub(crate) struct RefreshArguments {
    /// Steps that come in every order there is; what is left after them comes in one fixed order. Two more take about ten times as long
    #[arg(long, value_name = "STEPS", default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=40))]
    pub(crate) depth: u32,

    /// Grace windows to compare, separated by commas
    #[arg(long, value_name = "DURATIONS", value_delimiter = ',', value_parser = duration, default_value = "0s,1s,2s,5s,10s,30s,60s,120s,300s")]
    pub(crate) grace: Vec<Duration>,

    /// Sessions drawn for each grace window, without a thief, and as many with one
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) sessions: u64,

    /// Seed of the sessions
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Also play sessions of seconds against an authorization server with a store of its own, and compare: takes over a minute
    #[arg(long)]
    pub(crate) over_http: bool,

    /// Families without a thief that the server is asked with at a time, and as many with one
    #[arg(long, default_value_t = 100, requires = "over_http", value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub(crate) families: u64,

    /// File for the results, and its page beside it with the extension html; what stood there is replaced
    #[arg(
        long,
        value_name = "FILE",
        default_value = "authbench-runs/interleavings.json"
    )]
    pub(crate) out: PathBuf,

    /// Print only the result, no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t = ExploreFormat::Text)]
    pub(crate) format: ExploreFormat,

    /// Make this mistake on purpose, to see that it is found
    #[arg(long, value_name = "DEFECT", hide = true)]
    pub(crate) inject: Option<Defect>,
}

/// How the result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExploreFormat {
    /// Tables for a terminal
    Text,
    /// Markdown
    Md,
    /// What stands in the file
    Json,
    /// The self-contained page, with the curves
    Html,
}
