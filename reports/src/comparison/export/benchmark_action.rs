//! The custom format of `github-action-benchmark`: a list of figures, of which smaller is better.

use super::super::file::ComparisonFile;
use serde::Serialize;

#[derive(Serialize)]
struct Entry {
    name: String,
    unit: String,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    extra: String,
}

/// The candidate's figures. `range` is half the width of what its ratio may be, in the figure's unit; `extra` says what it was held against.
#[must_use]
pub fn benchmark_action(comparison: &ComparisonFile) -> String {
    let entries = comparison.rows.iter().filter_map(|row| {
        let value = row.candidate?;
        let range = row
            .ratio
            .zip(row.base)
            .map(|(ratio, base)| format!("± {:.4}", (ratio.upper - ratio.lower) / 2.0 * base));
        let base = row
            .base
            .map_or_else(|| "no figure".to_owned(), |base| format!("{base:.4}"));
        Some(Entry {
            name: super::name(row),
            unit: row.measure.unit().to_owned(),
            value,
            range,
            extra: format!(
                "base: {base}\nverdict: {}\nn: {}",
                row.verdict.name(),
                row.n
            ),
        })
    });
    let entries: Vec<Entry> = entries.collect();
    serde_json::to_string_pretty(&entries).unwrap_or_default() + "\n"
}
