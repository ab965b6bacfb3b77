//! Order statistics, the spread over rounds, and a test of uniformity for intervals.

use crate::number::rounded;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A law is rejected when data as odd as these had a smaller chance under it.
pub const ALPHA: f64 = 0.001;
/// Below this many samples the test of uniformity has no power worth the name.
pub const UNIFORMITY_NEEDS: usize = 20;

/// The nearest-rank `quantile` (0 to 1) of `sorted` (ascending): a value that was measured, never one between two.
/// `None` when there is none.
#[must_use]
pub fn order_statistic(sorted: &[f64], quantile: f64) -> Option<f64> {
    // 0.99 × 300 is a hair over 297 in binary, and would name the 298th.
    let rank = (sorted.len() as f64 * quantile - 1e-9).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// How far the values of the rounds lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Smallest round.
    pub min: f64,
    /// Largest round.
    pub max: f64,
    /// Sample standard deviation; absent for a single round.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sd: Option<f64>,
}

impl Spread {
    /// Of one value per round; `None` without any.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let min = values.iter().copied().reduce(f64::min)?;
        let max = values.iter().copied().reduce(f64::max)?;
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self {
            min: rounded(min),
            max: rounded(max),
            sd: (values.len() > 1).then(|| rounded((squares / (n - 1.0)).sqrt())),
        })
    }

    /// Whether a round of one was as low as a round of the other: then the rounds do not tell the two apart.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.min <= other.max && other.min <= self.max
    }
}

/// The chance (0 to 1) that values drawn uniformly from 0 to 1 lie at least as far from uniformity as the values that are
/// only known to lie in `intervals` must; `None` below [`UNIFORMITY_NEEDS`] intervals.
///
/// Kolmogorov–Smirnov with the *certain* part of its distance: the empirical distribution lies between that of the upper ends
/// and that of the lower ends, and only what leaves no choice counts. Midpoints would let coarse probing look like a broken law.
/// The chance is Kolmogorov's limit with Stephens' correction for finite n (1970).
#[must_use]
pub fn uniform_p_value(intervals: &[(f64, f64)]) -> Option<f64> {
    if intervals.len() < UNIFORMITY_NEEDS {
        return None;
    }
    let root = (intervals.len() as f64).sqrt();
    let distance = certain_distance(intervals);
    Some(kolmogorov_survival((root + 0.12 + 0.11 / root) * distance))
}

fn certain_distance(intervals: &[(f64, f64)]) -> f64 {
    let n = intervals.len() as f64;
    let (mut lower, mut upper): (Vec<f64>, Vec<f64>) = intervals.iter().copied().unzip();
    lower.sort_by(f64::total_cmp);
    upper.sort_by(f64::total_cmp);
    let too_many_below = upper
        .iter()
        .zip(1..)
        .map(|(end, rank)| f64::from(rank) / n - end);
    let too_few_below = lower
        .iter()
        .zip(0..)
        .map(|(start, rank)| start - f64::from(rank) / n);
    too_many_below.chain(too_few_below).fold(0.0, f64::max)
}

/// P(K ≥ x) for Kolmogorov's K (1933).
fn kolmogorov_survival(x: f64) -> f64 {
    // The alternating series needs ever more terms towards 0, where the answer is 1 to nine digits anyway.
    if x < 0.3 {
        return 1.0;
    }
    let terms = (1..=100).map(|k| {
        let k = f64::from(k);
        let sign = if k % 2.0 == 0.0 { -1.0 } else { 1.0 };
        sign * (-2.0 * (k * x).powi(2)).exp()
    });
    (2.0 * terms.sum::<f64>()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(values: &[f64]) -> Vec<(f64, f64)> {
        values.iter().map(|value| (*value, *value)).collect()
    }

    fn probed(values: &[f64], every: f64) -> Vec<(f64, f64)> {
        let cell = |value: f64| (value / every).floor() * every;
        values
            .iter()
            .map(|value| (cell(*value), cell(*value) + every))
            .collect()
    }

    #[test]
    fn nearest_rank_names_a_measured_value() {
        let values: Vec<f64> = (1..=300).map(f64::from).collect();
        assert_eq!(order_statistic(&values, 0.5), Some(150.0));
        assert_eq!(order_statistic(&values, 0.99), Some(297.0));
        assert_eq!(order_statistic(&values[..1], 0.5), Some(1.0));
        assert_eq!(order_statistic(&[], 0.5), None);
    }

    #[test]
    fn spread_of_rounds() {
        let spread = Spread::of(&[1.0, 2.0, 3.0]).expect("three rounds");
        assert_eq!(
            spread,
            Spread {
                min: 1.0,
                max: 3.0,
                sd: Some(1.0)
            }
        );
        assert_eq!(Spread::of(&[2.0]).and_then(|spread| spread.sd), None);
        assert!(spread.overlaps(&Spread::of(&[3.0, 4.0]).expect("two")));
        assert!(!spread.overlaps(&Spread::of(&[3.1, 4.0]).expect("two")));
    }

    #[test]
    fn a_square_root_is_not_uniform_however_coarsely_it_is_seen() {
        let skewed: Vec<f64> = (0..300)
            .map(|i| ((f64::from(i) + 0.5) / 300.0).sqrt())
            .collect();
        assert!(uniform_p_value(&points(&skewed)).expect("enough") < ALPHA);
        assert!(uniform_p_value(&probed(&skewed, 0.05)).expect("enough") < ALPHA);
    }

    #[test]
    fn coarse_probing_alone_is_no_evidence() {
        let even: Vec<f64> = (0..300).map(|i| (f64::from(i) + 0.5) / 300.0).collect();
        // The midpoints of these five cells would be rejected: sixty values at each of five points are not uniform.
        assert_eq!(uniform_p_value(&probed(&even, 0.2)), Some(1.0));
    }

    #[test]
    fn too_few_samples_give_no_answer() {
        assert_eq!(uniform_p_value(&points(&[0.5; UNIFORMITY_NEEDS - 1])), None);
    }

    #[test]
    fn kolmogorovs_tabulated_critical_values() {
        for (x, chance) in [(1.358_10, 0.05), (1.627_62, 0.01), (1.949_47, 0.001)] {
            assert!((kolmogorov_survival(x) - chance).abs() < 1e-5, "{x}");
        }
        assert_eq!(kolmogorov_survival(0.0), 1.0);
        assert!(kolmogorov_survival(9.0) < 1e-60);
    }

    proptest! {
        #[test]
        fn of_points_the_certain_distance_is_the_ordinary_one(
            values in prop::collection::vec(0.0..1.0_f64, 20..200),
        ) {
            let n = values.len() as f64;
            let share = |which: &dyn Fn(f64) -> bool| values.iter().filter(|v| which(**v)).count() as f64 / n;
            let ordinary = values
                .iter()
                .map(|x| (share(&|v| v <= *x) - x).max(x - share(&|v| v < *x)))
                .fold(0.0, f64::max);
            prop_assert!((certain_distance(&points(&values)) - ordinary).abs() < 1e-9);
        }

        #[test]
        fn wider_intervals_never_lower_the_p_value(
            values in prop::collection::vec(0.0..1.0_f64, 20..200),
            every in 0.001..0.5_f64,
        ) {
            prop_assert!(uniform_p_value(&probed(&values, every)) >= uniform_p_value(&points(&values)));
        }
    }
}
