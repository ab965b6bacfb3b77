//! What the target files of two arms promise: a bound that grew lets callers in for longer, with or without a measurement.

use super::rows::{Measure, Row, Verdict};
use std::collections::BTreeMap;

/// What one target file promises, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Promises {
    /// Bounds by `EVENT at POINT`; `None`: nothing is promised there.
    pub bounds_ms: BTreeMap<String, Option<f64>>,
    /// Durations among its facts, by name.
    pub facts_ms: BTreeMap<String, f64>,
}

/// A line for each promise that is not the same: `Loosened` where the candidate promises less than the base, or no longer anything, and for
/// an event that it no longer has; `Better` where it promises more.
#[must_use]
pub fn rows(subject: &str, base: &Promises, candidate: &Promises) -> Vec<Row> {
    let mut rows = Vec::new();
    for (place, was) in &base.bounds_ms {
        let now = candidate.bounds_ms.get(place).copied().flatten();
        rows.extend(row(subject, Measure::BoundMs, place, *was, now));
    }
    let new = candidate.bounds_ms.iter();
    for (place, now) in new.filter(|(place, _)| !base.bounds_ms.contains_key(*place)) {
        rows.extend(row(subject, Measure::BoundMs, place, None, *now));
    }
    for (fact, was) in &base.facts_ms {
        // A fact that is gone stands in no bound either, or the file would not have been read.
        if let Some(now) = candidate.facts_ms.get(fact) {
            rows.extend(row(subject, Measure::FactMs, fact, Some(*was), Some(*now)));
        }
    }
    rows
}

fn row(
    subject: &str,
    measure: Measure,
    of: &str,
    was: Option<f64>,
    now: Option<f64>,
) -> Option<Row> {
    let at_most = |promise: Option<f64>| promise.unwrap_or(f64::INFINITY);
    let verdict = match at_most(now).partial_cmp(&at_most(was))? {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => Verdict::Loosened,
        std::cmp::Ordering::Less => Verdict::Better,
    };
    let to_pass = (verdict == Verdict::Loosened).then(|| {
        let was = was.unwrap_or_default();
        format!("{was} ms or less; if it is meant, --accept-looser-bounds")
    });
    Some(Row {
        verdict,
        to_pass,
        ..Row::new(subject, measure).of(of).with(was, now)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promises(bounds: &[(&str, Option<f64>)], facts: &[(&str, f64)]) -> Promises {
        let own = |(name, value): &(&str, _)| ((*name).to_owned(), *value);
        Promises {
            bounds_ms: bounds.iter().map(own).collect(),
            facts_ms: facts
                .iter()
                .map(|(name, ms)| ((*name).to_owned(), *ms))
                .collect(),
        }
    }

    fn verdicts(base: &Promises, candidate: &Promises) -> Vec<(String, Verdict)> {
        let rows = rows("jwt", base, candidate);
        rows.into_iter()
            .map(|row| (row.of.unwrap_or_default(), row.verdict))
            .collect()
    }

    #[test]
    fn more_time_less_time_and_none() {
        let base = promises(
            &[
                ("a", Some(10.0)),
                ("b", Some(10.0)),
                ("c", Some(10.0)),
                ("d", None),
                ("e", Some(1.0)),
            ],
            &[("leeway", 0.0), ("ttl", 5.0)],
        );
        let candidate = promises(
            &[
                ("a", Some(20.0)),
                ("b", Some(5.0)),
                ("c", None),
                ("d", None),
                ("f", Some(9.0)),
            ],
            &[("leeway", 500.0), ("ttl", 5.0)],
        );
        let expected = [
            ("a", Verdict::Loosened),
            ("b", Verdict::Better),
            ("c", Verdict::Loosened),
            ("e", Verdict::Loosened),
            ("f", Verdict::Better),
            ("leeway", Verdict::Loosened),
        ];
        assert_eq!(
            verdicts(&base, &candidate),
            expected.map(|(of, verdict)| (of.to_owned(), verdict))
        );
        assert!(verdicts(&base, &base).is_empty());
    }
}
