//! The generator's own delay, which by construction should be none: against a server that answers at once, at three rates.

use super::row::{self, Known};
use super::stream::{self, Blocked, Stream, stream};
use super::{Bench, SelftestError, Truth};
use authbench_reports::number::count;
use authbench_reports::selftest::Row;
use std::time::Duration;

const RATES_PER_S: [u32; 3] = [2000, 20_000, 60_000];
const TOLERANCE_MS: f64 = 0.1;
/// The blocks begin on tokio's timer, whose milliseconds are not exact, and end when the thread is scheduled again.
const BLOCKED_TOLERANCE_MS: f64 = 0.5;

/// Measures it at every rate.
pub(super) async fn measure(bench: &Bench) -> Result<Vec<Row>, SelftestError> {
    let mut rows = Vec::new();
    for rate_per_s in RATES_PER_S {
        rows.push(measure_at(bench, rate_per_s).await?);
    }
    rows.push(measure_blocked(bench).await?);
    Ok(rows)
}

/// About how long it takes.
pub(super) fn takes(bench: &Bench) -> Duration {
    stream::takes(length(bench)) * (RATES_PER_S.len() as u32 + 1)
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
            blocked: None,
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
        tolerance_ms: TOLERANCE_MS,
    };
    let measured_ms = streamed.recorder.send_lag.quantile_ms(0.99);
    Ok(row::duration(known, measured_ms, streamed.circumstances()))
}

/// The other side: a generator that is kept from sending must say so. Of the starts in each 100 ms those of the first 5 wait for what is
/// left of them: one in a hundred for more than 4 ms.
async fn measure_blocked(bench: &Bench) -> Result<Row, SelftestError> {
    let streamed = stream(
        bench,
        &Stream {
            group: Truth::SendLag,
            behaviour: None,
            rate_per_s: f64::from(RATES_PER_S[0]),
            length: length(bench),
            connections: 64,
            blocked: Some(Blocked {
                every: Duration::from_millis(100),
                for_: Duration::from_millis(5),
            }),
        },
    )
    .await?;
    let known = Known {
        group: Truth::SendLag,
        truth: "a generator that is blocked for 5 ms in each 100 ms, 2,000 requests/s".to_owned(),
        quantity: "send lag p99",
        expected_ms: 4.0,
        tolerance_ms: BLOCKED_TOLERANCE_MS,
    };
    let measured_ms = streamed.recorder.send_lag.quantile_ms(0.99);
    Ok(row::duration(known, measured_ms, streamed.circumstances()))
}

fn length(bench: &Bench) -> Duration {
    Duration::from_secs(bench.either(1, 10))
}
