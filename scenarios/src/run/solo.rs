//! One target alone under load: all of them are up and have their users, and the requests go to one at a time.

use super::progress::Progress;
use super::steady::{keep_fresh, log_all_in};
use super::system::System;
use super::{Context, MeasureError};
use crate::accounting::book;
use crate::accounting::canary::{SLICE, SLICES, canary};
use crate::accounting::clock_steps::ClockWatch;
use crate::credentials::STEP_DEADLINE;
use crate::flow::FlowClient;
use crate::load::attack::Attack;
use crate::load::schedule::Schedule;
use crate::load::stream::{Lane, run_round};
use crate::scenario_file::Load;
use authbench_reports::run_file::{Probe, ProbeFigures, Slo};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::slice::from_ref;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A probe has this many requests at least, so that 20 of them lie beyond its p99…
const REQUESTS: f64 = 2000.0;
/// …unless that took longer than so many slices.
const LONGEST_IN_SLICES: u32 = 10;

/// Every target ready to be loaded.
pub(super) struct Stage<'a> {
    pub(super) systems: &'a [System],
    pub(super) context: &'a Context<'a>,
    lanes: Vec<Lane>,
    timing: Timing,
}

/// How long a probe is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// Before it, at its rate.
    pub(super) warm_up: Duration,
    /// What is measured.
    pub(super) slice: Duration,
}

/// Logs everybody in, starts the users and does `work` with them. Interrupted, `work` is given up where it is.
///
/// # Errors
/// When credentials cannot be had, `work` fails, or the generator does.
pub(super) async fn on_stage(
    systems: &[System],
    load: &Load,
    timing: Timing,
    mut attack: Attack,
    context: &Context<'_>,
    work: impl AsyncFnOnce(&Stage<'_>) -> Result<(), MeasureError>,
) -> Result<(), MeasureError> {
    let wallets = context
        .unless_interrupted(log_all_in(systems, load.credentials_per_target, context))
        .await?;
    let mut lanes = Vec::with_capacity(systems.len());
    for (system, wallet) in systems.iter().zip(&wallets) {
        let (lane, users) = Lane::new(&wallet.endpoints(), load.connections_per_target as usize);
        attack.crew(system.name(), users)?;
        lanes.push(lane);
    }
    let fresh = keep_fresh(wallets, context.seed);
    let stage = Stage {
        systems,
        context,
        lanes,
        timing,
    };
    let done = attack
        .run(async {
            let outcome = context.unless_interrupted(work(&stage)).await;
            stage.lanes.iter().for_each(Lane::close);
            outcome
        })
        .await;
    fresh.iter().for_each(JoinHandle::abort);
    match done? {
        // What was completed until then is kept by whoever did it.
        Err(MeasureError::Interrupted) => Ok(()),
        outcome => outcome,
    }
}

impl Stage<'_> {
    /// The targets in the order of `round`, drawn anew for each: one that always came first would meet another machine than the last.
    pub(super) fn order(&self, round: u32) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.systems.len()).collect();
        order.shuffle(&mut draw(self.context.seed, round, 0));
        order
    }

    /// Says what comes next.
    pub(super) fn tell(&self, target: &str, round: u32, rounds: u32) {
        self.context.tell(Progress::Alone {
            target: target.to_owned(),
            round,
            rounds,
        });
    }

    /// Loads one target with `rate_per_s`, first unmeasured, and waits for the last answer of either, so that no backlog reaches the next
    /// probe.
    pub(super) async fn probe(
        &self,
        index: usize,
        rate_per_s: f64,
        slo: &Slo,
    ) -> Result<Probe, MeasureError> {
        let lane = from_ref(&self.lanes[index]);
        // One lane: nothing is drawn, so any seed will do.
        let schedule = |length| Schedule::new(rate_per_s, length, 1, self.context.seed);
        run_round(schedule(self.timing.warm_up), lane).await?;
        let length = self.length(rate_per_s);
        let (system, mut client) = (&self.systems[index], FlowClient::new(STEP_DEADLINE));
        let mut clocks = ClockWatch::begin();
        // Counters are read outside of the readings of the clocks, and so is the canary: neither is part of the load.
        let counted = book::counted(&mut client, system).await;
        let speed_before = canary(SLICES, SLICE);
        let before = book::read(self.systems)?;
        let mut stream = run_round(schedule(length), lane).await?;
        let mut used = book::read(self.systems)?.since(&before, self.systems);
        let speed_after = canary(SLICES, SLICE);
        let counted_after = book::counted(&mut client, system).await;
        let processes = used.processes.swap_remove(index);
        let others = used.processes.iter().flatten();
        // One lane in, one out.
        let part = stream.lanes.swap_remove(0);
        Ok(slo.judge(Probe {
            rate_per_s,
            scheduled_s: length.as_secs_f64(),
            wall_s: stream.wall.as_secs_f64(),
            intended: part.intended,
            unsent: part.unsent,
            outcomes: part.recorder.outcomes,
            response: part.recorder.response,
            send_lag: part.recorder.send_lag,
            generator_cpu_ns: used.generator_cpu_ns,
            steal_share: used.steal_share,
            canary: vec![speed_before, speed_after],
            clocks: clocks.take(),
            reconnects: Some(part.reconnects),
            counters: book::difference(counted, counted_after),
            others_cpu_ns: others.map(|process| process.cpu_ns).sum(),
            processes,
            figures: ProbeFigures::default(),
            unmet: Vec::new(),
        }))
    }

    fn length(&self, rate_per_s: f64) -> Duration {
        let slice = self.timing.slice;
        let enough = Duration::from_secs_f64(REQUESTS / rate_per_s);
        slice.max(enough.min(slice * LONGEST_IN_SLICES))
    }
}

/// Random draws of one round, by purpose.
pub(super) fn draw(seed: u64, round: u32, purpose: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed ^ (u64::from(round) << 32) ^ (purpose << 56))
}

/// The highest rate that `system` may be asked: what its file allows, or what nobody reaches.
pub(super) fn ceiling_per_s(system: &System) -> f64 {
    const BEYOND_REACH: u32 = 1_000_000;
    let limit = system.target().limits.requests_per_s;
    f64::from(limit.unwrap_or(BEYOND_REACH).min(BEYOND_REACH))
}
