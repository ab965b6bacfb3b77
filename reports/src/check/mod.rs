//! What `authbench check` saw of a target: one user walked through every flow, without load.
//!
//! Nothing here holds a credential: requests stand as the target file spells them, captured values as what they look like.

mod cause;
mod finding;
mod moment;
mod render;

pub use cause::Cause;
pub use finding::{Finding, Severity};
pub use moment::{Expected, Moment, PointAnswer, PointVerdict};
pub use render::text;

use crate::revocation::After;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format this build writes.
pub const SCHEMA: &str = "authbench.check/1";

/// One target, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetCheck {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The target's name.
    pub target: String,
    /// What it came to.
    pub outcome: Outcome,
    /// How long it took, in seconds.
    pub duration_s: f64,
    /// Every call, in order; asking the points is in `moments`.
    pub transcript: Vec<Entry>,
    /// The points' names, in the file's order.
    pub points: Vec<String>,
    /// What the points said, moment by moment.
    pub moments: Vec<Moment>,
    /// What came of each event.
    pub events: Vec<CheckedEvent>,
    /// What is wrong, missing or worth knowing; the worst first.
    pub findings: Vec<Finding>,
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The target does what its file says.
    Fine,
    /// Something does not do what the file says.
    Differs,
    /// An address that the file names does not answer.
    Unreachable,
    /// Told to stop.
    Interrupted,
}

impl Outcome {
    /// The exit code of `authbench check`.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Differs => 1,
            Self::Unreachable => 2,
            Self::Interrupted => 130,
        }
    }
}

/// One call of a step list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Where in the file it stands, such as `login[0]`.
    pub place: String,
    /// The request as the file spells it, or the command: references unresolved, literal query values masked.
    pub request: String,
    /// Where it went; absent for a command.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub host: Option<String>,
    /// The status that came; absent when no whole response did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// From just before it was called to its end, in milliseconds.
    pub took_ms: f64,
    /// What was captured, as it may be shown.
    pub captured: Vec<String>,
    /// What else is to be said of it: how it failed, cookies that were not kept.
    pub remarks: Vec<String>,
}

/// One event, made to happen once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckedEvent {
    /// Its name.
    pub event: String,
    /// Whose credential it ended.
    pub user: String,
    /// Whether the call was acknowledged; without that there is nothing to observe.
    pub acknowledged: bool,
    /// How long was watched after the acknowledgement, in milliseconds.
    pub observed_ms: f64,
    /// What each point did.
    pub lags: Vec<CoarseLag>,
    /// What a refresh did afterwards; absent where the target has none, or it was not tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refresh: Option<After>,
    /// Whether undoing it worked; absent where the file has no undo.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub undone: Option<bool>,
    /// Whether the user could log in again at the end; absent when not tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub logs_in_again: Option<bool>,
}

/// When a point let go of the credential, as coarse as its few probes: after `accepted_until_ms`, by `refused_by_ms`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoarseLag {
    /// The point.
    pub point: String,
    /// When the last accepted probe was sent, in milliseconds after the acknowledgement; absent: none was accepted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accepted_until_ms: Option<f64>,
    /// When the first refusal was in, in milliseconds after the acknowledgement; absent: not until observation ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused_by_ms: Option<f64>,
    /// The bound as the file states it, and how long that is where it is made of facts; absent: none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound: Option<String>,
    /// What became of the bound.
    pub kept: BoundKept,
}

/// What became of a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoundKept {
    /// Refused in time, as far as the probes can tell.
    Kept,
    /// Accepted after the bound had passed.
    Broken,
    /// Observation ended before the bound, the credential still accepted.
    NotObserved,
    /// There is none.
    NoBound,
    /// The answers say nothing: outages, or the credential was not accepted before.
    Unknown,
}

impl BoundKept {
    /// For a table.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::NotObserved => "not observed",
            Self::NoBound => "no bound",
            Self::Unknown => "unknown",
        }
    }
}
