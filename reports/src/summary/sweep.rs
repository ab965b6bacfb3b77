//! Response time and CPU per request over the rate, from the steps of all rounds.

use super::capacity::generator_bound;
use super::load::LatencyMs;
use crate::histogram::Histogram;
use crate::number::rounded;
use crate::run_file::{Outcomes, Probe, RunFile, ScenarioRecord, Slo};
use crate::settings::Settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One target's curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepSummary {
    /// The knee: the last rate, going up, before the first that was held in fewer than half of the rounds; absent when the first was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub knee_per_s: Option<f64>,
    /// Whether the knee may lie further up: every rate was held, or at the first that was not the generator gave out.
    pub knee_at_least: bool,
    /// The steps, rising.
    pub steps: Vec<SweepPoint>,
    /// The objective.
    pub slo: Slo,
    /// Settings under which it was measured.
    pub settings: Settings,
}

/// One rate, over all rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepPoint {
    /// Rate asked.
    pub rate_per_s: f64,
    /// Rounds in which it was measured.
    pub rounds: u64,
    /// Rounds in which it was held.
    pub held: u64,
    /// Requests sent.
    pub requests: u64,
    /// Requests that did not end as the scenario expects.
    pub unexpected: u64,
    /// Median over the rounds of the rate achieved.
    pub achieved_per_s: f64,
    /// Done − intended start, all rounds merged.
    pub response_ms: LatencyMs,
    /// CPU time per request of all its processes in microseconds, idle use subtracted; absent when none could be measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_us_per_request: Option<f64>,
    /// Processors' worth of CPU that its processes used.
    pub target_cores: f64,
    /// Processors' worth of CPU that the generator used, of its one.
    pub generator_cores: f64,
    /// Whether in a round that did not hold it the generator, rather than the target, was the reason.
    pub generator_bound: bool,
}

impl SweepSummary {
    /// Of `target`, from the first scenario with ladders.
    #[must_use]
    pub fn of(run: &RunFile, target: &str) -> Option<Self> {
        let mut scenarios = run.scenarios.iter();
        let climbed = scenarios.find(|scenario| scenario.sweep.is_some())?;
        Self::in_scenario(climbed, target)
    }

    /// Of `target` in `scenario`; `None` when it climbed no ladder there.
    #[must_use]
    pub fn in_scenario(scenario: &ScenarioRecord, target: &str) -> Option<Self> {
        let record = scenario.sweep.as_ref()?;
        let mut probes: Vec<&Probe> = record
            .steps
            .iter()
            .filter(|step| step.target == target)
            .map(|step| &step.probe)
            .collect();
        probes.sort_by(|one, other| one.rate_per_s.total_cmp(&other.rate_per_s));
        let idle = record.idle.iter().filter(|idle| idle.target == target);
        let idle_ns_per_s: f64 = idle.map(|idle| idle.cpu_ns_per_s).sum();
        let steps: Vec<SweepPoint> = probes
            .chunk_by(|one, other| one.rate_per_s == other.rate_per_s)
            .map(|rounds| SweepPoint::of(rounds, idle_ns_per_s))
            .collect();
        let held = steps.iter().take_while(|step| step.mostly_held()).count();
        (!steps.is_empty()).then_some(Self {
            knee_per_s: held.checked_sub(1).map(|last| steps[last].rate_per_s),
            knee_at_least: steps.get(held).is_none_or(|missed| missed.generator_bound),
            steps,
            slo: *record.slo.get(target)?,
            settings: scenario
                .settings
                .get(target)
                .map(Settings::of)
                .unwrap_or_default(),
        })
    }

    /// Whether the generator gave out before the target did.
    #[must_use]
    pub fn generator_gave_out(&self) -> bool {
        self.knee_at_least && self.steps.last().map(|last| last.rate_per_s) != self.knee_per_s
    }

    /// The step at the knee.
    #[must_use]
    pub fn knee(&self) -> Option<&SweepPoint> {
        let knee = self.knee_per_s?;
        self.steps.iter().find(|step| step.rate_per_s == knee)
    }
}

impl SweepPoint {
    /// Of the probes at one rate, one per round.
    fn of(rounds: &[&Probe], idle_ns_per_s: f64) -> Self {
        let mut response = Histogram::default();
        let mut outcomes = Outcomes::default();
        for probe in rounds {
            response.merge(&probe.response);
            outcomes.merge(&probe.outcomes);
        }
        let wall_s: f64 = rounds.iter().map(|probe| probe.wall_s).sum();
        let busy_s: f64 = rounds.iter().map(|probe| probe.busy_s()).sum();
        let processes = || rounds.iter().flat_map(|probe| &probe.processes);
        let target_ns: u64 = processes().map(|process| process.cpu_ns).sum();
        let generator_ns: u64 = rounds.iter().map(|probe| probe.generator_cpu_ns).sum();
        let busy_ns = (target_ns as f64 - idle_ns_per_s * wall_s).max(0.0);
        let quantile = |quantile| response.quantile_ms(quantile).map(rounded);
        let measured = processes().next().is_some() && outcomes.total() > 0;
        Self {
            rate_per_s: rounds[0].rate_per_s,
            rounds: rounds.len() as u64,
            held: rounds.iter().filter(|probe| probe.held()).count() as u64,
            requests: outcomes.total(),
            unexpected: outcomes.unexpected(),
            achieved_per_s: median(rounds.iter().map(|probe| probe.figures.achieved_per_s)),
            response_ms: LatencyMs {
                p50: quantile(0.5),
                p90: quantile(0.9),
                p99: quantile(0.99),
                max: response.max_ms().map(rounded),
            },
            cpu_us_per_request: measured.then(|| rounded(busy_ns / 1e3 / outcomes.total() as f64)),
            target_cores: rounded(target_ns as f64 / busy_s / 1e9),
            generator_cores: rounded(generator_ns as f64 / busy_s / 1e9),
            generator_bound: rounds
                .iter()
                .any(|probe| !probe.held() && generator_bound(probe)),
        }
    }

    /// Whether it was held in half of the rounds at least.
    #[must_use]
    pub fn mostly_held(&self) -> bool {
        2 * self.held >= self.rounds
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    crate::statistics::order_statistic(&values, 0.5).unwrap_or(0.0)
}
