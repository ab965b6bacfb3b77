//! Every response frozen for 1 s in each 10 s, at 2,000 requests per second: the test that most load tools fail by factors of hundreds.
//!
//! A tenth of all intended starts falls into a freeze and waits for what is left of it: of 20,000 response times the 200th largest is
//! 900 ms, the 20th largest 990 ms, the largest 1,000 ms.

use super::row::{self, Known};
use super::stream::{self, Stream, stream};
use super::{Bench, SelftestError, Truth};
use authbench_reports::selftest::Row;
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(10);
/// 1 %: what the requests that waited take to be answered one after another, 2,000 of them, on top of the freeze.
const TOLERANCE: f64 = 0.01;
const TRUTH: &str = "every response frozen 1 s in each 10 s, 2,000 requests/s";

/// Measures it over one period, or three.
pub(super) async fn measure(bench: &Bench) -> Result<Vec<Row>, SelftestError> {
    let streamed = stream(
        bench,
        &Stream {
            group: Truth::Stall,
            behaviour: Some("--stall=1s,10s".to_owned()),
            rate_per_s: 2000.0,
            length: length(bench),
            // More do not change the response times: whoever has no connection waits in the queue for as long.
            connections: 64,
            blocked: None,
        },
    )
    .await?;
    let response = streamed.response(bench);
    let quantities = [
        ("p99", 900.0, response.quantile_ms(0.99)),
        ("p99.9", 990.0, response.quantile_ms(0.999)),
        ("max", 1000.0, response.max_ms()),
    ];
    let row = |(quantity, expected_ms, measured_ms)| {
        let known = Known {
            group: Truth::Stall,
            truth: TRUTH.to_owned(),
            quantity,
            expected_ms,
            tolerance_ms: expected_ms * TOLERANCE,
        };
        row::duration(known, measured_ms, streamed.circumstances())
    };
    Ok(quantities.map(row).to_vec())
}

/// About how long it takes.
pub(super) fn takes(bench: &Bench) -> Duration {
    stream::takes(length(bench))
}

/// Whole periods only: the quantiles are those of one freeze in ten seconds.
fn length(bench: &Bench) -> Duration {
    PERIOD * bench.either(1, 3)
}
