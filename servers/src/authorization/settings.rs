//! What an authorization server is told when it starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::passwords::LoginHash;
use crate::entitlements::Entitlements;
use crate::http::Limits;
use crate::http::origins::Origins;
use crate::jwt::SigningAlgorithm;
use crate::model::accounts::DEFAULT_WRITERS_PERCENT;
use crate::model::{Model, SessionState, Transport};
use crate::revocation::RevocationSettings;
use crate::secret::Secret;
use crate::store::{StoreConnection, StoreOptions, StoreUrl};
use crate::tls::Tls;

/// Settings that may stand on a command line.
#[derive(Clone, Debug)]
pub struct AuthorizationSettings {
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// Where the admin surface listens.
    pub admin_listen: SocketAddr,
    /// Whether TLS is spoken, on both surfaces.
    pub tls: Tls,
    /// The auth model.
    pub model: Model,
    /// How access tokens travel (`jwt`).
    pub transport: Transport,
    /// Where the state of a session is (`session`).
    pub session_state: SessionState,
    /// How access tokens are signed (`jwt`, `hybrid`).
    pub algorithm: SigningAlgorithm,
    /// The issuer's URL; by default the address that is listened on.
    pub issuer: Option<String>,
    /// The life of an access token, at least 1 s where it is a JWT.
    pub access_ttl: Duration,
    /// A refresh family ends after so long without a renewal.
    pub refresh_idle: Duration,
    /// A refresh family ends so long after its login.
    pub refresh_absolute: Duration,
    /// For so long a used refresh token gives its successor again.
    pub refresh_grace: Duration,
    /// A session ends after so long without a request.
    pub session_idle: Duration,
    /// A session ends so long after its login.
    pub session_absolute: Duration,
    /// How it is made known what has ended; resource servers must be told the same.
    pub revocation: RevocationSettings,
    /// How the store is reached.
    pub store_connection: StoreConnection,
    /// How long one operation of the store may take; 503 past it.
    pub store_deadline: Duration,
    /// How many accounts there are.
    pub users: u32,
    /// How many accounts in a hundred have the role `writer`.
    pub writers_percent: u8,
    /// The entitlements of every account, in sessions and tokens.
    pub entitlements: Entitlements,
    /// Other origins whose pages may use this server.
    pub origins: Origins,
    /// What hashing a password costs.
    pub login_hash: LoginHash,
    /// Passwords hashed at a time. Each takes a core, and with [`LoginHash::Owasp`] 19 MiB.
    pub login_workers: usize,
    /// Logins that may wait for a worker; more are told to come back (503).
    pub login_queue: usize,
    /// Where the audit log goes; nowhere by default.
    pub audit_log: Option<PathBuf>,
    /// What is accepted from the network.
    pub limits: Limits,
}

impl Default for AuthorizationSettings {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let hours = |hours: u64| minutes(60 * hours);
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: Tls::default(),
            model: Model::default(),
            transport: Transport::default(),
            session_state: SessionState::default(),
            algorithm: SigningAlgorithm::default(),
            issuer: None,
            access_ttl: minutes(5),
            refresh_idle: hours(8),
            refresh_absolute: hours(30 * 24),
            refresh_grace: Duration::from_secs(10),
            session_idle: minutes(30),
            session_absolute: hours(12),
            revocation: RevocationSettings::default(),
            store_connection: StoreConnection::default(),
            store_deadline: StoreOptions::DEADLINE,
            users: 10_000,
            writers_percent: DEFAULT_WRITERS_PERCENT,
            entitlements: Entitlements::default(),
            origins: Origins::default(),
            login_hash: LoginHash::default(),
            login_workers: 2,
            login_queue: 256,
            audit_log: None,
            limits: Limits::default(),
        }
    }
}

/// Addresses and secrets, which come through a pipe or the environment and never on a command line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationWiring {
    /// The store.
    pub store_url: StoreUrl,
    /// Its unix socket; empty or absent if it has none.
    #[serde(default)]
    pub store_unix_url: Option<StoreUrl>,
    /// Opens the admin surface to an operator, who may do everything there.
    pub admin_secret: Secret,
    /// Opens it to an auditor, who may only look; without it there is none.
    #[serde(default)]
    pub auditor_secret: Option<Secret>,
    /// The password of every seeded account.
    pub population_password: Secret,
    /// The secret of the client `service`.
    pub service_secret: Secret,
    /// The secret of the client `partner`; without it there is none.
    #[serde(default)]
    pub partner_secret: Option<Secret>,
    /// The secret of the client `resource-server`.
    pub introspection_secret: Secret,
    /// The HS256 secret, base64url of at least 32 bytes; not read for other algorithms.
    #[serde(default)]
    pub signing_secret: Option<Secret>,
    /// The key that refresh tokens are made with, base64url of 32 bytes; not read but for `hybrid`.
    #[serde(default)]
    pub rotation_key: Option<Secret>,
    /// The key of CSRF tokens, base64url of 32 bytes; not read but where the credential is a cookie.
    #[serde(default)]
    pub csrf_key: Option<Secret>,
    /// The key that sessions are signed with, base64url of 32 bytes; not read but for `session` with
    /// its state in the cookie.
    #[serde(default)]
    pub session_key: Option<Secret>,
    /// Keeps servers that share a store apart: it stands before their keys. By default the model's
    /// name. Servers of one target need the same; runs that share a Redis need different ones, or
    /// they find each other's accounts disabled.
    #[serde(default)]
    pub namespace: Option<String>,
}
