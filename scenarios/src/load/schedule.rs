//! When each request is intended to start, and at which target: decided before anything is sent, from a seed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// The intended starts of one round: evenly spaced, each drawn to one of the targets at random.
///
/// Drawing per request, not per round, exposes every target to the same moments of a noisy machine. It also gives each target the
/// irregular arrivals of independent callers, while the total stays exactly at the rate asked.
#[derive(Clone, Debug)]
pub struct Schedule {
    interval_ns: f64,
    starts: u64,
    targets: usize,
    next: u64,
    draw: ChaCha8Rng,
}

/// One intended start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntendedStart {
    /// Time since the round's first intended start.
    pub offset: Duration,
    /// Index of the target it falls to.
    pub target: usize,
}

impl Schedule {
    /// `rate_per_s` intended starts per second for `length`, over `targets` targets (at least one). The same `seed` gives
    /// the same schedule.
    #[must_use]
    pub fn new(rate_per_s: f64, length: Duration, targets: usize, seed: u64) -> Self {
        Self {
            interval_ns: 1e9 / rate_per_s,
            starts: (rate_per_s * length.as_secs_f64()).round() as u64,
            targets,
            next: 0,
            draw: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// How many intended starts are left.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.starts - self.next
    }
}

impl Iterator for Schedule {
    type Item = IntendedStart;

    fn next(&mut self) -> Option<IntendedStart> {
        if self.next == self.starts {
            return None;
        }
        // Multiplied, not added up: a rounding error per start would drift over a long round.
        let offset = Duration::from_nanos((self.next as f64 * self.interval_ns) as u64);
        self.next += 1;
        Some(IntendedStart {
            offset,
            target: self.draw.random_range(0..self.targets),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_exact_and_does_not_drift() {
        let starts: Vec<_> = Schedule::new(3.0, Duration::from_secs(100), 1, 7).collect();
        assert_eq!(starts.len(), 300);
        assert_eq!(
            starts[299].offset,
            Duration::from_nanos((299.0 * (1e9 / 3.0)) as u64)
        );
    }

    #[test]
    fn the_seed_decides_which_target_gets_each_start() {
        let draw =
            |seed| Schedule::new(1000.0, Duration::from_secs(1), 5, seed).collect::<Vec<_>>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn every_target_gets_its_share() {
        let mut counts = [0u32; 5];
        for start in Schedule::new(10_000.0, Duration::from_secs(1), 5, 42) {
            counts[start.target] += 1;
        }
        // Five standard deviations of a binomial(10,000, 1/5) are 200.
        assert!(
            counts.iter().all(|count| count.abs_diff(2000) < 200),
            "{counts:?}"
        );
    }
}
