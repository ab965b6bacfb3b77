//! Which came first: a credential, or the cut-off that ends what was issued before.
//!
//! Whoever logs out everywhere and logs in again must get in, and whoever changes a password is given a new token in the same
//! millisecond in which the old ones end. The clock cannot tell the two apart, neither in the whole seconds of `iat` nor in
//! milliseconds. So the issuer, which does both, counts: a credential's stamp is the time, or one more than the latest cut-off if
//! the time is not past that yet. A stamp is compared with cut-offs and with nothing else, so that it may run ahead of the clock.

use std::sync::{Mutex, PoisonError};

use crate::clock::Clock;

/// Stamps of credentials and cut-offs, in Unix milliseconds.
#[derive(Debug)]
pub(super) struct Order {
    clock: Clock,
    latest: Mutex<Latest>,
}

#[derive(Debug)]
struct Latest {
    stamp_ms: i64,
    cut_off_ms: i64,
}

impl Order {
    pub(super) fn new(clock: Clock) -> Self {
        let latest = Latest {
            stamp_ms: i64::MIN,
            cut_off_ms: i64::MIN,
        };
        Self {
            clock,
            latest: Mutex::new(latest),
        }
    }

    /// For a credential that is issued now: after every cut-off so far.
    pub(super) fn stamp(&self) -> i64 {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp_ms = self.clock.now_ms().max(latest.cut_off_ms.saturating_add(1));
        latest.stamp_ms = latest.stamp_ms.max(stamp_ms);
        stamp_ms
    }

    /// A cut-off at `until_ms` or now, whichever is later: at or after every stamp so far.
    pub(super) fn cut_off(&self, until_ms: i64) -> i64 {
        let now_ms = self.clock.now_ms();
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let cut_off_ms = until_ms.max(now_ms).max(latest.stamp_ms);
        latest.cut_off_ms = latest.cut_off_ms.max(cut_off_ms);
        cut_off_ms
    }

    /// A number greater than every stamp and every other number so far, and less than every stamp from now on.
    pub(super) fn next(&self) -> i64 {
        let now_ms = self.clock.now_ms();
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let used = latest.stamp_ms.max(latest.cut_off_ms);
        let next = now_ms.max(used.saturating_add(1));
        latest.cut_off_ms = next;
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_one_millisecond_the_order_is_kept() {
        let (clock, _time) = Clock::manual(1_000);
        let order = Order::new(clock);
        let before = order.stamp();
        let first = order.cut_off(900);
        let between = order.stamp();
        let second = order.cut_off(1_000);
        let after = order.stamp();
        assert!(before <= first && first < between && between <= second && second < after);
        let (one, other) = (order.next(), order.next());
        assert!(after < one && one < other);
    }
}
