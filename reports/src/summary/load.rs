//! Latency and cost per request, from the rounds of the steady stream.

mod amortised;
mod memory;
mod rounds;

pub use amortised::Amortised;
pub use memory::RssBytes;

use crate::histogram::Histogram;
use crate::network_cost::{NetworkCost, Withheld};
use crate::number::is_none;
use crate::number::rounded;
use crate::run_file::{Role, SteadyRecord, TargetRecord};
use crate::settings::Settings;
use crate::statistics::Spread;
use rounds::Rounds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one target's part of the steady stream cost, over all rounds together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadSummary {
    /// Requests sent.
    pub requests: u64,
    /// Requests that did not end as the scenario expects.
    pub unexpected: u64,
    /// Those of them that were answered with 429: the target wanted to be asked less often.
    #[serde(skip_serializing_if = "is_none", default)]
    pub throttled: u64,
    /// Intended starts that were never sent.
    pub unsent: u64,
    /// Rate asked of this target.
    pub offered_per_s: f64,
    /// Rate answered, over the rounds; one lasts until half a second before the target's last answer if that came after its schedule.
    pub achieved_per_s: f64,
    /// Done − intended start.
    pub response_ms: LatencyMs,
    /// Done − sent.
    pub service_ms: LatencyMs,
    /// Waiting for a connection that the target kept busy.
    pub connection_wait_ms: LatencyMs,
    /// The generator's own delay.
    pub send_lag_ms: LatencyMs,
    /// How far the rounds lie apart.
    pub rounds: RoundSpread,
    /// CPU of its processes; absent when the target starts none that could be measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_us_per_request: Option<CpuPerRequest>,
    /// What its processes would have used without traffic, per request: already subtracted from the CPU figures.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub idle_cpu_us_per_request: Option<f64>,
    /// Resident memory of its processes; absent when the target starts none that could be measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rss_bytes: Option<RssBytes>,
    /// Refreshes and new logins made during the rounds. Their CPU and their counts are in the figures of the rounds: a mixed stream cannot
    /// tell them apart.
    pub renewals: u64,
    /// What is not paid on each request; absent where no renewal was measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amortised: Option<Amortised>,
    /// Bytes on the client's connections.
    pub wire_bytes_per_request: WireBytes,
    /// Commands to the store; absent when the target declares no counters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub store_commands_per_request: Option<f64>,
    /// Introspection requests (RFC 7662); absent when the target declares no counters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub introspections_per_request: Option<f64>,
    /// Round trips to the store plus introspections; absent when the target declares no counters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub round_trips_per_request: Option<f64>,
    /// Computed: the latency if each of these round trips crossed a network.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub computed_network_cost: Vec<NetworkCost>,
    /// Why that is not computed although round trips were counted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub network_cost_withheld: Option<Withheld>,
}

/// Quantiles in milliseconds; one with fewer than 20 samples beyond it is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LatencyMs {
    /// Median.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p50: Option<f64>,
    /// 90th percentile.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p90: Option<f64>,
    /// 99th percentile.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p99: Option<f64>,
    /// Largest sample.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max: Option<f64>,
}

/// How far the rounds lie apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundSpread {
    /// How many rounds.
    pub n: u64,
    /// Whether each of them counted the same bytes, store commands, round trips and introspections per request.
    pub work_repeats: bool,
    /// Their median response times in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p50_ms: Option<Spread>,
    /// Their CPU per request, all processes, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_us: Option<Spread>,
    /// The same, one after another: rounds of two targets of one stream can be held against each other. Empty where one of them was not measured.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub cpu_us_by_round: Vec<f64>,
}

/// CPU time per request in microseconds, idle use subtracted; a role without a measured process is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CpuPerRequest {
    /// What stands before resource servers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gateway: Option<f64>,
    /// What serves the protected resource.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resource_server: Option<f64>,
    /// What issues, introspects and revokes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authorization_server: Option<f64>,
    /// What keeps sessions and tokens.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub store: Option<f64>,
    /// Anything else the target starts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub other: Option<f64>,
    /// All of them.
    pub total: f64,
}

impl LatencyMs {
    /// The quantiles of `durations` that enough samples lie beyond.
    #[must_use]
    pub fn of(durations: &Histogram) -> Self {
        let quantile = |quantile| durations.quantile_ms(quantile).map(rounded);
        Self {
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            max: durations.max_ms().map(rounded),
        }
    }
}

