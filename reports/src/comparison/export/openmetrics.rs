//! OpenMetrics text, version 1.0.

use super::super::file::{ComparisonFile, Outcome};
use super::super::rows::Row;
use std::fmt::Write;

const OUTCOMES: [Outcome; 4] = [
    Outcome::Passed,
    Outcome::Failed,
    Outcome::Inconclusive,
    Outcome::Invalid,
];

/// Both arms' figures and their ratio as gauges, labelled with target, figure, place and verdict; the outcome as a state set.
#[must_use]
pub fn openmetrics(comparison: &ComparisonFile) -> String {
    let mut out = String::new();
    type Value = fn(&Row) -> Option<f64>;
    let families: [(&str, &str, Value); 5] = [
        (
            "base",
            "Figure of the base, in the unit of its measure.",
            |row| row.base,
        ),
        (
            "candidate",
            "Figure of the candidate, in the unit of its measure.",
            |row| row.candidate,
        ),
        ("ratio", "Candidate divided by base.", Row::change),
        (
            "ratio_lower",
            "One-sided lower bound of the ratio.",
            |row| Some(row.ratio?.lower),
        ),
        (
            "ratio_upper",
            "One-sided upper bound of the ratio.",
            |row| Some(row.ratio?.upper),
        ),
    ];
    for (family, help, value) in families {
        let name = format!("authbench_comparison_{family}");
        // Writing into a text does not fail.
        let _ = writeln!(out, "# TYPE {name} gauge\n# HELP {name} {help}");
        for row in &comparison.rows {
            if let Some(value) = value(row).filter(|value| value.is_finite()) {
                let _ = writeln!(out, "{name}{{{}}} {value}", labels(row));
            }
        }
    }
    let name = "authbench_comparison_outcome";
    let _ = writeln!(
        out,
        "# TYPE {name} stateset\n# HELP {name} What follows from all figures."
    );
    for outcome in OUTCOMES {
        let state = u8::from(outcome == comparison.outcome);
        let _ = writeln!(out, "{name}{{{name}=\"{}\"}} {state}", outcome.name());
    }
    out.push_str("# EOF\n");
    out
}

fn labels(row: &Row) -> String {
    let mut labels = format!(
        "target=\"{}\",measure=\"{}\",verdict=\"{}\"",
        escaped(&row.subject),
        row.measure.name(),
        row.verdict.name()
    );
    if let Some(of) = &row.of {
        let _ = write!(labels, ",of=\"{}\"", escaped(of));
    }
    labels
}

/// A label's value: backslash, quote and line feed are escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
