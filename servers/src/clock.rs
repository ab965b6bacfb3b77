//! The time, injectable, so that a timeout of hours is tested in milliseconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Wall-clock time in Unix milliseconds, which never runs backwards. Cheap to clone; clones share
/// one time.
///
/// A clock set back by ten minutes must not bring expired tokens back to life, so each reading is
/// at least the one before: time stands still until the wall clock has caught up. Two servers still
/// see each other's tokens through their own clocks; the leeway of a resource server is what
/// forgives a difference.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    latest: AtomicI64,
}

#[derive(Debug)]
enum Source {
    System,
    Manual(AtomicI64),
}

/// Moves the time of the [`Clock`] it was made with.
#[derive(Clone, Debug)]
pub struct ManualTime(Clock);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::from_source(Source::System)
    }

    /// A clock that stands at `start_ms` (Unix milliseconds) until its [`ManualTime`] moves it.
    pub fn manual(start_ms: i64) -> (Self, ManualTime) {
        let clock = Self::from_source(Source::Manual(AtomicI64::new(start_ms)));
        (clock.clone(), ManualTime(clock))
    }

    /// The time in Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        let reading = match &self.0.source {
            Source::System => wall_ms(),
            Source::Manual(now) => now.load(Relaxed),
        };
        self.0.latest.fetch_max(reading, Relaxed).max(reading)
    }

    fn from_source(source: Source) -> Self {
        Self(Arc::new(Inner {
            source,
            latest: AtomicI64::new(i64::MIN),
        }))
    }
}

impl ManualTime {
    /// Moves the time forward.
    pub fn advance(&self, by: Duration) {
        self.shift(millis(by));
    }

    /// Sets the underlying time back, as a faulty time source would. The clock's own readings stand
    /// still.
    pub fn set_back(&self, by: Duration) {
        self.shift(-millis(by));
    }

    fn shift(&self, by_ms: i64) {
        if let Source::Manual(now) = &self.0.0.source {
            now.fetch_add(by_ms, Relaxed);
        }
    }
}

/// A duration in milliseconds; one too long for the number is as long as the number goes.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn wall_ms() -> i64 {
    // A clock before 1970 reads as 1970: then nothing issued by a sane clock has expired, and
    // nothing is valid yet.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_one_time() {
        let (clock, time) = Clock::manual(1_000);
        let other = clock.clone();
        time.advance(Duration::from_millis(5));
        assert_eq!((clock.now_ms(), other.now_ms()), (1_005, 1_005));
    }

    #[test]
    fn a_duration_without_end_stays_one() {
        assert_eq!(millis(Duration::MAX), i64::MAX);
        assert_eq!(millis(Duration::from_micros(1_999)), 1);
    }

    #[test]
    fn time_never_runs_backwards() {
        let (clock, time) = Clock::manual(1_000_000);
        assert_eq!(clock.now_ms(), 1_000_000);
        time.set_back(Duration::from_secs(600));
        assert_eq!(clock.now_ms(), 1_000_000);
        time.advance(Duration::from_secs(601));
        assert_eq!(clock.now_ms(), 1_001_000);
    }
}
