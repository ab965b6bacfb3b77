//! The command line: every command, option and default in one place.

pub(crate) mod revocation;
mod selftest;
mod truth;

pub(crate) use microbenchmarks::MICROBENCHMARKS_FILE;
pub(crate) use selftest::{SELFTEST_FILE, SelftestArguments, SelftestFormat};
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod doctor;
pub(crate) mod explore;
pub(crate) mod freshness;
pub(crate) mod gateway;
pub(crate) mod measuring;
pub(crate) mod microbenchmarks;
pub(crate) mod migrate;
pub(crate) mod report;
pub(crate) mod session;
pub(crate) mod target;
pub(crate) mod undo;

use authbench_scenarios::scenario_file::{self, Mix};
use authbench_scenarios::target::duration::{ALLOWED as DURATION_ALLOWED, parse as parse_duration};
use authbench_servers::authorization::passwords::LoginHash;
use authbench_servers::entitlements::Entitlements;
use authbench_servers::http::origins::{NotAnOrigin, Origin};
use authbench_servers::jwt::SigningAlgorithm;
use authbench_servers::model::accounts::DEFAULT_WRITERS_PERCENT;
use authbench_servers::model::{Model, Transport};
use authbench_servers::store::StoreConnection;
use authbench_servers::tls::Tls;
use clap::{Args, Parser, Subcommand, ValueEnum};
use measuring::MeasuringArguments;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
pub(crate) use truth::TruthArguments;

/// Measures what each way of authenticating requests costs, and how long it keeps accepting a caller who should be out.
#[derive(Debug, Parser)]
#[command(name = "authbench", version, about, max_term_width = 110, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 fine · 1 a promised bound, an expectation or a threshold was not kept, or not shown, a row of the self-test failed, \
a check found something wrong, a comparison found something worse, no target meets a requirement, or somebody was not brought back · \
2 bad input · 3 inconclusive (compare --strict) · 4 the run or comparison is invalid, the machine unfit, or rows of the self-test were not judged · \
130 interrupted";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure the control and the models, and write a report: without options over a minute of load
    Run(RunArguments),
    /// Walk one user through every flow of a target, once and without load, and say what does not do what its file says
    #[command(after_help = check::EXIT_CODES)]
    Check(check::CheckArguments),
    /// Bring back the users whom a killed run left as its events had made them
    #[command(after_help = undo::EXIT_CODES)]
    Undo(undo::UndoArguments),
    /// Write target files
    #[command(subcommand)]
    Target(target::TargetCommand),
    /// Show the report of a run again, from its run file; or name the cheapest target that meets a requirement
    #[command(after_help = report::EXIT_CODES)]
    Report(report::ReportArguments),
    /// Say whether a change made a target slower, more expensive, or slower to put callers out
    #[command(after_help = compare::EXIT_CODES)]
    Compare(compare::CompareArguments),
    /// Measure known truths with the instrument itself, and say how far off it is
    #[command(after_help = selftest::EXIT_CODES)]
    Selftest(SelftestArguments),
    /// Collect what `cargo bench --bench micro` measured of single operations, for runs to cite
    Microbenchmarks(microbenchmarks::MicrobenchmarksArguments),
    /// Look at this machine for about 15 seconds and say whether it is fit to measure
    Doctor(doctor::DoctorArguments),
    /// Try every order of events that honest users and a thief can cause
    #[command(subcommand)]
    Explore(explore::ExploreCommand),
    /// Print the JSON Schema of a file format, or list the formats
    Schema {
        /// Which format: run, summary, target, …
        format: Option<String>,
    },
    /// Bring a run file of an older version to the version that this program reads and writes
    #[command(after_help = migrate::EXIT_CODES)]
    Migrate(migrate::MigrateArguments),
    /// List the scenarios and targets that come with the program
    List,
    /// Run one process of a target: a store, an authorization server, a resource server or a gateway; or the truth server
    #[command(subcommand)]
    Serve(ServeCommand),
    /// Print a shell completion script
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Where `--let-idle` may stand as well: for test machines, where much runs at once and nothing is timed.
pub(crate) const LET_IDLE: &str = "AUTHBENCH_LET_IDLE";

