//! Servers that go on accepting a revoked credential for a time that is known: what the instrument says of each must contain it.

mod script;

use self::script::{SCRIPTS, Script};
use super::fault::{Fault, lag_to_first_refusal};
use super::row::{self, Circumstances, Known, Trials};
use super::{Bench, SelftestError, Truth, trials};
use authbench_reports::revocation::{Lag, Trial};
use authbench_reports::run_file::RevocationRecord;
use authbench_reports::selftest::{Noise, Row};
use authbench_reports::statistics::order_statistic;
use std::time::Duration;

const SCENARIO: &str = include_str!("scenario.toml");
/// Nine servers share a processor with each other, and each call with hundreds of probes per second.
const FLIGHT_MS: f64 = 1.0;

/// Measures all scripts at once: they do not disturb each other's truth, only the width of the intervals.
pub(super) async fn measure(bench: &Bench) -> Result<Vec<Row>, SelftestError> {
    let files = SCRIPTS.iter().map(|script| script.file(bench));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let watch = bench.watch();
    let record = trials::revoke(bench, "known-lag", SCENARIO, files).await?;
    let noise = bench.quiet_since(watch, Truth::RevocationLag.name());
    let mut rows: Vec<Row> = SCRIPTS
        .iter()
        .map(|script| script_row(bench, *script, &record))
        .collect();
    rows.extend(width_rows(bench, &record, &noise));
    rows.push(flight_row(&record, &noise));
    Ok(rows)
}

/// About how long it takes: slots of ten trials, each of a wait, a random age and the observation.
pub(super) fn takes(bench: &Bench) -> Duration {
    Duration::from_secs(bench.either(9, 22))
}

/// The lag of `trial` at `point`, as the instrument says it.
fn lag(bench: &Bench, trial: &Trial, point: &str) -> Lag {
    if bench.has(Fault::FirstReject) {
        lag_to_first_refusal(trial, point)
    } else {
        trial.lag(point)
    }
}

fn script_row(bench: &Bench, script: Script, record: &RevocationRecord) -> Row {
    let all = trials::of(record, &script.name()).map_or(&[][..], |event| &event.trials);
    let right = |trial: &&Trial| script.is_right(trial, &|point| lag(bench, trial, point));
    let mut row = row::trials(Trials {
        group: Truth::RevocationLag,
        truth: script.told(),
        quantity: script.quantity(),
        right: all.iter().filter(right).count() as u64,
        of: all.len() as u64,
    });
    let acks = all
        .iter()
        .map(|trial| ms(trial.answered_ns - trial.requested_ns));
    if let Some(ack_ms) = median(acks) {
        row.figures.insert("ack_p50_ms".to_owned(), ack_ms);
    }
    let accepted = all
        .iter()
        .filter_map(|trial| script.request_to_last_accepted_ns(trial));
    if let Some(accepted_ms) = median(accepted.map(ms)) {
        row.figures
            .insert("request_to_last_accepted_p50_ms".to_owned(), accepted_ms);
    }
    row
}

/// How narrow the intervals are: in the middle two probes apart at most, and nine in ten three.
fn width_rows(bench: &Bench, record: &RevocationRecord, noise: &Noise) -> [Row; 2] {
    let mut widths_ms = widths_ms(bench, record);
    widths_ms.sort_by(f64::total_cmp);
    [("median width", 0.5, 1.0), ("p90 width", 0.9, 2.0)].map(|(quantity, quantile, probes)| {
        let known = Known {
            group: Truth::RevocationLag,
            truth: "an interval is as wide as its probes are apart".to_owned(),
            quantity,
            expected_ms: record.probe_every_ms,
            tolerance_ms: probes * record.probe_every_ms,
        };
        let around = Circumstances {
            noise,
            n: widths_ms.len() as u64,
            unanswered: record.background.unsent,
        };
        row::duration(known, order_statistic(&widths_ms, quantile), around)
    })
}

/// Of every interval; where nothing was accepted any more, from the acknowledgement on.
fn widths_ms(bench: &Bench, record: &RevocationRecord) -> Vec<f64> {
    let mut widths_ms = Vec::new();
    for script in SCRIPTS {
        let all = trials::of(record, &script.name()).map_or(&[][..], |event| &event.trials);
        for (trial, point) in all.iter().flat_map(|trial| script.lagging(trial)) {
            match lag(bench, trial, point) {
                Lag::Interval { after_ns, until_ns } => widths_ms.push(ms(until_ns - after_ns)),
                Lag::NeverAccepted { until_ns } => widths_ms.push(ms(until_ns)),
                Lag::Censored { .. } | Lag::Unknown => {}
            }
        }
    }
    widths_ms
}

/// That t0 is stamped when the acknowledgement arrives. The server answers at once, so the call takes no longer than a request does; every
/// lag counts from its end, and a late end would make all of them short.
fn flight_row(record: &RevocationRecord, noise: &Noise) -> Row {
    let at_once = SCRIPTS
        .iter()
        .filter(|script| script.acknowledges_at_once());
    let trials: Vec<&Trial> = at_once
        .filter_map(|script| trials::of(record, &script.name()))
        .flat_map(|event| &event.trials)
        .collect();
    let known = Known {
        group: Truth::RevocationLag,
        truth: "a revoking call that is answered at once takes no time".to_owned(),
        quantity: "median time to the acknowledgement",
        expected_ms: 0.0,
        tolerance_ms: FLIGHT_MS,
    };
    let around = Circumstances {
        noise,
        n: trials.len() as u64,
        unanswered: record.background.unsent,
    };
    let flights = trials
        .iter()
        .map(|trial| ms(trial.answered_ns - trial.requested_ns));
    row::duration(known, median(flights), around)
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    order_statistic(&values, 0.5)
}

fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}
