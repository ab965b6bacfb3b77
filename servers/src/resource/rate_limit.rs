//! What one client may ask of one resource server.
//!
//! A token bucket kept as one number, the moment at which the bucket would be full again (GCRA,
//! ITU-T I.371), so that a request costs one compare-and-swap.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use crate::clock::Clock;

/// A rate with a burst of a tenth of a second, at least one request.
#[derive(Debug)]
pub struct RateLimit {
    clock: Clock,
    interval_us: i64,
    tolerance_us: i64,
    full_at_us: AtomicI64,
}

impl RateLimit {
    /// At most `per_second` requests, by `clock`.
    pub fn new(per_second: NonZeroU32, clock: Clock) -> Self {
        let per_second = i64::from(per_second.get());
        let interval_us = (1_000_000 / per_second).max(1);
        Self {
            clock,
            interval_us,
            tolerance_us: interval_us * (per_second / 10).max(1),
            full_at_us: AtomicI64::new(i64::MIN),
        }
    }

    /// Takes one request out of the bucket; or how long it takes until there is one in it.
    pub fn take(&self) -> Result<(), Duration> {
        let now_us = self.clock.now_ms().saturating_mul(1_000);
        let taken = self
            .full_at_us
            .fetch_update(Relaxed, Relaxed, |full_at_us| {
                let next = full_at_us.max(now_us) + self.interval_us;
                (next - now_us <= self.tolerance_us).then_some(next)
            });
        taken.map(drop).map_err(|full_at_us| {
            let wait_us = full_at_us + self.interval_us - self.tolerance_us - now_us;
            Duration::from_micros(wait_us.max(0) as u64)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(per_second: u32) -> (RateLimit, crate::clock::ManualTime) {
        let (clock, time) = Clock::manual(1_800_000_000_000);
        let per_second = NonZeroU32::new(per_second).expect("not zero");
        (RateLimit::new(per_second, clock), time)
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let (limit, time) = limit(50);
        for _ in 0..5 {
            assert_eq!(limit.take(), Ok(()));
        }
        assert_eq!(limit.take(), Err(Duration::from_millis(20)));
        time.advance(Duration::from_millis(20));
        assert_eq!(limit.take(), Ok(()));
        assert!(limit.take().is_err());
    }

    #[test]
    fn in_the_long_run_the_rate_holds_and_refusals_cost_nothing() {
        for per_second in [1, 7, 50, 1_000, 20_000] {
            let (limit, time) = limit(per_second);
            let mut taken = 0;
            for _ in 0..10_000 {
                time.advance(Duration::from_millis(1));
                while limit.take().is_ok() {
                    taken += 1;
                }
            }
            let (rate, burst) = (per_second * 10, (per_second / 10).max(1));
            // The interval is in whole microseconds: off by less than one in fifty at 20,000/s.
            let most = (rate + burst) + rate / 40;
            assert!((rate..=most).contains(&taken), "{taken} of {rate}");
        }
    }
}
