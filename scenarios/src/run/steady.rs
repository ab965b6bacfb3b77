//! Measures the mixed stream: all targets share one open-loop schedule, in rounds.

use super::progress::Progress;
use super::system::System;
use super::{Context, MeasureError, connections, renewal};
use crate::accounting::book;
use crate::accounting::canary::{SLICE, SLICES, canary};
use crate::accounting::clock_steps::ClockWatch;
use crate::credentials::{STEP_DEADLINE, Wallet, log_in};
use crate::flow::FlowClient;
use crate::load::attack::Attack;
use crate::load::schedule::Schedule;
use crate::load::stream::{Lane, LaneRound, run_round};
use crate::scenario_file::{Load, Rounds};
use authbench_reports::run_file::{Handshakes, IdleUse, RoundRecord, SteadyRecord, TargetRound};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How long the processes are watched without traffic.
const IDLE_WATCH: Duration = Duration::from_secs(2);

/// Runs the stream `load` over `systems` for `plan`. Interrupted, it returns the rounds that were completed.
///
/// # Errors
/// When credentials cannot be had, a process ends, or the generator fails.
pub(super) async fn measure(
    systems: &[System],
    load: &Load,
    plan: &Rounds,
    mut attack: Attack,
    context: &Context<'_>,
) -> Result<SteadyRecord, MeasureError> {
    let wallets = context
        .unless_interrupted(log_all_in(systems, load.credentials_per_target, context))
        .await?;
    let idle = context
        .unless_interrupted(watch_idle(systems, context))
        .await?;
    let renewal = context
        .unless_interrupted(renewal::measure(
            systems,
            load.credentials_per_target,
            &idle,
        ))
        .await?;
    let connections = context
        .unless_interrupted(connections::measure(systems, &idle))
        .await?;
    let mut stream = Stream {
        systems,
        load,
        plan,
        context,
        lanes: Vec::new(),
        renewals: Vec::new(),
    };
    for (system, wallet) in systems.iter().zip(&wallets) {
        let (lane, users) = Lane::new(&wallet.endpoints(), load.connections_per_target as usize);
        attack.crew(system.name(), users)?;
        stream.lanes.push(lane);
        stream.renewals.push(wallet.renewals());
    }
    let fresh = keep_fresh(wallets, context.seed);
    let rounds = attack.run(stream.rounds()).await;
    fresh.iter().for_each(JoinHandle::abort);
    Ok(SteadyRecord {
        offered_per_s: f64::from(load.rate_per_s),
        connections_per_target: load.connections_per_target,
        credentials_per_target: load.credentials_per_target,
        warm_up_s: plan.warm_up.as_secs_f64(),
        idle,
        rounds: rounds??,
        renewal,
        connections,
    })
}

/// One wallet per system, with credentials of the accounts 0 to `credentials`.
pub(super) async fn log_all_in(
    systems: &[System],
    credentials: u32,
    context: &Context<'_>,
) -> Result<Vec<Wallet>, MeasureError> {
    let mut wallets = Vec::with_capacity(systems.len());
    for system in systems {
        context.tell(Progress::LoggingIn {
            target: system.name().to_owned(),
            credentials,
        });
        let (target, limit) = (system.target(), system.login_limit());
        let issued = log_in(target, limit, 0..credentials, || ()).await?;
        wallets.push(Wallet::new(Arc::clone(target), Arc::clone(limit), issued)?);
    }
    Ok(wallets)
}

/// Renews the credentials of every wallet until the tasks are aborted, each at moments of its own.
pub(super) fn keep_fresh(wallets: Vec<Wallet>, seed: u64) -> Vec<JoinHandle<()>> {
    let numbered = wallets.into_iter().zip(0u64..);
    numbered
        .map(|(wallet, index)| tokio::spawn(wallet.keep_fresh(seed ^ (index << 48))))
        .collect()
}

/// What every process uses without traffic. A store's housekeeping, divided by the requests of a target that never calls it, would look
/// like a cost of that target.
pub(super) async fn watch_idle(
    systems: &[System],
    context: &Context<'_>,
) -> Result<Vec<IdleUse>, MeasureError> {
    context.tell(Progress::Idle);
    let (before, began) = (book::read(systems)?, Instant::now());
    tokio::time::sleep(IDLE_WATCH).await;
    let (used, watched) = (
        book::read(systems)?.since(&before, systems),
        began.elapsed().as_secs_f64(),
    );
    let idle = systems
        .iter()
        .zip(used.processes)
        .flat_map(|(system, processes)| {
            processes.into_iter().map(|process| IdleUse {
                target: system.name().to_owned(),
                process: process.process,
                role: process.role,
                cpu_ns_per_s: process.cpu_ns as f64 / watched,
            })
        });
    Ok(idle.collect())
}

