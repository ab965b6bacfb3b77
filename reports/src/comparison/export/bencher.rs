//! Bencher Metric Format: benchmark, measure, metric.

use super::super::file::ComparisonFile;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Metric {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_value: Option<f64>,
}

/// The candidate's figures by target (and place, where there are several), then by figure; with the bounds that its ratio to the base has.
#[must_use]
pub fn bencher(comparison: &ComparisonFile) -> String {
    let mut benchmarks: BTreeMap<String, BTreeMap<&str, Metric>> = BTreeMap::new();
    for row in &comparison.rows {
        let Some(value) = row.candidate else { continue };
        let bounds = row.ratio.zip(row.base);
        let metric = Metric {
            value,
            lower_value: bounds.map(|(ratio, base)| ratio.lower * base),
            upper_value: bounds.map(|(ratio, base)| ratio.upper * base),
        };
        let benchmark = match &row.of {
            Some(of) => format!("{}/{of}", row.subject),
            None => row.subject.clone(),
        };
        let measures = benchmarks.entry(benchmark).or_default();
        measures.insert(row.measure.name(), metric);
    }
    serde_json::to_string_pretty(&benchmarks).unwrap_or_default() + "\n"
}
