//! Who is worth considering: the Pareto set of cost and lag, by what the rounds and the probes tell apart.

use super::Point;
use std::cmp::Ordering;

/// Longest lags that differ by less than this share are alike: the maximum of some hundred draws is itself a draw.
const LAGS_ALIKE: f64 = 0.1;

/// Where a point stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In the Pareto set: no other is better in one of cost and longest lag without being worse in the other.
    Efficient,
    /// Some other is better in one of the two and no worse in the other.
    Dominated,
    /// Its lag was watched at another lifetime than its cost: it stands beside the others, not among them.
    Laboratory,
    /// A negative control, which is no choice.
    NegativeControl,
}

/// Tells those of `points` that stand among the others ([`Standing::Efficient`] so far) into efficient and dominated.
/// `by_cost` says which of two costs less, as far as their rounds tell.
pub(super) fn judge(points: &mut [Point], by_cost: impl Fn(&Point, &Point) -> Ordering) {
    let comparable: Vec<Point> = points
        .iter()
        .filter(|point| point.standing == Standing::Efficient)
        .cloned()
        .collect();
    for point in points {
        let dominated = || {
            comparable
                .iter()
                .any(|other| dominates(other, point, &by_cost))
        };
        if point.standing == Standing::Efficient && dominated() {
            point.standing = Standing::Dominated;
        }
    }
}

fn dominates(one: &Point, other: &Point, by_cost: impl Fn(&Point, &Point) -> Ordering) -> bool {
    match (by_cost(one, other), by_lag(one, other)) {
        (Ordering::Greater, _) | (_, Ordering::Greater) => false,
        both => both != (Ordering::Equal, Ordering::Equal),
    }
}

/// Equal where the intervals of the longest lags touch, or lie close together.
fn by_lag(one: &Point, other: &Point) -> Ordering {
    let (one, other) = (one.longest_ms, other.longest_ms);
    let shorter = |(_, until): (f64, f64), (from, _): (f64, f64)| until < from * (1.0 - LAGS_ALIKE);
    if shorter(one, other) {
        Ordering::Less
    } else if shorter(other, one) {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::{Known, Reach};
    use crate::statistics::Spread;

    fn point(target: &str, cpu: [f64; 3], longest_ms: (f64, f64)) -> Point {
        Point {
            target: target.to_owned(),
            cpu_us: cpu[1],
            cpu_rounds: Some(Spread {
                min: cpu[0],
                max: cpu[2],
                sd: None,
            }),
            p99_ms: None,
            store_commands: None,
            wire_bytes: None,
            after: "logout".to_owned(),
            reach: Reach::NeverAccepted { max_ms: None },
            longest_ms,
            known: Known::Measured {
                laboratory_ttl_s: None,
            },
            standing: Standing::Efficient,
        }
    }

    fn judged(mut points: Vec<Point>) -> Vec<Standing> {
        judge(&mut points, |one, other| {
            match (one.cpu_rounds, other.cpu_rounds) {
                (Some(one), Some(other)) if !one.overlaps(&other) => one.min.total_cmp(&other.min),
                _ => Ordering::Equal,
            }
        });
        points.iter().map(|point| point.standing).collect()
    }

    #[test]
    fn what_is_dearer_and_no_safer_is_dominated() {
        use Standing::{Dominated, Efficient};
        let points = vec![
            point("cheap and slow", [59.0, 60.0, 61.0], (1900.0, 2000.0)),
            point("dear and immediate", [89.0, 90.0, 91.0], (0.0, 0.0)),
            point("dear and slow", [99.0, 100.0, 101.0], (1800.0, 1810.0)),
            point("between", [69.0, 70.0, 71.0], (4.0, 9.0)),
            point("dearer and immediate", [119.0, 120.0, 121.0], (0.0, 0.0)),
        ];
        assert_eq!(
            judged(points),
            [Efficient, Efficient, Dominated, Efficient, Dominated]
        );
    }

    #[test]
    fn what_the_rounds_do_not_tell_apart_dominates_nothing() {
        use Standing::{Dominated, Efficient};
        let overlapping = vec![
            point("a", [58.0, 60.0, 62.0], (0.0, 0.0)),
            point("b", [61.0, 63.0, 65.0], (0.0, 0.0)),
        ];
        assert_eq!(judged(overlapping), [Efficient, Efficient]);
        // As cheap, as far as anybody can tell, but later.
        let later = vec![
            point("a", [58.0, 60.0, 62.0], (0.0, 0.0)),
            point("b", [57.0, 59.0, 61.0], (1900.0, 2000.0)),
        ];
        assert_eq!(judged(later), [Efficient, Dominated]);
    }

    #[test]
    fn maxima_that_are_draws_of_one_law_are_alike() {
        use Standing::{Dominated, Efficient};
        let points = vec![
            point("jwt", [59.0, 60.0, 61.0], (1990.0, 1995.0)),
            point("dearer jwt", [69.0, 70.0, 71.0], (1900.0, 1905.0)),
        ];
        assert_eq!(judged(points), [Efficient, Dominated]);
    }

    #[test]
    fn controls_and_laboratory_lags_are_no_choice() {
        let mut control = point("control", [1.0, 1.0, 1.0], (0.0, 0.0));
        control.standing = Standing::NegativeControl;
        let mut elsewhere = point("elsewhere", [1.0, 1.0, 1.0], (0.0, 0.0));
        elsewhere.standing = Standing::Laboratory;
        let other = point("other", [9.0, 9.0, 9.0], (5.0, 6.0));
        assert_eq!(
            judged(vec![control, elsewhere, other]),
            [
                Standing::NegativeControl,
                Standing::Laboratory,
                Standing::Efficient
            ]
        );
    }
}
