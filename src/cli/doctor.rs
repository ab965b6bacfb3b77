//! Options of `authbench doctor`.

use clap::{Args, ValueEnum};

/// Options of `authbench doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = DoctorFormat::Text)]
    pub(crate) format: DoctorFormat,

    /// Print only the result, no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// How a diagnosis is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DoctorFormat {
    /// A line for each subject
    Text,
    /// Markdown
    Md,
    /// JSON, format authbench.doctor/1
    Json,
}
