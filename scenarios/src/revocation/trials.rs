//! Which revocations are still to be made at one target, and what came of those that were.

use crate::credentials::LOGINS_TRIED;
use authbench_reports::revocation::Trial;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Logins wait a random part of this. A JWT's times are whole seconds of the wall clock, and a slot begins its next trial just after
/// the last token expired: without the wait every login of every slot would come at the beginning of a second, and every token
/// would live for the whole of its lifetime.
pub const LOGINS_SPREAD_OVER: Duration = Duration::from_secs(1);

/// One revocation to be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assignment {
    /// Index of the event in the target.
    pub event: usize,
    /// Number of the account: each trial has its own, so that no trial disturbs another.
    pub user: u32,
    /// At which part (0 to 1) of its credential's life it is revoked.
    pub age: f64,
    /// How long to wait before the login, less than [`LOGINS_SPREAD_OVER`].
    pub wait: Duration,
    /// Logins that have failed.
    pub failed_logins: u32,
}

/// The trials of one target, shared by the users that make them.
#[derive(Debug)]
pub struct Trials {
    inner: Mutex<Inner>,
    progressed: Notify,
    cancelled: watch::Sender<bool>,
}

#[derive(Debug)]
struct Inner {
    is_open: bool,
    is_cancelled: bool,
    waiting: VecDeque<Assignment>,
    left: usize,
    done: Vec<(usize, Trial)>,
    failed: Vec<String>,
}

impl Trials {
    /// `each` revocations of every event in `events`, in random order, over accounts from `first_user` on; ages and waits drawn from `seed`.
    /// None is handed out before [`Self::open`].
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
            wait: LOGINS_SPREAD_OVER.mul_f64(draw.random_range(0.0..1.0)),
            failed_logins: 0,
        };
        let waiting: VecDeque<_> = (first_user..).zip(order).map(assign).collect();
        let inner = Inner {
            is_open: false,
            is_cancelled: false,
            left: waiting.len(),
            waiting,
            done: Vec::new(),
            failed: Vec::new(),
        };
        Self {
            inner: Mutex::new(inner),
            progressed: Notify::new(),
            cancelled: watch::Sender::new(false),
        }
    }

    /// Lets users begin: the background load has warmed up.
    pub fn open(&self) {
        self.lock().is_open = true;
    }

    /// The next one to make; `None` when there is none now.
    pub fn take(&self) -> Option<Assignment> {
        let mut inner = self.lock();
        if inner.is_open {
            inner.waiting.pop_front()
        } else {
            None
        }
    }

    /// What came of one.
    pub fn finished(&self, event: usize, trial: Trial) {
        let mut inner = self.lock();
        inner.done.push((event, trial));
        inner.left -= 1;
        self.progressed.notify_one();
    }

    /// One could not be made: no credential was to be had. It is handed out again, unless that happened too often.
    pub fn failed(&self, assignment: Assignment, reason: String) {
        let mut inner = self.lock();
        let failed_logins = assignment.failed_logins + 1;
        if failed_logins < LOGINS_TRIED && !inner.is_cancelled {
            inner.waiting.push_back(Assignment {
                failed_logins,
                ..assignment
            });
            return;
        }
        inner.failed.push(reason);
        inner.left -= 1;
        self.progressed.notify_one();
    }

    /// One was cut short and says nothing.
    pub fn cut(&self) {
        self.lock().left -= 1;
        self.progressed.notify_one();
    }

    /// Becomes `true` when those under way are to be cut short.
    #[must_use]
    pub fn cancelled(&self) -> watch::Receiver<bool> {
        self.cancelled.subscribe()
    }

    /// Hands out no more, and has those under way cut short.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
        let mut inner = self.lock();
        inner.is_cancelled = true;
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
        assert_eq!(trials.left(), 100);
        let all = drain(&trials);
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
    }

    #[test]
    fn none_begins_before_the_background_load_has_warmed_up() {
        let trials = Trials::new(&[0], 1, 0, 1);
        assert_eq!(trials.take(), None);
        trials.open();
        assert!(trials.take().is_some());
    }

    #[test]
    fn logins_spread_over_the_second_even_if_every_trial_ends_at_its_beginning() {
        let assignments = drain(&Trials::new(&[0], 1000, 0, 5));
        let mut tenths = [0u32; 10];
        for assignment in assignments {
            tenths[(assignment.wait.as_millis() / 100) as usize] += 1;
        }
        // Five standard deviations of a binomial(1,000, 1/10) are 47.
        assert!(
            tenths.iter().all(|count| count.abs_diff(100) < 48),
            "{tenths:?}"
        );
    }

    #[test]
    fn the_seed_decides_order_and_ages() {
        let of = |seed| drain(&Trials::new(&[0, 1], 10, 0, seed));
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }

    fn drain(trials: &Trials) -> Vec<Assignment> {
        trials.open();
        std::iter::from_fn(|| trials.take()).collect()
    }

    #[test]
    fn cancelling_leaves_only_what_is_under_way() {
        let trials = Trials::new(&[0], 10, 0, 1);
        trials.open();
        let under_way = trials.take().expect("ten are waiting");
        trials.cancel();
        assert_eq!(trials.left(), 1);
        assert_eq!(trials.take(), None);
        trials.failed(under_way, "no credential".to_owned());
        assert_eq!(trials.left(), 0);
    }

    #[test]
    fn a_login_that_fails_is_tried_again_and_not_for_ever() {
        let trials = Trials::new(&[0], 1, 7, 1);
        trials.open();
        for tried in 0..LOGINS_TRIED {
            let assignment = trials.take().expect("still to be made");
            assert_eq!((assignment.user, assignment.failed_logins), (7, tried));
            assert_eq!(trials.left(), 1);
            trials.failed(assignment, "503".to_owned());
        }
        assert_eq!((trials.take(), trials.left()), (None, 0));
        assert_eq!(trials.take_results().1, ["503"]);
    }
}
