//! Where a curve stops falling.

use super::CurvePoint;

/// The grace, in seconds, at which the share of users logged out lies farthest below the straight line between the ends of its curve, with the
/// grace drawn as ln(1 + seconds) and both axes scaled to 1. From there on, more grace buys little.
///
/// `None` with fewer than three points, or where the curve does not fall, or not below that line.
#[must_use]
pub fn knee(curve: &[CurvePoint]) -> Option<f64> {
    let (first, last) = (curve.first()?, curve.last()?);
    let x = |point: &CurvePoint| point.grace_s.ln_1p();
    let y = |point: &CurvePoint| point.logged_out.share;
    let (width, height) = (x(last) - x(first), y(first) - y(last));
    if curve.len() < 3 || width <= 0.0 || height <= 0.0 {
        return None;
    }
    let below = |point: &CurvePoint| {
        let along = (x(point) - x(first)) / width;
        let fallen = (y(first) - y(point)) / height;
        fallen - along
    };
    curve
        .iter()
        .map(|point| (below(point), point.grace_s))
        .filter(|(below, _)| *below > 0.0)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, grace_s)| grace_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interleavings::{Share, TheftRecord};

    fn curve(points: &[(f64, u64)]) -> Vec<CurvePoint> {
        let theft = TheftRecord {
            detected: Share::of(1, 1),
            detected_p50_s: None,
            detected_p90_s: None,
            stolen_mean: 0.0,
            stolen_max: 0,
        };
        points
            .iter()
            .map(|(grace_s, logged_out)| CurvePoint {
                grace_s: *grace_s,
                logged_out: Share::of(*logged_out, 100),
                theft: theft.clone(),
                broken: 0,
            })
            .collect()
    }

    #[test]
    fn a_knee_is_where_the_fall_is_over() {
        let falls = curve(&[(0.0, 60), (1.0, 20), (5.0, 4), (10.0, 3), (60.0, 1)]);
        assert_eq!(knee(&falls), Some(5.0));
    }

    #[test]
    fn a_line_and_a_rise_have_none() {
        assert_eq!(knee(&curve(&[(0.0, 5), (1.0, 6), (5.0, 7)])), None);
        assert_eq!(knee(&curve(&[(0.0, 60), (60.0, 0)])), None);
        assert_eq!(knee(&curve(&[(0.0, 60), (1.0, 60), (60.0, 0)])), None);
    }
}
