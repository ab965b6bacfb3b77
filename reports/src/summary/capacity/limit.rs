//! What gave out first when a rate was not held.

use super::{Outcome, missed};
use crate::number::rounded;
use crate::run_file::{Probe, Role, SearchEnd, SearchRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A processor counts as saturated from this share of its time on.
const SATURATED_FROM: f64 = 0.9;
/// A send lag whose p99 is up to this many milliseconds is never held against the generator…
const SEND_LAG_MS: f64 = 0.2;
/// …nor one up to this share of the response time it is part of.
const SEND_LAG_SHARE: f64 = 0.25;
/// Where too few samples lie beyond the p99, as at low rates, the send lag is judged at the first of these that enough lie beyond.
const FALL_BACK: [f64; 2] = [0.9, 0.5];

/// What gave out first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitedBy {
    /// The gateway.
    Gateway,
    /// The resource servers.
    ResourceServer,
    /// The authorization server.
    AuthorizationServer,
    /// The store.
    Store,
    /// Another process of the target.
    Other,
    /// The load generator: the target may well hold more.
    Generator,
    /// The highest rate that may be asked was held.
    HighestRateAllowed,
}

/// Processors' worth of CPU while the lowest rate that was not held was asked, over all rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessorUse {
    /// Of each of the target's processes, by name: each has one thread that matters, so 1 is about all it can.
    pub processes: BTreeMap<String, f64>,
    /// Of the target's processes together.
    pub target: f64,
    /// Of the generator, which has one thread.
    pub generator: f64,
    /// The role of the busiest process; absent where no process of the target could be measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub busiest: Option<Role>,
}

/// Whether the generator, rather than the target, kept `probe` from being held: it had no CPU left, or it sent late by more than a run
/// is allowed to.
pub(in crate::summary) fn generator_bound(probe: &Probe) -> bool {
    let late = |(lag_ms, response_ms): (f64, f64)| {
        lag_ms > SEND_LAG_MS && lag_ms > response_ms * SEND_LAG_SHARE
    };
    probe.figures.generator_cores >= SATURATED_FROM || lag_and_response_ms(probe).is_some_and(late)
}

/// The same quantile of both.
fn lag_and_response_ms(probe: &Probe) -> Option<(f64, f64)> {
    let at = |quantile| {
        let lag_ms = probe.send_lag.quantile_ms(quantile)?;
        Some((lag_ms, probe.response.quantile_ms(quantile)?))
    };
    let p99 = probe.figures.send_lag_p99_ms.zip(probe.figures.p99_ms);
    p99.or_else(|| FALL_BACK.into_iter().find_map(at))
}

impl ProcessorUse {
    /// Of the probes at the lowest rate that each of `searches` missed; `None` when none missed any.
    pub(super) fn at_the_miss<'a>(
        searches: impl Iterator<Item = &'a SearchRecord>,
    ) -> Option<Self> {
        Self::of(&searches.flat_map(missed).collect::<Vec<_>>())
    }

    /// Over all `probes` together; `None` without any.
    pub(crate) fn of(probes: &[&Probe]) -> Option<Self> {
        let busy_ns: f64 = probes.iter().map(|probe| probe.busy_s() * 1e9).sum();
        let mut by_process: BTreeMap<&str, (Role, u64)> = BTreeMap::new();
        for process in probes.iter().flat_map(|probe| &probe.processes) {
            let sum = by_process
                .entry(&process.process)
                .or_insert((process.role, 0));
            sum.1 += process.cpu_ns;
        }
        let cores = |ns: u64| rounded(ns as f64 / busy_ns);
        let busiest = by_process.values().max_by_key(|(_, ns)| *ns);
        (!probes.is_empty()).then(|| Self {
            busiest: busiest.map(|(role, _)| *role),
            target: cores(by_process.values().map(|(_, ns)| ns).sum()),
            generator: cores(probes.iter().map(|probe| probe.generator_cpu_ns).sum()),
            processes: by_process
                .iter()
                .map(|(name, (_, ns))| ((*name).to_owned(), cores(*ns)))
                .collect(),
        })
    }

    /// Whether a process had its thread full, or all of them together the processors they share.
    pub(crate) fn saturated(&self, targets_processors: usize) -> bool {
        let fullest = self.processes.values().copied().fold(0.0, f64::max);
        fullest >= SATURATED_FROM || self.target >= SATURATED_FROM * targets_processors as f64
    }
}

impl LimitedBy {
    pub(super) fn of(
        outcomes: &[Outcome<'_>],
        at_least: bool,
        processors: Option<&ProcessorUse>,
        targets_processors: usize,
    ) -> Option<Self> {
        if at_least {
            let mut bounds = outcomes.iter().filter(|outcome| outcome.at_least);
            let all_at_ceiling = bounds.all(|outcome| outcome.search.end == SearchEnd::Ceiling);
            return Some(match all_at_ceiling {
                true => Self::HighestRateAllowed,
                false => Self::Generator,
            });
        }
        let processors = processors.filter(|used| used.saturated(targets_processors))?;
        Some(match processors.busiest? {
            Role::Gateway => Self::Gateway,
            Role::ResourceServer => Self::ResourceServer,
            Role::AuthorizationServer => Self::AuthorizationServer,
            Role::Store => Self::Store,
            Role::Other => Self::Other,
        })
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::ResourceServer => "resource server",
            Self::AuthorizationServer => "authorization server",
            Self::Store => "store",
            Self::Other => "another process",
            Self::Generator => "the generator, not the target",
            Self::HighestRateAllowed => "nothing: highest rate allowed",
        }
    }
}
