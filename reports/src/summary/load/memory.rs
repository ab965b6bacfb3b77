//! Resident memory by role.

use crate::run_file::{ProcessUse, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Resident memory in bytes at the end of the last round, the processes of a role added up; a role without a process is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RssBytes {
    /// What stands before resource servers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gateway: Option<u64>,
    /// What serves the protected resource.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resource_server: Option<u64>,
    /// What issues, introspects and revokes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authorization_server: Option<u64>,
    /// What keeps sessions and tokens.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub store: Option<u64>,
    /// Anything else the target starts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub other: Option<u64>,
    /// All of them.
    pub total: u64,
}

impl RssBytes {
    /// Of `processes`; `None` without any.
    pub(super) fn of(processes: &[ProcessUse]) -> Option<Self> {
        let of_role = |role| {
            let of_role = processes.iter().filter(|process| process.role == role);
            let bytes = of_role.map(|process| process.rss_bytes);
            bytes.reduce(|sum, bytes| sum + bytes)
        };
        (!processes.is_empty()).then(|| Self {
            gateway: of_role(Role::Gateway),
            resource_server: of_role(Role::ResourceServer),
            authorization_server: of_role(Role::AuthorizationServer),
            store: of_role(Role::Store),
            other: of_role(Role::Other),
            total: processes.iter().map(|process| process.rss_bytes).sum(),
        })
    }
}
