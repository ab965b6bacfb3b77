//! A comparison for other programs.
//!
//! * [`junit`]: JUnit XML, a test case for each line, for whatever shows test results
//! * [`benchmark_action`]: the custom format of `github-action-benchmark`, smaller is better
//! * [`bencher`]: Bencher Metric Format
//! * [`openmetrics`]: OpenMetrics text
//! * [`csv`]: a table

mod bencher;
mod benchmark_action;
mod csv;
mod junit;
mod openmetrics;

pub use bencher::bencher;
pub use benchmark_action::benchmark_action;
pub use csv::csv;
pub use junit::junit;
pub use openmetrics::openmetrics;

use super::rows::Row;

/// What a line is called where it has only one name: `jwt/cpu_us_per_request`, `jwt/bound_ms/logout at resource-1`.
fn name(row: &Row) -> String {
    let plain = format!("{}/{}", row.subject, row.measure.name());
    match &row.of {
        Some(of) => format!("{plain}/{of}"),
        None => plain,
    }
}

#[cfg(test)]
mod tests;
