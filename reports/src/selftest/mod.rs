//! What the instrument measured of itself: known truths beside what it said of them, format `authbench.selftest/1`.
//!
//! * [`Row`]: one quantity of one truth, judged
//! * [`SelftestFile`]: all rows of one self-test, where and how quiet it was; [`write()`] and [`read()`]
//! * [`text()`], [`markdown()`]: the table; [`repeats_markdown()`]: that of several self-tests
//! * [`Citation`]: what a run says of the self-test that came before it

mod citation;
mod disk;
mod file;
mod noise;
mod render;
mod repeats;

pub use citation::{Citation, CitedError};
pub use disk::{read, write};
pub use file::{Overall, SCHEMA, Scope, SelftestFile};
pub use noise::{Noise, QUIET_CANARY_CV, QUIET_STEAL_SHARE};
pub use render::{markdown, text};
pub use repeats::repeats_markdown;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name of the figure that says how much of its tolerance a row's error used: 1 is all of it.
pub const SHARE_OF_TOLERANCE: &str = "share_of_tolerance";

/// One quantity of one truth: what it is by construction, and what the instrument said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What is known by construction, e.g. `every response frozen 1 s in each 10 s`.
    pub truth: String,
    /// The truths measured together, as `--only` names them, e.g. `stall`.
    pub group: String,
    /// What was measured, e.g. `p99`.
    pub quantity: String,
    /// What it is, with its unit.
    pub expected: String,
    /// What the instrument said, with its unit.
    pub measured: String,
    /// How far apart these are.
    pub error: String,
    /// How far apart they may be.
    pub tolerance: String,
    /// What follows.
    pub verdict: RowVerdict,
    /// What a reader must know besides, e.g. why it was not judged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
    /// Samples, or trials, behind the measured value.
    pub n: u64,
    /// The same values as numbers, each with its unit in its name: `measured_ms`, `error_ms`, …
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub figures: BTreeMap<String, f64>,
}

/// What follows from one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowVerdict {
    /// Within its tolerance.
    Pass,
    /// Beyond its tolerance.
    Fail,
    /// Depends on timing, and the machine was not quiet: whatever was measured says nothing. Not a pass.
    NotJudged,
    /// Needs something that is not there, e.g. another program. Not a pass, and no reason to doubt.
    Skipped,
}

impl RowVerdict {
    /// As tables show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::NotJudged => "not judged",
            Self::Skipped => "skipped",
        }
    }
}
