//! What a login storm does to those who log in, and to everybody else.

use super::load::{CpuPerRequest, LatencyMs};
use crate::histogram::Histogram;
use crate::number::rounded;
use crate::run_file::{LoginRecord, LoginSlice, Logins, Outcomes, Role, RunFile, counted_s};
use crate::settings::Settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Statuses that turn a login away for the time being.
const TURNED_AWAY: [u16; 2] = [429, 503];

/// The storms at one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginSummary {
    /// The other routes while nobody logs in.
    pub quiet: OtherRoutes,
    /// One row per login rate, rising.
    pub rates: Vec<LoginPoint>,
    /// Settings under which they were measured.
    pub settings: Settings,
}

/// The stream on the routes other than the login.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherRoutes {
    /// Requests sent.
    pub requests: u64,
    /// Requests that did not end as expected.
    pub unexpected: u64,
    /// Requests that were never sent.
    pub unsent: u64,
    /// Done − intended start.
    pub response_ms: LatencyMs,
}

/// One login rate, over all rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginPoint {
    /// Rate asked.
    pub asked_per_s: f64,
    /// Logins that succeeded per second, over the schedule, or until half a second before the last answer if that came later.
    pub achieved_per_s: f64,
    /// Logins that succeeded.
    pub succeeded: u64,
    /// 429 and 503: come back later.
    pub turned_away: u64,
    /// Those of them that said when (`Retry-After`).
    pub told_when: u64,
    /// Any other end, time-outs and broken connections included.
    pub failed: u64,
    /// Logins that found no free connection.
    pub unsent: u64,
    /// Of those that succeeded: done − intended start.
    pub response_ms: LatencyMs,
    /// Of those that succeeded: done − sent. The target's own queue is part of it.
    pub service_ms: LatencyMs,
    /// Waiting for a connection, while the target kept them all busy.
    pub connection_wait_ms: LatencyMs,
    /// The other routes meanwhile.
    pub others: OtherRoutes,
    /// The p99 of the other routes ÷ that of the quiet slices; absent where either is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub others_p99_ratio: Option<f64>,
    /// CPU time per login that succeeded, in microseconds: what the processes used beyond what they used in as many quiet slices, for the stream on the
    /// other routes is the same in both. Logins that were turned away are part of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_us_per_login: Option<CpuPerRequest>,
}

impl LoginSummary {
    /// Of `target`, from the first scenario with storms; `None` without one, or without a slice.
    #[must_use]
    pub fn of(run: &RunFile, target: &str) -> Option<Self> {
        let mut scenarios = run.scenarios.iter();
        let scenario = scenarios.find(|scenario| scenario.login.is_some())?;
        let record = scenario.login.as_ref()?;
        let of = |rate: Option<f64>| slices(record, target, rate);
        let quiet = of(None);
        let mut rates = record.rates_per_s.clone();
        rates.sort_by(f64::total_cmp);
        let rates = rates
            .into_iter()
            .filter_map(|rate| LoginPoint::of(rate, &of(Some(rate)), &quiet));
        let rates: Vec<LoginPoint> = rates.collect();
        (!rates.is_empty() || !quiet.is_empty()).then(|| Self {
            quiet: OtherRoutes::of(&quiet),
            rates,
            settings: scenario
                .settings
                .get(target)
                .map(Settings::of)
                .unwrap_or_default(),
        })
    }
}

fn slices<'a>(record: &'a LoginRecord, target: &str, rate: Option<f64>) -> Vec<&'a LoginSlice> {
    let asked = |slice: &LoginSlice| slice.logins.as_ref().map(|logins| logins.asked_per_s);
    let slices = record.slices.iter();
    slices
        .filter(|slice| slice.others.target == target && asked(slice) == rate)
        .collect()
}

impl OtherRoutes {
    fn of(slices: &[&LoginSlice]) -> Self {
        let (mut outcomes, mut response) = (Outcomes::default(), Histogram::default());
        for slice in slices {
            outcomes.merge(&slice.others.outcomes);
            response.merge(&slice.others.response);
        }
        Self {
            requests: outcomes.total(),
            unexpected: outcomes.unexpected(),
            unsent: slices.iter().map(|slice| slice.others.unsent).sum(),
            response_ms: LatencyMs::of(&response),
        }
    }
}

impl LoginPoint {
    fn of(asked_per_s: f64, slices: &[&LoginSlice], quiet: &[&LoginSlice]) -> Option<Self> {
        let logins: Vec<&Logins> = slices
            .iter()
            .filter_map(|slice| slice.logins.as_ref())
            .collect();
        let mut outcomes = Outcomes::default();
        logins
            .iter()
            .for_each(|part| outcomes.merge(&part.outcomes));
        let merged = |of: fn(&Logins) -> &Histogram| {
            let mut all = Histogram::default();
            logins.iter().for_each(|part| all.merge(of(part)));
            LatencyMs::of(&all)
        };
        let seconds = slices
            .iter()
            .map(|slice| counted_s(slice.scheduled_s, slice.wall_s));
        let turned_away: u64 = TURNED_AWAY
            .iter()
            .filter_map(|status| outcomes.unexpected_status.get(status))
            .sum();
        let others = OtherRoutes::of(slices);
        let p99s = others
            .response_ms
            .p99
            .zip(OtherRoutes::of(quiet).response_ms.p99);
        (!logins.is_empty()).then(|| Self {
            asked_per_s,
            achieved_per_s: rounded(outcomes.expected as f64 / seconds.sum::<f64>()),
            succeeded: outcomes.expected,
            turned_away,
            told_when: logins.iter().map(|part| part.told_when).sum(),
            failed: outcomes.unexpected() - turned_away,
            unsent: logins.iter().map(|part| part.unsent).sum(),
            response_ms: merged(|part| &part.response),
            service_ms: merged(|part| &part.service),
            connection_wait_ms: merged(|part| &part.connection_wait),
            others_p99_ratio: p99s.map(|(now, quiet)| rounded(now / quiet)),
            cpu_us_per_login: cpu_per_login(slices, quiet, outcomes.expected),
            others,
        })
    }
}

/// CPU of each role in nanoseconds.
fn used(slices: &[&LoginSlice]) -> BTreeMap<Role, f64> {
    let mut ns = BTreeMap::new();
    for process in slices.iter().flat_map(|slice| &slice.others.processes) {
        *ns.entry(process.role).or_default() += process.cpu_ns as f64;
    }
    ns
}

/// `None` without quiet slices to subtract, processes, or a login.
fn cpu_per_login(
    slices: &[&LoginSlice],
    quiet: &[&LoginSlice],
    succeeded: u64,
) -> Option<CpuPerRequest> {
    if quiet.is_empty() || succeeded == 0 {
        return None;
    }
    let calm = used(quiet);
    // An interrupted run may have more of the one than of the other.
    let share = slices.len() as f64 / quiet.len() as f64;
    let beyond: BTreeMap<Role, f64> = used(slices)
        .into_iter()
        .map(|(role, ns)| (role, ns - calm.get(&role).copied().unwrap_or(0.0) * share))
        .collect();
    (!beyond.is_empty()).then(|| CpuPerRequest::of(&beyond, succeeded as f64))
}
