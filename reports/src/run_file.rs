//! `run.json`, format `authbench.run/1`: everything a run measured, raw, once.
//!
//! Durations end in `_ns`, `_ms` or `_s`, rates in `_per_s`, sizes in `_bytes`. A measurement that was not made is an
//! absent key, never a zero. Readers accept exactly this version of the format.

mod capacity;
mod conditions;
mod counters;
mod journey;
mod lifetimes;
mod login;
mod mass;
mod outcomes;
mod probe;
mod sweep;
mod tls;

pub use capacity::{CapacityRecord, SearchEnd, SearchRecord};
pub use conditions::{Canary, Clocks};
pub use counters::Counters;
pub use journey::{
    ClientShare, JourneyPart, JourneyRecord, JourneySlice, JourneyTarget, NotServed, SessionCounts,
};
pub use lifetimes::{LifetimeRecord, LifetimeSource};
pub use login::{LoginRecord, LoginSlice, Logins};
pub use mass::{
    MassAccounts, MassMoment, MassPart, MassPoint, MassRecord, MassSlice, MassTarget, SizesAt,
};
pub use outcomes::Outcomes;
pub use probe::{Probe, ProbeFigures, Slo, Unmet};
pub use sweep::{SweepRecord, SweepStep};
pub use tls::{ConnectionCost, ConnectionKind, Handshakes, TlsSession, VariantRecord};

use crate::histogram::Histogram;
use crate::microbenchmarks;
use crate::revocation::{EventReach, Trial};
use crate::selftest::Citation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format this build writes and reads.
pub const SCHEMA: &str = "authbench.run/1";

/// A last answer this many seconds after the end of a round's schedule is one stall; later, it is a backlog that had built up.
const GRACE_S: f64 = 0.5;

/// One execution.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Unique name of the run: UTC start time and a random suffix.
    pub run_id: String,
    /// Whether the run came to its end.
    pub status: Status,
    /// `quick`, `standard` or `full`.
    pub profile: String,
    /// Seed of every random draw that shapes the traffic.
    pub seed: u64,
    /// Start of the run, RFC 3339, UTC.
    pub started_at: String,
    /// Wall time of the whole run in seconds.
    pub duration_s: f64,
    /// Where and with what it was measured.
    pub manifest: Manifest,
    /// The store behind the targets; absent when no target has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub store: Option<StoreInfo>,
    /// The systems that were measured, in the order of the reports; the control first.
    pub targets: Vec<TargetRecord>,
    /// What was done with them.
    pub scenarios: Vec<ScenarioRecord>,
}

/// Whether a run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every scenario ran to its end.
    Complete,
    /// Ended by ctrl-c: what had been measured until then is in the file.
    Interrupted,
    /// A scenario could not be measured to its end; those that were measured before it are in the file.
    Failed,
}

/// Where and with what a run was measured.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of authbench.
    pub authbench_version: String,
    /// Git revision of the build, with `-dirty` if the tree had changes; absent outside a checkout.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub git_revision: Option<String>,
    /// `rustc --version` of the build.
    pub rustc: String,
    /// `release` or `debug`.
    pub build: String,
    /// Versions of the libraries that carry the measurement and the models.
    pub libraries: BTreeMap<String, String>,
    /// Operating system and kernel.
    pub kernel: String,
    /// Processor model as the kernel names it.
    pub cpu: String,
    /// Logical processors that the run could use.
    pub cores: usize,
    /// Total memory in bytes.
    pub memory_bytes: u64,
    /// Processors the generator was pinned to; empty: not pinned.
    pub generator_cpus: Vec<usize>,
    /// Processors the target's processes were pinned to; empty: not pinned.
    pub target_cpus: Vec<usize>,
    /// How the pacer waits: `timerfd` or `sleep-then-yield`.
    pub pacer: String,
    /// Whether every processor was kept from halting for want of work; absent in files of versions that did not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kept_awake: Option<bool>,
    /// The arguments of the command, credentials masked.
    pub command: Vec<String>,
    /// The self-test that came before the run; absent: nobody checked the instrument.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub selftest: Option<Citation>,
    /// Microbenchmarks of the same processor, to explain CPU with; absent: there were none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub microbenchmarks: Option<microbenchmarks::Citation>,
}

impl Manifest {
    /// How many processors the targets' processes share: those they are pinned to, or all.
    #[must_use]
    pub fn targets_processors(&self) -> usize {
        match self.target_cpus.len() {
            0 => self.cores,
            pinned => pinned,
        }
    }
}

impl Manifest {
    /// What processors did when they had nothing to do, as reports say it.
    #[must_use]
    pub fn idling(&self) -> &'static str {
        match self.kept_awake {
            Some(true) => "processors kept awake",
            Some(false) => "processors halt when idle",
            None => "idle processors as the system has them",
        }
    }
}

