//! Answers, and what they are expected to be: status, challenge and body, exactly.

use serde_json::Value;

use crate::wire::Message;

/// What a row finds: nothing to object to, or what is wrong.
pub(crate) type Outcome = Result<(), String>;

/// An answer of a server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// 0 if the connection was closed without an answer.
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn from_message(message: Message) -> Self {
        let status = message
            .start
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok());
        Self {
            status: status.unwrap_or(0),
            headers: message.headers,
            body: String::from_utf8(message.body).expect("UTF-8"),
        }
    }

    /// No answer came.
    pub(crate) fn closed() -> Self {
        Self {
            status: 0,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// The first header of this name (in lower case).
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A member of the JSON body that is a string.
    pub(crate) fn text(&self, member: &str) -> Option<String> {
        self.json()[member].as_str().map(str::to_owned)
    }

    /// Compares it with what is expected; `what` says what was asked.
    pub(crate) fn is(&self, expected: Expected, what: &str) -> Result<&Self, String> {
        match expected.objection(self) {
            None => Ok(self),
            Some(objection) => Err(format!("{what}: {objection}; the answer: {self:?}")),
        }
    }
}

/// An answer that would be right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    /// Any of these; 0 is a connection closed without an answer.
    statuses: &'static [u16],
    /// `WWW-Authenticate`; `None`: there must be none.
    challenge: Option<&'static str>,
    /// The whole body; `None`: it does not matter.
    body: Option<&'static str>,
}

impl Expected {
    /// An answer without challenge, whatever its body.
    pub(crate) const fn status(statuses: &'static [u16]) -> Self {
        Self {
            statuses,
            challenge: None,
            body: None,
        }
    }

    const fn body(self, body: &'static str) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    const fn challenge(self, challenge: &'static str) -> Self {
        Self {
            challenge: Some(challenge),
            ..self
        }
    }

    fn objection(&self, answer: &Answer) -> Option<String> {
        if !self.statuses.contains(&answer.status) {
            return Some(format!("status {}, not {:?}", answer.status, self.statuses));
        }
        let challenge = answer.header("www-authenticate");
        if challenge != self.challenge {
            return Some(format!("challenge {challenge:?}, not {:?}", self.challenge));
        }
        match self.body {
            Some(body) if body != answer.body => Some(format!("the body is not {body}")),
            Some(_) if answer.header("cache-control") != Some("no-store") => {
                Some("a cache may keep it".to_owned())
            }
            _ => None,
        }
    }
}

