//! Wilcoxon's signed-rank test (1945), exact.
//!
//! The t-test trusts the mean, and one wild round moves a mean. Ranks do not care how wild it was.

/// The chance (0 to 1) of signs at least this much in favour of "above", were the log ratios symmetric about `bound` or about
/// something lower.
///
/// Rounds exactly at `bound` say nothing and are left out. Distances that are equal share the mean of their ranks, and the null
/// distribution is that of the very ranks at hand: exact with ties as without. 1 when no round is left. Costs of the order of n³ steps at most.
#[must_use]
pub fn p_above(log_ratios: &[f64], bound: f64) -> f64 {
    let mut distances: Vec<f64> = log_ratios
        .iter()
        .map(|x| x - bound)
        .filter(|distance| *distance != 0.0)
        .collect();
    distances.sort_by(|left, right| left.abs().total_cmp(&right.abs()));
    let ranks = doubled_ranks(&distances);
    let above: usize = distances
        .iter()
        .zip(&ranks)
        .filter(|(distance, _)| **distance > 0.0)
        .map(|(_, rank)| rank)
        .sum();
    chance_of_at_least(above, &ranks)
}

/// Like [`p_above`], in favour of "below".
#[must_use]
pub fn p_below(log_ratios: &[f64], bound: f64) -> f64 {
    let mirrored: Vec<f64> = log_ratios.iter().map(|x| -x).collect();
    p_above(&mirrored, -bound)
}

/// The fewest rounds that can reject at `level` (0 to 1) at all: with fewer, not even unanimous signs are rare enough.
#[must_use]
pub fn fewest_rounds(level: f64) -> usize {
    (-level.log2()).ceil().max(1.0) as usize
}

/// Twice the rank of each of `sorted` by distance: the mean of tied ranks may end in one half.
fn doubled_ranks(sorted: &[f64]) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(sorted.len());
    for tied in sorted.chunk_by(|left, right| left.abs() == right.abs()) {
        let first = ranks.len() + 1;
        let last = ranks.len() + tied.len();
        ranks.extend(std::iter::repeat_n(first + last, tied.len()));
    }
    ranks
}

/// P(sum ≥ `least`) when every one of `ranks` is in the sum or not by the toss of a fair coin.
///
/// What is not in the sum is distributed like the sum: the chance is that of a sum of at most the rest, which is small where the
/// evidence is clear. Only sums up to there are counted.
fn chance_of_at_least(least: usize, ranks: &[usize]) -> f64 {
    let rest = ranks.iter().sum::<usize>() - least;
    let mut chance = vec![0.0_f64; rest + 1];
    chance[0] = 1.0;
    let mut greatest = 0;
    for rank in ranks {
        greatest = rest.min(greatest + rank);
        // Downwards, so that each rank is added once.
        for sum in (0..=greatest).rev() {
            let with = if sum >= *rank {
                chance[sum - rank]
            } else {
                0.0
            };
            chance[sum] = 0.5 * (chance[sum] + with);
        }
    }
    // The smallest terms first.
    let tail: f64 = chance.iter().sum();
    tail.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chance(least: usize, n: usize) -> f64 {
        let ranks: Vec<usize> = (1..=n).map(|rank| 2 * rank).collect();
        chance_of_at_least(2 * least, &ranks)
    }

    /// Wilcoxon's critical values of the smaller sum, one-sided: at the value the chance is within the level, one further it is not.
    #[test]
    fn tabulated_critical_values() {
        let table = [
            (0.05, 5, 0),
            (0.05, 10, 10),
            (0.025, 10, 8),
            (0.01, 10, 5),
            (0.005, 10, 3),
            (0.05, 20, 60),
            (0.01, 20, 43),
            (0.005, 20, 37),
            (0.05, 25, 100),
            (0.005, 30, 109),
        ];
        for (level, n, critical) in table {
            let whole = n * (n + 1) / 2;
            assert!(chance(whole - critical, n) <= level, "{level} {n}");
            assert!(chance(whole - critical - 1, n) > level, "{level} {n}");
        }
    }

    /// Darwin's maize (Fisher 1935): fifteen pairs of a crossed and a self-fertilised plant, with ties.
    #[test]
    fn darwins_maize() {
        let inches = [
            49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0,
            -48.0,
        ];
        // Without ties among the distances: W+ = 96 of 120.
        assert!((p_above(&inches, 0.0) - 0.020_630).abs() < 1e-6);
    }

    #[test]
    fn ties_are_exact_and_zeros_say_nothing() {
        // All distances equal: the sum counts the signs, a binomial. P(at least 5 of 6) = 7 ÷ 64.
        let signs = [1.0, 1.0, -1.0, 1.0, 1.0, 1.0];
        assert_eq!(p_above(&signs, 0.0), 7.0 / 64.0);
        assert_eq!(p_above(&[1.0, 0.0, 2.0, 0.0], 0.0), 0.25);
        assert_eq!(p_above(&[0.0; 5], 0.0), 1.0);
        assert_eq!(p_above(&[], 0.0), 1.0);
    }

    #[test]
    fn forty_quantities_in_three_looks_need_fourteen_rounds() {
        assert_eq!(fewest_rounds(0.003 / 40.0), 14);
        let unanimous = [1.0; 14];
        assert!(p_above(&unanimous, 0.0) <= 0.003 / 40.0);
        assert!(p_above(&unanimous[1..], 0.0) > 0.003 / 40.0);
    }

    proptest! {
        #[test]
        fn agrees_with_every_assignment_of_signs(
            distances in prop::collection::vec(-4..=4_i32, 0..10),
        ) {
            let values: Vec<f64> = distances.iter().map(|distance| f64::from(*distance)).collect();
            prop_assert!((p_above(&values, 0.0) - by_enumeration(&values)).abs() < 1e-12);
        }

        #[test]
        fn the_two_directions_overlap_in_the_sum_at_hand_only(
            values in prop::collection::vec(-1.0..1.0_f64, 1..40),
            bound in -0.5..0.5_f64,
        ) {
            let both = p_above(&values, bound) + p_below(&values, bound);
            prop_assert!((1.0 - 1e-9..=1.5 + 1e-9).contains(&both), "{both}");
        }
    }

    fn by_enumeration(values: &[f64]) -> f64 {
        let mut kept: Vec<f64> = values
            .iter()
            .copied()
            .filter(|value| *value != 0.0)
            .collect();
        kept.sort_by(|left, right| left.abs().total_cmp(&right.abs()));
        let rank = |value: &f64| {
            let ranked = kept
                .iter()
                .zip(1..)
                .filter(|(other, _)| other.abs() == value.abs());
            let ranks: Vec<f64> = ranked.map(|(_, rank)| f64::from(rank)).collect();
            ranks.iter().sum::<f64>() / ranks.len() as f64
        };
        let ranks: Vec<f64> = kept.iter().map(rank).collect();
        let observed: f64 = kept
            .iter()
            .zip(&ranks)
            .filter(|(value, _)| **value > 0.0)
            .map(|(_, rank)| rank)
            .sum();
        let assignments = 1_u32 << kept.len();
        let as_extreme = (0..assignments).filter(|signs| {
            let chosen = ranks
                .iter()
                .enumerate()
                .filter(|(index, _)| signs >> index & 1 == 1);
            chosen.map(|(_, rank)| rank).sum::<f64>() >= observed
        });
        as_extreme.count() as f64 / f64::from(assignments)
    }
}
