//! What the store was asked, counted without a lock: every request of a model passes here.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the latency buckets, in microseconds, inclusive (Prometheus `le`); one more bucket is unbounded.
///
/// They reach from below a loopback round trip to past the default deadline.
pub const LATENCY_BOUNDS: [u64; 12] = [
    50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 200_000,
];

/// What was asked of the store so far; a copy, taken at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counters {
    /// Commands sent for operations (not those that set up a connection). A transaction of n commands counts n + 2, `MULTI` and `EXEC` being commands to parse and
    /// answer like any other; this is how Redis itself counts in `total_commands_processed`.
    pub commands: u64,
    /// Times the caller had to wait for the network: one per operation, however many commands it carried.
    pub round_trips: u64,
    /// Operations that failed, of whatever cause.
    pub failures: u64,
    /// Round trips per bucket of [`LATENCY_BOUNDS`], *not* cumulative; the last entry is what exceeded every bound.
    /// Failed operations are in it, with the time until they failed.
    pub latency_buckets: [u64; LATENCY_BOUNDS.len() + 1],
    /// Sum of all latencies.
    pub latency_sum: Duration,
}

/// The live counters, shared by all clones of a store.
///
/// Relaxed ordering: each is an independent count, and nobody decides anything from two of them together.
#[derive(Debug, Default)]
pub(super) struct LiveCounters {
    commands: AtomicU64,
    round_trips: AtomicU64,
    failures: AtomicU64,
    latency_buckets: [AtomicU64; LATENCY_BOUNDS.len() + 1],
    latency_sum_ns: AtomicU64,
}

impl LiveCounters {
    /// Counts one round trip carrying `commands`, before it is sent: one that times out was still asked.
    pub(super) fn sent(&self, commands: u64) {
        self.commands.fetch_add(commands, Relaxed);
        self.round_trips.fetch_add(1, Relaxed);
    }

    /// Counts the end of a round trip.
    pub(super) fn ended(&self, took: Duration, failed: bool) {
        let bucket = LATENCY_BOUNDS.partition_point(|bound| u128::from(*bound) < took.as_micros());
        self.latency_buckets[bucket].fetch_add(1, Relaxed);
        self.latency_sum_ns
            .fetch_add(took.as_nanos() as u64, Relaxed);
        self.failures.fetch_add(u64::from(failed), Relaxed);
    }

    pub(super) fn snapshot(&self) -> Counters {
        Counters {
            commands: self.commands.load(Relaxed),
            round_trips: self.round_trips.load(Relaxed),
            failures: self.failures.load(Relaxed),
            latency_buckets: std::array::from_fn(|bucket| {
                self.latency_buckets[bucket].load(Relaxed)
            }),
            latency_sum: Duration::from_nanos(self.latency_sum_ns.load(Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_on_a_bound_falls_in_its_bucket() {
        let live = LiveCounters::default();
        for micros in [50, 51, 200_000, 200_001] {
            live.ended(Duration::from_micros(micros), false);
        }
        let buckets = live.snapshot().latency_buckets;
        assert_eq!(
            (buckets[0], buckets[1], buckets[11], buckets[12]),
            (1, 1, 1, 1)
        );
    }

    #[test]
    fn a_transaction_is_one_round_trip() {
        let live = LiveCounters::default();
        live.sent(6);
        live.ended(Duration::from_micros(80), true);
        let counters = live.snapshot();
        assert_eq!(
            (counters.commands, counters.round_trips, counters.failures),
            (6, 1, 1)
        );
        assert_eq!(counters.latency_sum, Duration::from_micros(80));
    }
}
