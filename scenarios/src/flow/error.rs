//! Why a step failed: which one, what was expected, what came.

use std::time::{Duration, SystemTime};

use super::client::ExchangeError;
use super::command::CommandError;
use super::encode::EncodeError;
use super::page::PreflightError;
use super::redirect::RedirectError;
use crate::target::Statuses;
use authbench_reports::recorder::Outcome;

/// A step of a flow failed. Shows the step as the file spells it, never a resolved value.
#[derive(Debug, thiserror::Error)]
#[error("target {target}, {step}: {failure}")]
pub struct StepError {
    /// The target's name.
    pub target: String,
    /// Place in the file and request as written there.
    pub step: String,
    /// What went wrong.
    pub failure: Box<StepFailure>,
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
    /// No whole response came to a request that followed a redirect.
    #[error("after a redirect: {0}")]
    Redirected(ExchangeError),
    /// A redirect that cannot or must not be followed.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// The client is a page of another origin, and may not send this; nothing but the preflight was sent.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// The command did not end well.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The target wants to be asked less often (429).
    #[error("status 429: the target wants to be asked less often")]
    Throttled {
        /// How long it wants to be left alone (`Retry-After`), if it says so.
        after: Option<Duration>,
    },
    /// The response has another status than the file expects.
    #[error("expected status {expected}, got {got}{}{body}", if .body.is_empty() { "" } else { ": " })]
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
    /// Whether the step may have taken effect although no answer says so: its request was (perhaps in part) sent and no whole response came, what
    /// came after a redirect is not known, or a command was started and did not end well. Such an acknowledgement is unknown, neither
    /// given nor refused.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        match &*self.failure {
            StepFailure::Exchange(error) => error.may_have_been_sent(),
            StepFailure::Redirected(_) | StepFailure::Redirect(_) => true,
            StepFailure::Command(error) => !matches!(error, CommandError::Spawn { .. }),
            StepFailure::Encode(_)
            | StepFailure::Preflight(_)
            | StepFailure::Throttled { .. }
            | StepFailure::Status { .. }
            | StepFailure::Capture { .. } => false,
        }
    }

    /// Whether the target could not be reached, or gave no answer at all.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        matches!(*self.failure, StepFailure::Exchange(_))
    }

    /// How long to leave the target alone, if it asked for that.
    #[must_use]
    pub fn throttled_for(&self) -> Option<Duration> {
        /// When a target says 429 and not for how long.
        const UNSAID: Duration = Duration::from_secs(1);
        match &*self.failure {
            StepFailure::Throttled { after } => Some(after.unwrap_or(UNSAID)),
            _ => None,
        }
    }

    /// How the step ended, as a sample of a load.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.failure.outcome()
    }

    /// Whether the target said no to what the step presented. Neither throttling (429) nor a request that took too long (408) is that.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(
            self.unexpected_status(),
            Some(400..=407 | 409..=428 | 430..=499)
        )
    }

    /// The status that came instead of the expected one, if that is what failed.
    #[must_use]
    pub fn unexpected_status(&self) -> Option<u16> {
        self.failure.unexpected_status()
    }
}

impl StepFailure {
    /// How what failed ended, as a sample of a load.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match (self, self.unexpected_status()) {
            (_, Some(status)) => Outcome::Unexpected(status),
            (Self::Preflight(error), None) => error.outcome(),
            (
                Self::Exchange(ExchangeError::Deadline(_))
                | Self::Redirected(ExchangeError::Deadline(_)),
                None,
            ) => Outcome::TimedOut,
            (_, None) => Outcome::Broken,
        }
    }

    fn unexpected_status(&self) -> Option<u16> {
        match self {
            Self::Status { got, .. } => Some(*got),
            Self::Throttled { .. } => Some(crate::target::THROTTLED),
            _ => None,
        }
    }
}

/// What `Retry-After` asks for (RFC 9110 §10.2.3): seconds, or a date.
pub(super) fn retry_after(value: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(SystemTime::now()).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_an_outage_and_a_time_out_are_no_refusals() {
        let failed = |failure| StepError {
            target: "t".to_owned(),
            step: "refresh[0]".to_owned(),
            failure: Box::new(failure),
        };
        let status = |got| {
            failed(StepFailure::Status {
                expected: Statuses::new(vec![200]).expect("a status"),
                got,
                body: String::new(),
            })
        };
        // A refused refresh token is a 400 (`invalid_grant`, RFC 6749 §5.2).
        assert!(
            [400, 401, 403, 404]
                .into_iter()
                .all(|got| status(got).is_refusal())
        );
        assert!(
            ![302, 408, 500, 503]
                .into_iter()
                .any(|got| status(got).is_refusal())
        );
        assert!(!failed(StepFailure::Throttled { after: None }).is_refusal());
        let lost = failed(StepFailure::Exchange(ExchangeError::Deadline(
            Duration::ZERO,
        )));
        assert!(!lost.is_refusal() && lost.is_unanswered());
        assert!(!status(503).is_unanswered());
    }

    #[test]
    fn retry_after_is_a_number_of_seconds_or_a_date() {
        assert_eq!(retry_after(b"120"), Some(Duration::from_secs(120)));
        let past = b"Wed, 21 Oct 2015 07:28:00 GMT";
        assert_eq!(retry_after(past), Some(Duration::ZERO));
        assert_eq!(retry_after(b"soon"), None);
        assert_eq!(retry_after(b"-1"), None);
    }
}
