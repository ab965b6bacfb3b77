//! A share of trials, and how far the true one may be from it: Clopper and Pearson's exact bounds (1934).

use statrs::distribution::{Beta, ContinuousCDF};

/// Confidence of either bound by itself.
pub const CONFIDENCE: f64 = 0.95;

/// `hits` of `trials`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proportion {
    /// How often it happened.
    pub hits: u64,
    /// Of so many.
    pub trials: u64,
}

impl Proportion {
    /// The observed share (0 to 1); `None` without trials.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.trials > 0).then(|| self.hits as f64 / self.trials as f64)
    }

    /// The true share is lower than this with a chance of 5 % at most. 0 without trials.
    #[must_use]
    pub fn lower(self) -> f64 {
        if self.hits == 0 {
            return 0.0;
        }
        beta(self.hits, self.trials - self.hits + 1).inverse_cdf(1.0 - CONFIDENCE)
    }

    /// The true share is higher than this with a chance of 5 % at most. 1 without trials.
    #[must_use]
    pub fn upper(self) -> f64 {
        if self.hits == self.trials {
            return 1.0;
        }
        beta(self.hits + 1, self.trials - self.hits).inverse_cdf(CONFIDENCE)
    }
}

fn beta(a: u64, b: u64) -> Beta {
    Beta::new(a as f64, b as f64).expect("both shapes are at least 1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(hits: u64, trials: u64) -> Proportion {
        Proportion { hits, trials }
    }

    /// The ends have a closed form; those between are the 90 % limits of Clopper and Pearson as R's `binom.test` prints them.
    #[test]
    fn known_bounds() {
        let cases = [
            (0, 10_000, 0.0, 1.0 - 0.05_f64.powf(1e-4)),
            (10_000, 10_000, 0.05_f64.powf(1e-4), 1.0),
            (1, 10, 0.005_116, 0.394_163),
            (5, 10, 0.222_441, 0.777_559),
        ];
        for (hits, trials, lower, upper) in cases {
            let (found_lower, found_upper) = (of(hits, trials).lower(), of(hits, trials).upper());
            assert!((found_lower - lower).abs() < 1e-6, "{found_lower} {lower}");
            assert!((found_upper - upper).abs() < 1e-6, "{found_upper} {upper}");
        }
        assert_eq!((of(0, 0).lower(), of(0, 0).upper()), (0.0, 1.0));
        assert_eq!((of(0, 0).share(), of(1, 4).share()), (None, Some(0.25)));
    }

    proptest! {
        #[test]
        fn the_share_lies_between_its_bounds_and_misses_mirror_hits(trials in 1..20_000_u64, part in 0.0..=1.0_f64) {
            let hits = (part * trials as f64) as u64;
            let (some, others) = (of(hits, trials), of(trials - hits, trials));
            let share = some.share().expect("trials");
            prop_assert!(some.lower() <= share && share <= some.upper());
            prop_assert!((some.lower() + others.upper() - 1.0).abs() < 1e-9);
        }
    }
}
