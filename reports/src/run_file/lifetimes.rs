//! What token responses said of how long their tokens live, beside what the target file says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a token's lifetime was read.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LifetimeSource {
    /// `expires_in` of a token response (RFC 6749 §5.1).
    ExpiresIn,
    /// `exp` − `iat` of a JWT (RFC 7519 §4.1).
    Exp,
}

impl LifetimeSource {
    /// How a report names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExpiresIn => "expires_in",
            Self::Exp => "exp − iat",
        }
    }
}

/// The lifetimes that one source named for the access tokens of one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifetimeRecord {
    /// Name of the target.
    pub target: String,
    /// Where they were read.
    pub source: LifetimeSource,
    /// How many tokens.
    pub n: u64,
    /// The shortest, in seconds.
    pub shortest_s: f64,
    /// The longest, in seconds.
    pub longest_s: f64,
    /// The fact `access_ttl` of the target file in this scenario, in seconds; absent: it has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stated_s: Option<f64>,
}
