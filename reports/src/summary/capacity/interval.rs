//! How well a few searches say where the capacity lies.

use crate::number::rounded;

/// The 0.975 quantile of Student's t by degrees of freedom, from 1; beyond the table the normal distribution's.
const T_975: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];
const NORMAL_975: f64 = 1.960;

/// The 95 % interval of what `rates` (above 0, one per round) are draws of, on the logarithm, because capacities differ by factors.
/// At least `resolution` wide: a search knows its answer no better. `None` below two rates.
///
/// Order statistics would need no assumption, but with fewer than six rounds they reach no 95 %.
pub(super) fn interval_95(rates: &[f64], resolution: f64) -> Option<[f64; 2]> {
    let freedom = rates.len().checked_sub(1).filter(|freedom| *freedom > 0)?;
    let n = rates.len() as f64;
    let logs: Vec<f64> = rates.iter().map(|rate| rate.ln()).collect();
    let mean = logs.iter().sum::<f64>() / n;
    let squares: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
    let error = (squares / freedom as f64 / n).sqrt();
    let t = T_975.get(freedom - 1).copied().unwrap_or(NORMAL_975);
    let half = (t * error).max((1.0 + resolution).ln() / 2.0);
    Some([mean - half, mean + half].map(|log| rounded(log.exp())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_rounds_worked_by_hand() {
        // ln 90, ln 100, ln 110: mean 4.601820, sd 0.100391; × 4.303 / √3 = 0.249405.
        let interval = interval_95(&[90.0, 100.0, 110.0], 0.01);
        assert_eq!(interval, Some([77.67, 127.9]));
    }

    #[test]
    fn equal_rounds_are_known_no_better_than_the_search_resolves() {
        assert_eq!(interval_95(&[100.0; 4], 0.04), Some([98.06, 102.0]));
        assert_eq!(interval_95(&[100.0], 0.04), None);
        assert_eq!(interval_95(&[], 0.04), None);
    }
}
