//! Puts each target under a ladder of rates, one target at a time, in rounds.

use super::capacity::{SearchRange, objectives, search};
use super::solo::{Stage, Timing, ceiling_per_s, on_stage};
use super::steady::watch_idle;
use super::system::System;
use super::{Context, MeasureError};
use crate::load::attack::Attack;
use crate::scenario_file::{Ladder, Load, Sweep};
use authbench_reports::number::rounded;
use authbench_reports::run_file::{SearchRecord, SweepRecord, SweepStep};

/// How finely the capacity is looked for that a ladder is made from: its steps lie further apart.
const RESOLUTION: f64 = 0.1;
const GROWTH: f64 = 2.0;
/// As in a capacity scenario: below this part of the start there is nothing to look for.
const FLOOR: f64 = 1.0 / 64.0;

/// Measures every step of every ladder of `plan`. Interrupted, it returns the steps that were completed.
///
/// # Errors
/// When credentials cannot be had, a process ends, or the generator fails.
pub(super) async fn measure(
    systems: &[System],
    load: &Load,
    plan: &Sweep,
    attack: Attack,
    context: &Context<'_>,
) -> Result<SweepRecord, MeasureError> {
    let idle = context
        .unless_interrupted(watch_idle(systems, context))
        .await?;
    let mut climb = Climb {
        plan,
        searches: Vec::new(),
        steps: Vec::new(),
    };
    let timing = Timing {
        warm_up: plan.warm_up,
        slice: plan.slice,
    };
    on_stage(systems, load, timing, attack, context, async |stage| {
        climb.all(stage).await
    })
    .await?;
    Ok(SweepRecord {
        connections_per_target: load.connections_per_target,
        credentials_per_target: load.credentials_per_target,
        warm_up_s: plan.warm_up.as_secs_f64(),
        slice_s: plan.slice.as_secs_f64(),
        rounds: plan.rounds,
        slo: objectives(systems, &plan.slos),
        idle,
        searches: climb.searches,
        steps: climb.steps,
    })
}

struct Climb<'a> {
    plan: &'a Sweep,
    searches: Vec<SearchRecord>,
    steps: Vec<SweepStep>,
}

impl Climb<'_> {
    async fn all(&mut self, stage: &Stage<'_>) -> Result<(), MeasureError> {
        let mut ladders = Vec::with_capacity(stage.systems.len());
        for index in 0..stage.systems.len() {
            ladders.push(self.ladder(stage, index).await?);
        }
        for round in 1..=self.plan.rounds {
            for index in stage.order(round) {
                self.one(stage, index, round, &ladders[index]).await?;
            }
        }
        Ok(())
    }

    /// Upwards: an overload is the last that a target meets in its turn.
    async fn one(
        &mut self,
        stage: &Stage<'_>,
        index: usize,
        round: u32,
        ladder: &[f64],
    ) -> Result<(), MeasureError> {
        let system = &stage.systems[index];
        stage.tell(system.name(), round, self.plan.rounds);
        let slo = self.plan.slos.of(system.name());
        for rate_per_s in ladder {
            self.steps.push(SweepStep {
                target: system.name().to_owned(),
                round,
                probe: stage.probe(index, *rate_per_s, &slo).await?,
            });
            system.check_alive()?;
        }
        Ok(())
    }

    async fn ladder(&mut self, stage: &Stage<'_>, index: usize) -> Result<Vec<f64>, MeasureError> {
        let (start_per_s, fractions) = match &self.plan.ladder {
            Ladder::Rates(rates) => return Ok(rates.clone()),
            Ladder::Fractions { start_per_s, of } => (f64::from(*start_per_s), of),
        };
        let system = &stage.systems[index];
        stage.tell(system.name(), 0, self.plan.rounds);
        let range = SearchRange {
            start_per_s,
            growth: GROWTH,
            floor_per_s: start_per_s * FLOOR,
            ceiling_per_s: ceiling_per_s(system),
            resolution: RESOLUTION,
        };
        let slo = self.plan.slos.of(system.name());
        search(stage, index, 0, range, &slo, &mut self.searches).await?;
        // Where nothing was held the ladder shows what the lowest rates do.
        let found = self.searches.last().and_then(|search| search.held_per_s);
        let top = found.unwrap_or(range.floor_per_s);
        let mut rates: Vec<f64> = fractions
            .iter()
            .map(|part| rounded(top * part).min(range.ceiling_per_s))
            .collect();
        rates.dedup();
        Ok(rates)
    }
}
