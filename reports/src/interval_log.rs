//! HDR interval logs, format 1.3: what HdrHistogram's own tools read and plot.

use crate::histogram::Histogram;
use crate::run_file::{RunFile, ScenarioRecord, SteadyRecord};
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use std::time::{Duration, SystemTime};
use thiserror::Error;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntervalLog {
    /// `<scenario>-<target>.hlog`.
    pub file_name: String,
    /// Its lines.
    pub bytes: Vec<u8>,
}

/// Why a log could not be made.
#[derive(Debug, Error)]
#[error("could not write the interval log of {target}: {reason}")]
pub struct IntervalLogError {
    target: String,
    reason: String,
}

/// One log per steady scenario and target: an interval per round, tagged `response`, `service` and `send_lag`, in microseconds.
///
/// Intervals start at the seconds measured before them, since the start of the run: the pauses between rounds are left out.
///
/// # Errors
/// When a histogram cannot be encoded.
pub fn interval_logs(run: &RunFile) -> Result<Vec<IntervalLog>, IntervalLogError> {
    let mut logs = Vec::new();
    for scenario in &run.scenarios {
        let Some(steady) = &scenario.steady else {
            continue;
        };
        for target in &run.targets {
            let bytes =
                log(run, scenario, steady, &target.name).map_err(|reason| IntervalLogError {
                    target: target.name.clone(),
                    reason,
                })?;
            logs.push(IntervalLog {
                file_name: format!("{}-{}.hlog", plain(&scenario.name), plain(&target.name)),
                bytes,
            });
        }
    }
    Ok(logs)
}

fn log(
    run: &RunFile,
    scenario: &ScenarioRecord,
    steady: &SteadyRecord,
    target: &str,
) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut header = IntervalLogWriterBuilder::new();
    header
        .add_comment("[Histogram log format version 1.3]")
        .add_comment(&format!(
            "authbench {}: {} / {target}; microseconds; the Max column in milliseconds; rounds laid end to end",
            run.run_id, scenario.name
        ))
        .with_max_value_divisor(1000.0);
    if let Some(started) = started(run) {
        header.with_start_time(started).with_base_time(started);
    }
    let mut log = header
        .begin_log_with(&mut bytes, &mut serializer)
        .map_err(|error| error.to_string())?;
    let mut start = Duration::ZERO;
    for round in &steady.rounds {
        let length = Duration::from_secs_f64(round.wall_s.max(0.0));
        for part in round.targets.iter().filter(|part| part.target == target) {
            let tagged: [(&str, &Histogram); 3] = [
                ("response", &part.response),
                ("service", &part.service),
                ("send_lag", &part.send_lag),
            ];
            for (tag, histogram) in tagged {
                log.write_histogram(histogram.hdr(), start, length, Tag::new(tag))
                    .map_err(|error| error.to_string())?;
            }
        }
        start += length;
    }
    Ok(bytes)
}

fn started(run: &RunFile) -> Option<SystemTime> {
    let at: jiff::Timestamp = run.started_at.parse().ok()?;
    Some(at.into())
}

/// A name that is a file name everywhere.
fn plain(name: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || "._-+=".contains(c);
    name.chars()
        .map(|c| if keep(c) { c } else { '_' })
        .collect()
}
