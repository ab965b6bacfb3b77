//! Looks for the highest rate that each target holds, one target at a time, in rounds.

mod search;

pub(super) use search::{Search, SearchRange};

use super::solo::{Stage, Timing, ceiling_per_s, draw, on_stage};
use super::system::System;
use super::{Context, MeasureError};
use crate::load::attack::Attack;
use crate::scenario_file::{Capacity, Load, Slos};
use authbench_reports::run_file::{CapacityRecord, SearchEnd, SearchRecord, Slo};
use rand::RngExt;
use std::collections::BTreeMap;
use std::ops::Range;

/// A first search knows nothing and doubles.
const FIRST_GROWTH: f64 = 2.0;
/// A later one begins a little below what the one before found, and takes small steps.
const LATER_GROWTH: f64 = 1.25;
/// By how much below is drawn anew: from one start, all searches would ask the same few rates and agree more than they should.
const LATER_START: Range<f64> = 0.85..0.95;
/// A target that does not hold this part of the start holds nothing worth looking for.
const FLOOR: f64 = 1.0 / 64.0;

/// Searches every system in every round of `plan`. Interrupted, it returns the searches that were begun.
///
/// # Errors
/// When credentials cannot be had, a process ends, or the generator fails.
pub(super) async fn measure(
    systems: &[System],
    load: &Load,
    plan: &Capacity,
    attack: Attack,
    context: &Context<'_>,
) -> Result<CapacityRecord, MeasureError> {
    let mut searches = Vec::new();
    let timing = Timing {
        warm_up: plan.warm_up,
        slice: plan.slice,
    };
    on_stage(systems, load, timing, attack, context, async |stage| {
        search_all(stage, plan, &mut searches).await
    })
    .await?;
    Ok(CapacityRecord {
        connections_per_target: load.connections_per_target,
        credentials_per_target: load.credentials_per_target,
        warm_up_s: plan.warm_up.as_secs_f64(),
        slice_s: plan.slice.as_secs_f64(),
        resolution: plan.resolution,
        rounds: plan.rounds,
        slo: objectives(systems, &plan.slos),
        searches,
    })
}

/// The objective of each system, by name.
pub(super) fn objectives(systems: &[System], slos: &Slos) -> BTreeMap<String, Slo> {
    systems
        .iter()
        .map(|system| (system.name().to_owned(), slos.of(system.name())))
        .collect()
}

async fn search_all(
    stage: &Stage<'_>,
    plan: &Capacity,
    searches: &mut Vec<SearchRecord>,
) -> Result<(), MeasureError> {
    for round in 1..=plan.rounds {
        for index in stage.order(round) {
            let system = &stage.systems[index];
            stage.tell(system.name(), round, plan.rounds);
            let range = range(plan, system, found(searches, system.name()), |part| {
                draw(stage.context.seed, round, 1 + index as u64).random_range(part)
            });
            let slo = plan.slos.of(system.name());
            search(stage, index, round, range, &slo, searches).await?;
        }
    }
    Ok(())
}

/// What the last search at `target` found.
fn found(searches: &[SearchRecord], target: &str) -> Option<f64> {
    let mut of_target = searches.iter().filter(|search| search.target == target);
    of_target.next_back()?.held_per_s
}

fn range(
    plan: &Capacity,
    system: &System,
    found: Option<f64>,
    draw: impl FnOnce(Range<f64>) -> f64,
) -> SearchRange {
    let start = f64::from(plan.start_per_s);
    let first = SearchRange {
        start_per_s: start,
        growth: FIRST_GROWTH,
        floor_per_s: start * FLOOR,
        ceiling_per_s: ceiling_per_s(system),
        resolution: plan.resolution,
    };
    match found {
        None => first,
        Some(held) => SearchRange {
            start_per_s: held * draw(LATER_START),
            growth: LATER_GROWTH,
            ..first
        },
    }
}

/// One search. It stands in `searches` from its first probe on, so that an interrupted one keeps what it has.
pub(super) async fn search(
    stage: &Stage<'_>,
    index: usize,
    round: u32,
    range: SearchRange,
    slo: &Slo,
    searches: &mut Vec<SearchRecord>,
) -> Result<(), MeasureError> {
    let mut search = Search::new(range);
    let place = searches.len();
    searches.push(SearchRecord {
        target: stage.systems[index].name().to_owned(),
        round,
        end: SearchEnd::Interrupted,
        held_per_s: None,
        missed_per_s: None,
        probes: Vec::new(),
    });
    while let Some(rate_per_s) = search.next() {
        let probe = stage.probe(index, rate_per_s, slo).await?;
        search.tell(probe.held());
        let record = &mut searches[place];
        record.probes.push(probe);
        record.end = search.end();
        record.held_per_s = search.held_per_s();
        record.missed_per_s = search.missed_per_s();
        stage.systems[index].check_alive()?;
    }
    Ok(())
}
