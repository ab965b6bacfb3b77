//! Every response held for 5 ms. At 100 requests per second each request wakes everyone up: the timers' own lateness shows here and
//! nowhere else. Tokio's miss by 0.87 ms.

use super::row::{self, Known};
use super::stream::{self, Stream, stream};
use super::{Bench, SelftestError, Truth};
use authbench_reports::number::count;
use authbench_reports::selftest::Row;
use std::time::Duration;

const RATES_PER_S: [u32; 2] = [100, 1000];
/// Between the answer handed over by the server and the whole of it read by the generator lie two system calls, the loopback and a wake-up.
const TOLERANCE_MS: f64 = 0.25;

/// Measures it at both rates.
pub(super) async fn measure(bench: &Bench) -> Result<Vec<Row>, SelftestError> {
    let mut rows = Vec::new();
    for rate_per_s in RATES_PER_S {
        rows.push(measure_at(bench, rate_per_s).await?);
    }
    Ok(rows)
}

/// About how long it takes.
pub(super) fn takes(bench: &Bench) -> Duration {
    stream::takes(length(bench)) * RATES_PER_S.len() as u32
}

async fn measure_at(bench: &Bench, rate_per_s: u32) -> Result<Row, SelftestError> {
    let streamed = stream(
        bench,
        &Stream {
            group: Truth::FixedDelay,
            behaviour: Some("--delay=5ms".to_owned()),
            rate_per_s: f64::from(rate_per_s),
            length: length(bench),
            connections: 16,
            blocked: None,
        },
    )
    .await?;
    // Against what the server itself held, for its timer is not the one that is tested.
    let held = streamed.report.held_us;
    let known = Known {
        group: Truth::FixedDelay,
        truth: format!(
            "each response held for 5 ms, {} requests/s",
            count(u64::from(rate_per_s))
        ),
        quantity: "p50",
        expected_ms: held.map_or(5.0, |held| held.p50 / 1000.0),
        tolerance_ms: TOLERANCE_MS,
    };
    let response = streamed.response(bench);
    let mut row = row::duration(known, response.quantile_ms(0.5), streamed.circumstances());
    // Noise makes requests slower and never faster: what a timer adds to each of them is in the fastest, too.
    let fastest_ms = response.hdr().min() as f64 / 1000.0;
    row.figures.insert("fastest_ms".to_owned(), fastest_ms);
    Ok(row)
}

fn length(bench: &Bench) -> Duration {
    Duration::from_secs(bench.either(2, 20))
}
