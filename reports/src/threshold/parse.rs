//! From `p99 < 10ms` to a threshold that cannot be wrong in itself.

use super::{Comparison, LagFigure, Limit, Metric, ResponseFigure, Threshold};
use std::str::FromStr;
use thiserror::Error;

/// The metrics, for whoever has written another.
const METRICS: &str = "p50, p90, p99, p99.9, max, cpu_total, wire_bytes, store_commands, achieved, unexpected, unsent, capacity, or \
    revocation.EVENT.p50, .p99 or .max";
const FORM: &str = "a figure, <, <=, >, >= or ==, and a limit, such as \"p99 < 10ms\"";
const LENGTH: &str = "a number and a unit: us, ms, s, m or h, such as 10ms or 0.5s";
const LENGTH_OR_BOUND: &str = "a number and a unit: us, ms, s, m or h, such as 10ms, or bound";
const BYTES: &str = "bytes per request, such as 1200B";
const COMMANDS: &str = "commands per request, such as 1 or 1.5";
const SHARE: &str = "a share of the rate asked from 0 to 1, such as 0.99";
const COUNT: &str = "a whole number, such as 0";
const RATE: &str = "requests per second, such as 5000/s";

/// Microseconds in each unit.
const UNITS: [(&str, f64); 6] = [
    ("us", 1.0),
    ("µs", 1.0),
    ("ms", 1e3),
    ("s", 1e6),
    ("m", 60e6),
    ("h", 3600e6),
];

/// What is wrong with a threshold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem} (allowed: {allowed})")]
pub struct ThresholdError {
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub allowed: String,
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let at = text.find(['<', '>', '=', '!']);
        let at = at.ok_or_else(|| wrong(format!("{text:?} compares nothing"), FORM))?;
        let (name, rest) = text.split_at(at);
        let mut signs = Comparison::ALL.into_iter();
        let (sign, comparison) = signs
            .find(|(sign, _)| rest.starts_with(sign))
            .ok_or_else(|| wrong(format!("{text:?} compares in no known way"), FORM))?;
        let metric = metric(name.trim())?;
        let limit = limit(&metric, rest[sign.len()..].trim())?;
        fits(&metric, comparison, limit)?;
        Ok(Self {
            metric,
            comparison,
            limit,
        })
    }
}

fn metric(name: &str) -> Result<Metric, ThresholdError> {
    let mut responses = ResponseFigure::ALL.into_iter();
    if let Some(figure) = responses.find(|figure| figure.name() == name) {
        return Ok(Metric::Response(figure));
    }
    Ok(match name {
        "cpu_total" => Metric::CpuTotal,
        "wire_bytes" => Metric::WireBytes,
        "store_commands" => Metric::StoreCommands,
        "achieved" => Metric::Achieved,
        "unexpected" => Metric::Unexpected,
        "unsent" => Metric::Unsent,
        "capacity" => Metric::Capacity,
        other => revocation(other)
            .ok_or_else(|| wrong(format!("{other:?} is no figure of a threshold"), METRICS))?,
    })
}

fn revocation(name: &str) -> Option<Metric> {
    let (event, figure) = name.strip_prefix("revocation.")?.rsplit_once('.')?;
    let mut figures = LagFigure::ALL.into_iter();
    Some(Metric::Revocation {
        event: event.to_owned(),
        figure: figures.find(|known| known.name() == figure)?,
    })
}

/// In the unit of `metric`.
fn limit(metric: &Metric, text: &str) -> Result<Limit, ThresholdError> {
    let (value, allowed) = match metric {
        Metric::Revocation { .. } if text == "bound" => return Ok(Limit::Bound),
        Metric::Revocation { .. } => (length_us(text).map(|us| us / 1e3), LENGTH_OR_BOUND),
        Metric::Response(_) => (length_us(text).map(|us| us / 1e3), LENGTH),
        Metric::CpuTotal => (length_us(text), LENGTH),
        Metric::WireBytes => (text.strip_suffix('B').and_then(number), BYTES),
        Metric::StoreCommands => (number(text), COMMANDS),
        Metric::Achieved => (number(text).filter(|share| *share <= 1.0), SHARE),
        Metric::Unexpected | Metric::Unsent => {
            (number(text).filter(|count| count.fract() == 0.0), COUNT)
        }
        Metric::Capacity => (text.strip_suffix("/s").and_then(number), RATE),
    };
    let value = value.ok_or_else(|| {
        wrong(
            format!("{text:?} is no limit of {}", metric.name()),
            allowed,
        )
    })?;
    Ok(Limit::Value(value))
}

fn fits(metric: &Metric, comparison: Comparison, limit: Limit) -> Result<(), ThresholdError> {
    let name = metric.name();
    if limit == Limit::Bound && !matches!(comparison, Comparison::Below | Comparison::AtMost) {
        let problem = format!("{name} can only be kept below a bound");
        return Err(wrong(problem, "< or <="));
    }
    if comparison == Comparison::Exactly && !metric.is_counted() {
        let problem = format!("{name} is measured, so it is never exactly anything");
        return Err(wrong(problem, "<, <=, > or >="));
    }
    Ok(())
}

