//! What single operations cost, format `authbench.microbenchmarks/1`, and how much of a target's CPU they explain.
//!
//! * [`MicrobenchmarksFile`]: all operations, where and when they were measured; [`write()`] and [`read()`]
//! * [`of_criterion`]: collects them from the result files that criterion leaves
//! * [`markdown`]: the table of `docs/microbenchmarks.md`
//! * [`Citation`]: the figures that a run of the same machine cites
//! * [`attribution`]: CPU per request of a target minus the control's, beside the sum of what its model does

pub mod attribution;
mod citation;
mod criterion;
mod disk;
mod markdown;

pub use citation::Citation;
pub use criterion::{CollectError, of_criterion};
pub use disk::{read, write};
pub use markdown::markdown;

use crate::run_file::Manifest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format this build writes and reads.
pub const SCHEMA: &str = "authbench.microbenchmarks/1";

/// What single operations cost on one machine.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MicrobenchmarksFile {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// When the last operation was measured, RFC 3339, UTC.
    pub measured_at: String,
    /// Where, and with which versions, they were collected: on the machine that measured them.
    pub manifest: Manifest,
    /// The operations, by id.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// `group/subject/parameter`.
    pub id: String,
    /// Median, in nanoseconds: of wall time, in the group `paced` of CPU time.
    pub median_ns: f64,
    /// Lower end of the median's 95 % interval.
    pub low_ns: f64,
    /// Its upper end.
    pub high_ns: f64,
    /// Standard deviation of the samples.
    pub sd_ns: f64,
    /// Bytes that one operation reads or writes, where that means anything.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<u64>,
}

impl MicrobenchmarksFile {
    /// The operation `id`.
    #[must_use]
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// How many times the cryptographic limit an operation takes: `verify/access_token/X` over `verify/limit/X`.
    #[must_use]
    pub fn ratio_to_limit(&self, operation: &Operation) -> Option<f64> {
        let mut parts = operation.id.splitn(3, '/');
        let (group, subject, parameter) = (parts.next()?, parts.next()?, parts.next()?);
        let limit = self.operation(&format!("{group}/limit/{parameter}"))?;
        (subject != "limit").then(|| operation.median_ns / limit.median_ns)
    }
}
