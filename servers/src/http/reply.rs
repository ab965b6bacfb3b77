//! The few shapes of answer that the reference servers give.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::content::Content;

/// An answer.
pub type Reply = Response<Content>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Seconds after which it makes sense to ask again: about what a restart of the store takes.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// A JSON answer from text that is there already; costs no allocation but the header map's.
pub fn json_text(status: StatusCode, text: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Content::from(text.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, JSON);
    // Answers to credentials must not be kept by any cache (RFC 6749 §5.1, RFC 9111 §3.5).
    reply.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    reply
}

/// A JSON answer.
pub fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    // Our own types have string keys and finite numbers: serialising them cannot fail.
    let text = serde_json::to_vec(body).expect("a reply of plain structs serialises");
    json_text(status, text)
}

/// An answer without content.
pub fn empty(status: StatusCode) -> Reply {
    let mut reply = Reply::default();
    *reply.status_mut() = status;
    reply.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    reply
}

/// An OAuth error answer (RFC 6749 §5.2): a JSON object with the code, and nothing that echoes the
/// request.
pub fn oauth_error(status: StatusCode, code: &'static str) -> Reply {
    json(status, &serde_json::json!({ "error": code }))
}

/// 400 with an OAuth error code.
pub fn bad_request(code: &'static str) -> Reply {
    oauth_error(StatusCode::BAD_REQUEST, code)
}

/// 401 for a client that failed to authenticate.
pub fn invalid_client() -> Reply {
    let reply = oauth_error(StatusCode::UNAUTHORIZED, "invalid_client");
    with_header(
        reply,
        WWW_AUTHENTICATE,
        HeaderValue::from_static("Basic realm=\"authbench\""),
    )
}

/// 503: what has to be asked does not answer, or is too busy; try again.
pub fn unavailable() -> Reply {
    let reply = oauth_error(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable");
    with_header(reply, RETRY_AFTER, RETRY_SECONDS)
}

/// 429: this client has asked for more than it may, and may ask again after `wait`.
pub fn too_many_requests(wait: Duration) -> Reply {
    let reply = oauth_error(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    // Whole seconds (RFC 9110 §10.2.3), and never sooner than it makes sense.
    let seconds = wait.as_millis().div_ceil(1_000).max(1);
    with_header(reply, RETRY_AFTER, HeaderValue::from(seconds as u64))
}

/// 405 for a known path.
pub fn method_not_allowed(allowed: &'static str) -> Reply {
    with_header(
        empty(StatusCode::METHOD_NOT_ALLOWED),
        ALLOW,
        HeaderValue::from_static(allowed),
    )
}

/// 404.
pub fn not_found() -> Reply {
    oauth_error(StatusCode::NOT_FOUND, "not_found")
}

/// An answer of another type, which whoever asked may keep for as long as it says itself.
pub fn of_type(content_type: HeaderValue, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Content::from(body.into()));
    reply.headers_mut().insert(CONTENT_TYPE, content_type);
    reply
}

/// Prometheus text.
pub fn metrics(text: String) -> Reply {
    let mut reply = Response::new(Content::from(Bytes::from(text)));
    reply.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4"),
    );
    reply
}

/// `reply` with one more header.
pub fn with_header(mut reply: Reply, name: hyper::header::HeaderName, value: HeaderValue) -> Reply {
    reply.headers_mut().append(name, value);
    reply
}