/// Digits with at most one point: no sign, no exponent, and nothing that is no number.
fn number(text: &str) -> Option<f64> {
    let plain = text.starts_with(|first: char| first.is_ascii_digit())
        && text.ends_with(|last: char| last.is_ascii_digit())
        && text
            .chars()
            .all(|character| character.is_ascii_digit() || character == '.');
    text.parse().ok().filter(|_| plain)
}

fn length_us(text: &str) -> Option<f64> {
    let unit = text.find(|character: char| !character.is_ascii_digit() && character != '.')?;
    let (value, unit) = text.split_at(unit);
    let (_, us) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    Some(number(value)? * us)
}

fn wrong(problem: String, allowed: &str) -> ThresholdError {
    ThresholdError {
        problem,
        allowed: allowed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Threshold {
        text.parse().expect(text)
    }

    #[test]
    fn every_metric_has_its_unit() {
        let cases = [
            ("p50 < 500us", "p50", Comparison::Below, 0.5),
            ("p90<=0.5ms", "p90", Comparison::AtMost, 0.5),
            ("p99 < 10ms", "p99", Comparison::Below, 10.0),
            ("p99.9 <= 1s", "p99.9", Comparison::AtMost, 1000.0),
            ("max < 2s", "max", Comparison::Below, 2000.0),
            ("cpu_total < 60us", "cpu_total", Comparison::Below, 60.0),
            ("cpu_total < 1ms", "cpu_total", Comparison::Below, 1000.0),
            (
                "wire_bytes <= 1200B",
                "wire_bytes",
                Comparison::AtMost,
                1200.0,
            ),
            (
                "store_commands == 1",
                "store_commands",
                Comparison::Exactly,
                1.0,
            ),
            ("achieved >= 0.99", "achieved", Comparison::AtLeast, 0.99),
            ("unexpected == 0", "unexpected", Comparison::Exactly, 0.0),
            ("unsent == 0", "unsent", Comparison::Exactly, 0.0),
            ("capacity > 5000/s", "capacity", Comparison::Above, 5000.0),
            (
                "revocation.logout.p99 <= 2m",
                "revocation.logout.p99",
                Comparison::AtMost,
                120_000.0,
            ),
        ];
        for (text, name, comparison, limit) in cases {
            let threshold = read(text);
            assert_eq!(threshold.metric.name(), name, "{text}");
            assert_eq!(threshold.comparison, comparison, "{text}");
            assert_eq!(threshold.limit, Limit::Value(limit), "{text}");
        }
    }

    #[test]
    fn a_lag_may_be_held_against_what_was_promised() {
        let threshold = read("revocation.account_disabled.max <= bound");
        assert_eq!(threshold.limit, Limit::Bound);
        assert_eq!(
            threshold.metric,
            Metric::Revocation {
                event: "account_disabled".to_owned(),
                figure: LagFigure::Max
            }
        );
    }

    #[test]
    fn mistakes_say_what_would_be_right() {
        let cases = [
            ("p99", "\"p99\" compares nothing"),
            ("p99 != 1ms", "\"p99 != 1ms\" compares in no known way"),
            ("p98 < 1ms", "\"p98\" is no figure of a threshold"),
            (
                "revocation.logout < 1s",
                "\"revocation.logout\" is no figure of a threshold",
            ),
            (
                "revocation.logout.p90 < 1s",
                "\"revocation.logout.p90\" is no figure of a threshold",
            ),
            ("p99 < 10", "\"10\" is no limit of p99"),
            ("p99 < bound", "\"bound\" is no limit of p99"),
            ("p99 < -1ms", "\"-1ms\" is no limit of p99"),
            ("p99 < 1e3ms", "\"1e3ms\" is no limit of p99"),
            ("p99 < 1.2.3ms", "\"1.2.3ms\" is no limit of p99"),
            ("cpu_total < 60", "\"60\" is no limit of cpu_total"),
            ("wire_bytes < 12", "\"12\" is no limit of wire_bytes"),
            ("achieved >= 99", "\"99\" is no limit of achieved"),
            ("unexpected < 0.5", "\"0.5\" is no limit of unexpected"),
            ("capacity > 500", "\"500\" is no limit of capacity"),
            (
                "p99 == 1ms",
                "p99 is measured, so it is never exactly anything",
            ),
            (
                "revocation.logout.max >= bound",
                "revocation.logout.max can only be kept below a bound",
            ),
        ];
        for (text, problem) in cases {
            let error = text.parse::<Threshold>().expect_err(text);
            assert_eq!(error.problem, problem);
            assert!(!error.allowed.is_empty());
        }
        let error = "p99 < 10".parse::<Threshold>().expect_err("no unit");
        assert!(error.to_string().contains("such as 10ms"), "{error}");
    }
}
