//! What really happened: every delay drawn and every time held, as whole microseconds, and their exact quantiles.

use serde::Serialize;
use std::time::Duration;

/// So many samples of each kind are kept, 4 bytes each. Later ones are counted and not kept: the quantiles are then those of
/// the first so many, and the report says how many are missing.
pub const SAMPLES_KEPT: usize = 8_000_000;

/// Nearest-rank quantiles, in microseconds: each is a sample, the smallest that at least the named share of all samples does not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// The median.
    pub p50: u32,
    /// 90 % are at most this.
    pub p90: u32,
    /// 99 % are at most this.
    pub p99: u32,
    /// 99.9 % are at most this.
    pub p999: u32,
    /// The largest sample.
    pub max: u32,
}

/// Samples of one kind.
#[derive(Debug, Default)]
pub(super) struct Samples {
    micros: Vec<u32>,
    not_kept: u64,
}

impl Samples {
    /// Adds one; what lies beyond 71 minutes counts as 71 minutes.
    pub(super) fn add(&mut self, sample: Duration) {
        self.add_micros(u32::try_from(sample.as_micros()).unwrap_or(u32::MAX));
    }

    pub(super) fn add_micros(&mut self, sample: u32) {
        if self.micros.len() < SAMPLES_KEPT {
            self.micros.push(sample);
        } else {
            self.not_kept += 1;
        }
    }

    /// How many came after [`SAMPLES_KEPT`].
    pub(super) fn not_kept(&self) -> u64 {
        self.not_kept
    }

    /// `None` without any sample.
    pub(super) fn quantiles(&self) -> Option<Quantiles> {
        let mut sorted = self.micros.clone();
        sorted.sort_unstable();
        let at = |per_mille| sorted.get(rank(sorted.len(), per_mille)).copied();
        Some(Quantiles {
            p50: at(500)?,
            p90: at(900)?,
            p99: at(990)?,
            p999: at(999)?,
            max: at(1_000)?,
        })
    }
}

/// The index of the nearest rank, ⌈n · q⌉ − 1, in whole numbers: a float product of 0.9 and 10 may be a little more than 9.
fn rank(n: usize, per_mille: usize) -> usize {
    (n * per_mille).div_ceil(1_000).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: impl IntoIterator<Item = u32>) -> Option<Quantiles> {
        let mut all = Samples::default();
        samples
            .into_iter()
            .for_each(|sample| all.add_micros(sample));
        all.quantiles()
    }

    #[test]
    fn quantiles_are_samples_at_the_nearest_rank() {
        assert_eq!(of([]), None);
        let one = of([7]).expect("a sample");
        assert_eq!((one.p50, one.p999, one.max), (7, 7, 7));
        // By hand: of 1 to 10, rank ⌈5⌉, ⌈9⌉, ⌈9.9⌉ and ⌈9.99⌉.
        let ten = of((1..=10).rev()).expect("samples");
        assert_eq!(
            (ten.p50, ten.p90, ten.p99, ten.p999, ten.max),
            (5, 9, 10, 10, 10)
        );
        let thousand = of(1..=1_000).expect("samples");
        assert_eq!(
            (thousand.p99, thousand.p999, thousand.max),
            (990, 999, 1_000)
        );
    }

    #[test]
    fn a_sample_too_long_for_its_number_is_as_long_as_the_number_goes() {
        let mut samples = Samples::default();
        samples.add(Duration::from_secs(10_000));
        assert_eq!(samples.quantiles().map(|all| all.max), Some(u32::MAX));
    }
}
