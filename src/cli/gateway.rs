//! Options of `authbench serve gateway`.

use super::session::LocalCacheArguments;
use super::{AllowedOrigin, Wired, duration, origin};
use authbench_servers::gateway::Route;
use authbench_servers::jwt::SigningAlgorithm;
use authbench_servers::store::StoreConnection;
use authbench_servers::tls::Tls;
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Options of `authbench serve gateway`.
#[derive(Debug, Args)]
pub(crate) struct GatewayArguments {
    /// Where addresses and secrets come from
    #[command(flatten)]
    pub(crate) wired: Wired,

    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    /// Where services fetch the keys of internal tokens: nobody else needs to reach it
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) internal_listen: SocketAddr,

    /// on: speak TLS to callers, with a certificate made for localhost and the address listened on; ca_file in the ready line
    /// names the file of the authority that vouches for it
    #[arg(long, value_name = "on|off", default_value = "off")]
    pub(crate) tls: Tls,

    /// A path's first part and the service that it leads to, such as /1=http://127.0.0.1:8081; repeatable. /=URL: all paths
    #[arg(long = "service", value_name = "/PREFIX=URL", required = true)]
    pub(crate) services: Vec<Route>,

    /// How internal tokens are signed: RS256, PS256, ES256, EdDSA or HS256
    #[arg(long, value_name = "ALG", default_value = "RS256")]
    pub(crate) alg: SigningAlgorithm,

    /// URL that internal tokens name as their issuer [default: the address of --internal-listen]
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,

    /// Life of an internal token, at least 2s: for so long a stolen one opens the services
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "2s")]
    pub(crate) internal_ttl: Duration,

    /// A session ends after so long without a request: the authorization server's setting
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30m")]
    pub(crate) session_idle: Duration,

    /// Remembering sessions
    #[command(flatten)]
    pub(crate) local_cache: LocalCacheArguments,

    /// How the store is reached: shared (one connection), pool=N (N connections, each for one operation at a time) or unix (one
    /// connection over the store's unix socket)
    #[arg(long, value_name = "WAY", default_value_t)]
    pub(crate) store_connection: StoreConnection,

    /// How often the session of a stream that is relayed (GET /PREFIX/events) is judged again; 0s: never, so that a stream
    /// outlives its session. The services themselves are started with --stream-recheck 0s: an internal token expires earlier
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1s")]
    pub(crate) stream_recheck: Duration,

    /// Origin of pages that may use this server from elsewhere, such as `https://app.example.com`; repeatable
    #[arg(long, value_name = "ORIGIN", value_parser = origin, default_value = "none")]
    pub(crate) allow_origin: Vec<AllowedOrigin>,

    /// FOR THE LABORATORY ONLY: on shows, in the header x-internal-token of each answer, the internal token that was used, so that
    /// a stolen one can be tried at the services. Whoever gets an answer then holds what opens them
    #[arg(long, value_enum, value_name = "on|off", default_value_t = Reveal::Off)]
    pub(crate) reveal_internal_token: Reveal,

    /// File for the security audit log, JSON lines [default: none is written]
    #[arg(long, value_name = "FILE")]
    pub(crate) audit_log: Option<PathBuf>,
}

/// Whether internal tokens are shown to callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reveal {
    /// Shown
    On,
    /// Kept from them
    Off,
}
