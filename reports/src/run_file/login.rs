//! Login storms, as they were measured.

use super::{Canary, Clocks, IdleUse, Outcomes, TargetRound};
use crate::histogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rounds of slices: in each, every target in turn has a quiet slice and one at each login rate. The stream on its other routes goes on in all of
/// them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRecord {
    /// Rate of the stream on the other routes.
    pub background_per_s: f64,
    /// Connections of that stream, spread over the enforcement points.
    pub connections_per_target: u32,
    /// Distinct credentials that it presents.
    pub credentials_per_target: u32,
    /// Connections that logins are made on: so many can be under way at once.
    pub login_connections: u32,
    /// The stream alone, before a slice is measured.
    pub warm_up_s: f64,
    /// How long a slice is.
    pub slice_s: f64,
    /// Rounds that were planned.
    pub rounds: u32,
    /// The login rates asked for.
    pub rates_per_s: Vec<f64>,
    /// CPU that each process used in a second without traffic, measured beforehand.
    pub idle: Vec<IdleUse>,
    /// The slices, in the order in which they were measured.
    pub slices: Vec<LoginSlice>,
}

/// One slice of one target.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginSlice {
    /// The round it belongs to, counted from 1.
    pub round: u32,
    /// For how long requests and logins began.
    pub scheduled_s: f64,
    /// First intended start to the last answer: what CPU is measured over.
    pub wall_s: f64,
    /// CPU time of the generator (this process) over `wall_s`.
    pub generator_cpu_ns: u64,
    /// Share (0 to 1) of all processors' time that the hypervisor took; absent where the kernel does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steal_share: Option<f64>,
    /// The same work on the generator's processor, just before the slice and just after it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub canary: Vec<Canary>,
    /// What the clocks did during the slice; absent where they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clocks: Option<Clocks>,
    /// The logins; absent: a quiet slice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub logins: Option<Logins>,
    /// The stream on the other routes, and what the target's processes used for both.
    pub others: TargetRound,
}

/// The logins of one slice.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logins {
    /// Rate asked.
    pub asked_per_s: f64,
    /// Logins that were to begin.
    pub intended: u64,
    /// Those of them that found no free connection before the drain limit.
    pub unsent: u64,
    /// How they ended: the expected way, with a 429 or 503 (turned away), or otherwise.
    pub outcomes: Outcomes,
    /// Of those that were turned away: the ones that were told when to come back (`Retry-After`).
    pub told_when: u64,
    /// Of those that succeeded: done − intended start.
    pub response: Histogram,
    /// Of those that succeeded: done − sent. The target's own queue is part of it.
    pub service: Histogram,
    /// Waiting for a connection, while the target kept them all busy.
    pub connection_wait: Histogram,
    /// The generator's own delay.
    pub send_lag: Histogram,
}
