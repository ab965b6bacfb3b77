//! Measures login storms: one target after another, quiet slices in turn with slices at each login rate, the stream on the other routes in all of
//! them.

use super::progress::Progress;
use super::solo::draw;
use super::steady::{keep_fresh, log_all_in, target_round, watch_idle};
use super::system::System;
use super::{Context, MeasureError};
use crate::accounting::book;
use crate::accounting::canary::{SLICE, SLICES, canary};
use crate::accounting::clock_steps::ClockWatch;
use crate::credentials::{LoginStorm, STEP_DEADLINE};
use crate::flow::FlowClient;
use crate::load::attack::Attack;
use crate::load::pacer::{self, LEAD, Timer};
use crate::load::schedule::Schedule;
use crate::load::stream::{DRAIN_LIMIT, Lane, offer, run_round, settle};
use crate::scenario_file::{Load, LoginStorms};
use authbench_reports::run_file::{LoginRecord, LoginSlice, Logins, TargetRound};
use rand::seq::SliceRandom;
use std::slice::from_ref;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Lets the logins of `plan` storm one of `systems` after another, the stream `load` on the other routes of each. Interrupted, it returns the slices
/// that were completed.
///
/// # Errors
/// When credentials cannot be had, a process ends, or the generator fails.
pub(super) async fn measure(
    systems: &[System],
    load: &Load,
    plan: &LoginStorms,
    mut attack: Attack,
    context: &Context<'_>,
) -> Result<LoginRecord, MeasureError> {
    let wallets = context
        .unless_interrupted(log_all_in(systems, load.credentials_per_target, context))
        .await?;
    let idle = context
        .unless_interrupted(watch_idle(systems, context))
        .await?;
    let mut stage = Stage {
        systems,
        load,
        plan,
        context,
        lanes: Vec::new(),
        storms: Vec::new(),
    };
    for (system, wallet) in systems.iter().zip(&wallets) {
        let (lane, users) = Lane::new(&wallet.endpoints(), load.connections_per_target as usize);
        attack.crew(&format!("{}, other routes", system.name()), users)?;
        stage.lanes.push(lane);
        let (target, limit) = (system.target(), system.login_limit());
        let storm = LoginStorm::new(
            Arc::clone(target),
            Arc::clone(limit),
            load.credentials_per_target,
        );
        attack.crew(
            &format!("{}, logins", system.name()),
            storm.users(plan.connections),
        )?;
        stage.storms.push(storm);
    }
    let fresh = keep_fresh(wallets, context.seed);
    let slices = attack.run(stage.slices()).await;
    fresh.iter().for_each(JoinHandle::abort);
    Ok(LoginRecord {
        background_per_s: f64::from(load.rate_per_s),
        connections_per_target: load.connections_per_target,
        credentials_per_target: load.credentials_per_target,
        login_connections: plan.connections,
        warm_up_s: plan.warm_up.as_secs_f64(),
        slice_s: plan.slice.as_secs_f64(),
        rounds: plan.rounds,
        rates_per_s: plan.rates_per_s.iter().copied().map(f64::from).collect(),
        idle,
        slices: slices??,
    })
}

struct Stage<'a> {
    systems: &'a [System],
    load: &'a Load,
    plan: &'a LoginStorms,
    context: &'a Context<'a>,
    lanes: Vec<Lane>,
    storms: Vec<Arc<LoginStorm>>,
}

