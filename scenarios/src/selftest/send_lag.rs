//! The generator's own delay, which by construction should be none: against a server that answers at once, at three rates.

use super::row::{self, Known};
use super::stream::{self, Blocked, Stream, stream};
use super::{Bench, SelftestError, Truth};
use authbench_reports::number::count;
use authbench_reports::selftest::Row;
use std::time::Duration;

const RATES_PER_S: [u32; 3] = [2000, 20_000, 60_000];
const TOLERANCE_MS: f64 = 0.1;
/// After a block its starts are sent one after another.
const BLOCKED_TOLERANCE_MS: f64 = 0.5;
const BLOCKED_FOR: Duration = Duration::from_millis(5);
/// No multiple of the half millisecond between two starts: otherwise every block would begin at the same distance from one, and a hundred of them
/// would say no more than a single one.
const BLOCKED_EVERY: Duration = Duration::from_micros(97_300);

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

/// The other side: a generator that is kept from sending must say so. The starts of a block wait for what is left of it: with 5 ms in each
/// 97.3 ms one in a hundred waits for more than 4 ms. Blocks are a little longer than was asked, so the truth is reckoned from how long they were.
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
                every: BLOCKED_EVERY,
                for_: BLOCKED_FOR,
            }),
        },
    )
    .await?;
    let known = Known {
        group: Truth::SendLag,
        truth: "a generator that is blocked for 5 ms in each 97.3 ms, 2,000 requests/s".to_owned(),
        quantity: "send lag p99",
        expected_ms: waited_ms(&streamed.blocks, length(bench), 0.01),
        tolerance_ms: BLOCKED_TOLERANCE_MS,
    };
    let measured_ms = streamed.recorder.send_lag.quantile_ms(0.99);
    Ok(row::duration(known, measured_ms, streamed.circumstances()))
}

/// What one in 1 ÷ `share` of the moments in `length` is at least away from the end of the block that it lies in, in milliseconds. Zero when fewer
/// lie in any.
fn waited_ms(blocks: &[Duration], length: Duration, share: f64) -> f64 {
    let mut ms: Vec<f64> = blocks
        .iter()
        .map(|block| block.as_secs_f64() * 1e3)
        .collect();
    ms.sort_by(|a, b| b.total_cmp(a));
    let wanted = share * length.as_secs_f64() * 1e3;
    // Of the n longest blocks what is beyond x adds up to their sum − n·x, as long as the next is no longer than x.
    let mut sum = 0.0;
    for (n, block) in (1..).zip(&ms) {
        sum += block;
        let x = (sum - wanted) / f64::from(n);
        if x >= ms.get(n as usize).copied().unwrap_or(0.0) {
            return x.max(0.0);
        }
    }
    0.0
}

fn length(bench: &Bench) -> Duration {
    Duration::from_secs(bench.either(1, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_follows_from_the_blocks() {
        let ms = |ms: &[u64]| {
            ms.iter()
                .copied()
                .map(Duration::from_millis)
                .collect::<Vec<_>>()
        };
        let second = Duration::from_secs(1);
        // 1 % of 1 s are 10 ms: the last of ten blocks of 5 ms each.
        assert!((waited_ms(&ms(&[5; 10]), second, 0.01) - 4.0).abs() < 1e-9);
        // One long block holds them alone.
        assert!((waited_ms(&ms(&[5, 5, 100]), second, 0.01) - 90.0).abs() < 1e-9);
        // Two different ones: 7.5 and 2.5 ms of them.
        assert!((waited_ms(&ms(&[25, 30]), second, 0.01) - 22.5).abs() < 1e-9);
        assert_eq!(waited_ms(&ms(&[5]), second, 0.01), 0.0);
        assert_eq!(waited_ms(&[], second, 0.01), 0.0);
    }
}
