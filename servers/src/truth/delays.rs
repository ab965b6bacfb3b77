//! Delays drawn from a known law. Equal seeds draw equal delays, in whole microseconds.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

/// The longest delay. A heavy tail is cut there: nobody waits longer, and the cut is part of what was drawn.
pub const LONGEST: Duration = Duration::from_secs(60);

/// Above it, half of all delays lie more than a factor of 7 from the median, and the cut at [`LONGEST`] would shape the law.
const WIDEST_SIGMA: f64 = 3.0;

/// How long answers are held.
#[derive(Clone, Debug)]
pub struct Delay(Law);

#[derive(Clone, Debug)]
enum Law {
    Fixed(u32),
    Bimodal { fast: u32, slow: u32, share: f64 },
    LogNormal(LogNormal<f64>),
}

/// A delay that cannot be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DelayError {
    /// Longer than [`LONGEST`].
    #[error("a delay is at most {} s", LONGEST.as_secs())]
    TooLong,
    /// The share of slow answers is not a share.
    #[error("the share of slow answers lies between 0 and 1")]
    Share,
    /// The fast mode is not the faster one.
    #[error("the fast delay is shorter than the slow one")]
    Order,
    /// The sigma is not one.
    #[error("sigma is more than 0 and at most {WIDEST_SIGMA}")]
    Sigma,
    /// A log-normal law has no median of 0.
    #[error("the median is at least 1us")]
    Median,
}

impl Delay {
    /// Always `delay`.
    pub fn fixed(delay: Duration) -> Result<Self, DelayError> {
        Ok(Self(Law::Fixed(micros(delay)?)))
    }

    /// `slow` with probability `share`, in [0, 1], else `fast`.
    pub fn bimodal(fast: Duration, slow: Duration, share: f64) -> Result<Self, DelayError> {
        let (fast, slow) = (micros(fast)?, micros(slow)?);
        if !(0.0..=1.0).contains(&share) {
            return Err(DelayError::Share);
        }
        if fast >= slow {
            return Err(DelayError::Order);
        }
        Ok(Self(Law::Bimodal { fast, slow, share }))
    }

    /// Log-normal: its logarithm is normal with standard deviation `sigma`, in (0, 3].
    pub fn log_normal(median: Duration, sigma: f64) -> Result<Self, DelayError> {
        let median = micros(median)?;
        if median == 0 {
            return Err(DelayError::Median);
        }
        if !(sigma > 0.0 && sigma <= WIDEST_SIGMA) {
            return Err(DelayError::Sigma);
        }
        LogNormal::new(f64::from(median).ln(), sigma)
            .map(|law| Self(Law::LogNormal(law)))
            .map_err(|_| DelayError::Sigma)
    }
}

/// The sequence of delays that one seed draws.
#[derive(Debug)]
pub(super) struct Draws {
    law: Law,
    generator: ChaCha8Rng,
}

impl Draws {
    pub(super) fn new(delay: &Delay, seed: u64) -> Self {
        Self {
            law: delay.0.clone(),
            generator: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// The next delay, in microseconds.
    pub(super) fn draw(&mut self) -> u32 {
        match &self.law {
            Law::Fixed(delay) => *delay,
            Law::Bimodal { fast, slow, share } => {
                if self.generator.random::<f64>() < *share {
                    *slow
                } else {
                    *fast
                }
            }
            Law::LogNormal(law) => {
                let drawn = law.sample(&mut self.generator).round();
                drawn.min(LONGEST.as_micros() as f64) as u32
            }
        }
    }
}

fn micros(delay: Duration) -> Result<u32, DelayError> {
    if delay > LONGEST {
        return Err(DelayError::TooLong);
    }
    u32::try_from(delay.as_micros()).map_err(|_| DelayError::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn drawn(delay: &Delay, seed: u64, n: usize) -> Vec<u32> {
        let mut draws = Draws::new(delay, seed);
        (0..n).map(|_| draws.draw()).collect()
    }

    #[test]
    fn equal_seeds_draw_equal_delays() {
        for delay in [
            Delay::fixed(5 * MS),
            Delay::bimodal(MS, 20 * MS, 0.1),
            Delay::log_normal(2 * MS, 1.0),
        ] {
            let delay = delay.expect("a law");
            assert_eq!(drawn(&delay, 7, 1_000), drawn(&delay, 7, 1_000));
        }
        let tailed = Delay::log_normal(2 * MS, 1.0).expect("a law");
        assert_ne!(drawn(&tailed, 7, 1_000), drawn(&tailed, 8, 1_000));
    }

    #[test]
    fn a_bimodal_law_has_two_values_and_the_share() {
        let delay = Delay::bimodal(MS, 20 * MS, 0.1).expect("a law");
        let all = drawn(&delay, 1, 100_000);
        assert!(all.iter().all(|delay| [1_000, 20_000].contains(delay)));
        let slow = all.iter().filter(|delay| **delay == 20_000).count();
        // Five standard deviations of a binomial count: 5 × √(100,000 × 0.1 × 0.9).
        assert!(slow.abs_diff(10_000) < 475, "{slow}");
    }

    #[test]
    fn a_log_normal_law_has_its_median_and_its_tail() {
        let delay = Delay::log_normal(2 * MS, 1.0).expect("a law");
        let mut all = drawn(&delay, 1, 100_000);
        all.sort_unstable();
        let (median, p999) = (f64::from(all[50_000]), f64::from(all[99_900]));
        assert!((median / 2_000.0 - 1.0).abs() < 0.03, "{median}");
        // The standard normal's 99.9th percentile is 3.09: 2 ms × e^3.09 = 44 ms.
        assert!((p999 / 43_960.0 - 1.0).abs() < 0.2, "{p999}");
    }

    #[test]
    fn what_cannot_be_drawn_is_told() {
        let bimodal = |fast, slow, share| Delay::bimodal(fast, slow, share).err();
        assert_eq!(Delay::fixed(61_000 * MS).err(), Some(DelayError::TooLong));
        assert_eq!(bimodal(MS, 2 * MS, 1.1), Some(DelayError::Share));
        assert_eq!(bimodal(MS, 2 * MS, f64::NAN), Some(DelayError::Share));
        assert_eq!(bimodal(2 * MS, MS, 0.5), Some(DelayError::Order));
        for sigma in [0.0, -1.0, 3.1, f64::NAN] {
            assert_eq!(Delay::log_normal(MS, sigma).err(), Some(DelayError::Sigma));
        }
        let zero = Delay::log_normal(Duration::ZERO, 1.0);
        assert_eq!(zero.err(), Some(DelayError::Median));
    }
}
