//! Why a service gave no answer that could be relayed. Never a 401: the caller's session is good.

use hyper::StatusCode;

use crate::http::reply::{self, Reply};
use crate::http::upstream::UpstreamError;
use crate::metrics::ByReason;

/// Why there is nothing to relay. The order is that of the metrics.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The service did not answer, or not usably.
    #[error("ask a service: {0}")]
    Service(#[from] UpstreamError),
    /// It has refused an internal token that had only just been minted.
    #[error("ask a service: it refuses our internal tokens")]
    TokenRefused,
}

/// Counts failures by their reason.
pub(super) type Failures = ByReason<4>;

/// A counter of failures.
pub(super) fn failures() -> Failures {
    ByReason::new(
        "authbench_gateway_failures_total",
        "Requests of good sessions that no service answered, by reason",
        ["connection", "deadline", "answer", "token_refused"],
    )
}

impl Failure {
    /// Its place in the metrics.
    pub(super) fn index(&self) -> usize {
        match self {
            Self::Service(UpstreamError::Connection(_)) => 0,
            Self::Service(UpstreamError::Deadline(_)) => 1,
            Self::Service(UpstreamError::Answer(_)) => 2,
            Self::TokenRefused => 3,
        }
    }

    /// 504 where time ran out, 502 for anything else (RFC 9110 §15.6.3, §15.6.5).
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::Service(UpstreamError::Deadline(_)) => {
                reply::oauth_error(StatusCode::GATEWAY_TIMEOUT, "service_too_slow")
            }
            _ => reply::oauth_error(StatusCode::BAD_GATEWAY, "service_unavailable"),
        }
    }
}
