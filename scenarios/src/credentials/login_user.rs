//! A virtual user of a login storm: pops an intended start, logs somebody in, records how that went.

use super::{RateLimit, STEP_DEADLINE};
use crate::flow::{FlowClient, StepError, login};
use crate::load::attack::{IDLE, Mirrored, VirtualUser};
use crate::load::queue::StartQueue;
use crate::target::Target;
use authbench_reports::histogram::Histogram;
use authbench_reports::recorder::{Outcome, Sample};
use authbench_reports::run_file::{Logins, Outcomes};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The logins of one target: those that are to begin, and what came of those that did.
#[derive(Debug)]
pub struct LoginStorm {
    /// The intended starts.
    pub queue: Arc<StartQueue>,
    target: Arc<Target>,
    limit: Arc<RateLimit>,
    /// Accounts from here on are logged in, one after another, and from here on again.
    first_user: u32,
    next: AtomicU32,
    sums: Mutex<Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    outcomes: Outcomes,
    told_when: u64,
    response: Histogram,
    service: Histogram,
    connection_wait: Histogram,
    send_lag: Histogram,
}

impl LoginStorm {
    /// Of the accounts from `first_user` on, no faster than `limit` lets them.
    #[must_use]
    pub fn new(target: Arc<Target>, limit: Arc<RateLimit>, first_user: u32) -> Arc<Self> {
        Arc::new(Self {
            queue: Arc::default(),
            target,
            limit,
            first_user,
            next: AtomicU32::new(0),
            sums: Mutex::default(),
        })
    }

    /// Users that make them, one connection each.
    #[must_use]
    pub fn users(self: &Arc<Self>, connections: u32) -> Vec<LoginUser> {
        let user = |_| LoginUser {
            storm: Arc::clone(self),
            client: FlowClient::new(STEP_DEADLINE),
            free: Instant::now(),
        };
        (0..connections).map(user).collect()
    }

    /// All since the last call, of `intended` starts at `asked_per_s`, of which `unsent` never began.
    #[must_use]
    pub fn take(&self, asked_per_s: f64, intended: u64, unsent: u64) -> Logins {
        let sums = std::mem::take(&mut *self.sums());
        Logins {
            asked_per_s,
            intended,
            unsent,
            outcomes: sums.outcomes,
            told_when: sums.told_when,
            response: sums.response,
            service: sums.service,
            connection_wait: sums.connection_wait,
            send_lag: sums.send_lag,
        }
    }

    fn next_user(&self) -> u32 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let users = self.target.about.users.as_ref();
        let others = users.map_or(1, |users| {
            users.count.saturating_sub(self.first_user).max(1)
        });
        self.first_user + number % others
    }

    fn record(&self, sample: &Sample, told_when: bool) {
        let mut sums = self.sums();
        sums.outcomes.count(sample.outcome);
        sums.told_when += u64::from(told_when);
        sums.send_lag.record(sample.send_lag());
        sums.connection_wait.record(sample.connection_wait());
        if sample.outcome == Outcome::Expected {
            sums.response.record(sample.response_time());
            sums.service.record(sample.service_time());
        }
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One user with one connection.
pub struct LoginUser {
    storm: Arc<LoginStorm>,
    client: FlowClient,
    free: Instant,
}

impl VirtualUser for LoginUser {
    /// Connects nowhere: where the first step goes is the step's business.
    async fn start(&mut self) {
        self.free = Instant::now();
    }

    async fn turn(&mut self, _limit: u32) -> Option<Mirrored> {
        let storm = Arc::clone(&self.storm);
        let Some(intended) = storm.queue.pop().await else {
            tokio::time::sleep(IDLE).await;
            return None;
        };
        storm.limit.pass().await;
        let sent = Instant::now();
        let login = login(&mut self.client, &storm.target, storm.next_user()).await;
        let done = Instant::now();
        let (outcome, told_when) = match &login {
            Ok(_) => (Outcome::Expected, false),
            Err(error) => (error.outcome(), self.told_when(error)),
        };
        let sample = Sample {
            intended,
            free: self.free,
            sent,
            done,
            outcome,
            bytes_sent: 0,
            bytes_received: 0,
        };
        storm.record(&sample, told_when);
        self.free = done;
        storm.queue.finished();
        Some(Mirrored::from(&sample))
    }
}

impl LoginUser {
    fn told_when(&self, error: &StepError) -> bool {
        let turned_away = matches!(error.unexpected_status(), Some(429 | 503));
        turned_away && self.client.response().header("retry-after").is_some()
    }
}
