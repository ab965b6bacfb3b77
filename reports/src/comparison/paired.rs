//! The paired t: what the rounds say about the mean log ratio.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Mean and spread of the log ratios of at least two rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    rounds: usize,
    mean: f64,
    sd: f64,
}

impl Paired {
    /// Of one log ratio per round; `None` below two rounds, which have no spread.
    #[must_use]
    pub fn of(log_ratios: &[f64]) -> Option<Self> {
        let rounds = log_ratios.len();
        if rounds < 2 {
            return None;
        }
        let mean = log_ratios.iter().sum::<f64>() / rounds as f64;
        let squares: f64 = log_ratios.iter().map(|x| (x - mean).powi(2)).sum();
        let sd = (squares / (rounds - 1) as f64).sqrt();
        Some(Self { rounds, mean, sd })
    }

    /// How many rounds.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// Mean log ratio.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Sample standard deviation of the log ratios.
    #[must_use]
    pub fn sd(&self) -> f64 {
        self.sd
    }

    /// The chance (0 to 1) of a mean at least this far above `bound`, were the true one not above it.
    #[must_use]
    pub fn p_above(&self, bound: f64) -> f64 {
        let (distance, error) = (self.mean - bound, self.standard_error());
        // Rounds that all agree leave no room for chance.
        if error == 0.0 {
            return if distance > 0.0 { 0.0 } else { 1.0 };
        }
        students_t(self.rounds).sf(distance / error)
    }

    /// The chance (0 to 1) of a mean at least this far below `bound`, were the true one not below it.
    #[must_use]
    pub fn p_below(&self, bound: f64) -> f64 {
        let mirrored = Self {
            mean: -self.mean,
            ..*self
        };
        mirrored.p_above(-bound)
    }

    /// The one-sided lower bound: the true mean lies below it with a chance of `level` at most.
    #[must_use]
    pub fn lower(&self, level: f64) -> f64 {
        self.mean - t_quantile(level, self.rounds) * self.standard_error()
    }

    /// The one-sided upper bound: the true mean lies above it with a chance of `level` at most.
    #[must_use]
    pub fn upper(&self, level: f64) -> f64 {
        self.mean + t_quantile(level, self.rounds) * self.standard_error()
    }

    fn standard_error(&self) -> f64 {
        self.sd / (self.rounds as f64).sqrt()
    }
}

/// What Student's t of `rounds` (at least two) rounds exceeds with a chance of `level` (0 to 0.5).
#[must_use]
pub fn t_quantile(level: f64, rounds: usize) -> f64 {
    // The lower tail and its sign: 1 − level would lose the digits of a small level.
    -students_t(rounds).inverse_cdf(level)
}

fn students_t(rounds: usize) -> StudentsT {
    let freedom = rounds.saturating_sub(1).max(1) as f64;
    StudentsT::new(0.0, 1.0, freedom).expect("at least one degree of freedom, scale 1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paired(log_ratios: &[f64]) -> Paired {
        Paired::of(log_ratios).expect("two rounds")
    }

    /// Fisher and Yates' table of the upper tail, by degrees of freedom.
    #[test]
    fn tabulated_quantiles() {
        let table = [
            (0.05, 1, 6.314),
            (0.01, 4, 3.747),
            (0.01, 9, 2.821),
            (0.001, 13, 3.852),
            (0.0005, 30, 3.646),
            (0.0005, 60, 3.460),
            (0.005, 120, 2.617),
        ];
        for (level, freedom, tabulated) in table {
            let quantile = t_quantile(level, freedom + 1);
            assert!(
                (quantile - tabulated).abs() < 6e-4,
                "{quantile} {tabulated}"
            );
        }
    }

    #[test]
    fn far_tails_too() {
        // With one degree of freedom it is Cauchy's distribution, whose quantile is cot(π level); with two,
        // (1 − 2 level) ÷ √(2 level (1 − level)).
        for level in [1e-2, 1e-4, 7.5e-5, 1e-6] {
            let cauchy = 1.0 / (std::f64::consts::PI * level).tan();
            assert!(
                (t_quantile(level, 2) / cauchy - 1.0).abs() < 1e-9,
                "{level}"
            );
            let two = (1.0 - 2.0 * level) / (2.0 * level * (1.0 - level)).sqrt();
            assert!((t_quantile(level, 3) / two - 1.0).abs() < 1e-9, "{level}");
        }
    }

    /// Gosset's own sample (1908): hours of sleep gained with one drug over the other.
    #[test]
    fn students_sleep() {
        let gained = paired(&[1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]);
        assert!((gained.mean() - 1.58).abs() < 1e-12);
        assert!((gained.p_above(0.0) - 0.001_416).abs() < 1e-6);
        assert!((gained.p_below(0.0) + gained.p_above(0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn rounds_that_all_agree_leave_no_doubt() {
        let same = paired(&[0.5; 4]);
        assert_eq!((same.lower(0.01), same.upper(0.01)), (0.5, 0.5));
        assert_eq!((same.p_above(0.4), same.p_below(0.4)), (0.0, 1.0));
        assert_eq!((same.p_above(0.5), same.p_below(0.5)), (1.0, 1.0));
        assert_eq!(Paired::of(&[0.5]), None);
    }

    proptest! {
        #[test]
        fn a_bound_is_where_the_p_value_equals_its_level(
            log_ratios in prop::collection::vec(-1.0..1.0_f64, 2..60),
            level in 1e-5..0.4_f64,
        ) {
            let rounds = paired(&log_ratios);
            prop_assume!(rounds.sd() > 1e-6);
            prop_assert!((rounds.p_above(rounds.lower(level)) / level - 1.0).abs() < 1e-6);
            prop_assert!((rounds.p_below(rounds.upper(level)) / level - 1.0).abs() < 1e-6);
        }

        #[test]
        fn swapping_the_arms_mirrors_everything(
            log_ratios in prop::collection::vec(-1.0..1.0_f64, 2..60),
            bound in -0.5..0.5_f64,
        ) {
            let swapped: Vec<f64> = log_ratios.iter().map(|x| -x).collect();
            let (there, back) = (paired(&log_ratios), paired(&swapped));
            prop_assert!((there.p_above(bound) - back.p_below(-bound)).abs() < 1e-9);
            prop_assert!((there.lower(0.01) + back.upper(0.01)).abs() < 1e-9);
        }
    }
}
