//! The highest rate that a target holds, from the searches of all rounds.

mod interval;
mod limit;

pub(super) use limit::generator_bound;
pub use limit::{LimitedBy, ProcessorUse};

use super::load::LatencyMs;
use crate::number::rounded;
use crate::run_file::{Manifest, Probe, RunFile, ScenarioRecord, SearchEnd, SearchRecord, Slo};
use crate::settings::Settings;
use crate::statistics::{Spread, order_statistic};
use interval::interval_95;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the searches at one target found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacitySummary {
    /// Median over the rounds of the highest rate that was held; absent when the median round held none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per_s: Option<f64>,
    /// Whether the target may hold more: in the rounds that decide the median something else gave out first.
    pub at_least: bool,
    /// 95 % interval of the target's capacity: Student's t on the logarithms, its lower end from the rates that the rounds held and its upper
    /// one from those that they missed. Absent below two rounds, and where a round is only a lower bound or held nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interval_95: Option<[f64; 2]>,
    /// Rounds whose search came to its end.
    pub repeats: u64,
    /// How far they lie apart; absent when none held any rate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spread: Option<Spread>,
    /// What gave out first at the lowest rate that was not held; absent when no processor did, or every rate was held.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limited_by: Option<LimitedBy>,
    /// Who used how much of the processors there, over all rounds; absent when every rate was held.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub processors: Option<ProcessorUse>,
    /// Response time at the capacity: of the probe that held it in the median round.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub response_ms: Option<LatencyMs>,
    /// The objective.
    pub slo: Slo,
    /// Settings under which it was searched.
    pub settings: Settings,
}

/// One round's outcome, in the order of its rate.
#[derive(Clone, Copy)]
struct Outcome<'a> {
    search: &'a SearchRecord,
    held_per_s: f64,
    at_least: bool,
}

impl CapacitySummary {
    /// Of `target`, from the first scenario with searches: two scenarios are two measurements, and one row must not mix them.
    #[must_use]
    pub fn of(run: &RunFile, target: &str) -> Option<Self> {
        let mut scenarios = run.scenarios.iter();
        let searched = scenarios.find(|scenario| scenario.capacity.is_some())?;
        Self::in_scenario(&run.manifest, searched, target)
    }

    /// Of `target` in `scenario`, on the machine of `manifest`; `None` when no search at it came to its end.
    #[must_use]
    pub fn in_scenario(
        manifest: &Manifest,
        scenario: &ScenarioRecord,
        target: &str,
    ) -> Option<Self> {
        let record = scenario.capacity.as_ref()?;
        let mut outcomes: Vec<Outcome> = record
            .searches
            .iter()
            .filter(|search| search.target == target && search.end != SearchEnd::Interrupted)
            .map(outcome)
            .collect();
        outcomes.sort_by(|one, other| one.held_per_s.total_cmp(&other.held_per_s));
        let rates: Vec<f64> = outcomes.iter().map(|outcome| outcome.held_per_s).collect();
        let median = order_statistic(&rates, 0.5)?;
        let held: Vec<f64> = rates.iter().copied().filter(|rate| *rate > 0.0).collect();
        let bounds_only = outcomes.iter().any(|outcome| outcome.at_least);
        let processors = ProcessorUse::at_the_miss(outcomes.iter().map(|outcome| outcome.search));
        // What a bound is the bound of must not be taken for more than it is: a higher true value there would raise the median.
        let at_least = outcomes
            .iter()
            .any(|outcome| outcome.at_least && outcome.held_per_s <= median);
        Some(Self {
            per_s: (median > 0.0).then_some(median),
            at_least,
            interval_95: brackets(&outcomes)
                .filter(|_| !bounds_only)
                .and_then(|brackets| interval_95(&brackets)),
            repeats: rates.len() as u64,
            spread: Spread::of(&held),
            limited_by: LimitedBy::of(
                &outcomes,
                at_least,
                processors.as_ref(),
                manifest.targets_processors(),
            ),
            processors,
            response_ms: at_capacity(&outcomes, median).map(latency),
            slo: *record.slo.get(target)?,
            settings: scenario
                .settings
                .get(target)
                .map(Settings::of)
                .unwrap_or_default(),
        })
    }

    /// The capacity where it is the target's own and not a bound.
    #[must_use]
    pub fn own_per_s(&self) -> Option<f64> {
        self.per_s.filter(|_| !self.at_least)
    }
}

/// Whether `search` says only that the target holds at least so much.
fn is_lower_bound(search: &SearchRecord) -> bool {
    match search.end {
        SearchEnd::Ceiling => true,
        SearchEnd::Bracketed | SearchEnd::NothingHeld => missed(search).any(generator_bound),
        SearchEnd::Interrupted => false,
    }
}

/// The probes of the lowest rate that was not held.
pub(crate) fn missed(search: &SearchRecord) -> impl Iterator<Item = &Probe> {
    search
        .missed_per_s
        .into_iter()
        .flat_map(|rate| search.at(rate))
        .filter(|probe| !probe.held())
}

fn outcome(search: &SearchRecord) -> Outcome<'_> {
    Outcome {
        search,
        held_per_s: search.held_per_s.unwrap_or(0.0),
        at_least: is_lower_bound(search),
    }
}

/// Between which rates each round's capacity lies; `None` where one does not know.
fn brackets(outcomes: &[Outcome<'_>]) -> Option<Vec<[f64; 2]>> {
    let bracket =
        |outcome: &Outcome<'_>| Some([outcome.search.held_per_s?, outcome.search.missed_per_s?]);
    outcomes.iter().map(bracket).collect()
}

fn at_capacity<'a>(outcomes: &[Outcome<'a>], median: f64) -> Option<&'a Probe> {
    let of_median = outcomes
        .iter()
        .find(|outcome| outcome.held_per_s == median)?;
    of_median.search.at(median).rfind(|probe| probe.held())
}

fn latency(probe: &Probe) -> LatencyMs {
    let quantile = |quantile| probe.response.quantile_ms(quantile).map(rounded);
    LatencyMs {
        p50: quantile(0.5),
        p90: quantile(0.9),
        p99: quantile(0.99),
        max: probe.response.max_ms().map(rounded),
    }
}
