//! Why a step failed: which one, what was expected, what came.

use super::client::ExchangeError;
use super::encode::EncodeError;
use crate::target::Statuses;

/// A step of a flow failed. Shows the step as the file spells it, never a resolved value.
#[derive(Debug, thiserror::Error)]
#[error("target {target}, {step}: {failure}")]
pub struct StepError {
    /// The target's name.
    pub target: String,
    /// Place in the file and request as written there.
    pub step: String,
    /// What went wrong.
    pub failure: StepFailure,
}

/// What went wrong in a step.
#[derive(Debug, thiserror::Error)]
pub enum StepFailure {
    /// The request cannot be built; nothing was sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// No whole response came.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The response has another status than the file expects.
    #[error("expected status {expected}, got {got}: {body}")]
    Status {
        /// What the file expects.
        expected: Statuses,
        /// What came.
        got: u16,
        /// The beginning of the body, credentials masked.
        body: String,
    },
    /// The response has the right status but not the value to capture.
    #[error("cannot capture {name}: {reason}")]
    Capture {
        /// The name in the file.
        name: String,
        /// What is missing, or why a cookie was not kept.
        reason: String,
    },
}

impl StepError {
    /// Whether the request may have taken effect although no answer says so: it was (perhaps in part) sent, and no whole response came.
    /// Such an acknowledgement is unknown, neither given nor refused.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        match &self.failure {
            StepFailure::Exchange(error) => error.may_have_been_sent(),
            StepFailure::Encode(_) | StepFailure::Status { .. } | StepFailure::Capture { .. } => {
                false
            }
        }
    }

    /// The status that came instead of the expected one, if that is what failed.
    #[must_use]
    pub fn unexpected_status(&self) -> Option<u16> {
        match &self.failure {
            StepFailure::Status { got, .. } => Some(*got),
            _ => None,
        }
    }
}
