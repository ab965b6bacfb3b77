//! How fast one target, or one host, may be asked for something, whoever asks.

use crate::target::Limits;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// All limits of one target, or of the host that several are on.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    /// Of logins and renewals.
    pub(crate) logins: Arc<RateLimit>,
    /// Of administrator's calls.
    pub(crate) admin_calls: Arc<RateLimit>,
    /// Of requests, for those whose moments no schedule has fixed: the clients of journeys. A stream that would go past the limit is refused
    /// beforehand.
    pub(crate) requests: Arc<RateLimit>,
}

impl Turns {
    /// As many as `limits` says.
    pub(crate) fn of(limits: Limits) -> Self {
        Self {
            logins: RateLimit::new(limits.logins_per_s),
            admin_calls: RateLimit::new(limits.admin_calls_per_s),
            requests: RateLimit::new(limits.requests_per_s),
        }
    }
}

/// One limit, such as `logins_per_s`. All who ask the same of a target share one, for the target sees their sum: logins beforehand, renewals
/// and trials, say.
#[derive(Debug)]
pub struct RateLimit {
    spacing: Duration,
    next: Mutex<Instant>,
}

impl RateLimit {
    /// At most `per_s` per second, evenly spaced; `None`: no limit.
    #[must_use]
    pub fn new(per_s: Option<u32>) -> Arc<Self> {
        let spacing = per_s.map_or(Duration::ZERO, |per_s| {
            Duration::from_secs(1) / per_s.max(1)
        });
        Arc::new(Self {
            spacing,
            next: Mutex::new(Instant::now()),
        })
    }

    /// Returns when one more may be sent. Those who wait are let through in the order in which they came.
    pub async fn pass(&self) {
        let at = self.reserve();
        if at > Instant::now() {
            tokio::time::sleep_until(at.into()).await;
        }
    }

    /// Lets nobody through for `time`: the target asked for that.
    pub fn hold(&self, time: Duration) {
        let mut next = self.lock();
        *next = (*next).max(Instant::now() + time);
    }

    fn reserve(&self) -> Instant {
        let mut next = self.lock();
        // An unused moment is not saved up: the next ones would come as a burst.
        let at = (*next).max(Instant::now());
        if !self.spacing.is_zero() {
            *next = at + self.spacing;
        }
        at
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_handed_out_evenly_and_are_not_saved_up() {
        let limit = RateLimit::new(Some(10));
        *limit.next.lock().expect("nobody panicked") -= Duration::from_secs(5);
        let called = Instant::now();
        let moments: Vec<_> = (0..4).map(|_| limit.reserve()).collect();
        assert!(moments[0] >= called);
        for pair in moments.windows(2) {
            assert_eq!(pair[1] - pair[0], Duration::from_millis(100));
        }
    }

    #[tokio::test]
    async fn without_a_limit_nobody_waits() {
        let limit = RateLimit::new(None);
        let before = *limit.next.lock().expect("nobody panicked");
        limit.pass().await;
        assert_eq!(*limit.next.lock().expect("nobody panicked"), before);
    }

    #[test]
    fn a_target_that_asks_for_it_is_left_alone_by_everybody() {
        let limit = RateLimit::new(None);
        let held_until = Instant::now() + Duration::from_secs(30);
        limit.hold(Duration::from_secs(30));
        assert!(limit.reserve() >= held_until && limit.reserve() >= held_until);
    }
}
