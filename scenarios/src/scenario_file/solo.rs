//! Plans that load one target at a time.

use authbench_reports::run_file::Slo;
use std::collections::BTreeMap;
use std::time::Duration;

/// The objective of every target.
#[derive(Debug, Clone, PartialEq)]
pub struct Slos {
    /// Of the targets that have none of their own.
    pub all: Slo,
    /// By target name.
    pub of: BTreeMap<String, Slo>,
}

/// Rounds of searches for the highest rate that each target holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Capacity {
    /// Unmeasured traffic before each probe, at its rate.
    pub warm_up: Duration,
    /// How often each target is searched.
    pub rounds: u32,
    /// How long a probe is measured.
    pub slice: Duration,
    /// The rate of the first probe.
    pub start_per_s: u32,
    /// How narrow a bracket has to be, as a share of its lower end.
    pub resolution: f64,
    /// What counts as held.
    pub slos: Slos,
}

/// Rounds of ladders of rates.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// Unmeasured traffic before each step, at its rate.
    pub warm_up: Duration,
    /// How often each target climbs its ladder.
    pub rounds: u32,
    /// How long a step is measured.
    pub slice: Duration,
    /// Which rates.
    pub ladder: Ladder,
    /// What counts as held.
    pub slos: Slos,
}

/// The rates of a sweep, rising.
#[derive(Debug, Clone, PartialEq)]
pub enum Ladder {
    /// These, per second, for every target.
    Rates(Vec<f64>),
    /// Parts of what a short search finds for each target.
    Fractions {
        /// The rate of the search's first probe.
        start_per_s: u32,
        /// The parts.
        of: Vec<f64>,
    },
}

impl Slos {
    /// The objective of the target called `name`.
    #[must_use]
    pub fn of(&self, name: &str) -> Slo {
        self.of.get(name).copied().unwrap_or(self.all)
    }
}

impl Ladder {
    /// The rate of the first probe.
    #[must_use]
    pub fn first_per_s(&self) -> u32 {
        match self {
            Self::Rates(rates) => rates.first().map_or(1, |rate| *rate as u32),
            Self::Fractions { start_per_s, .. } => *start_per_s,
        }
    }
}