struct Stream<'a> {
    systems: &'a [System],
    load: &'a Load,
    plan: &'a Rounds,
    context: &'a Context<'a>,
    lanes: Vec<Lane>,
    renewals: Vec<Arc<AtomicU64>>,
}

impl Stream<'_> {
    async fn rounds(self) -> Result<Vec<RoundRecord>, MeasureError> {
        let mut records = Vec::new();
        let outcome = self
            .context
            .unless_interrupted(self.fill(&mut records))
            .await;
        self.lanes.iter().for_each(Lane::close);
        match outcome {
            Ok(()) | Err(MeasureError::Interrupted) => Ok(records),
            Err(error) => Err(error),
        }
    }

    async fn fill(&self, records: &mut Vec<RoundRecord>) -> Result<(), MeasureError> {
        self.context.tell(Progress::WarmUp);
        // Round 0 is the warm-up: its samples are collected and thrown away.
        run_round(self.schedule(0, self.plan.warm_up), &self.lanes).await?;
        for round in 1..=self.plan.rounds {
            self.context.tell(Progress::Round {
                round,
                rounds: self.plan.rounds,
            });
            records.push(self.round(round).await?);
            self.systems.iter().try_for_each(System::check_alive)?;
        }
        Ok(())
    }

    async fn round(&self, round: u32) -> Result<RoundRecord, MeasureError> {
        let mut client = FlowClient::new(STEP_DEADLINE);
        let (renewals, handshakes) = (self.renewals(), self.handshakes());
        let mut clocks = ClockWatch::begin();
        // Reading counters costs the targets CPU: outside of the two readings of the clocks.
        let counted = book::counted_by_all(&mut client, self.systems).await;
        let speed_before = canary(SLICES, SLICE);
        let before = book::read(self.systems)?;
        let stream = run_round(self.schedule(round, self.plan.round), &self.lanes).await?;
        let used = book::read(self.systems)?.since(&before, self.systems);
        // Not between the readings of the clocks: it is the generator's CPU, and no part of the load.
        let speed_after = canary(SLICES, SLICE);
        let counted_after = book::counted_by_all(&mut client, self.systems).await;

        let renewed = self
            .renewals()
            .into_iter()
            .zip(renewals)
            .map(|(now, before)| now - before);
        let counted = counted
            .into_iter()
            .zip(counted_after)
            .map(|(before, after)| book::difference(before, after));
        let shaken = self
            .handshakes()
            .into_iter()
            .zip(handshakes)
            .map(|(now, before)| handshakes_since(now?, before?));
        let parts = stream
            .lanes
            .into_iter()
            .zip(used.processes)
            .zip(renewed)
            .zip(counted)
            .zip(shaken);
        let targets = self.systems.iter().zip(parts).map(
            |(system, ((((lane, processes), renewals), counters), handshakes))| TargetRound {
                processes,
                renewals,
                counters,
                handshakes,
                ..target_round(system.name(), lane)
            },
        );
        Ok(RoundRecord {
            scheduled_s: self.plan.round.as_secs_f64(),
            wall_s: stream.wall.as_secs_f64(),
            generator_cpu_ns: used.generator_cpu_ns,
            steal_share: used.steal_share,
            canary: vec![speed_before, speed_after],
            clocks: clocks.take(),
            targets: targets.collect(),
        })
    }

    fn schedule(&self, round: u32, length: Duration) -> Schedule {
        let seed = self.context.seed ^ (u64::from(round) << 32);
        Schedule::new(
            f64::from(self.load.rate_per_s),
            length,
            self.lanes.len(),
            seed,
        )
    }

    /// Absent for targets that speak without TLS.
    fn handshakes(&self) -> Vec<Option<Handshakes>> {
        let read = |system: &System| system.target().handshakes_so_far();
        self.systems.iter().map(read).collect()
    }

    fn renewals(&self) -> Vec<u64> {
        self.renewals
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect()
    }
}

fn handshakes_since(now: Handshakes, before: Handshakes) -> Option<Handshakes> {
    Some(Handshakes {
        full: now.full - before.full,
        resumed: now.resumed - before.resumed,
    })
}

pub(super) fn target_round(target: &str, lane: LaneRound) -> TargetRound {
    let recorder = lane.recorder;
    TargetRound {
        target: target.to_owned(),
        intended: lane.intended,
        unsent: lane.unsent,
        outcomes: recorder.outcomes,
        response: recorder.response,
        service: recorder.service,
        send_lag: recorder.send_lag,
        connection_wait: recorder.connection_wait,
        bytes_sent: recorder.bytes_sent,
        bytes_received: recorder.bytes_received,
        renewals: 0,
        reconnects: Some(lane.reconnects),
        handshakes: None,
        processes: Vec::new(),
        counters: None,
    }
}
