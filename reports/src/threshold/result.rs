//! What became of a threshold, as it stands in `summary.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One threshold at one target; of lags, at one enforcement point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdResult {
    /// The scenario that asks for it.
    pub scenario: String,
    /// The target; `*` where no target of the run has such a figure.
    pub target: String,
    /// The enforcement point; of lags only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub point: Option<String>,
    /// As written in the scenario file.
    pub threshold: String,
    /// What became of it.
    pub outcome: ThresholdOutcome,
    /// The figure, rounded as everywhere in this file; of a lag, up to the moment from which the caller was certainly out. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub figure: Option<f64>,
    /// The limit; absent where a bound was asked for and none is promised.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limit: Option<f64>,
    /// What figure and limit are in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<Unit>,
    /// The figure in words, or why nothing is shown.
    pub what: String,
}

/// What became of a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdOutcome {
    /// The figure lies as it must.
    Kept,
    /// It does not.
    NotKept,
    /// There is no such figure, or the run's own checks do not trust it.
    NotShown,
}

/// What a figure is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// Microseconds of CPU per request.
    Us,
    /// Bytes per request.
    Bytes,
    /// Commands per request.
    Commands,
    /// From 0 to 1.
    Share,
    /// So many.
    Count,
    /// Per second.
    PerS,
}

impl ThresholdOutcome {
    /// As reports say it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::NotKept => "not kept",
            Self::NotShown => "not shown",
        }
    }
}

impl ThresholdResult {
    /// Whose, which, and what was found; names in backticks.
    #[must_use]
    pub fn sentence(&self) -> String {
        let place = self
            .point
            .as_ref()
            .map_or_else(String::new, |point| format!(" at `{point}`"));
        format!(
            "threshold `{}` of `{}` for `{}`{place}: {}",
            self.threshold, self.scenario, self.target, self.what
        )
    }
}
