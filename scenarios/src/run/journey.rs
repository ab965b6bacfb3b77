//! Measures sessions of several kinds of clients, in slices: each client type alone, and all of them together.
//!
//! What a session of one type costs can only be told where no other type is at work: the processes' CPU clocks do not say for whom they ran. So it is
//! read from the slices in which a type was alone. The slices of a round come in an order drawn anew, and each is waited for to the end of its last
//! session, so that every session's cost falls into the slice in which it began.

use super::progress::Progress;
use super::solo::draw;
use super::steady::watch_idle;
use super::system::System;
use super::{Context, MeasureError};
use crate::accounting::book;
use crate::accounting::canary::{SLICE, SLICES, canary};
use crate::accounting::clock_steps::ClockWatch;
use crate::credentials::STEP_DEADLINE;
use crate::flow::FlowClient;
use crate::journey::served::powers;
use crate::journey::session::Tally;
use crate::journey::starts::Starts;
use crate::journey::visitor::{Crew, Visitor};
use crate::load::attack::Attack;
use crate::load::pacer::{self, LEAD, Timer};
use crate::load::queue::StartQueue;
use crate::load::stream::DRAIN_LIMIT;
use crate::scenario_file::{ClientPlan, Journeys};
use authbench_reports::run_file::{
    ClientShare, IdleUse, JourneyPart, JourneyRecord, JourneySlice, JourneyTarget, NotServed,
};
use rand::seq::SliceRandom;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// Visitors are this many times those who are busy at once when a target answers at once: a slow one keeps them longer.
const HEADROOM: f64 = 2.0;
/// And this many more, for chance.
const SPARE: u32 = 8;

/// Runs the slices of `plan` at `systems`. Interrupted, it returns those that were completed.
///
/// # Errors
/// When a process ends, or the generator fails.
pub(super) async fn measure(
    systems: &[System],
    plan: &Journeys,
    mut attack: Attack,
    context: &Context<'_>,
) -> Result<JourneyRecord, MeasureError> {
    let clients: Vec<Arc<ClientPlan>> = plan.clients.iter().cloned().map(Arc::new).collect();
    let mut stage = Stage {
        systems,
        plan,
        context,
        places: Vec::new(),
    };
    let mut not_served = Vec::new();
    for system in systems {
        let mut first_user = 0;
        for client in &clients {
            let place = match powers(system.target(), client) {
                Ok(powers) if client.share > 0.0 => {
                    let crew = Arc::new(crew(system, client, powers, &stage));
                    let many = visitors(client, plan, systems.len());
                    let users = (first_user..first_user + many)
                        .map(|user| Visitor::new(Arc::clone(&crew), user));
                    attack.crew(
                        &format!("{}, {}", system.name(), client.name),
                        users.collect(),
                    )?;
                    first_user += many;
                    Place {
                        queue: Arc::clone(&crew.queue),
                        crew: Some(crew),
                    }
                }
                Ok(_) => Place::empty(),
                Err(why) => {
                    not_served.push(NotServed {
                        target: system.name().to_owned(),
                        client: client.name.clone(),
                        why,
                    });
                    Place::empty()
                }
            };
            stage.places.push(place);
        }
    }
    let idle = context
        .unless_interrupted(watch_idle(systems, context))
        .await?;
    let slices = attack.run(stage.slices()).await??;
    Ok(record(plan, idle, slices, not_served))
}

/// How many visitors of one type a target of `targets` needs. Each of them has an account of its own.
pub(super) fn visitors(client: &ClientPlan, plan: &Journeys, targets: usize) -> u32 {
    // As many as when the type is alone: all sessions are its own then.
    let per_s = f64::from(plan.sessions_per_s) / targets as f64;
    let busy = per_s * client.expected().as_secs_f64();
    (busy * HEADROOM).ceil() as u32 + SPARE
}

fn crew(
    system: &System,
    client: &Arc<ClientPlan>,
    powers: crate::journey::served::Powers,
    stage: &Stage<'_>,
) -> Crew {
    // Each crew draws for itself: with the same draws, an odd one would look like agreement between targets.
    let number = stage.places.len() as u64;
    Crew {
        target: Arc::clone(system.target()),
        limit: Arc::clone(system.login_limit()),
        plan: Arc::clone(client),
        powers,
        renew_before: stage.plan.renew_before,
        queue: Arc::default(),
        tally: Tally::default(),
        seed: stage.context.seed ^ (number << 40),
        begun: AtomicU64::new(0),
        interrupted: stage.context.interrupted.clone(),
    }
}

fn record(
    plan: &Journeys,
    idle: Vec<IdleUse>,
    slices: Vec<JourneySlice>,
    not_served: Vec<NotServed>,
) -> JourneyRecord {
    let shares = plan.clients.iter().map(|client| ClientShare {
        client: client.name.clone(),
        share: client.share,
    });
    JourneyRecord {
        sessions_per_s: f64::from(plan.sessions_per_s),
        mix: shares.collect(),
        idle,
        rounds: plan.rounds,
        slices,
        not_served,
    }
}

/// Where sessions of one client type begin at one target; nobody is there when it does not serve that type, or the mix has none.
struct Place {
    queue: Arc<StartQueue>,
    crew: Option<Arc<Crew>>,
}

impl Place {
    fn empty() -> Self {
        Self {
            queue: Arc::default(),
            crew: None,
        }
    }
}

