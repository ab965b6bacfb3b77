//! What a gateway is told when it starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::route::Route;
use crate::http::Limits;
use crate::http::origins::Origins;
use crate::jwt::SigningAlgorithm;
use crate::resource::streams::StreamSettings;
use crate::secret::Secret;
use crate::store::{StoreConnection, StoreOptions, StoreUrl};
use crate::tls::Tls;

/// Settings that may stand on a command line.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// Where services fetch the keys of internal tokens.
    pub internal_listen: SocketAddr,
    /// Whether TLS is spoken to callers. Between the gateway and its services there is none.
    pub tls: Tls,
    /// The services; at least one.
    pub services: Vec<Route>,
    /// How internal tokens are signed.
    pub algorithm: SigningAlgorithm,
    /// Who issues internal tokens; by default the URL of the internal surface.
    pub issuer: Option<String>,
    /// The life of an internal token, at least 2 s: the revocation lag of one that was stolen.
    pub internal_ttl: Duration,
    /// A session is kept for so long after each look-up; the authorization server must be told the
    /// same.
    pub session_idle: Duration,
    /// A session that was looked up is remembered for so long, less than `session_idle`; zero: not
    /// at all. Adds to the revocation lag.
    pub local_cache: Duration,
    /// How the store is reached.
    pub store_connection: StoreConnection,
    /// How long one operation of the store may take; 503 past it.
    pub store_deadline: Duration,
    /// How long a service may take to answer; 504 past it.
    pub service_deadline: Duration,
    /// Streams of events that are relayed: how often their sessions are judged again, and how many
    /// there may be. When an event comes is the service's affair.
    pub streams: StreamSettings,
    /// Other origins whose pages may use this server.
    pub origins: Origins,
    /// Whether each answer shows the internal token that was used. **For the laboratory only.**
    pub reveal_internal_token: bool,
    /// Where the audit log goes; nowhere by default.
    pub audit_log: Option<PathBuf>,
    /// What is accepted from the network.
    pub limits: Limits,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            internal_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: Tls::default(),
            services: Vec::new(),
            algorithm: SigningAlgorithm::default(),
            issuer: None,
            internal_ttl: Duration::from_secs(2),
            session_idle: Duration::from_secs(30 * 60),
            local_cache: Duration::ZERO,
            store_connection: StoreConnection::default(),
            store_deadline: StoreOptions::DEADLINE,
            service_deadline: Duration::from_millis(500),
            streams: StreamSettings::default(),
            origins: Origins::default(),
            reveal_internal_token: false,
            audit_log: None,
            limits: Limits::default(),
        }
    }
}

/// Addresses and secrets, which come through a pipe or the environment and never on a command line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayWiring {
    /// The store.
    pub store_url: StoreUrl,
    /// Its unix socket; empty or absent if it has none.
    #[serde(default)]
    pub store_unix_url: Option<StoreUrl>,
    /// The HS256 secret, base64url of at least 32 bytes; not read for other algorithms.
    #[serde(default)]
    pub signing_secret: Option<Secret>,
    /// The key of CSRF tokens, base64url of 32 bytes.
    #[serde(default)]
    pub csrf_key: Option<Secret>,
    /// As for the authorization server.
    #[serde(default)]
    pub namespace: Option<String>,
}
