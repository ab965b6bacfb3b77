//! What was seen of a machine. What the kernel does not tell is absent, never a zero.

use crate::run_file::Canary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Examination {
    /// Version of authbench.
    pub authbench_version: String,
    /// `release` or `debug`.
    pub build: String,
    /// When it began, RFC 3339, UTC.
    pub examined_at: String,
    /// How long it took, in seconds.
    pub duration_s: f64,
    /// Processor model as the kernel names it.
    pub cpu: String,
    /// Operating system and kernel.
    pub kernel: String,
    /// Processors that this process may run on.
    pub processors_allowed: Vec<usize>,
    /// Processors that are online; absent where the kernel does not tell.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub processors_online: Option<usize>,
    /// Who decides the clock frequency of the allowed processors, each named once; empty: not visible.
    pub governors: Vec<String>,
    /// Whether every processor could be kept from halting for want of work, as runs then do.
    pub kept_awake: bool,
    /// The hypervisor, as far as it says; absent on a machine of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hypervisor: Option<String>,
    /// Share (0 to 1) of processor time that the hypervisor took during the examination.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steal_share: Option<f64>,
    /// What the kernel tells the time by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clock_source: Option<String>,
    /// What else ran, in a second without any load of ours.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub other_load: Option<OtherLoad>,
    /// The limit on open files.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub open_files: Option<OpenFiles>,
    /// How late a timer of one millisecond woke this process.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timer: Option<TimerLateness>,
    /// Readings of the canary, spread over that second.
    pub canary: Vec<Canary>,
    /// Requests over the loopback, as fast as they go.
    pub loopback: Loopback,
    /// Two identical targets in one stream.
    pub noise_floor: NoiseFloor,
    /// Servers that could be the store, in the order in which a run looks for them.
    pub stores: Vec<Program>,
    /// Other load generators.
    pub tools: Vec<Program>,
}

/// What else runs on the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherLoad {
    /// Share (0 to 1) of all processors' time that others used.
    pub busy_share: f64,
    /// Processes ready to run, averaged over a minute by the kernel.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub load_average: Option<f64>,
    /// Those that used most, the first of them the most.
    pub busiest: Vec<BusyProcess>,
}

/// A process that used processor time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BusyProcess {
    /// Its name as the kernel has it, 15 characters at most.
    pub name: String,
    /// Share of *one* processor; above 1 for one with several threads.
    pub share_of_one: f64,
}

/// The limit on open files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenFiles {
    /// What is in force.
    pub soft: u64,
    /// How far it can be raised.
    pub hard: u64,
}

/// How late a timer woke this process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimerLateness {
    /// How many wake-ups.
    pub n: u64,
    /// Median, in microseconds.
    pub p50_us: f64,
    /// 99th percentile.
    pub p99_us: f64,
    /// The latest.
    pub max_us: f64,
}

/// Requests to a server that checks nothing, each connection sending the next one when it has its answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loopback {
    /// Connections.
    pub connections: u64,
    /// Requests answered as they should be.
    pub answered: u64,
    /// Requests that were not.
    pub failed: u64,
    /// For how long, in seconds.
    pub seconds: f64,
    /// CPU time of the generator meanwhile, in nanoseconds.
    pub generator_cpu_ns: u64,
}

/// Two targets that are the same, in one mixed stream. What they seem to differ by is noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoiseFloor {
    /// Rate over both together.
    pub rate_per_s: f64,
    /// Length of a round in seconds.
    pub round_s: f64,
    /// Round by round, the logarithm of second ÷ first.
    pub log_ratios: LogRatios,
}

/// One value per round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogRatios {
    /// Of the median response time.
    pub p50: Vec<f64>,
    /// Of the 90th percentile.
    pub p90: Vec<f64>,
    /// Of CPU per request.
    pub cpu: Vec<f64>,
}

/// A program on `PATH`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// What it says its version is; absent where it did not say within a second.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
}
