//! Collects operations from what criterion leaves in `target/criterion`.

use super::Operation;
use crate::number::rounded;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use thiserror::Error;

/// Why nothing could be collected.
#[derive(Debug, Error)]
pub enum CollectError {
    /// The folder, or a file in it, cannot be read.
    #[error("could not read {}: {source}", path.display())]
    Io {
        /// What could not be read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not as criterion writes it; the message ends in line and column.
    #[error("{} is not a result of criterion: {source}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: serde_json::Error,
    },
    /// There is nothing to collect.
    #[error("{} holds no result of criterion: cargo bench --bench micro leaves some in target/criterion", .0.display())]
    Nothing(PathBuf),
}

#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
struct Throughput {
    #[serde(rename = "Bytes")]
    bytes: Option<u64>,
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
    std_dev: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    confidence_interval: Interval,
    point_estimate: f64,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// The latest result of every operation under `folder`, by id, and when the last of them was written.
///
/// # Errors
/// When there is none, or one cannot be read.
pub fn of_criterion(folder: &Path) -> Result<(Vec<Operation>, SystemTime), CollectError> {
    let mut found = Vec::new();
    collect(folder, &mut found)?;
    let latest = found.iter().map(|(_, written)| *written).max();
    let latest = latest.ok_or_else(|| CollectError::Nothing(folder.to_owned()))?;
    let mut operations: Vec<Operation> =
        found.into_iter().map(|(operation, _)| operation).collect();
    operations.sort_by(|one, other| one.id.cmp(&other.id));
    Ok((operations, latest))
}

/// Criterion keeps each result in a folder called `new`, next to the one before it.
fn collect(folder: &Path, found: &mut Vec<(Operation, SystemTime)>) -> Result<(), CollectError> {
    let failed = |source| CollectError::Io {
        path: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            collect(&path, found)?;
        }
    }
    if folder.ends_with("new") && folder.join("benchmark.json").is_file() {
        found.push(operation(folder)?);
    }
    Ok(())
}

fn operation(folder: &Path) -> Result<(Operation, SystemTime), CollectError> {
    let benchmark: Benchmark = parsed(&folder.join("benchmark.json"))?;
    let path = folder.join("estimates.json");
    let estimates: Estimates = parsed(&path)?;
    let written = fs::metadata(&path).and_then(|about| about.modified());
    let written = written.map_err(|source| CollectError::Io { path, source })?;
    let median = &estimates.median;
    let operation = Operation {
        id: benchmark.full_id,
        median_ns: rounded(median.point_estimate),
        low_ns: rounded(median.confidence_interval.lower_bound),
        high_ns: rounded(median.confidence_interval.upper_bound),
        sd_ns: rounded(estimates.std_dev.point_estimate),
        bytes: benchmark.throughput.and_then(|throughput| throughput.bytes),
    };
    Ok((operation, written))
}

fn parsed<T: DeserializeOwned>(path: &Path) -> Result<T, CollectError> {
    let path = path.to_owned();
    match fs::read(&path) {
        Err(source) => Err(CollectError::Io { path, source }),
        Ok(bytes) => {
            serde_json::from_slice(&bytes).map_err(|source| CollectError::Parse { path, source })
        }
    }
}
