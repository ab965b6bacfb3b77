//! What the points said at one moment of a check.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All points, asked once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// What was presented, and when: `after login`, `without a credential`.
    pub name: String,
    /// What the file makes one expect.
    pub expected: Expected,
    /// What each point answered, in their order.
    pub answers: Vec<PointAnswer>,
}

/// What the file makes one expect of every point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// Acceptance.
    Accepted,
    /// No acceptance.
    Refused,
    /// Nothing: it is only shown.
    Anything,
}

/// What one point answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PointAnswer {
    /// What that means.
    pub verdict: PointVerdict,
    /// Its status; absent when no whole response came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
}

/// What an answer means by the point's `accept` and `refuse`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PointVerdict {
    /// `accept` holds.
    Accepted,
    /// `refuse` holds.
    Refused,
    /// 429: asked too often.
    Throttled,
    /// Neither holds.
    Neither,
    /// Both hold: the file cannot tell them apart.
    Both,
    /// No whole response came.
    NoAnswer,
    /// Not asked: it presents nothing that could be left out or changed.
    NotAsked,
}

impl PointAnswer {
    /// For a table: `accepted 200`.
    #[must_use]
    pub fn words(self) -> String {
        let verdict = match self.verdict {
            PointVerdict::Accepted => "accepted",
            PointVerdict::Refused => "refused",
            PointVerdict::Throttled => "throttled",
            PointVerdict::Neither => "neither",
            PointVerdict::Both => "both",
            PointVerdict::NoAnswer => "no answer",
            PointVerdict::NotAsked => return crate::render::table::ABSENT.to_owned(),
        };
        match self.status {
            Some(status) => format!("{verdict} {status}"),
            None => verdict.to_owned(),
        }
    }
}
