//! Delays drawn from a seeded distribution: the instrument's percentiles against those of the very delays that were drawn.

use super::row::{self, Known};
use super::stream::{self, Stream, stream};
use super::{Bench, SelftestError, Truth};
use authbench_reports::selftest::{Row, RowVerdict};
use std::time::Duration;

/// With the length below at least 20,000 requests: 20 beyond the p99.9.
const RATE_PER_S: u32 = 8000;
/// What lies between a response held and a response measured (see the fixed delay) …
const TOLERANCE_MS: f64 = 0.25;
/// … and 1 % of the delay: 0.1 % is the histogram's resolution; the rest is that a percentile of a sum is not the sum of percentiles, and in
/// a tail the next sample is that far away.
const TOLERANCE: f64 = 0.01;
/// The first of the two for the p99.9: what disturbs the machine for 1 ms in each second moves it by that much where many delays are equal.
/// Ours showed 0.1 to 0.7 ms with 0.3 % of the time stolen, which counts as quiet.
const TOLERANCE_P999_MS: f64 = 1.0;

/// 1 ms, and 20 ms for one in twenty: percentiles on both sides of the gap, none at its edge, where one sample would decide.
pub(super) async fn measure_bimodal(bench: &Bench) -> Result<Vec<Row>, SelftestError> {
    measure(
        bench,
        Truth::Bimodal,
        "delays of 1 ms, 1 in 20 of 20 ms, 8,000 requests/s",
        "--bimodal=1ms,20ms,0.05",
        // 8,000/s × 20 ms = 160 would be busy if all were slow.
        192,
    )
    .await
}

/// Log-normal, median 2 ms, σ 1: a p99.9 of 44 ms.
pub(super) async fn measure_heavy_tail(bench: &Bench) -> Result<Vec<Row>, SelftestError> {
    measure(
        bench,
        Truth::HeavyTail,
        "log-normal delays, median 2 ms, σ 1, 8,000 requests/s",
        "--lognormal=2ms,1.0",
        // 8,000/s × 44 ms = 350 would be busy if all were as slow as the slowest in a thousand.
        384,
    )
    .await
}

/// About how long one of them takes.
pub(super) fn takes(bench: &Bench) -> Duration {
    stream::takes(length(bench))
}

async fn measure(
    bench: &Bench,
    group: Truth,
    truth: &str,
    behaviour: &str,
    connections: usize,
) -> Result<Vec<Row>, SelftestError> {
    let streamed = stream(
        bench,
        &Stream {
            group,
            behaviour: Some(behaviour.to_owned()),
            rate_per_s: f64::from(RATE_PER_S),
            length: length(bench),
            connections,
            blocked: None,
        },
    )
    .await?;
    let report = &streamed.report;
    let (drawn, held) =
        report
            .drawn_us
            .zip(report.held_us)
            .ok_or_else(|| SelftestError::Answer {
                request: "/truth",
                status: 200,
                problem: "no drawn_us or no held_us".to_owned(),
            })?;
    let quantiles = [
        ("p50", 0.5, TOLERANCE_MS, drawn.p50, held.p50),
        ("p90", 0.9, TOLERANCE_MS, drawn.p90, held.p90),
        ("p99", 0.99, TOLERANCE_MS, drawn.p99, held.p99),
        ("p99.9", 0.999, TOLERANCE_P999_MS, drawn.p999, held.p999),
    ];
    type Quantile = (&'static str, f64, f64, f64, f64);
    let row = |(quantity, quantile, tolerance_ms, drawn_us, held_us): Quantile| {
        let expected_ms = drawn_us / 1000.0;
        let known = Known {
            group,
            truth: truth.to_owned(),
            quantity,
            expected_ms,
            tolerance_ms: tolerance_ms + expected_ms * TOLERANCE,
        };
        let measured_ms = streamed.response(bench).quantile_ms(quantile);
        let late_ms = (held_us - drawn_us) / 1000.0;
        let row = row::duration(known, measured_ms, streamed.circumstances());
        let row = unless_late(row, late_ms, tolerance_ms);
        unless_stopped(
            row,
            streamed.recorder.send_lag.quantile_ms(quantile),
            tolerance_ms,
        )
    };
    Ok(quantiles.map(row).to_vec())
}

/// A server that was late itself by half the tolerance did not do what it was told, and nothing can be held against the instrument.
fn unless_late(row: Row, late_ms: f64, tolerance_ms: f64) -> Row {
    if late_ms <= tolerance_ms / 2.0 {
        return row;
    }
    Row {
        verdict: RowVerdict::NotJudged,
        note: Some(format!(
            "the server itself held its responses {late_ms:.3} ms longer than it drew"
        )),
        ..row
    }
}

/// A generator whose own delay, at the same quantile, is half the tolerance was stopped by the machine (or is not in time, which the rows of the send
/// lag judge): what lies that far out in a tail is then the machine's.
fn unless_stopped(row: Row, send_lag_ms: Option<f64>, tolerance_ms: f64) -> Row {
    match send_lag_ms {
        Some(send_lag_ms) if send_lag_ms > tolerance_ms / 2.0 => Row {
            verdict: RowVerdict::NotJudged,
            note: Some(format!(
                "the generator itself sent {send_lag_ms:.3} ms late there: something stopped it"
            )),
            ..row
        },
        _ => row,
    }
}

fn length(bench: &Bench) -> Duration {
    Duration::from_millis(bench.either(2500, 20_000))
}
