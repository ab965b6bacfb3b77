//! Plans of login storms.

use std::time::Duration;

/// Rounds of slices at one target after another: quiet, and at each login rate.
#[derive(Debug, Clone, PartialEq)]
pub struct LoginStorms {
    /// The stream alone, before each slice.
    pub warm_up: Duration,
    /// How often each target has its slices.
    pub rounds: u32,
    /// How long a slice is.
    pub slice: Duration,
    /// Logins per second.
    pub rates_per_s: Vec<u32>,
    /// How many logins can be under way at once.
    pub connections: u32,
}
