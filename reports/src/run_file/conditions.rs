//! The conditions under which a round was measured: how fast the processor was, what the clocks did.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long a fixed amount of arithmetic took on the generator's processor: it takes the same time for as long as nothing
/// else slows that processor down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// Coefficient of variation (standard deviation ÷ mean, 0 upwards) of the slices of this reading: what interrupts the
    /// processor for moments.
    pub cv: f64,
    /// Median duration of a slice in nanoseconds: how fast the processor is between the interruptions. The amount of work is the
    /// same in all readings of one process.
    pub median_ns: u64,
}

/// What the clocks did between two looks at them. All durations are measured on the monotonic clock, which neither setting the
/// time nor a suspended machine moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// How far the wall clock was set, in nanoseconds, all steps added up without their sign: one forward and one back do not
    /// cancel. What slews a clock moves both clocks alike and is not in it.
    pub realtime_stepped_ns: u64,
    /// How long the machine was suspended, in nanoseconds.
    pub suspended_ns: u64,
}
