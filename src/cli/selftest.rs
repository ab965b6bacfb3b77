//! `authbench selftest`: its options.

use authbench_scenarios::selftest::Truth;
use authbench_scenarios::selftest::fault::Fault;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Where a self-test writes its file, and where a run looks for one.
pub(crate) const SELFTEST_FILE: &str = "authbench-runs/selftest.json";

pub(super) const EXIT_CODES: &str = "Exit codes: 0 every row was judged, and passed · 1 a row failed · 2 bad input · 4 no row failed, but \
some could not be judged: the machine was not quiet, or this is a debug build · 130 interrupted";

/// Options of `authbench selftest`.
#[derive(Debug, Args)]
pub(crate) struct SelftestArguments {
    /// At most a minute, for every change, and no comparison of arms; otherwise several, for a machine that someone wants to trust
    #[arg(long)]
    pub(crate) quick: bool,

    /// Only these groups of truths, separated by commas: stall, fixed-delay, bimodal, heavy-tail, send-lag, revocation-lag, expiry,
    /// generator-cost, same-arms, planted-cpu, planted-round-trip
    #[arg(long, value_name = "ROWS", value_delimiter = ',')]
    pub(crate) only: Vec<Truth>,

    /// File for the results, which runs cite; what stood there is replaced
    #[arg(long, value_name = "FILE", default_value = SELFTEST_FILE)]
    pub(crate) out: PathBuf,

    /// Seed of every random draw
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Let processors halt when they have nothing to do, even where this user may keep them awake
    #[arg(long)]
    pub(crate) let_idle: bool,

    /// Print only the table, no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t = SelftestFormat::Text)]
    pub(crate) format: SelftestFormat,

    /// Make this mistake on purpose, to see that the self-test finds it
    #[arg(long, value_name = "FAULT", hide = true)]
    pub(crate) inject: Option<Fault>,
}

/// How the result of a self-test is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SelftestFormat {
    /// A table for a terminal
    Text,
    /// A table in Markdown
    Md,
    /// What stands in the file
    Json,
}
