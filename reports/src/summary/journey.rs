//! What sessions of each client type were like at one target, and what they cost.

use super::load::{CpuPerRequest, LatencyMs, WireBytes};
use crate::histogram::Histogram;
use crate::number::rounded;
use crate::run_file::{
    JourneyPart, JourneyRecord, JourneySlice, JourneyTarget, NotServed, Outcomes, Role, RunFile,
    SessionCounts,
};
use crate::settings::Settings;
use crate::statistics::Spread;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The sessions at one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JourneySummary {
    /// One row per client type, in the order of the scenario.
    pub clients: Vec<ClientSummary>,
    /// All client types at once; absent without such a slice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mix: Option<MixSummary>,
    /// Settings under which they were measured.
    pub settings: Settings,
}

/// One client type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientSummary {
    /// Its name.
    pub client: String,
    /// Its share (0 to 1) of the sessions of the mix.
    pub share: f64,
    /// Why the target cannot serve it: there is nothing else then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_served: Option<String>,
    /// What was measured; absent without sessions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sessions: Option<SessionSummary>,
}

/// Sessions of one client type, from all slices, alone and in the mix; CPU from those in which the type was alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionSummary {
    /// What happened, counted.
    pub counts: SessionCounts,
    /// Sessions that never began.
    pub unsent: u64,
    /// Calls that did not end as the target promises.
    pub unexpected: u64,
    /// 401 and 403 answers that the client could not mend silently, per 1,000 sessions.
    pub visible_refusals_per_1000: f64,
    /// Logins other than the first of a session, per 1,000 sessions.
    pub repeated_logins_per_1000: f64,
    /// Refused renewals of sessions that nobody had ended, per 1,000 sessions.
    pub false_logouts_per_1000: f64,
    /// Silent renewals.
    pub refreshes_per_session: f64,
    /// Requests to enforcement points.
    pub requests_per_session: f64,
    /// Bytes on the client's connections, logins and renewals included.
    pub wire_bytes_per_session: WireBytes,
    /// Preflights, which a browser sends before some requests of a page of another origin; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub preflights_per_session: Option<f64>,
    /// The part of the bytes that they are; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub preflight_bytes_per_session: Option<WireBytes>,
    /// Of requests to enforcement points, from the moment the client wanted to send one; a silent renewal before it is part of it.
    pub response_ms: LatencyMs,
    /// Of logins, of the first from the intended start of its session.
    pub login_ms: LatencyMs,
    /// CPU time per session in microseconds, idle use subtracted; absent where the type was not alone, or no process could be measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_us_per_session: Option<CpuPerRequest>,
    /// The same of all processes, round by round.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_us_rounds: Option<Spread>,
}

/// All client types at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MixSummary {
    /// Sessions that began.
    pub sessions: u64,
    /// CPU time per session in microseconds, all processes, idle use subtracted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_us_per_session: Option<f64>,
    /// The same as it follows from the types alone, each as often as it had sessions in the mix: how far the two lie apart says how far a type's
    /// cost depends on its company.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_us_from_types_alone: Option<f64>,
}

impl JourneySummary {
    /// Of `target`, from the first scenario with sessions; `None` without one, or when it took no part.
    #[must_use]
    pub fn of(run: &RunFile, target: &str) -> Option<Self> {
        let mut scenarios = run.scenarios.iter();
        let scenario = scenarios.find(|scenario| scenario.journey.is_some())?;
        let settings = Settings::of(scenario.settings.get(target)?);
        let record = scenario.journey.as_ref()?;
        let clients: Vec<ClientSummary> = record
            .mix
            .iter()
            .filter(|client| client.share > 0.0)
            .map(|client| ClientSummary {
                client: client.client.clone(),
                share: rounded(client.share),
                not_served: why_not(&record.not_served, target, &client.client),
                sessions: SessionSummary::of(record, target, &client.client),
            })
            .collect();
        let mix = MixSummary::of(record, target, &clients);
        Some(Self {
            clients,
            mix,
            settings,
        })
    }
}

fn why_not(not_served: &[NotServed], target: &str, client: &str) -> Option<String> {
    let mut rows = not_served.iter();
    let row = rows.find(|row| row.target == target && row.client == client)?;
    Some(row.why.clone())
}

impl SessionSummary {
    fn of(record: &JourneyRecord, target: &str, client: &str) -> Option<Self> {
        let mut sums = Sums::default();
        for (name, part) in record.slices.iter().flat_map(JourneySlice::parts) {
            if name == target && part.client == client {
                sums.add(part);
            }
        }
        let counts = sums.counts;
        let sessions = counts.sessions as f64;
        let per_session = |count: u64| rounded(count as f64 / sessions);
        let per_1000 = |count: u64| rounded(count as f64 * 1e3 / sessions);
        let asked = counts.preflights > 0;
        let alone: Vec<Used> = used_in(record, target, |slice| slice == Some(client));
        (counts.sessions > 0).then(|| Self {
            counts,
            unsent: sums.unsent,
            unexpected: sums.outcomes.unexpected(),
            visible_refusals_per_1000: per_1000(counts.visible_refusals),
            repeated_logins_per_1000: per_1000(counts.repeated_logins),
            false_logouts_per_1000: per_1000(counts.false_logouts),
            refreshes_per_session: per_session(counts.refreshes),
            requests_per_session: per_session(counts.requests),
            wire_bytes_per_session: WireBytes {
                sent: per_session(sums.bytes_sent),
                received: per_session(sums.bytes_received),
            },
            preflights_per_session: asked.then(|| per_session(counts.preflights)),
            preflight_bytes_per_session: asked.then(|| WireBytes {
                sent: per_session(sums.preflight_bytes_sent),
                received: per_session(sums.preflight_bytes_received),
            }),
            response_ms: LatencyMs::of(&sums.response),
            login_ms: LatencyMs::of(&sums.login),
            cpu_us_per_session: cpu_per_session(&alone),
            cpu_us_rounds: Spread::of(&alone.iter().filter_map(Used::us).collect::<Vec<_>>()),
        })
    }
}

