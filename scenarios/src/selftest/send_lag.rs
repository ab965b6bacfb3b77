//! The generator's own delay, which by construction should be none: against a server that answers at once, at three rates.

use super::row::{self, Known};
use super::stream::{self, Stream, stream};
use super::{Bench, SelftestError, Truth};
use authbench_reports::number::count;
use authbench_reports::selftest::Row;
use std::time::Duration;

const RATES_PER_S: [u32; 3] = [2000, 20_000, 60_000];
const TOLERANCE_MS: f64 = 0.1;

/// Measures it at every rate.
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
            group: Truth::SendLag,
            behaviour: None,
            rate_per_s: f64::from(rate_per_s),
            length: length(bench),
            connections: 64,
        },
    )
    .await?;
    let known = Known {
        group: Truth::SendLag,
        truth: format!(
            "a generator in time sends at once, {} requests/s",
            count(u64::from(rate_per_s))
        ),
        quantity: "send lag p99",
        expected_ms: 0.0,
        late_ms: 0.0,
        tolerance_ms: TOLERANCE_MS,
    };
    let measured_ms = streamed.recorder.send_lag.quantile_ms(0.99);
    Ok(row::duration(known, measured_ms, streamed.circumstances()))
}

fn length(bench: &Bench) -> Duration {
    bench.either(Duration::from_millis(1500), Duration::from_secs(10))
}
