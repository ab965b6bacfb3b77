//! Holm's step-down procedure (1979): many hypotheses, one bound on the chance of rejecting any true one.

/// What became of one hypothesis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The level (0 to 1) that its p-value was held against: its adjusted level.
    pub level: f64,
    /// Whether it was rejected.
    pub rejected: bool,
}

/// Tests all of `p_values` so that the chance of rejecting any true hypothesis is at most `alpha`, however they depend on each other.
///
/// The smallest p-value is held against α ÷ k, the next against α ÷ (k − 1), and so on up to the first that is not rejected; that one
/// and all after it stand with the level at which the procedure stopped. One [`Step`] per p-value, in their order.
#[must_use]
pub fn holm(p_values: &[f64], alpha: f64) -> Vec<Step> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|left, right| p_values[*left].total_cmp(&p_values[*right]));
    let mut steps = vec![
        Step {
            level: alpha,
            rejected: false
        };
        p_values.len()
    ];
    let mut going = true;
    let mut left = p_values.len();
    for index in order {
        let level = alpha / left as f64;
        going &= p_values[index] <= level;
        steps[index] = Step {
            level,
            rejected: going,
        };
        if going {
            left -= 1;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rejected(p_values: &[f64], alpha: f64) -> Vec<bool> {
        holm(p_values, alpha)
            .iter()
            .map(|step| step.rejected)
            .collect()
    }

    #[test]
    fn steps_down_and_stops_at_the_first_that_stands() {
        let p_values = [0.01, 0.04, 0.03, 0.005];
        assert_eq!(rejected(&p_values, 0.05), [true, false, false, true]);
        let levels: Vec<f64> = holm(&p_values, 0.05)
            .iter()
            .map(|step| step.level)
            .collect();
        assert_eq!(levels, [0.05 / 3.0, 0.025, 0.025, 0.0125]);
    }

    #[test]
    fn one_hypothesis_has_the_whole_level_and_none_has_no_steps() {
        assert_eq!(rejected(&[0.05], 0.05), [true]);
        assert!(holm(&[], 0.05).is_empty());
    }

    proptest! {
        #[test]
        fn rejects_what_bonferroni_rejects_and_nothing_beyond_alpha(
            p_values in prop::collection::vec(0.0..0.2_f64, 1..20),
        ) {
            let k = p_values.len() as f64;
            for (p, step) in p_values.iter().zip(holm(&p_values, 0.05)) {
                prop_assert!(*p > 0.05 / k || step.rejected);
                prop_assert!(!step.rejected || *p <= step.level);
                prop_assert!(step.level >= 0.05 / k && step.level <= 0.05);
            }
        }
    }
}
