//! What the noise of identical targets leaves to be seen.

/// Quantile of the normal distribution at 0.99.
const Z: f64 = 2.326;

/// Sample standard deviation; `None` below two values.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    if n < 2.0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (n - 1.0)).sqrt())
}

/// The smallest difference (0.1: ten percent) that as many rounds as there are `log_ratios` would find 99 times in a hundred, when in a
/// hundred cases without any difference one may be claimed: (z + z) × deviation ÷ √n, for a one-sided test. `None` below two rounds.
pub(super) fn smallest_visible(log_ratios: &[f64]) -> Option<f64> {
    let reach = 2.0 * Z * deviation(log_ratios)? / (log_ratios.len() as f64).sqrt();
    Some(reach.exp_m1())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rounds_see_smaller_differences() {
        let noise = |rounds: usize| [0.04, -0.04].repeat(rounds / 2);
        let (few, many) = (smallest_visible(&noise(12)), smallest_visible(&noise(48)));
        // 4.652 × 0.0418 ÷ √12 in the logarithm.
        assert!(
            few.is_some_and(|few| (few - 0.0577).abs() < 1e-3),
            "{few:?}"
        );
        assert!(many < few);
        assert_eq!(smallest_visible(&[0.1]), None);
    }
}
