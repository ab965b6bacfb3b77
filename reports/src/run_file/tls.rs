//! What a new connection costs, with TLS and without, and the forms in which one target is measured beside itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A target that was measured as another form of one file: the same, but for these variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantRecord {
    /// The name that the file gives itself.
    pub of: String,
    /// What the scenario set for it; masked where it may be a credential.
    pub vars: BTreeMap<String, String>,
}

/// How a connection comes to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionKind {
    /// TCP alone.
    Plain,
    /// TCP and a TLS handshake with certificate and key exchange.
    Full,
    /// TCP and a TLS handshake that continues an earlier session by its ticket.
    Resumed,
}

/// What new connections cost the processes of one target, measured one after another while nothing else was asked of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionCost {
    /// The target's name.
    pub target: String,
    /// How they came to stand.
    pub kind: ConnectionKind,
    /// Connections made, and closed again.
    pub connections: u64,
    /// CPU time of all the target's processes meanwhile, what they use without traffic subtracted.
    pub cpu_ns: u64,
    /// How long it took.
    pub seconds: f64,
    /// What was agreed on; absent without TLS.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session: Option<TlsSession>,
}

/// What client and server agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsSession {
    /// Version of the protocol: `TLSv1_3`.
    pub version: String,
    /// IANA's name of the cipher suite.
    pub cipher_suite: String,
    /// IANA's name of the key exchange group; absent where none was agreed on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_exchange: Option<String>,
}

/// TLS handshakes that came to their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handshakes {
    /// With certificate and key exchange.
    pub full: u64,
    /// Continuing an earlier session.
    pub resumed: u64,
}
