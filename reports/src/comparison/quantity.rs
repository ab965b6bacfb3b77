//! The quantities that are gated, and the margin of each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A figure of which every round gives one per arm, steady enough to be compared.
///
/// There is no p99 here: between rounds it varies by a factor of two either way, so that no affordable number of them could tell
/// two arms apart. It is held against an absolute limit instead.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// CPU time of all processes of the arm ÷ its requests.
    CpuPerRequest,
    /// Median response time.
    ResponseP50,
    /// 90th percentile of the response time.
    ResponseP90,
}

/// The side from which a quantity looks at a change. A real slowdown shows on both, or on one; never with opposite signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// What the servers spend.
    Cpu,
    /// What the caller waits.
    Latency,
}

impl Quantity {
    /// Every gated quantity.
    pub const ALL: [Self; 3] = [Self::CpuPerRequest, Self::ResponseP50, Self::ResponseP90];

    /// The change that does not matter, as a fraction: 0.03 allows B to be up to 1.03 × A, and A up to 1.03 × B.
    #[must_use]
    pub fn margin(self) -> f64 {
        match self {
            Self::CpuPerRequest | Self::ResponseP50 => 0.03,
            Self::ResponseP90 => 0.05,
        }
    }

    /// The margin on the scale of log ratios.
    #[must_use]
    pub fn log_margin(self) -> f64 {
        self.margin().ln_1p()
    }

    /// From which side it looks.
    #[must_use]
    pub fn aspect(self) -> Aspect {
        match self {
            Self::CpuPerRequest => Aspect::Cpu,
            Self::ResponseP50 | Self::ResponseP90 => Aspect::Latency,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CpuPerRequest => "CPU per request",
            Self::ResponseP50 => "response p50",
            Self::ResponseP90 => "response p90",
        })
    }
}
