//! Refusing in the words of RFC 6750 §3 (and of RFC 9110 §11.6.1 where no bearer token is asked
//! for).

use hyper::StatusCode;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};

use crate::http::reply::{self, Reply};
use crate::model::Scheme;
use crate::refusal::Reason;
use crate::scope::Scope;

/// The reply to a refused request; `needed` is the scope that the request needs.
pub fn refuse(scheme: Scheme, reason: Reason, needed: Scope) -> Reply {
    let reply = reply::json_text(reason.status(), body(reason));
    match challenge(scheme, reason, needed) {
        None => reply,
        Some(value) => reply::with_header(reply, WWW_AUTHENTICATE, HeaderValue::from_static(value)),
    }
}

/// One body per error code, so that refused tokens cannot be told apart by it.
fn body(reason: Reason) -> &'static str {
    match reason.error_code() {
        None => r#"{"error":"unauthorized"}"#,
        Some("invalid_request") => r#"{"error":"invalid_request"}"#,
        Some("insufficient_scope") => r#"{"error":"insufficient_scope"}"#,
        Some("cross_site") => r#"{"error":"cross_site"}"#,
        Some("csrf_token") => r#"{"error":"csrf_token"}"#,
        Some(_) => r#"{"error":"invalid_token"}"#,
    }
}

fn challenge(scheme: Scheme, reason: Reason, needed: Scope) -> Option<&'static str> {
    match (scheme, reason) {
        (Scheme::None, _) | (_, Reason::CrossSite | Reason::CsrfToken) => None,
        // No standard scheme describes a cookie; what RFC 9110 demands of a 401 is that it names
        // one.
        (Scheme::Cookie, _) if reason.status() == StatusCode::UNAUTHORIZED => {
            Some("Cookie realm=\"authbench\"")
        }
        (Scheme::Cookie, _) => None,
        (Scheme::Bearer, Reason::NoCredential | Reason::CredentialMisplaced) => {
            Some("Bearer realm=\"authbench\"")
        }
        (Scheme::Bearer, Reason::MalformedRequest) => Some("Bearer error=\"invalid_request\""),
        (Scheme::Bearer, Reason::InsufficientScope) if needed == Scope::WRITE => {
            Some("Bearer error=\"insufficient_scope\", scope=\"write\"")
        }
        (Scheme::Bearer, Reason::InsufficientScope) => {
            Some("Bearer error=\"insufficient_scope\", scope=\"read\"")
        }
        (Scheme::Bearer, Reason::InsufficientRole) => Some(
            "Bearer error=\"insufficient_scope\", error_description=\"the role writer is needed\"",
        ),
        (Scheme::Bearer, _) => Some("Bearer error=\"invalid_token\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_challenges_belong_together() {
        for (scheme, reason, status, expected) in [
            (
                Scheme::Bearer,
                Reason::NoCredential,
                401,
                Some("Bearer realm=\"authbench\""),
            ),
            (
                Scheme::Bearer,
                Reason::Expired,
                401,
                Some("Bearer error=\"invalid_token\""),
            ),
            (
                Scheme::Bearer,
                Reason::Signature,
                401,
                Some("Bearer error=\"invalid_token\""),
            ),
            (
                Scheme::Bearer,
                Reason::MalformedRequest,
                400,
                Some("Bearer error=\"invalid_request\""),
            ),
            (
                Scheme::Bearer,
                Reason::InsufficientScope,
                403,
                Some("Bearer error=\"insufficient_scope\", scope=\"write\""),
            ),
            (
                Scheme::Cookie,
                Reason::Inactive,
                401,
                Some("Cookie realm=\"authbench\""),
            ),
            (Scheme::Cookie, Reason::MalformedRequest, 400, None),
            (
                Scheme::Bearer,
                Reason::InsufficientRole,
                403,
                Some(
                    "Bearer error=\"insufficient_scope\", error_description=\"the role writer is needed\"",
                ),
            ),
            (Scheme::Cookie, Reason::CrossSite, 403, None),
            (Scheme::Cookie, Reason::CsrfToken, 403, None),
            (Scheme::Cookie, Reason::InsufficientRole, 403, None),
        ] {
            let reply = refuse(scheme, reason, Scope::WRITE);
            let header = reply
                .headers()
                .get(WWW_AUTHENTICATE)
                .map(|value| value.to_str().expect("ASCII"));
            assert_eq!(
                (reply.status().as_u16(), header),
                (status, expected),
                "{scheme:?} {reason:?}"
            );
        }
    }
}
