//! The slices of journeys: sessions of one client type, or of all, at all targets, to the end of the last.

use crate::accounting::book;
use crate::accounting::canary::{SLICE, SLICES, canary};
use crate::accounting::clock_steps::ClockWatch;
use crate::credentials::STEP_DEADLINE;
use crate::flow::FlowClient;
use crate::journey::starts::Starts;
use crate::journey::visitor::Crew;
use crate::load::pacer::{self, LEAD, Timer};
use crate::load::queue::StartQueue;
use crate::load::stream::DRAIN_LIMIT;
use crate::run::progress::Progress;
use crate::run::solo::draw;
use crate::run::system::System;
use crate::run::{Context, MeasureError};
use crate::scenario_file::{ClientPlan, Journeys};
use authbench_reports::run_file::{JourneyPart, JourneySlice, JourneyTarget};
use rand::seq::SliceRandom;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where sessions of one client type begin at one target; nobody is there when it does not serve that type, or the mix has none.
pub(super) struct Place {
    pub(super) queue: Arc<StartQueue>,
    pub(super) crew: Option<Arc<Crew>>,
}

impl Place {
    pub(super) fn empty() -> Self {
        Self {
            queue: Arc::default(),
            crew: None,
        }
    }
}

/// Every place, and what is measured there.
pub(super) struct Stage<'a> {
    pub(super) systems: &'a [System],
    pub(super) plan: &'a Journeys,
    pub(super) context: &'a Context<'a>,
    /// By target, then by client type.
    pub(super) places: Vec<Place>,
}

impl Stage<'_> {
    /// The slices of all rounds, those that were completed when it is interrupted.
    pub(super) async fn slices(self) -> Result<Vec<JourneySlice>, MeasureError> {
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
