//! What a resource server is told when it starts.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::streams::StreamSettings;
use crate::http::Limits;
use crate::http::origins::Origins;
use crate::jwt::SigningAlgorithm;
use crate::model::{Model, SessionState, Transport};
use crate::revocation::RevocationSettings;
use crate::secret::Secret;
use crate::store::{StoreConnection, StoreOptions, StoreUrl};
use crate::tls::Tls;

/// Settings that may stand on a command line.
#[derive(Clone, Debug)]
pub struct ResourceSettings {
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// Whether TLS is spoken.
    pub tls: Tls,
    /// The auth model.
    pub model: Model,
    /// How access tokens travel (`jwt`).
    pub transport: Transport,
    /// Where the state of a session is (`session`).
    pub session_state: SessionState,
    /// How access tokens are signed (`jwt`, `hybrid`): this one algorithm is accepted.
    pub algorithm: SigningAlgorithm,
    /// Who issues access tokens; by default the authorization server's URL.
    pub issuer: Option<String>,
    /// How the store is reached (`session`).
    pub store_connection: StoreConnection,
    /// How long one operation of the store may take; 503 past it.
    pub store_deadline: Duration,
    /// Where keys and introspection are (`http://host:port` or `https://…`).
    pub authorization_server: Option<String>,
    /// By how much the issuer's clock may differ. Adds to the revocation lag.
    pub leeway: Duration,
    /// How long a JWT may live at most, whatever it says.
    pub max_lifetime: Duration,
    /// How long introspection answers are kept; zero: not at all. Adds to the revocation lag.
    pub introspection_cache: Duration,
    /// How long the authorization server may take to answer; 503 past it.
    pub upstream_deadline: Duration,
    /// The least time between two looks for new keys.
    pub jwks_cool_down: Duration,
    /// The most time for which published keys are used without another look, at least 100 ms. The
    /// bound on how long a key is good here that the issuer has withdrawn.
    pub jwks_ttl: Duration,
    /// How old published keys may become while the issuer does not answer, at least `jwks_ttl`;
    /// 503 past it.
    pub jwks_stale: Duration,
    /// A session is kept for so long after each request; the authorization server must be told the
    /// same.
    pub session_idle: Duration,
    /// A session that was looked up is remembered for so long, less than `session_idle`; zero: not
    /// at all (`session`). Adds to the revocation lag.
    pub local_cache: Duration,
    /// How it learns what has ended; the authorization server must be told the same.
    pub revocation: RevocationSettings,
    /// Requests of the client `partner` that are answered in a second; `None`: all.
    pub partner_rate: Option<NonZeroU32>,
    /// How streams of events are kept.
    pub streams: StreamSettings,
    /// Other origins whose pages may use this server.
    pub origins: Origins,
    /// Where the audit log goes; nowhere by default.
    pub audit_log: Option<PathBuf>,
    /// What is accepted from the network.
    pub limits: Limits,
}

impl Default for ResourceSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: Tls::default(),
            model: Model::default(),
            transport: Transport::default(),
            session_state: SessionState::default(),
            algorithm: SigningAlgorithm::default(),
            issuer: None,
            store_connection: StoreConnection::default(),
            store_deadline: StoreOptions::DEADLINE,
            authorization_server: None,
            leeway: Duration::ZERO,
            max_lifetime: Duration::from_secs(24 * 60 * 60),
            introspection_cache: Duration::ZERO,
            upstream_deadline: Duration::from_millis(500),
            jwks_cool_down: Duration::from_secs(30),
            jwks_ttl: Duration::from_secs(10 * 60),
            jwks_stale: Duration::from_secs(60 * 60),
            session_idle: Duration::from_secs(30 * 60),
            local_cache: Duration::ZERO,
            revocation: RevocationSettings::default(),
            partner_rate: NonZeroU32::new(50),
            streams: StreamSettings::default(),
            origins: Origins::default(),
            audit_log: None,
            limits: Limits::default(),
        }
    }
}

/// Addresses and secrets, which come through a pipe or the environment and never on a command line.
/// Each is needed by some models only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceWiring {
    /// The store (`session`, and where a revocation channel leads through it).
    #[serde(default)]
    pub store_url: Option<StoreUrl>,
    /// Its unix socket; empty or absent if it has none.
    #[serde(default)]
    pub store_unix_url: Option<StoreUrl>,
    /// The secret of the client `resource-server` (`opaque`).
    #[serde(default)]
    pub introspection_secret: Option<Secret>,
    /// The HS256 secret, base64url of at least 32 bytes; not read for other algorithms.
    #[serde(default)]
    pub signing_secret: Option<Secret>,
    /// The key of CSRF tokens, base64url of 32 bytes (`session`).
    #[serde(default)]
    pub csrf_key: Option<Secret>,
    /// The key that sessions are signed with, base64url of 32 bytes (`session` with its state in the
    /// cookie).
    #[serde(default)]
    pub session_key: Option<Secret>,
    /// The certificate of the authority that vouches for an authorization server at `https://`: the `ca_file` of its ready line, which is
    /// empty when it speaks without TLS.
    #[serde(default)]
    pub authorization_ca_file: Option<PathBuf>,
    /// As for the authorization server.
    #[serde(default)]
    pub namespace: Option<String>,
}