impl CpuPerRequest {
    /// What `ns` nanoseconds of each role come to for each of `requests`. Clamped only after adding up: clamping each part would turn noise around
    /// zero into a cost.
    #[must_use]
    pub fn of(ns: &BTreeMap<Role, f64>, requests: f64) -> Self {
        let us = |role| {
            ns.get(&role)
                .map(|ns| rounded(ns.max(0.0) / 1e3 / requests))
        };
        let mut cpu = Self {
            gateway: us(Role::Gateway),
            resource_server: us(Role::ResourceServer),
            authorization_server: us(Role::AuthorizationServer),
            store: us(Role::Store),
            other: us(Role::Other),
            total: 0.0,
        };
        cpu.total = rounded(cpu.by_role().map(|(_, us)| us).sum());
        cpu
    }

    /// The roles that were measured, in the order in which a request reaches them.
    pub fn by_role(&self) -> impl Iterator<Item = (Role, f64)> {
        [
            (Role::Gateway, self.gateway),
            (Role::ResourceServer, self.resource_server),
            (Role::AuthorizationServer, self.authorization_server),
            (Role::Store, self.store),
            (Role::Other, self.other),
        ]
        .into_iter()
        .filter_map(|(role, us)| Some((role, us?)))
    }
}

/// Bytes per request.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WireBytes {
    /// Written by the client.
    pub sent: f64,
    /// Read by the client.
    pub received: f64,
}

impl LoadSummary {
    /// Of `target` in `steady`, under `settings`; `None` when no request was sent to it.
    #[must_use]
    pub fn of(steady: &SteadyRecord, target: &TargetRecord, settings: &Settings) -> Option<Self> {
        let rounds = Rounds::of(steady, &target.name);
        let requests = rounds.outcomes.total();
        if requests == 0 {
            return None;
        }
        let per_request = |total: u64| rounded(total as f64 / requests as f64);
        let counters = rounds.counters;
        let response_ms = LatencyMs::of(&rounds.response);
        let offered_per_s = rounds.sum(|round| round.intended) as f64 / rounds.scheduled_s();
        let renewals = rounds.sum(|round| round.renewals);
        let round_trips_per_request =
            counters.map(|counted| per_request(counted.store_round_trips + counted.introspections));
        let network = round_trips_per_request
            .map(|trips| NetworkCost::of(response_ms.p50, response_ms.p99, trips, renewals));
        Some(Self {
            requests,
            unexpected: rounds.outcomes.unexpected(),
            throttled: rounds.outcomes.throttled,
            unsent: rounds.sum(|round| round.unsent),
            offered_per_s: rounded(offered_per_s),
            achieved_per_s: rounded(rounds.outcomes.answered() as f64 / rounds.counted_s()),
            response_ms,
            service_ms: LatencyMs::of(&rounds.merged(|round| &round.service)),
            connection_wait_ms: LatencyMs::of(&rounds.merged(|round| &round.connection_wait)),
            send_lag_ms: LatencyMs::of(&rounds.merged(|round| &round.send_lag)),
            rounds: rounds.spread(),
            cpu_us_per_request: rounds.cpu_per_request(),
            idle_cpu_us_per_request: rounds.idle_us_per_request(),
            rss_bytes: rounds.rss_at_the_end(),
            renewals,
            amortised: Amortised::of(steady, &target.name, offered_per_s, settings),
            wire_bytes_per_request: WireBytes {
                sent: per_request(rounds.sum(|round| round.bytes_sent)),
                received: per_request(rounds.sum(|round| round.bytes_received)),
            },
            store_commands_per_request: counters.map(|counted| per_request(counted.store_commands)),
            introspections_per_request: counters.map(|counted| per_request(counted.introspections)),
            round_trips_per_request,
            network_cost_withheld: network
                .as_ref()
                .and_then(|cost| cost.as_ref().err().copied()),
            computed_network_cost: network.and_then(Result::ok).unwrap_or_default(),
        })
    }
}

/// The response times of `target` over all rounds together.
#[must_use]
pub fn merged_response(steady: &SteadyRecord, target: &str) -> Histogram {
    Rounds::of(steady, target).response
}

/// CPU of all processes of `target` per request in each round, in microseconds, idle use subtracted; `None` for a round in which none was
/// measured.
pub(crate) fn cpu_us_by_round(steady: &SteadyRecord, target: &str) -> Vec<Option<f64>> {
    Rounds::of(steady, target).cpu_us_by_round()
}