/// The store behind the targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreInfo {
    /// `redis`, `valkey` or `embedded`.
    pub kind: String,
    /// Name the product gives itself.
    pub product: String,
    /// Version the product gives itself.
    pub version: String,
    /// What it writes to disk: `none`, or what `INFO persistence` says.
    pub persistence: String,
    /// `tcp`.
    pub transport: String,
    /// Who started it: `authbench`, `user` or `embedded`.
    pub started_by: String,
}

impl StoreInfo {
    /// How every table names the store: the embedded one is never mistaken for Redis.
    #[must_use]
    pub fn label(&self) -> String {
        if self.kind == "embedded" {
            "embedded (not Redis)".to_owned()
        } else {
            format!("{} {}", self.product, self.version)
        }
    }
}

/// A system that was measured.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetRecord {
    /// Name in every table.
    pub name: String,
    /// Which model it follows: `no_auth` is the control.
    pub model: String,
    /// The target file as it was written: variables unresolved, so no secret can be in it.
    pub file: serde_json::Value,
    /// Which other form of a target it is; absent where it is the file as it stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub variant: Option<VariantRecord>,
    /// Why it is here only to be seen failing: a negative control. Absent for all others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub control: Option<String>,
}

/// One scenario and what it measured.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioRecord {
    /// Name of the scenario.
    pub name: String,
    /// The question it answers, one sentence.
    pub question: String,
    /// The scenario as resolved for the profile.
    pub resolved: serde_json::Value,
    /// Settings of each target in this scenario, by target name: algorithm, lifetimes, leeway.
    pub settings: BTreeMap<String, BTreeMap<String, String>>,
    /// What token responses said of how long their tokens live; empty where no token says it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lifetimes: Vec<LifetimeRecord>,
    /// The mixed open-loop stream, where the scenario has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steady: Option<SteadyRecord>,
    /// The revocations, where the scenario has them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revocation: Option<RevocationRecord>,
    /// The searches for each target's capacity, where the scenario has them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub capacity: Option<CapacityRecord>,
    /// The ladders of rates, where the scenario has them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sweep: Option<SweepRecord>,
    /// The login storms, where the scenario has them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub login: Option<LoginRecord>,
    /// One event for many accounts at once, where the scenario has that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mass: Option<MassRecord>,
    /// The sessions of several kinds of clients, where the scenario has them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub journey: Option<JourneyRecord>,
}

/// One open-loop stream shared by all targets, cut into rounds.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SteadyRecord {
    /// Rate asked, over all targets together.
    pub offered_per_s: f64,
    /// Connections of each target, spread over its enforcement points.
    pub connections_per_target: u32,
    /// Distinct credentials of each target.
    pub credentials_per_target: u32,
    /// Length of the unmeasured beginning.
    pub warm_up_s: f64,
    /// CPU that each process used in a second without traffic, measured before the rounds.
    pub idle: Vec<IdleUse>,
    /// The measured rounds.
    pub rounds: Vec<RoundRecord>,
    /// What renewing a credential costs, measured apart from the rounds; targets that renew nothing, or were not asked, are missing.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub renewal: Vec<RenewalCost>,
    /// What a new connection costs, measured apart from the rounds; only where a target of the scenario speaks TLS.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub connections: Vec<ConnectionCost>,
}

/// What renewals cost the processes of one target, measured while nothing else was asked of them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewalCost {
    /// The target's name.
    pub target: String,
    /// Credentials renewed (refreshed, or logged in again).
    pub renewals: u64,
    /// CPU time of all the target's processes meanwhile, what they use without traffic subtracted.
    pub cpu_ns: u64,
    /// How long it took.
    pub seconds: f64,
}

/// CPU of one process without traffic.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdleUse {
    /// The target it belongs to.
    pub target: String,
    /// Name of the process within its target.
    pub process: String,
    /// What its CPU is booked as.
    pub role: Role,
    /// CPU time per second of wall time.
    pub cpu_ns_per_s: f64,
}

/// What the CPU of a process is booked as.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Stands before resource servers, and recognises callers for them.
    Gateway,
    /// Serves the protected resource.
    ResourceServer,
    /// Issues, introspects and revokes credentials.
    AuthorizationServer,
    /// Keeps sessions and tokens.
    Store,
    /// Anything else a target starts.
    Other,
}

impl Role {
    /// As it stands in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::ResourceServer => "resource_server",
            Self::AuthorizationServer => "authorization_server",
            Self::Store => "store",
            Self::Other => "other",
        }
    }
}

/// One measured round of the stream.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundRecord {
    /// First intended start to the end of the round's schedule.
    pub scheduled_s: f64,
    /// First intended start to the last answer: what CPU is measured over.
    pub wall_s: f64,
    /// CPU time of the generator (this process) over `wall_s`.
    pub generator_cpu_ns: u64,
    /// Share (0 to 1) of all processors' time that the hypervisor took; absent where the kernel does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steal_share: Option<f64>,
    /// The same work on the generator's processor, just before the round and just after it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub canary: Vec<Canary>,
    /// What the clocks did during the round; absent where they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clocks: Option<Clocks>,
    /// What each target answered.
    pub targets: Vec<TargetRound>,
}

