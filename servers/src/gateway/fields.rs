//! Which header fields go on: to a service, and back.

use hyper::HeaderMap;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, FORWARDED, HOST, HeaderName,
    HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
};

use crate::http::csrf;

/// The field in which a gateway shows the internal token, where it was told to. **For the laboratory
/// only**: whoever gets an answer then holds what opens the services behind the gateway.
pub const REVEALED: HeaderName = HeaderName::from_static("x-internal-token");

/// What a service is sent: the request's fields without credentials, without those that speak of
/// this connection or of where the request came from, and with the internal token.
pub(super) fn onward(fields: &HeaderMap, authorization: HeaderValue) -> HeaderMap {
    let mut onward = kept(fields, is_ours);
    onward.insert(AUTHORIZATION, authorization);
    onward
}

/// What the caller is answered: the service's fields without those that speak of the connection to
/// it, or of how it recognises the gateway.
pub(super) fn back(fields: &HeaderMap) -> HeaderMap {
    kept(fields, is_theirs)
}

fn kept(fields: &HeaderMap, dropped: fn(&HeaderName) -> bool) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(fields.len() + 1);
    for (name, value) in fields {
        if !dropped(name) && !is_of_the_connection(name) && !is_named_by_connection(fields, name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

/// Fields of a request that end here: credentials, what the next server sets for itself, and what
/// only a gateway may say about a caller.
fn is_ours(name: &HeaderName) -> bool {
    [
        AUTHORIZATION,
        COOKIE,
        csrf::HEADER,
        HOST,
        CONTENT_LENGTH,
        EXPECT,
        FORWARDED,
        REVEALED,
    ]
    .contains(name)
        || name.as_str().starts_with("x-forwarded-")
        || name.as_str().starts_with("x-internal-")
        || name.as_str() == "x-real-ip"
}

/// Fields of an answer that end here.
fn is_theirs(name: &HeaderName) -> bool {
    [CONTENT_LENGTH, SET_COOKIE, WWW_AUTHENTICATE, REVEALED].contains(name)
        || name.as_str().starts_with("access-control-")
}

/// Hop-by-hop fields (RFC 9110 §7.6.1).
fn is_of_the_connection(name: &HeaderName) -> bool {
    [
        CONNECTION,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ]
    .contains(name)
        || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

/// Whether `Connection` makes a hop-by-hop field of it.
fn is_named_by_connection(fields: &HeaderMap, name: &HeaderName) -> bool {
    let lines = fields.get_all(CONNECTION).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|named| named.trim().eq_ignore_ascii_case(name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        lines.collect()
    }

    #[test]
    fn no_credential_and_nothing_of_the_connection_goes_on() {
        let request = fields(&[
            ("accept", "application/json"),
            ("authorization", "Bearer smuggled"),
            ("connection", "close, X-Hop"),
            ("cookie", "__Host-session=secret"),
            ("x-csrf-token", "secret"),
            ("forwarded", "for=1.2.3.4"),
            ("x-forwarded-user", "admin"),
            ("x-internal-token", "smuggled"),
            ("x-internal-user", "admin"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("host", "gateway"),
            ("content-length", "3"),
        ]);
        let onward = onward(&request, HeaderValue::from_static("Bearer ours"));
        let expected = fields(&[
            ("accept", "application/json"),
            ("authorization", "Bearer ours"),
        ]);
        assert_eq!(onward, expected);
    }

    #[test]
    fn an_answer_keeps_what_concerns_the_caller() {
        let answer = fields(&[
            ("content-type", "application/json"),
            ("retry-after", "1"),
            ("connection", "keep-alive"),
            ("keep-alive", "timeout=5"),
            ("set-cookie", "__Host-session=other"),
            ("www-authenticate", "Bearer"),
            ("access-control-allow-origin", "https://evil.test"),
            ("content-length", "11"),
        ]);
        let expected = fields(&[("content-type", "application/json"), ("retry-after", "1")]);
        assert_eq!(back(&answer), expected);
    }
}
