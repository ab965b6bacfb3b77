//! What a check found.

use super::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that is wrong, missing or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The part of the file it is about, such as `point.api` or `event.logout.bound`.
    pub about: String,
    /// What was seen.
    pub says: String,
    /// What a failure looks like; absent where nothing failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub looks_like: Option<Cause>,
    /// What to do; absent where nothing needs doing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub advice: Option<String>,
}

/// How bad a finding is, from worst to best.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The target does not do what its file says.
    Wrong,
    /// A run would measure less, or something else, than one may think.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// For a heading that counts `found` of them.
    #[must_use]
    pub fn counted(self, found: usize) -> &'static str {
        match (self, found) {
            (Self::Wrong, _) => "wrong",
            (Self::Warning, 1) => "warning",
            (Self::Warning, _) => "warnings",
            (Self::Note, 1) => "note",
            (Self::Note, _) => "notes",
        }
    }
}

impl Finding {
    /// Without a cause or advice.
    #[must_use]
    pub fn new(severity: Severity, about: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            severity,
            about: about.into(),
            says: says.into(),
            looks_like: None,
            advice: None,
        }
    }

    /// With what to do.
    #[must_use]
    pub fn advising(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }

    /// With what the failure looks like.
    #[must_use]
    pub fn looking_like(self, cause: Cause) -> Self {
        Self {
            looks_like: Some(cause),
            ..self
        }
    }
}