/// Options of `authbench run`.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// How long and how thorough: quick (the default scenarios within 2 minutes), standard, full [default: what the scenario
    /// means, quick but for revocation-matrix]
    #[arg(long, value_enum)]
    pub(crate) profile: Option<Profile>,

    /// Scenario to run, by name or path to a .toml file; repeatable. All but the default ones run only when named: capacity, sweep, login and
    /// mass-disable, which load targets as far as they go or beyond, and journey, tls, claims, store-connections and revocation-matrix
    /// [default: steady, then revocation]
    #[arg(long = "scenario", value_name = "NAME|FILE")]
    pub(crate) scenarios: Vec<String>,

    /// Target to measure instead of the scenario's own list, by name or path to a .toml file; repeatable. The control
    /// (no_auth) is measured beside it where the scenario has it
    #[arg(long = "target", value_name = "NAME|FILE")]
    pub(crate) targets: Vec<String>,

    /// Share of the sessions that each client type of a journey has, in percent, e.g. browser=50,spa=30,native=20 [default: the
    /// scenario's own]
    #[arg(long, value_name = "TYPE=PERCENT,…")]
    pub(crate) mix: Option<Mix>,

    /// New directory for the run's files [default: authbench-runs/RUN_ID]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// How targets are measured
    #[command(flatten)]
    pub(crate) measuring: MeasuringArguments,

    /// File of the self-test that the run cites [default: authbench-runs/selftest.json, where there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) selftest: Option<PathBuf>,

    /// File of the microbenchmarks that explain the run's CPU, of the same processor [default:
    /// authbench-runs/microbenchmarks.json, where there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) microbenchmarks: Option<PathBuf>,

    /// Also let goose keep its own metrics of our response times and write its HTML report
    #[arg(long)]
    pub(crate) goose_report: bool,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// How long and how thorough a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// The default scenarios within two minutes
    Quick,
    /// Enough revocations for a 99th percentile
    Standard,
    /// For publication
    Full,
}

impl From<Profile> for scenario_file::Profile {
    fn from(profile: Profile) -> Self {
        match profile {
            Profile::Quick => Self::Quick,
            Profile::Standard => Self::Standard,
            Profile::Full => Self::Full,
        }
    }
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
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
pub(crate) enum ServeCommand {
    /// Find, start or be a store
    Store(StoreArguments),
    /// Log in, issue, refresh, introspect and revoke
    AuthorizationServer(AuthorizationArguments),
    /// Serve the protected resource
    ResourceServer(ResourceArguments),
    /// Recognise sessions, and pass their requests on to resource servers with an internal token
    Gateway(gateway::GatewayArguments),
    /// Be a server whose behaviour is known, to check what measures it: this program or any other load generator
    Truth(TruthArguments),
}

/// How a process gets its addresses and secrets.
#[derive(Debug, Args)]
pub(crate) struct Wired {
    /// Read addresses and secrets as one JSON line on standard input, and end when it closes. Otherwise they come from the
    /// environment (AUTHBENCH_ and the member's name in capitals) or from --secrets
    #[arg(long)]
    pub(crate) wired: bool,

    /// Folder with a file for each address or secret that the environment does not have, named like the member: store_url,
    /// admin_secret, … (such as /run/secrets)
    #[arg(long, value_name = "DIR", conflicts_with = "wired")]
    pub(crate) secrets: Option<PathBuf>,
}

/// Options of `authbench serve store`.
#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    /// Where addresses and secrets come from
    #[command(flatten)]
    pub(crate) wired: Wired,
}

/// Options of `authbench serve authorization-server`.
#[derive(Debug, Args)]
pub(crate) struct AuthorizationArguments {
    /// Where addresses and secrets come from
    #[command(flatten)]
    pub(crate) wired: Wired,

    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    /// Where the admin surface listens: loopback, unless you know who can reach it
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) admin_listen: SocketAddr,

    /// on: speak TLS, with a certificate made for localhost and the address listened on; ca_file in the ready line names the
    /// file of the authority that vouches for it
    #[arg(long, value_name = "on|off", default_value = "off")]
    pub(crate) tls: Tls,

    /// no_auth, session, jwt, opaque, hybrid or gateway
    #[arg(long)]
    pub(crate) model: Model,

    /// Where sessions are
    #[command(flatten)]
    pub(crate) session_state: session::SessionStateArguments,

    /// How the access token of jwt travels: bearer or cookie
    #[arg(long, value_name = "TRANSPORT", default_value_t)]
    pub(crate) transport: Transport,

    /// How access tokens are signed: RS256, PS256, ES256, EdDSA or HS256
    #[arg(long, value_name = "ALG", default_value = "RS256")]
    pub(crate) alg: SigningAlgorithm,

    /// URL that tokens name as their issuer [default: the address listened on]
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,

    /// Life of an access token
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "300s")]
    pub(crate) access_ttl: Duration,

    /// A refresh family ends after so long without a renewal
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "8h")]
    pub(crate) refresh_idle: Duration,

    /// A refresh family ends so long after its login
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30d")]
    pub(crate) refresh_absolute: Duration,

    /// For so long the same client's retry with a used refresh token gets the same successor
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub(crate) refresh_grace: Duration,

    /// A session ends after so long without a request
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30m")]
    pub(crate) session_idle: Duration,

    /// A session ends so long after its login
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "12h")]
    pub(crate) session_absolute: Duration,

    /// Seeded accounts: user-00000, user-00001, …
    #[arg(long, default_value_t = 10_000)]
    pub(crate) users: u32,

    /// Seeded accounts in a hundred that have the role `writer`, which POST /resource demands
    #[arg(long, value_name = "PERCENT", default_value_t = DEFAULT_WRITERS_PERCENT, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) writers: u8,

    /// Bytes of entitlements in each session or token, as JSON: 0, or 200 to 8192
    #[arg(long, value_name = "BYTES", value_parser = entitlements, default_value = "0")]
    pub(crate) claims_bytes: Entitlements,

    /// Cost of hashing a password with argon2id: owasp (19 MiB, 2 passes) or cheap (for runs that do not measure logins)
    #[arg(long, value_name = "COST", default_value = "owasp")]
    pub(crate) login_hash: LoginHash,

    /// How the store is reached: shared (one connection), pool=N (N connections, each for one operation at a time) or unix (one
    /// connection over the store's unix socket)
    #[arg(long, value_name = "WAY", default_value_t)]
    pub(crate) store_connection: StoreConnection,

    /// Origin of pages that may use this server from elsewhere, such as `https://app.example.com`; repeatable
    #[arg(long, value_name = "ORIGIN", value_parser = origin, default_value = "none")]
    pub(crate) allow_origin: Vec<AllowedOrigin>,

    /// How it is made known what has ended before its time
    #[command(flatten)]
    pub(crate) revocation: revocation::RevocationArguments,

    /// File for the security audit log, JSON lines [default: none is written]
    #[arg(long, value_name = "FILE")]
    pub(crate) audit_log: Option<PathBuf>,
}

