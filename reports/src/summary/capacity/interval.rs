//! How well a few searches say where the capacity lies.

use crate::number::rounded;

/// The 0.975 quantile of Student's t by degrees of freedom, from 1; beyond the table the normal distribution's.
const T_975: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];
const NORMAL_975: f64 = 1.960;

/// The 95 % interval of the capacity, from one bracket per round: a rate that was held and one that was not, both above 0. `None` below two
/// rounds.
///
/// A round knows only that its capacity lies in between, so the lower end comes from the rates held and the upper one from the rates missed:
/// wherever in their brackets the capacities lie, their mean is inside. An interval around the rates held alone would lie too low by half a
/// bracket, and miss a capacity that repeats. On the logarithm, because capacities differ by factors. Order statistics would need no
/// assumption, but with fewer than six rounds they reach no 95 %.
pub(super) fn interval_95(brackets: &[[f64; 2]]) -> Option<[f64; 2]> {
    let (held, held_reach) = mean_and_reach(brackets.iter().map(|[held, _]| held.ln()))?;
    let (missed, missed_reach) = mean_and_reach(brackets.iter().map(|[_, missed]| missed.ln()))?;
    Some([held - held_reach, missed + missed_reach].map(|log| rounded(log.exp())))
}

/// The mean, and how far its 95 % interval reaches to either side.
fn mean_and_reach(values: impl ExactSizeIterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let freedom = values.len().checked_sub(1).filter(|freedom| *freedom > 0)?;
    let n = values.len() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
    let t = T_975.get(freedom - 1).copied().unwrap_or(NORMAL_975);
    Some((mean, t * (squares / freedom as f64 / n).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn three_rounds_worked_by_hand() {
        // ln 90, ln 100, ln 110: mean 4.601820, sd 0.100391; × 4.303 / √3 = 0.249405. The upper end is that of rates 4 % above.
        let brackets = [90.0, 100.0, 110.0].map(|held| [held, held * 1.04]);
        assert_eq!(interval_95(&brackets), Some([77.67, 133.0]));
    }

    #[test]
    fn equal_rounds_are_known_no_better_than_the_search_resolves() {
        assert_eq!(interval_95(&[[100.0, 104.0]; 4]), Some([100.0, 104.0]));
        assert_eq!(interval_95(&[[100.0, 104.0]]), None);
        assert_eq!(interval_95(&[]), None);
    }

    /// Rounds whose capacity is 1,000 but for `spread` (standard deviation of the logarithm), each in a bracket that lies around it anywhere.
    fn rounds(n: usize, spread: f64, draw: &mut ChaCha8Rng) -> Vec<[f64; 2]> {
        let bracket = |_| {
            // Twelve uniform draws: nearly normal, variance 1.
            let normal = (0..12).map(|_| draw.random::<f64>()).sum::<f64>() - 6.0;
            let held = 1000.0 * (spread * normal).exp() / 1.03_f64.powf(draw.random());
            [held, held * 1.03]
        };
        (0..n).map(bracket).collect()
    }

    #[test]
    fn nineteen_intervals_in_twenty_hold_the_truth_however_noisy_the_rounds() {
        let mut draw = ChaCha8Rng::seed_from_u64(7);
        for (n, spread) in [2, 3, 5, 10]
            .into_iter()
            .flat_map(|n| [0.0, 0.002, 0.01, 0.05].map(|spread| (n, spread)))
        {
            let holds = |_: &usize| {
                let [from, to] = interval_95(&rounds(n, spread, &mut draw)).expect("two or more");
                (from..=to).contains(&1000.0)
            };
            let right = (0..2000).filter(holds).count();
            assert!(right >= 1900, "{right} of 2000, {n} rounds, {spread}");
        }
    }
}
