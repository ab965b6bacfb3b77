//! How often the comparison of two arms is wrong: counted, to be published.
//!
//! * `synthetic`: thousands of suites that are made up, each a whole comparison
//! * `same`: identical servers, compared again and again: whatever is found is a false alarm
//! * `plants`: the pairs of `arms` that differ, measured several times: the difference is found every time
//! * `lifetimes`: credentials that live twice as long: the longer lag is found every time
//!
//! Only `authbench selftest --compare` asks for these.

mod lifetimes;
mod plants;
mod same;
mod synthetic;

use super::fault::Fault;
use super::{Bench, SelftestError, Truth};
use authbench_reports::comparison::error_rates::procedure::Procedure;
use authbench_reports::selftest::Row;
use std::time::Duration;

/// How often everything is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repetitions {
    /// Synthetic suites of each kind of difference, over all machines together.
    pub suites: u64,
    /// Comparisons of identical servers.
    pub comparisons: u64,
    /// Measurements of each planted difference.
    pub plants: u64,
}

impl Default for Repetitions {
    fn default() -> Self {
        Self {
            suites: 10_000,
            comparisons: same::ENOUGH,
            plants: 5,
        }
    }
}

/// Told, after the first of many steps, about how much longer a truth takes.
pub(super) type Left<'a> = dyn Fn(Duration) + Sync + 'a;

/// Measures `truth`, one of those that belong here.
pub(super) async fn measure(
    bench: &Bench,
    truth: Truth,
    left: &Left<'_>,
) -> Result<Vec<Row>, SelftestError> {
    match truth {
        Truth::SyntheticSuites => synthetic::measure(bench, left),
        Truth::PlantedCpuOften => plants::measure(bench, truth, Truth::PlantedCpu, left).await,
        Truth::PlantedRoundTripOften => {
            plants::measure(bench, truth, Truth::PlantedRoundTrip, left).await
        }
        Truth::DoubledLifetimeOften => lifetimes::measure(bench, left).await,
        _ => same::measure(bench, left).await,
    }
}

/// About how long it takes.
pub(super) fn takes(bench: &Bench, truth: Truth) -> Duration {
    match truth {
        Truth::SyntheticSuites => synthetic::takes(bench),
        Truth::PlantedCpuOften | Truth::PlantedRoundTripOften => plants::takes(bench),
        Truth::DoubledLifetimeOften => lifetimes::takes(bench),
        _ => same::takes(bench),
    }
}

/// How comparisons are judged: as is promised, unless a mistake is to be made.
fn procedure(bench: &Bench) -> Procedure {
    match bench.fault {
        Some(Fault::NoHolm) => Procedure::WithoutHolm,
        Some(Fault::OneRound) => Procedure::OneRound,
        _ => Procedure::Promised,
    }
}

/// The seed of the `index`-th repetition: spawns and rounds have the higher bits to themselves.
fn seed(bench: &Bench, index: u64) -> u64 {
    bench.seed ^ (index << 16)
}

/// How many repetitions may take the place of those that were not judged. In a debug build none is.
fn spares(wanted: u64, spares: u64) -> u64 {
    if cfg!(debug_assertions) || wanted == 0 {
        0
    } else {
        spares.max(1)
    }
}