/// Options of `authbench serve resource-server`.
#[derive(Debug, Args)]
pub(crate) struct ResourceArguments {
    /// Where addresses and secrets come from
    #[command(flatten)]
    pub(crate) wired: Wired,

    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    /// on: speak TLS, with a certificate made for localhost and the address listened on; ca_file in the ready line names the
    /// file of the authority that vouches for it
    #[arg(long, value_name = "on|off", default_value = "off")]
    pub(crate) tls: Tls,

    /// no_auth, session, jwt, opaque, hybrid or gateway (a service behind a gateway, whose URL for keys is that of
    /// --authorization-server)
    #[arg(long)]
    pub(crate) model: Model,

    /// Where sessions are
    #[command(flatten)]
    pub(crate) session_state: session::SessionStateArguments,

    /// Remembering sessions
    #[command(flatten)]
    pub(crate) local_cache: session::LocalCacheArguments,

    /// How the access token of jwt travels: bearer or cookie
    #[arg(long, value_name = "TRANSPORT", default_value_t)]
    pub(crate) transport: Transport,

    /// The one algorithm that is accepted: RS256, PS256, ES256, EdDSA or HS256
    #[arg(long, value_name = "ALG", default_value = "RS256")]
    pub(crate) alg: SigningAlgorithm,

    /// URL that tokens must name as their issuer [default: the authorization server's]
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,

    /// Where keys are fetched and tokens are introspected
    #[arg(long, value_name = "URL")]
    pub(crate) authorization_server: Option<String>,

    /// How long past its expiry a token is accepted
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub(crate) leeway: Duration,

    /// Longest life a token may have been given
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "24h")]
    pub(crate) max_lifetime: Duration,

    /// A session ends after so long without a request: the authorization server's setting
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30m")]
    pub(crate) session_idle: Duration,

    /// Requests of the client `partner` answered in a second, bursts of a tenth of that; 0: all
    #[arg(long, value_name = "RATE", default_value_t = 50)]
    pub(crate) partner_rate: u32,

    /// How long published keys are kept
    #[command(flatten)]
    pub(crate) keys: freshness::KeyArguments,

    /// How streams of events are kept
    #[command(flatten)]
    pub(crate) streams: freshness::StreamArguments,

    /// How long an introspection answer is remembered; 0s: every request asks
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub(crate) introspection_cache: Duration,

    /// How the store is reached: shared (one connection), pool=N (N connections, each for one operation at a time) or unix (one
    /// connection over the store's unix socket)
    #[arg(long, value_name = "WAY", default_value_t)]
    pub(crate) store_connection: StoreConnection,

    /// Origin of pages that may use this server from elsewhere, such as `https://app.example.com`; repeatable
    #[arg(long, value_name = "ORIGIN", value_parser = origin, default_value = "none")]
    pub(crate) allow_origin: Vec<AllowedOrigin>,

    /// How it is made known what has ended before its time
    #[command(flatten)]
    pub(crate) revocation: revocation::RevocationArguments,

    /// File for the security audit log, JSON lines [default: none is written]
    #[arg(long, value_name = "FILE")]
    pub(crate) audit_log: Option<PathBuf>,
}

/// One origin, or none: a target file has to say something.
#[derive(Clone, Debug)]
pub(crate) struct AllowedOrigin(pub(crate) Option<Origin>);

fn origin(text: &str) -> Result<AllowedOrigin, NotAnOrigin> {
    match text {
        "none" => Ok(AllowedOrigin(None)),
        _ => text.parse().map(|origin| AllowedOrigin(Some(origin))),
    }
}

fn entitlements(text: &str) -> Result<Entitlements, String> {
    let bytes: usize = text.parse().map_err(|_| "not a number".to_owned())?;
    Entitlements::of_size(bytes).map_err(|error| error.to_string())
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| format!("expected {DURATION_ALLOWED}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("150ms"), Ok(Duration::from_millis(150)));
        assert!(duration("5").is_err_and(|error| error.contains("unit")));
    }
}
