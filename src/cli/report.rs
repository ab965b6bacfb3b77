//! Options of `authbench report`.

use super::{Format, duration};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const EXIT_CODES: &str = "Exit codes: those of the run; with --revoke-within 0 a target is named · 1 none qualifies · 2 bad input · 4 the run is invalid";

/// Options of `authbench report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Run directory, or the run.json in it
    pub(crate) run: PathBuf,

    /// How the report is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Instead of the report, name the cheapest target that has a revoked caller out within this time after every event, and say
    /// why the others are not it
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) revoke_within: Option<Duration>,

    /// Requests per second to reckon processors for
    #[arg(long, value_name = "REQUESTS/S", requires = "revoke_within", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
}