impl Stage<'_> {
    async fn slices(self) -> Result<Vec<LoginSlice>, MeasureError> {
        let mut slices = Vec::new();
        let outcome = self
            .context
            .unless_interrupted(self.fill(&mut slices))
            .await;
        self.lanes.iter().for_each(Lane::close);
        for storm in &self.storms {
            storm.queue.discard_waiting();
            storm.queue.close();
        }
        match outcome {
            Ok(()) | Err(MeasureError::Interrupted) => Ok(slices),
            Err(error) => Err(error),
        }
    }

    async fn fill(&self, slices: &mut Vec<LoginSlice>) -> Result<(), MeasureError> {
        let rounds = self.plan.rounds;
        for round in 1..=rounds {
            let mut draw = draw(self.context.seed, round, 3);
            let mut order: Vec<usize> = (0..self.systems.len()).collect();
            order.shuffle(&mut draw);
            for index in order {
                let target = self.systems[index].name().to_owned();
                self.context.tell(Progress::Alone {
                    target,
                    round,
                    rounds,
                });
                // The quiet slice among the others, at a place drawn anew: always first, it would be the one with cold caches.
                let mut rates: Vec<Option<u32>> = vec![None];
                rates.extend(self.plan.rates_per_s.iter().copied().map(Some));
                rates.shuffle(&mut draw);
                for rate in rates {
                    slices.push(self.slice(round, index, rate).await?);
                    self.systems[index].check_alive()?;
                }
            }
        }
        Ok(())
    }

    async fn slice(
        &self,
        round: u32,
        index: usize,
        rate: Option<u32>,
    ) -> Result<LoginSlice, MeasureError> {
        let (system, lane) = (&self.systems[index], from_ref(&self.lanes[index]));
        run_round(self.stream(round, self.plan.warm_up), lane).await?;
        let mut client = FlowClient::new(STEP_DEADLINE);
        let mut clocks = ClockWatch::begin();
        // Counters are read outside of the readings of the clocks, and so is the canary: neither is part of the load.
        let counted = book::counted(&mut client, system).await;
        let speed_before = canary(SLICES, SLICE);
        let before = book::read(from_ref(system))?;
        let (wall, logins, others) = self.load(round, index, rate).await?;
        let mut used = book::read(from_ref(system))?.since(&before, from_ref(system));
        let speed_after = canary(SLICES, SLICE);
        let counted_after = book::counted(&mut client, system).await;
        Ok(LoginSlice {
            round,
            scheduled_s: self.plan.slice.as_secs_f64(),
            wall_s: wall.as_secs_f64(),
            generator_cpu_ns: used.generator_cpu_ns,
            steal_share: used.steal_share,
            canary: vec![speed_before, speed_after],
            clocks: clocks.take(),
            logins,
            others: TargetRound {
                // One system in, one out.
                processes: used.processes.swap_remove(0),
                counters: book::difference(counted, counted_after),
                ..others
            },
        })
    }

    /// Requests on the other routes and logins side by side, to the last answer of either.
    async fn load(
        &self,
        round: u32,
        index: usize,
        rate: Option<u32>,
    ) -> Result<(Duration, Option<Logins>, TargetRound), MeasureError> {
        let lane = from_ref(&self.lanes[index]);
        let storm = &self.storms[index];
        let length = self.plan.slice;
        let epoch = Instant::now() + LEAD;
        let stream = offer(self.stream(round, length), epoch, lane);
        let per_s = f64::from(rate.unwrap_or(0));
        let logins = async {
            let queue = from_ref(&storm.queue);
            match rate {
                // One queue: nothing is drawn, so any seed will do.
                Some(_) => {
                    let schedule = Schedule::new(per_s, length, 1, self.context.seed);
                    pacer::pace(Timer::default(), schedule, epoch, queue).await
                }
                None => Ok(vec![0]),
            }
        };
        let (offered, begun) = tokio::try_join!(stream, logins)?;
        let mut others = settle(lane, &offered).await;
        let limit = Instant::now() + DRAIN_LIMIT;
        let unsent = storm.queue.settle_by(limit).await;
        let logins = rate.map(|_| storm.take(per_s, begun.iter().sum(), unsent));
        let others = target_round(self.systems[index].name(), others.swap_remove(0));
        Ok((epoch.elapsed(), logins, others))
    }

    fn stream(&self, round: u32, length: Duration) -> Schedule {
        let seed = self.context.seed ^ (u64::from(round) << 32);
        Schedule::new(f64::from(self.load.rate_per_s), length, 1, seed)
    }
}
