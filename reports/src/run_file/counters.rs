//! What the processes of a target counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Exact counts made by the target's processes. They carry no noise: any change is a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counters {
    /// Commands sent to the store.
    pub store_commands: u64,
    /// Round trips to the store.
    pub store_round_trips: u64,
    /// Introspection requests (RFC 7662) sent.
    pub introspections: u64,
    /// Keys that the store threw away for want of memory; absent when no process of the target tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub store_evictions: Option<u64>,
    /// Writes that the store refused for want of memory; absent when no process of the target tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub store_out_of_memory: Option<u64>,
}
