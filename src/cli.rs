//! The command line: every command, option and default in one place.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Measures what each way of authenticating requests costs, and how long it keeps accepting a caller who should be out.
#[derive(Debug, Parser)]
#[command(name = "authbench", version, about, max_term_width = 110, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 fine · 1 a promised bound or an expectation was broken · 2 bad input · \
4 the run is invalid, unfit to compare · 130 interrupted";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure the control and the models, and write a report
    Run(RunArguments),
    /// Show the report of a run again, from its run file
    Report(ReportArguments),
    /// List the scenarios and targets that come with the program
    List,
    /// Run one process of a target: a store, an authorization server or a resource server
    #[command(subcommand)]
    Serve(ServeCommand),
    /// Print a shell completion script
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Options of `authbench run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// How long and how thorough: quick (≤ 2 minutes), standard, full
    #[arg(long, value_enum, default_value_t = Profile::Quick)]
    pub profile: Profile,

    /// Scenario to run, by name or path to a .toml file; repeatable [default: steady, then revocation]
    #[arg(long = "scenario", value_name = "NAME|FILE")]
    pub scenarios: Vec<String>,

    /// Target to measure instead of the scenario's own list, by name or path to a .toml file; repeatable. The control
    /// (no_auth) is measured beside it
    #[arg(long = "target", value_name = "NAME|FILE")]
    pub targets: Vec<String>,

    /// New directory for the run's files [default: authbench-runs/<run id>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Seed of every random draw that shapes the traffic
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Store to use, e.g. redis://127.0.0.1:6379/5; never silently replaced by another
    #[arg(long, value_name = "URL", env = "REDIS_URL", hide_env_values = true)]
    pub store_url: Option<String>,

    /// Redis or Valkey server to start for each target [default: valkey-server or redis-server on PATH]
    #[arg(long, value_name = "PATH", conflicts_with = "store_url")]
    pub redis_server: Option<PathBuf>,

    /// Fail rather than use the embedded store, which is not Redis
    #[arg(long)]
    pub require_real_redis: bool,

    /// Host other than this machine that may be sent requests; repeatable
    #[arg(long = "allow-remote-target", value_name = "HOST")]
    pub remote_targets: Vec<String>,

    /// Also let goose keep its own metrics of our response times and write its HTML report
    #[arg(long)]
    pub goose_report: bool,

    /// Do not keep the generator on one processor and the targets on the others
    #[arg(long)]
    pub no_pin: bool,

    /// Print only the report, no progress
    #[arg(long, short)]
    pub quiet: bool,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Options of `authbench report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// Run directory, or the run.json in it
    pub run: PathBuf,

    /// How the report is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// How long and how thorough a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// At most two minutes
    Quick,
    /// Enough revocations for a 99th percentile
    Standard,
    /// For publication
    Full,
}

impl Profile {
    /// As it stands in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Full => "full",
        }
    }
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables and small charts for a terminal
    Text,
    /// Markdown
    Md,
    /// summary.json
    Json,
    /// The self-contained page
    Html,
}

/// The processes of a target.
#[derive(Debug, Subcommand)]
pub enum ServeCommand {
    /// Find, start or be a store
    Store(StoreArguments),
    /// Log in, issue, refresh, introspect and revoke
    AuthorizationServer(AuthorizationArguments),
    /// Serve the protected resource
    ResourceServer(ResourceArguments),
}

/// How a process gets its addresses and secrets.
#[derive(Debug, Args)]
pub struct Wired {
    /// Read addresses and secrets as one JSON line on standard input, and end when it closes. Otherwise they come from the
    /// environment: AUTHBENCH_ and the member's name in capitals
    #[arg(long)]
    pub wired: bool,
}

/// Options of `authbench serve store`.
#[derive(Debug, Args)]
pub struct StoreArguments {
    /// Where addresses and secrets come from
    #[command(flatten)]
    pub wired: Wired,
}
