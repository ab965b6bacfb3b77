//! A goose user whose transaction is one session: it waits for a start, lives one session, waits for the next.

use super::caller::Caller;
use super::lifecycle::Lifecycle;
use super::served::Powers;
use super::session::{Session, Tally};
use crate::credentials::RateLimit;
use crate::load::attack::{IDLE, Mirrored, VirtualUser};
use crate::load::queue::StartQueue;
use crate::scenario_file::ClientPlan;
use crate::target::Target;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The visitors of one client type at one target: a goose scenario, weighted by how many they are.
pub struct Crew {
    /// Where.
    pub target: Arc<Target>,
    /// How fast they may log in.
    pub limit: Arc<RateLimit>,
    /// Who they are.
    pub plan: Arc<ClientPlan>,
    /// What the target lets them do.
    pub powers: Powers,
    /// See [`crate::scenario_file::Journeys::renew_before`].
    pub renew_before: Duration,
    /// The sessions that are to begin.
    pub queue: Arc<StartQueue>,
    /// What came of them.
    pub tally: Tally,
    /// Everything random in their sessions is drawn from it.
    pub seed: u64,
    /// Sessions begun so far.
    pub begun: AtomicU64,
    /// When it becomes true, sessions end where they are.
    pub interrupted: watch::Receiver<bool>,
}

/// One of them, with an account of its own: no two sessions of one account go on at once.
pub struct Visitor {
    crew: Arc<Crew>,
    caller: Caller,
    user: u32,
    free: Instant,
}

impl Visitor {
    /// One of `crew`, who logs in as user number `user`.
    #[must_use]
    pub fn new(crew: Arc<Crew>, user: u32) -> Self {
        let (target, limit, plan) = (&crew.target, &crew.limit, &crew.plan);
        Self {
            caller: Caller::new(Arc::clone(target), Arc::clone(limit), Arc::clone(plan)),
            crew,
            user,
            free: Instant::now(),
        }
    }
}

impl VirtualUser for Visitor {
    /// Connects nowhere: a session's first connection is part of it.
    async fn start(&mut self) {
        self.free = Instant::now();
    }

    async fn turn(&mut self, _limit: u32) -> Option<Mirrored> {
        let crew = Arc::clone(&self.crew);
        let Some(intended) = crew.queue.pop().await else {
            tokio::time::sleep(IDLE).await;
            return None;
        };
        let now = Instant::now();
        crew.tally
            .began(now.saturating_duration_since(intended.max(self.free)));
        let number = crew.begun.fetch_add(1, Ordering::Relaxed);
        let life = Lifecycle::new(
            Arc::clone(&crew.plan),
            crew.powers,
            crew.renew_before,
            intended,
            crew.seed ^ number,
        );
        let mut session = Session {
            target: &crew.target,
            caller: &mut self.caller,
            user: self.user,
            tally: &crew.tally,
            interrupted: &crew.interrupted,
        };
        let last = session.run(life).await;
        self.free = Instant::now();
        crew.queue.finished();
        last
    }
}
