//! Options of `authbench compare`.

use super::measuring::MeasuringArguments;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub(super) const EXIT_CODES: &str = "Exit codes: 0 nothing became worse · 1 something is worse, or a bound was broken or loosened · 2 bad input · \
3 inconclusive, with --strict · 4 the measurement is invalid · 130 interrupted";

/// Options of `authbench compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// Two stored runs, the base first: run directories, or the run.json in them. Their timings are for reference
    #[arg(value_names = ["BASE_RUN", "CANDIDATE_RUN"], num_args = 0..=2, conflicts_with_all = ["base", "base_target"])]
    pub(crate) runs: Vec<PathBuf>,

    /// Revision of the target's git repository to compare with: a branch, tag or commit. Both are built and run side by side
    #[arg(long, value_name = "REV")]
    pub(crate) base: Option<String>,

    /// Revision that may have become worse [default: the working tree as it is]
    #[arg(long, value_name = "REV", requires = "base")]
    pub(crate) candidate: Option<String>,

    /// Target file of the base, where base and candidate are two deployments; --target names the candidate's
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "base",
        requires = "targets"
    )]
    pub(crate) base_target: Option<String>,

    /// Target to compare, by name or path to a .toml file; repeatable with --base [default: those of steady, the control and four models]
    #[arg(long = "target", value_name = "NAME|FILE")]
    pub(crate) targets: Vec<String>,

    /// Never run both at once: let them take turns. Weaker, for deployments that cannot run beside each other
    #[arg(long)]
    pub(crate) alternate: bool,

    /// Most rounds of a second to measure of each target; fewer are, where fewer will do
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(12..))]
    pub(crate) rounds: u32,

    /// Leave the revocations out: compare costs, latency and promises only
    #[arg(long)]
    pub(crate) no_revocations: bool,

    /// Let the candidate promise larger bounds than the base
    #[arg(long)]
    pub(crate) accept_looser_bounds: bool,

    /// Exit with 3 where something could not be shown to be within its margin
    #[arg(long)]
    pub(crate) strict: bool,

    /// Compare stored runs of different scenarios, stores or machines all the same
    #[arg(long, requires = "runs")]
    pub(crate) reference_only: bool,

    /// New directory for the comparison and its runs [default: authbench-runs/compare-TIME]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Also write JUnit XML to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Also write the custom format of github-action-benchmark (smaller is better) to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) benchmark_action: Option<PathBuf>,

    /// Also write Bencher Metric Format to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) bencher: Option<PathBuf>,

    /// Also write OpenMetrics text to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) openmetrics: Option<PathBuf>,

    /// Also write comma-separated values to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,

    /// How targets are measured
    #[command(flatten)]
    pub(crate) measuring: MeasuringArguments,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t = CompareFormat::Text)]
    pub(crate) format: CompareFormat,
}

/// How a comparison is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompareFormat {
    /// A table for a terminal
    Text,
    /// Markdown
    Md,
    /// comparison.json
    Json,
}
