//! Reading a request's body, bounded in size and in time.

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue};

use super::Limits;
use super::reply::{Reply, oauth_error, with_header};

/// A body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Larger than [`Limits::body_bytes`].
    #[error("the body is too large")]
    TooLarge,
    /// Slower than [`Limits::body_timeout`].
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The connection broke, or the chunks were malformed.
    #[error("the body broke off")]
    Broken,
}

/// Reads the whole body.
pub async fn read(body: Incoming, limits: &Limits) -> Result<Bytes, BodyError> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    // A declared length is refused before a byte of it is read.
    if body.size_hint().lower() > limits.body_bytes as u64 {
        return Err(BodyError::TooLarge);
    }
    let whole = Limited::new(body, limits.body_bytes).collect();
    match tokio::time::timeout(limits.body_timeout, whole).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Ok(Err(_)) => Err(BodyError::Broken),
        Err(_) => Err(BodyError::TooSlow),
    }
}

impl BodyError {
    /// The answer. It closes the connection: what is left of the body would be read as the next
    /// request.
    pub fn reply(self) -> Reply {
        let status = match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        };
        with_header(
            oauth_error(status, "invalid_request"),
            CONNECTION,
            HeaderValue::from_static("close"),
        )
    }
}