#[derive(Default)]
struct Sums {
    counts: SessionCounts,
    unsent: u64,
    outcomes: Outcomes,
    response: Histogram,
    login: Histogram,
    bytes_sent: u64,
    bytes_received: u64,
    preflight_bytes_sent: u64,
    preflight_bytes_received: u64,
}

impl Sums {
    fn add(&mut self, part: &JourneyPart) {
        self.counts.merge(&part.counts);
        self.unsent += part.unsent;
        self.outcomes.merge(&part.outcomes);
        self.response.merge(&part.response);
        self.login.merge(&part.login);
        self.bytes_sent += part.bytes_sent;
        self.bytes_received += part.bytes_received;
        self.preflight_bytes_sent += part.preflight_bytes_sent;
        self.preflight_bytes_received += part.preflight_bytes_received;
    }
}

impl MixSummary {
    fn of(record: &JourneyRecord, target: &str, clients: &[ClientSummary]) -> Option<Self> {
        let together = used_in(record, target, |slice| slice.is_none());
        let sessions: u64 = together.iter().map(|used| used.sessions).sum();
        let cpu = cpu_per_session(&together);
        (sessions > 0).then(|| Self {
            sessions,
            cpu_us_per_session: cpu.map(|cpu| cpu.total),
            cpu_us_from_types_alone: from_types_alone(record, target, clients).map(rounded),
        })
    }
}

/// `None` when a type that was in the mix was never alone.
fn from_types_alone(
    record: &JourneyRecord,
    target: &str,
    clients: &[ClientSummary],
) -> Option<f64> {
    let mixed = record.slices.iter().filter(|slice| slice.client.is_none());
    let parts = mixed
        .flat_map(JourneySlice::parts)
        .filter(|(name, _)| *name == target);
    let (mut us, mut sessions) = (0.0, 0);
    for (_, part) in parts {
        let row = clients.iter().find(|row| row.client == part.client)?;
        let alone = row.sessions.as_ref()?.cpu_us_per_session.as_ref()?;
        us += alone.total * part.counts.sessions as f64;
        sessions += part.counts.sessions;
    }
    (sessions > 0).then(|| us / sessions as f64)
}

/// What a target's processes used in one slice beyond what they use without traffic, in nanoseconds.
struct Used {
    ns: BTreeMap<Role, f64>,
    sessions: u64,
}

impl Used {
    fn of(record: &JourneyRecord, slice: &JourneySlice, target: &JourneyTarget) -> Self {
        let mut ns: BTreeMap<Role, f64> = BTreeMap::new();
        for process in &target.processes {
            let idle = record
                .idle
                .iter()
                .find(|idle| idle.target == target.target && idle.process == process.process);
            let idle_ns = idle.map_or(0.0, |idle| idle.cpu_ns_per_s * slice.wall_s);
            *ns.entry(process.role).or_default() += process.cpu_ns as f64 - idle_ns;
        }
        let parts = target.clients.iter();
        Self {
            ns,
            sessions: parts.map(|part| part.counts.sessions).sum(),
        }
    }

    /// Per session, all processes; `None` without either.
    fn us(&self) -> Option<f64> {
        let ns: f64 = self.ns.values().sum();
        (self.sessions > 0 && !self.ns.is_empty()).then(|| ns / 1e3 / self.sessions as f64)
    }
}

fn used_in(
    record: &JourneyRecord,
    target: &str,
    which: impl Fn(Option<&str>) -> bool,
) -> Vec<Used> {
    let slices = record
        .slices
        .iter()
        .filter(|slice| which(slice.client.as_deref()));
    let parts = slices.flat_map(|slice| slice.targets.iter().map(move |part| (slice, part)));
    parts
        .filter(|(_, part)| part.target == target)
        .map(|(slice, part)| Used::of(record, slice, part))
        .collect()
}

fn cpu_per_session(slices: &[Used]) -> Option<CpuPerRequest> {
    let sessions: u64 = slices.iter().map(|used| used.sessions).sum();
    let mut by_role: BTreeMap<Role, f64> = BTreeMap::new();
    for (role, ns) in slices.iter().flat_map(|used| &used.ns) {
        *by_role.entry(*role).or_default() += ns;
    }
    (sessions > 0 && !by_role.is_empty()).then(|| CpuPerRequest::of(&by_role, sessions as f64))
}
