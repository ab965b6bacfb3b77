//! When sessions begin: decided before anything is sent, from a seed.

use crate::load::schedule::IntendedStart;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// Sessions of independent people begin as a Poisson process: at exponential distances. Each falls to one target, all alike, and one client type, by
/// its share; at a target that does not serve that type, nothing begins, and the others get no more for it.
#[derive(Clone, Debug)]
pub struct Starts {
    mean_gap_s: f64,
    length: Duration,
    /// Per client type: where its part of the range from 0 to 1 ends.
    ends: Vec<f64>,
    targets: usize,
    at_s: f64,
    draw: ChaCha8Rng,
}

impl Starts {
    /// `per_s` starts per second for `length`, over `targets` targets (at least one) and a client type for each of `shares`, which add up to 1. The
    /// same `seed` gives the same starts.
    #[must_use]
    pub fn new(per_s: f64, length: Duration, targets: usize, shares: &[f64], seed: u64) -> Self {
        let ends = shares.iter().scan(0.0, |end, share| {
            *end += share;
            Some(*end)
        });
        Self {
            mean_gap_s: 1.0 / per_s,
            length,
            ends: ends.collect(),
            targets,
            at_s: 0.0,
            draw: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// How many client types there are: the start of client type `c` at target `t` has the index `t * clients + c`.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.ends.len()
    }
}

impl Iterator for Starts {
    type Item = IntendedStart;

    fn next(&mut self) -> Option<IntendedStart> {
        // 1 − u, because u may be 0 and is never 1.
        let gap: f64 = -(1.0 - self.draw.random_range(0.0..1.0f64)).ln();
        self.at_s += gap * self.mean_gap_s;
        let offset = Duration::from_secs_f64(self.at_s);
        let target = self.draw.random_range(0..self.targets);
        let point = self.draw.random_range(0.0..1.0f64);
        // A sum of shares may fall short of 1 by a rounding; the last type with any share takes it.
        let client = self.ends.iter().position(|end| point < *end);
        let client = client.or_else(|| last_with_a_share(&self.ends))?;
        (offset < self.length).then_some(IntendedStart {
            offset,
            target: target * self.ends.len() + client,
        })
    }
}

fn last_with_a_share(ends: &[f64]) -> Option<usize> {
    let last = ends.last()?;
    ends.iter().position(|end| end == last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn counts(shares: &[f64], seed: u64) -> Vec<u32> {
        let mut counts = vec![0; 2 * shares.len()];
        for start in Starts::new(10.0, HOUR, 2, shares, seed) {
            counts[start.target] += 1;
        }
        counts
    }

    #[test]
    fn the_seed_decides_everything() {
        let all = |seed| Starts::new(10.0, HOUR, 3, &[0.5, 0.5], seed).collect::<Vec<_>>();
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
    }

    #[test]
    fn the_rate_and_the_shares_are_those_asked() {
        let counts = counts(&[0.7, 0.0, 0.3], 5);
        // Of 36,000: five standard deviations of each part are below 600.
        for (count, expected) in counts.iter().zip([12_600, 0, 5400, 12_600, 0, 5400]) {
            assert!(count.abs_diff(expected) < 600, "{counts:?}");
        }
    }

    #[test]
    fn gaps_are_exponential_and_none_is_past_the_end() {
        let starts: Vec<_> = Starts::new(10.0, HOUR, 1, &[1.0], 9).collect();
        assert!(starts.last().is_some_and(|last| last.offset < HOUR));
        let gaps = starts
            .windows(2)
            .map(|pair| pair[1].offset - pair[0].offset);
        let long = gaps.filter(|gap| *gap > Duration::from_millis(100)).count();
        // e⁻¹ of them are longer than the mean.
        let share = long as f64 / starts.len() as f64;
        assert!((share - (-1f64).exp()).abs() < 0.02, "{share}");
    }
}
