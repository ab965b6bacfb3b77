//! The three pairs of arms.

use super::compare::{MOST_ROUNDS, Pilot, Plan, compare};
use super::error::ArmsError;
use super::laboratory::Laboratory;
use super::rows;
use crate::process::RunSettings;
use authbench_reports::comparison::error_rates::procedure::Procedure;
use authbench_reports::comparison::quantity::Quantity;
use authbench_reports::comparison::suite::Comparison;
use authbench_reports::selftest::Row;

const SPINNING: &str = include_str!("target.toml");
const ASKING: &str = include_str!("target_with_store.toml");

/// What is to be found, as a fraction.
const EFFECT: f64 = 0.10;
/// Both arms burn this much, in microseconds, so that both pay for reading the clock around it.
const SPUN_BY_BOTH_US: u64 = 1;
/// Of a brief comparison: the first look comes after the ten rounds that three quantities need, the last after two more.
const BRIEF_ROUNDS: usize = 12;
/// Before each of these two looks: four in all, as many of either order.
const BRIEF_SPAWNS: usize = 2;

/// What came of a brief comparison of identical arms.
#[derive(Clone, Debug)]
pub(in crate::selftest) struct Brief {
    /// CPU, p50 and p90.
    pub(in crate::selftest) comparison: Comparison,
    /// Whether a request took as many bytes at either.
    pub(in crate::selftest) same_bytes: bool,
}

/// Two identical arms: one row per quantity, and the wire bytes. A quantity for which [`MOST_ROUNDS`] rounds were not enough to show that nothing
/// differs is `not judged`.
///
/// # Errors
/// [`ArmsError`]; every process is ended then.
pub async fn same(settings: &RunSettings, seed: u64) -> Result<Vec<Row>, ArmsError> {
    let mut laboratory = spinning(SPUN_BY_BOTH_US, settings, seed)?;
    let outcome = compare(&mut laboratory, MOST_ROUNDS, Procedure::Promised).await?;
    Ok(rows::same(&outcome))
}

/// Two identical arms, compared as briefly as the comparison allows: just enough rounds for its ranks to reject anything.
///
/// # Errors
/// [`ArmsError`]; every process is ended then.
pub(in crate::selftest) async fn same_in_brief(
    settings: &RunSettings,
    seed: u64,
    procedure: Procedure,
) -> Result<Brief, ArmsError> {
    let laboratory = spinning(SPUN_BY_BOTH_US, settings, seed)?;
    let mut laboratory = laboratory.spread_over(BRIEF_SPAWNS);
    let outcome = compare(&mut laboratory, BRIEF_ROUNDS, procedure).await?;
    Ok(Brief {
        same_bytes: outcome.wire_bytes.is_more_by(0),
        comparison: outcome.comparison,
    })
}

/// Arm B burns a tenth more CPU per request, calibrated against the server's own CPU clock: its sign, its size, and that latency does not
/// point the other way. The number of rounds is planned from a pilot; when they are more than [`MOST_ROUNDS`], the rows are `not judged`.
///
/// # Errors
/// [`ArmsError`]; every process is ended then.
pub async fn planted_cpu(settings: &RunSettings, seed: u64) -> Result<Vec<Row>, ArmsError> {
    let mut equal = spinning(SPUN_BY_BOTH_US, settings, seed)?;
    let pilot = Pilot::measure(&mut equal).await?;
    // Spins come in whole microseconds: rounded up, so that what was planned for is there.
    let plant_us = (EFFECT * pilot.cpu_us()).ceil() as u64;
    match pilot.plan(EFFECT, &[Quantity::CpuPerRequest]) {
        Plan::TooMany(needed) => Ok(vec![rows::unaffordable(rows::PLANTED_CPU, EFFECT, needed)]),
        Plan::Rounds(rounds) => {
            let mut laboratory = spinning(SPUN_BY_BOTH_US + plant_us, settings, seed)?;
            let outcome = compare(&mut laboratory, rounds, Procedure::Promised).await?;
            Ok(rows::planted_cpu(&outcome, EFFECT))
        }
    }
}

/// Arm B asks its store twice for each request, arm A once: exactly one command more, by the stores' own count, and CPU and p50 up. Skipped
/// where the store does not count.
///
/// # Errors
/// [`ArmsError`]; every process is ended then.
pub async fn planted_round_trip(settings: &RunSettings, seed: u64) -> Result<Vec<Row>, ArmsError> {
    let variables = ["1", "2"].map(|trips| ("round_trips", trips.to_owned()));
    let mut laboratory = Laboratory::new(ASKING, variables, settings, seed)?;
    let pilot = Pilot::measure(&mut laboratory).await?;
    match pilot.plan(EFFECT, &[Quantity::CpuPerRequest, Quantity::ResponseP50]) {
        Plan::TooMany(needed) => {
            let mut rows = vec![rows::store_commands(pilot.store_commands())];
            let unaffordable = rows::unaffordable(rows::PLANTED_ROUND_TRIP, EFFECT, needed);
            rows.push(unaffordable);
            Ok(rows)
        }
        Plan::Rounds(rounds) => {
            let outcome = compare(&mut laboratory, rounds, Procedure::Promised).await?;
            Ok(rows::planted_round_trip(&outcome, EFFECT))
        }
    }
}

/// Arm A burns what both burn, arm B `b_us`.
fn spinning(b_us: u64, settings: &RunSettings, seed: u64) -> Result<Laboratory, ArmsError> {
    let variables = [SPUN_BY_BOTH_US, b_us].map(|us| ("spin", format!("{us}us")));
    Laboratory::new(SPINNING, variables, settings, seed)
}
