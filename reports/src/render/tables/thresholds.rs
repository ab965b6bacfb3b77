//! What became of the thresholds of scenarios.

use crate::render::table::{ABSENT, Row, Table};
use crate::summary::Summary;

const NOTE: &str = "What the scenario file asks of this run. One that the run has no figure for, or whose figure its own checks do not trust, \
    is not shown, and that is no pass.";

/// A row for each threshold at each target, in the order of the summary.
#[must_use]
pub fn thresholds(summary: &Summary) -> Table {
    let columns = ["target", "point", "threshold", "outcome", "found"];
    let mut table = Table::new("Thresholds", NOTE, &columns);
    for result in &summary.thresholds {
        table.rows.push(Row {
            detail: Some(result.scenario.clone()),
            cells: vec![
                result.target.clone(),
                result.point.clone().unwrap_or_else(|| ABSENT.to_owned()),
                result.threshold.clone(),
                result.outcome.words().to_owned(),
                result.what.replace('`', ""),
            ],
            ..Row::default()
        });
    }
    table.without_empty_columns()
}
