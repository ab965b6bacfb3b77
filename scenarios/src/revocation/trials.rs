//! Which revocations are still to be made at one target, and what came of those that were.

use authbench_reports::revocation::Trial;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// One revocation to be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assignment {
    /// Index of the event in the target.
    pub event: usize,
    /// Number of the account: each trial has its own, so that no trial disturbs another.
    pub user: u32,
    /// At which part (0 to 1) of its credential's life it is revoked.
    pub age: f64,
}

/// The trials of one target, shared by the users that make them.
#[derive(Debug)]
pub struct Trials {
    inner: Mutex<Inner>,
    progressed: Notify,
}

#[derive(Debug)]
struct Inner {
    waiting: VecDeque<Assignment>,
    left: usize,
    done: Vec<(usize, Trial)>,
    failed: Vec<String>,
}

impl Trials {
    /// `each` revocations of every event in `events`, in random order, over accounts from `first_user` on; ages drawn from `seed`.
    #[must_use]
    pub fn new(events: &[usize], each: u32, first_user: u32, seed: u64) -> Self {
        let mut draw = ChaCha8Rng::seed_from_u64(seed);
        let mut order: Vec<usize> = events
            .iter()
            .flat_map(|event| std::iter::repeat_n(*event, each as usize))
            .collect();
        order.shuffle(&mut draw);
        let assign = |(user, event)| Assignment {
            event,
            user,
            age: draw.random_range(0.0..1.0),
        };
        let waiting: VecDeque<_> = (first_user..).zip(order).map(assign).collect();
        let inner = Inner {
            left: waiting.len(),
            waiting,
            done: Vec::new(),
            failed: Vec::new(),
        };
        Self {
            inner: Mutex::new(inner),
            progressed: Notify::new(),
        }
    }

    /// The next one to make; `None` when all have been handed out.
    pub fn take(&self) -> Option<Assignment> {
        self.lock().waiting.pop_front()
    }

    /// What came of one.
    pub fn finished(&self, event: usize, trial: Trial) {
        let mut inner = self.lock();
        inner.done.push((event, trial));
        inner.left -= 1;
        self.progressed.notify_one();
    }

    /// One could not be made: no credential was to be had.
    pub fn failed(&self, reason: String) {
        let mut inner = self.lock();
        inner.failed.push(reason);
        inner.left -= 1;
        self.progressed.notify_one();
    }

    /// Hands out no more.
    pub fn cancel(&self) {
        let mut inner = self.lock();
        inner.left -= inner.waiting.len();
        inner.waiting.clear();
        self.progressed.notify_one();
    }

    /// How many are still to be made or under way.
    #[must_use]
    pub fn left(&self) -> usize {
        self.lock().left
    }

    /// Waits for the next to end.
    pub async fn progressed(&self) {
        self.progressed.notified().await;
    }

    /// What came of all, by event, and why some could not be made.
    pub fn take_results(&self) -> (Vec<(usize, Trial)>, Vec<String>) {
        let mut inner = self.lock();
        (
            std::mem::take(&mut inner.done),
            std::mem::take(&mut inner.failed),
        )
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trial_has_its_own_account_and_every_event_its_number() {
        let trials = Trials::new(&[0, 2], 50, 1000, 1);
        let all: Vec<_> = std::iter::from_fn(|| trials.take()).collect();
        assert_eq!(
            all.iter().map(|a| a.user).collect::<Vec<_>>(),
            (1000..1100).collect::<Vec<_>>()
        );
        assert_eq!(all.iter().filter(|a| a.event == 2).count(), 50);
        assert!(
            all[..50].iter().any(|a| a.event == 0) && all[..50].iter().any(|a| a.event == 2),
            "mixed order"
        );
        assert!(all.iter().all(|a| (0.0..1.0).contains(&a.age)));
        assert_eq!(trials.left(), 100);
    }

    #[test]
    fn the_seed_decides_order_and_ages() {
        assert_eq!(drain(3), drain(3));
        assert_ne!(drain(3), drain(4));
    }

    fn drain(seed: u64) -> Vec<Assignment> {
        let trials = Trials::new(&[0, 1], 10, 0, seed);
        std::iter::from_fn(|| trials.take()).collect()
    }

    #[test]
    fn cancelling_leaves_only_what_is_under_way() {
        let trials = Trials::new(&[0], 10, 0, 1);
        assert!(trials.take().is_some());
        trials.cancel();
        assert_eq!(trials.left(), 1);
        assert_eq!(trials.take(), None);
        trials.failed("no credential".to_owned());
        assert_eq!(trials.left(), 0);
    }
}