/// 200 with the resource.
pub(crate) const ACCEPTED: Expected = Expected::status(&[200]).body(r#"{"ok":true}"#);
/// 401: a bearer token was judged, and refused (RFC 6750 §3.1).
pub(crate) const INVALID_TOKEN: Expected = Expected::status(&[401])
    .body(r#"{"error":"invalid_token"}"#)
    .challenge(r#"Bearer error="invalid_token""#);
/// 401: no bearer token was seen, hence no error code (RFC 6750 §3.1).
pub(crate) const NO_TOKEN: Expected = Expected::status(&[401])
    .body(r#"{"error":"unauthorized"}"#)
    .challenge(r#"Bearer realm="authbench""#);
/// 400: more than one token, or none where one was announced.
pub(crate) const INVALID_BEARER_REQUEST: Expected = Expected::status(&[400])
    .body(r#"{"error":"invalid_request"}"#)
    .challenge(r#"Bearer error="invalid_request""#);
/// 403: a good token that may only read.
pub(crate) const NEEDS_WRITE: Expected = Expected::status(&[403])
    .body(r#"{"error":"insufficient_scope"}"#)
    .challenge(r#"Bearer error="insufficient_scope", scope="write""#);
/// 401: a session cookie was judged, and refused.
pub(crate) const INVALID_SESSION: Expected = Expected::status(&[401])
    .body(r#"{"error":"invalid_token"}"#)
    .challenge(r#"Cookie realm="authbench""#);
/// 401: no session cookie was seen.
pub(crate) const NO_SESSION: Expected = Expected::status(&[401])
    .body(r#"{"error":"unauthorized"}"#)
    .challenge(r#"Cookie realm="authbench""#);
/// 400: two session cookies.
pub(crate) const INVALID_SESSION_REQUEST: Expected =
    Expected::status(&[400]).body(r#"{"error":"invalid_request"}"#);
/// 403: a session, but a request that another site may have caused.
pub(crate) const CROSS_SITE: Expected = Expected::status(&[403]).body(r#"{"error":"cross_site"}"#);
/// 403: a change by cookie without the token that belongs to it.
pub(crate) const CSRF: Expected = Expected::status(&[403]).body(r#"{"error":"csrf_token"}"#);
/// 403: a good token of an account that is no writer (RFC 6750 §3.1).
pub(crate) const NEEDS_WRITER: Expected = Expected::status(&[403])
    .body(r#"{"error":"insufficient_scope"}"#)
    .challenge(
        r#"Bearer error="insufficient_scope", error_description="the role writer is needed""#,
    );
/// 403: the same by cookie.
pub(crate) const WRITERS_ONLY: Expected =
    Expected::status(&[403]).body(r#"{"error":"insufficient_scope"}"#);
/// 403: an administrator whose role does not allow it.
pub(crate) const ADMIN_FORBIDDEN: Expected = Expected::status(&[403])
    .body(r#"{"error":"insufficient_scope"}"#)
    .challenge(
        r#"Bearer error="insufficient_scope", error_description="the role operator is needed""#,
    );
/// 403: the current password is another.
pub(crate) const WRONG_PASSWORD: Expected =
    Expected::status(&[403]).body(r#"{"error":"access_denied"}"#);
/// 403: a request of another site, at the authorization server.
pub(crate) const DENIED_CROSS_SITE: Expected =
    Expected::status(&[403]).body(r#"{"error":"access_denied"}"#);
/// 401: a login that failed.
pub(crate) const LOGIN_FAILED: Expected =
    Expected::status(&[401]).body(r#"{"error":"access_denied"}"#);
/// 401: a client that did not authenticate (RFC 6749 §5.2).
pub(crate) const INVALID_CLIENT: Expected = Expected::status(&[401])
    .body(r#"{"error":"invalid_client"}"#)
    .challenge(r#"Basic realm="authbench""#);
/// 400 `invalid_grant`.
pub(crate) const INVALID_GRANT: Expected =
    Expected::status(&[400]).body(r#"{"error":"invalid_grant"}"#);
/// 400 `invalid_request`.
pub(crate) const INVALID_REQUEST: Expected =
    Expected::status(&[400]).body(r#"{"error":"invalid_request"}"#);
/// 400 `invalid_scope`.
pub(crate) const INVALID_SCOPE: Expected =
    Expected::status(&[400]).body(r#"{"error":"invalid_scope"}"#);
/// 400 `unsupported_grant_type`.
pub(crate) const UNSUPPORTED_GRANT: Expected =
    Expected::status(&[400]).body(r#"{"error":"unsupported_grant_type"}"#);
/// 400 `unsupported_token_type` (RFC 7009 §2.2.1).
pub(crate) const UNSUPPORTED_TOKEN: Expected =
    Expected::status(&[400]).body(r#"{"error":"unsupported_token_type"}"#);
/// 200: an introspected token that is not active, and nothing else (RFC 7662 §2.2).
pub(crate) const INACTIVE: Expected = Expected::status(&[200]).body(r#"{"active":false}"#);
/// 429: a client has asked for more than it may.
pub(crate) const RATE_LIMITED: Expected =
    Expected::status(&[429]).body(r#"{"error":"rate_limited"}"#);
/// 500: what would be handed out is larger than a browser keeps.
pub(crate) const COOKIE_TOO_LARGE: Expected =
    Expected::status(&[500]).body(r#"{"error":"cookie_too_large"}"#);
/// 503: what has to be asked does not answer.
pub(crate) const UNAVAILABLE: Expected =
    Expected::status(&[503]).body(r#"{"error":"temporarily_unavailable"}"#);
/// 200, whatever it says.
pub(crate) const OK: Expected = Expected::status(&[200]);
/// 204.
pub(crate) const DONE: Expected = Expected::status(&[204]).body("");
/// 400: not HTTP, said by the parser or by a closed connection.
pub(crate) const NOT_HTTP: Expected = Expected::status(&[400, 0]);
/// 431: a header past the limits. It may be cut off rather than read to its end.
pub(crate) const HEADER_TOO_LARGE: Expected = Expected::status(&[431, 0]);
/// 405.
pub(crate) const WRONG_METHOD: Expected = Expected::status(&[405]);

/// Objects with `what` unless `holds`.
pub(crate) fn check(holds: bool, what: impl Into<String>) -> Outcome {
    if holds { Ok(()) } else { Err(what.into()) }
}