struct Stage<'a> {
    systems: &'a [System],
    plan: &'a Journeys,
    context: &'a Context<'a>,
    /// By target, then by client type.
    places: Vec<Place>,
}

impl Stage<'_> {
    async fn slices(self) -> Result<Vec<JourneySlice>, MeasureError> {
        let mut slices = Vec::new();
        let outcome = self.fill(&mut slices).await;
        for place in &self.places {
            place.queue.discard_waiting();
            place.queue.close();
        }
        match outcome {
            Ok(()) | Err(MeasureError::Interrupted) => Ok(slices),
            Err(error) => Err(error),
        }
    }

    async fn fill(&self, slices: &mut Vec<JourneySlice>) -> Result<(), MeasureError> {
        let context = self.context;
        context.tell(Progress::WarmUp);
        // Round 0 is the warm-up: what it counts is taken and thrown away.
        let warm_up = self.sessions(0, None, self.plan.warm_up);
        context.unless_interrupted(warm_up).await?;
        for round in 1..=self.plan.rounds {
            for alone in self.order(round) {
                let of = alone.map(|client| self.plan.clients[client].name.clone());
                context.tell(Progress::Sessions {
                    of,
                    round,
                    rounds: self.plan.rounds,
                });
                let slice = self.slice(round, alone);
                slices.push(context.unless_interrupted(slice).await?);
                self.systems.iter().try_for_each(System::check_alive)?;
            }
        }
        Ok(())
    }

    /// All together, and each type that somebody serves alone.
    fn order(&self, round: u32) -> Vec<Option<usize>> {
        let clients = self.plan.clients.len();
        let is_somewhere = |client: &usize| {
            let places = self.places.iter().skip(*client).step_by(clients);
            places.into_iter().any(|place| place.crew.is_some())
        };
        let alone = (0..clients).filter(is_somewhere).map(Some);
        let mut order: Vec<_> = std::iter::once(None).chain(alone).collect();
        order.shuffle(&mut draw(self.context.seed, round, 2));
        order
    }

    async fn slice(&self, round: u32, alone: Option<usize>) -> Result<JourneySlice, MeasureError> {
        let mut client = FlowClient::new(STEP_DEADLINE);
        let mut clocks = ClockWatch::begin();
        // Counters are read outside of the readings of the clocks, and so is the canary: neither is part of the load.
        let counted = book::counted_by_all(&mut client, self.systems).await;
        let speed_before = canary(SLICES, SLICE);
        let before = book::read(self.systems)?;
        let (wall, mut parts) = self.sessions(round, alone, self.plan.slice).await?;
        let used = book::read(self.systems)?.since(&before, self.systems);
        let speed_after = canary(SLICES, SLICE);
        let counted_after = book::counted_by_all(&mut client, self.systems).await;
        let counted = counted.into_iter().zip(counted_after);
        let shares = self.systems.iter().zip(used.processes).zip(counted);
        let targets = shares.map(|((system, processes), (before, after))| JourneyTarget {
            target: system.name().to_owned(),
            processes,
            counters: book::difference(before, after),
            clients: parts.drain(..self.plan.clients.len()).flatten().collect(),
        });
        Ok(JourneySlice {
            round,
            client: alone.map(|client| self.plan.clients[client].name.clone()),
            scheduled_s: self.plan.slice.as_secs_f64(),
            wall_s: wall.as_secs_f64(),
            generator_cpu_ns: used.generator_cpu_ns,
            steal_share: used.steal_share,
            canary: vec![speed_before, speed_after],
            clocks: clocks.take(),
            targets: targets.collect(),
        })
    }

    /// Lets sessions begin for `length` and waits for the end of the last; how long that took, and what came of them at each place that had some.
    async fn sessions(
        &self,
        round: u32,
        alone: Option<usize>,
        length: Duration,
    ) -> Result<(Duration, Vec<Option<JourneyPart>>), MeasureError> {
        let shares: Vec<f64> = match alone {
            None => self
                .plan
                .clients
                .iter()
                .map(|client| client.share)
                .collect(),
            Some(alone) => (0..self.plan.clients.len())
                .map(|client| if client == alone { 1.0 } else { 0.0 })
                .collect(),
        };
        let number = alone.map_or(0, |client| client as u64 + 1);
        let starts = Starts::new(
            f64::from(self.plan.sessions_per_s),
            length,
            self.systems.len(),
            &shares,
            self.context.seed ^ (u64::from(round) << 32) ^ (number << 24),
        );
        let starts = starts.filter(|start| self.places[start.target].crew.is_some());
        let queues: Vec<_> = self
            .places
            .iter()
            .map(|place| Arc::clone(&place.queue))
            .collect();
        let epoch = Instant::now() + LEAD;
        let intended = pacer::pace(Timer::default(), starts, epoch, &queues).await?;
        let longest = self.plan.clients.iter().map(ClientPlan::expected).max();
        let limit = Instant::now() + DRAIN_LIMIT + longest.unwrap_or_default();
        let mut parts = Vec::with_capacity(self.places.len());
        for (place, intended) in self.places.iter().zip(intended) {
            let unsent = place.queue.settle_by(limit).await;
            let crew = place.crew.as_ref().filter(|_| intended > 0);
            parts.push(crew.map(|crew| crew.tally.take(&crew.plan.name, intended, unsent)));
        }
        Ok((epoch.elapsed(), parts))
    }
}
