//! `authbench selftest`: its options.

use super::LET_IDLE;
use authbench_scenarios::selftest::Truth;
use authbench_scenarios::selftest::error_rates::Repetitions;
use authbench_scenarios::selftest::fault::Fault;
use clap::{Args, ValueEnum, value_parser};
use std::path::{Path, PathBuf};

/// Where a self-test writes its file, and where a run looks for one.
pub(crate) const SELFTEST_FILE: &str = "authbench-runs/selftest.json";
/// Where `--compare` writes its file. It says nothing of the instrument that measures a run, so it stands in nobody's way.
pub(crate) const COMPARE_FILE: &str = "authbench-runs/selftest-compare.json";

pub(super) const EXIT_CODES: &str = "Exit codes: 0 every row was judged, and passed · 1 a row failed · 2 bad input · 4 no row failed, but \
some could not be judged: the machine was not quiet, or this is a debug build · 130 interrupted";

/// Options of `authbench selftest`.
#[derive(Debug, Args)]
pub(crate) struct SelftestArguments {
    /// At most a minute, for every change, and no comparison of arms; otherwise several, for a machine that someone wants to trust
    #[arg(long)]
    pub(crate) quick: bool,

    /// How often comparisons are wrong, and nothing else: synthetic ones by the thousand, identical servers, planted differences. Takes the
    /// better part of an hour
    #[arg(long, conflicts_with = "quick")]
    pub(crate) compare: bool,

    /// Synthetic suites of each kind of difference
    #[arg(long, value_name = "N", requires = "compare", default_value_t = Repetitions::default().suites, value_parser = value_parser!(u64).range(1..))]
    pub(crate) suites: u64,

    /// Comparisons of identical servers (A/A), three figures each, about 14 s
    #[arg(long, value_name = "N", requires = "compare", default_value_t = Repetitions::default().comparisons, value_parser = value_parser!(u64).range(1..))]
    pub(crate) aa: u64,

    /// Measurements of each planted difference, about a minute each, of doubled lifetimes 15 s
    #[arg(long, value_name = "N", requires = "compare", default_value_t = Repetitions::default().plants, value_parser = value_parser!(u64).range(1..))]
    pub(crate) plants: u64,

    /// Only these groups of truths, separated by commas: stall, fixed-delay, bimodal, heavy-tail, send-lag, revocation-lag, expiry,
    /// generator-cost, same-arms, planted-cpu, planted-round-trip; with --compare: synthetic-suites, same-arms-often, planted-cpu-often,
    /// planted-round-trip-often, doubled-lifetime-often
    #[arg(long, value_name = "ROWS", value_delimiter = ',')]
    pub(crate) only: Vec<Truth>,

    /// File for the results, which runs cite; what stood there is replaced [default: authbench-runs/selftest.json, with --compare
    /// authbench-runs/selftest-compare.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Seed of every random draw
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Let processors halt when they have nothing to do, even where this user may keep them awake
    #[arg(long, env = LET_IDLE, value_parser = clap::builder::FalseyValueParser::new())]
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

impl SelftestArguments {
    /// Where the results go.
    pub(crate) fn out(&self) -> &Path {
        let usual = if self.compare {
            COMPARE_FILE
        } else {
            SELFTEST_FILE
        };
        self.out.as_deref().unwrap_or(Path::new(usual))
    }
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
