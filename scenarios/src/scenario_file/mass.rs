//! Plans of one event for many accounts at once.

use std::time::Duration;

/// At one target after another: the event for every account as fast as the target takes it, a stream beside it in three parts.
#[derive(Debug, Clone, PartialEq)]
pub struct MassEvent {
    /// The stream alone, before anything is measured.
    pub warm_up: Duration,
    /// How long the stream is measured before the event, and at least after it.
    pub slice: Duration,
    /// How many accounts it happens to, beside those of the stream.
    pub accounts: u32,
    /// The event, as target files call it.
    pub event: String,
    /// How many of its calls can be under way at once.
    pub calls_at_once: u32,
    /// How many probes of the accounts' credentials are sent per second, before, during and after the event.
    pub probes_per_s: u32,
    /// The connections that they are sent on.
    pub probe_connections: u32,
    /// How far apart two probes of one credential are at least.
    pub probe_every: Duration,
    /// How long after the last call the credentials are watched at most, unless the last slice takes longer anyway.
    pub observe: Duration,
}
