//! Lags held against a limit. A lag is an interval, so its figures are: one that contains the limit shows nothing.
//!
//! Against a bound they are held as every bound is: by what is certain of them, because the distance of probes is not the target's fault.

use super::{Comparison, LagFigure, Limit, ThresholdOutcome};
use crate::number::{between, count, rounded, span};
use crate::revocation::Lag;
use crate::run_file::EventRecord;
use crate::statistics::order_statistic;
use crate::summary::lag::P99_NEEDS;

/// What became of it at one point.
pub(super) struct AtPoint {
    pub(super) outcome: ThresholdOutcome,
    /// The upper end, rounded; absent where observation ended before.
    pub(super) figure_ms: Option<f64>,
    pub(super) limit_ms: Option<f64>,
    pub(super) what: String,
}

/// The points at which `limit` asks something: those with a bound, or those that `guards` says guard the resource.
pub(super) fn points(
    event: &EventRecord,
    limit: Limit,
    guards: impl Fn(&str) -> bool,
) -> Vec<&str> {
    let asked = |point: &&str| match limit {
        Limit::Bound => bound_ms(event, point).is_some(),
        Limit::Value(_) => guards(point),
    };
    event.points().filter(asked).collect()
}

/// The lags of `event` at `point`.
pub(super) fn held_against(
    event: &EventRecord,
    point: &str,
    figure: LagFigure,
    comparison: Comparison,
    limit: Limit,
) -> AtPoint {
    let limit_ms = match limit {
        Limit::Value(ms) => Some(ms),
        Limit::Bound => bound_ms(event, point),
    };
    let shown = interval(event, point, figure).and_then(|(least_ms, most_ms)| {
        let limit_ms = limit_ms.ok_or("it promises no bound there")?;
        Ok((least_ms, most_ms, limit_ms))
    });
    let (least_ms, most_ms, limit_ms) = match shown {
        Ok(shown) => shown,
        Err(why) => {
            return AtPoint {
                outcome: ThresholdOutcome::NotShown,
                figure_ms: None,
                limit_ms,
                what: why,
            };
        }
    };
    let holds = |ms: f64| comparison.holds(ms, limit_ms);
    let censored = most_ms.is_infinite();
    let outcome = match (holds(least_ms), holds(most_ms)) {
        (true, true) => ThresholdOutcome::Kept,
        (false, false) => ThresholdOutcome::NotKept,
        (true, false) if limit == Limit::Bound && !censored => ThresholdOutcome::Kept,
        _ => ThresholdOutcome::NotShown,
    };
    AtPoint {
        outcome,
        figure_ms: Some(rounded(most_ms)).filter(|ms| ms.is_finite()),
        limit_ms: Some(rounded(limit_ms)),
        what: in_words(outcome, least_ms, most_ms),
    }
}

fn in_words(outcome: ThresholdOutcome, least_ms: f64, most_ms: f64) -> String {
    if most_ms.is_infinite() {
        return format!(
            "still in {} after the acknowledgement, when observation ended",
            span(least_ms)
        );
    }
    let lies = between(least_ms, most_ms);
    match outcome {
        ThresholdOutcome::NotShown => {
            format!(
                "between {} and {}: probes lay too far apart to tell",
                span(least_ms),
                span(most_ms)
            )
        }
        _ => lies,
    }
}

/// Between which two values the figure lies, the upper one infinite where observation ended before.
fn interval(event: &EventRecord, point: &str, figure: LagFigure) -> Result<(f64, f64), String> {
    let ends = event
        .trials
        .iter()
        .filter_map(|trial| ends_ms(trial.lag(point)));
    let (mut least, mut most): (Vec<f64>, Vec<f64>) = ends.unzip();
    let samples = least.len() as u64;
    if figure == LagFigure::P99 && samples < P99_NEEDS {
        return Err(format!(
            "{} of {} samples that it needs",
            count(samples),
            count(P99_NEEDS)
        ));
    }
    least.sort_by(f64::total_cmp);
    most.sort_by(f64::total_cmp);
    let quantile = figure.quantile();
    // Whatever the lags are within their intervals, their order statistic lies between those of the ends.
    order_statistic(&least, quantile)
        .zip(order_statistic(&most, quantile))
        .ok_or_else(|| {
            format!(
                "none of {} revocations gave a sample",
                count(event.trials.len() as u64)
            )
        })
}

fn ends_ms(lag: Lag) -> Option<(f64, f64)> {
    let ms = |ns: u64| ns as f64 / 1e6;
    match lag {
        Lag::Interval { after_ns, until_ns } => Some((ms(after_ns), ms(until_ns))),
        Lag::NeverAccepted { until_ns } => Some((0.0, ms(until_ns))),
        Lag::Censored { after_ns } => Some((ms(after_ns), f64::INFINITY)),
        Lag::Unknown => None,
    }
}

fn bound_ms(event: &EventRecord, point: &str) -> Option<f64> {
    event.bounds_ms.get(point).copied().flatten()
}