/// What rates are taken over in a load whose schedule lasted `scheduled_s` and whose last answer came after `wall_s`, both in seconds since
/// its first intended start: the schedule, or the time until the last answer if that came more than half a second after it.
#[must_use]
pub fn counted_s(scheduled_s: f64, wall_s: f64) -> f64 {
    scheduled_s.max(wall_s - GRACE_S)
}

impl RoundRecord {
    /// What rates are taken over: the schedule, or the time until the last answer if that came more than half a second after it.
    #[must_use]
    pub fn counted_s(&self) -> f64 {
        counted_s(self.scheduled_s, self.wall_s)
    }

    /// The same for one target: its last answer came at most its longest response time after the schedule, so that a backlog of
    /// one target does not make the others look slow.
    #[must_use]
    pub fn counted_s_of(&self, part: &TargetRound) -> f64 {
        let longest_s = part.response.max_ms().unwrap_or(0.0) / 1e3;
        self.counted_s()
            .min(self.scheduled_s.max(self.scheduled_s + longest_s - GRACE_S))
    }
}

/// One target's part of a round.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetRound {
    /// The target's name.
    pub target: String,
    /// Intended starts that fell to this target.
    pub intended: u64,
    /// Intended starts not sent before the drain limit.
    pub unsent: u64,
    /// How the sent requests ended.
    pub outcomes: Outcomes,
    /// Done − intended start.
    pub response: Histogram,
    /// Done − sent.
    pub service: Histogram,
    /// The generator's own delay.
    pub send_lag: Histogram,
    /// Waiting for a connection that the target kept busy.
    pub connection_wait: Histogram,
    /// Bytes written to this target's connections.
    pub bytes_sent: u64,
    /// Bytes read from them.
    pub bytes_received: u64,
    /// Credentials renewed (refreshed or logged in again) during the round.
    pub renewals: u64,
    /// Connections that had to be made again during the round, because the target had closed or broken them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reconnects: Option<u64>,
    /// TLS handshakes with the target's servers during the round, those of renewals included; absent without TLS.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub handshakes: Option<Handshakes>,
    /// What each of the target's processes used.
    pub processes: Vec<ProcessUse>,
    /// What the target's processes counted; absent when the target declares no counters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counters: Option<Counters>,
}

/// What one process used in a round.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessUse {
    /// Name of the process within its target.
    pub process: String,
    /// What its CPU is booked as.
    pub role: Role,
    /// CPU time, idle share included.
    pub cpu_ns: u64,
    /// Resident memory at the end of the round.
    pub rss_bytes: u64,
}

/// The revocations of one scenario.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationRecord {
    /// Intended distance of two probes of one credential at one point: the resolution asked for.
    pub probe_every_ms: f64,
    /// How long a credential is watched after it was first refused, to catch it being accepted again.
    pub tail_ms: f64,
    /// The longest that a credential was watched after its revocation; absent in files of versions that did not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub observe_at_most_ms: Option<f64>,
    /// The load that ran meanwhile.
    pub background: Background,
    /// One row per target and event.
    pub events: Vec<EventRecord>,
}

/// The load that ran while credentials were revoked.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Background {
    /// Rate asked, over all targets together.
    pub offered_per_s: f64,
    /// Rate answered, over the schedule, or until half a second before the last answer if that is later.
    pub achieved_per_s: f64,
    /// Probe requests per second, on top of the background load.
    pub probes_per_s: f64,
    /// Credentials of the background load renewed per second, over all targets together; absent in files of versions that did not count them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub renewals_per_s: Option<f64>,
    /// Intended starts not sent before the drain limit.
    pub unsent: u64,
    /// How the requests ended, by target.
    pub outcomes: BTreeMap<String, Outcomes>,
    /// The generator's own delay over all targets.
    pub send_lag: Histogram,
    /// Done − intended start over all targets.
    pub response: Histogram,
    /// What the clocks did meanwhile; absent where they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clocks: Option<Clocks>,
    /// What the targets' processes counted meanwhile, probes and revocations included; targets that declare no counters are missing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub counters: BTreeMap<String, Counters>,
}

/// One event at one target.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventRecord {
    /// The target's name.
    pub target: String,
    /// The event's name: `logout`, `account_disabled`, …
    pub event: String,
    /// What the target promises at each enforcement point, in milliseconds; `None`: it promises nothing there.
    pub bounds_ms: BTreeMap<String, Option<f64>>,
    /// Each bound in the words of the target file, e.g. `access_ttl + leeway`.
    pub bounds_stated: BTreeMap<String, String>,
    /// What the target promises of a refresh after the event: `refused` or `works`; absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refresh_after: Option<String>,
    /// Whom it puts out; absent where the target file does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reach: Option<EventReach>,
    /// Every revocation, each of its own credential.
    pub trials: Vec<Trial>,
}
