//! Finding the one bearer token of a request (RFC 6750 §2).
//!
//! The rules, where the RFC leaves a choice:
//! * only the `Authorization` header counts; a token in the query or in a form body is never used,
//!   and next to a header it is an error, because two readers might use two different tokens;
//! * the scheme is case-insensitive, any number of spaces may follow it (RFC 9110 §11.4);
//! * `Bearer` with nothing after it is a malformed request (400), not a missing credential;
//! * a header that `Connection` names is meant for the previous hop and does not reach us (RFC 9110
//!   §7.6.1).

use hyper::header::{AUTHORIZATION, CONNECTION, HeaderValue};
use hyper::{HeaderMap, Uri};

use super::Presented;
use crate::refusal::Reason;

/// The token that a request presents, unchecked beyond its whereabouts.
pub fn token<'a>(presented: &Presented<'a>) -> Result<&'a str, Reason> {
    let in_query = has_query_token(presented.uri);
    match in_header(presented.headers) {
        Ok(_) | Err(Reason::MalformedRequest) if in_query => Err(Reason::MalformedRequest),
        Err(Reason::NoCredential) if in_query => Err(Reason::CredentialMisplaced),
        found => found,
    }
}

fn in_header(headers: &HeaderMap) -> Result<&str, Reason> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let line = lines.next().ok_or(Reason::NoCredential)?;
    if lines.next().is_some() {
        return Err(Reason::MalformedRequest);
    }
    if is_hop_by_hop(headers) {
        return Err(Reason::NoCredential);
    }
    let (scheme, rest) = scheme_and_rest(line);
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(Reason::NoCredential);
    }
    let token = std::str::from_utf8(rest.trim_ascii_start()).map_err(|_| Reason::MalformedToken)?;
    match token {
        "" => Err(Reason::MalformedRequest),
        _ if lists_two_credentials(token) => Err(Reason::MalformedRequest),
        _ => Ok(token),
    }
}

fn scheme_and_rest(line: &HeaderValue) -> (&[u8], &[u8]) {
    let line = line.as_bytes();
    line.split_at(
        line.iter()
            .position(|byte| *byte == b' ')
            .unwrap_or(line.len()),
    )
}

/// Whether `A, Bearer B` stands where one token should: a comma, and then another scheme with its
/// credentials. Anything else that is not a token is left to the model, which refuses it as one.
fn lists_two_credentials(token: &str) -> bool {
    token.split(',').skip(1).any(|part| {
        let (scheme, rest) = part.trim_start().split_once(' ').unwrap_or_default();
        !rest.is_empty()
            && !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn is_hop_by_hop(headers: &HeaderMap) -> bool {
    let named = |value: &HeaderValue| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .any(|name| name.trim_ascii().eq_ignore_ascii_case(b"authorization"))
    };
    headers.get_all(CONNECTION).iter().any(named)
}

fn has_query_token(uri: &Uri) -> bool {
    // Decoded, or an escaped letter would hide the name.
    uri.query().is_some_and(|query| {
        form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Method;

    fn find(target: &str, lines: &[(&'static str, &str)]) -> Result<String, Reason> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(
                *name,
                HeaderValue::from_bytes(value.as_bytes()).expect("a header value"),
            );
        }
        let uri: Uri = target.parse().expect("a target");
        token(&Presented {
            method: &Method::GET,
            uri: &uri,
            headers: &headers,
        })
        .map(str::to_owned)
    }

    #[test]
    fn the_authorization_header() {
        let header = |value| find("/resource", &[("authorization", value)]);
        for (value, expected) in [
            ("Bearer abc", Ok("abc")),
            ("bearer abc", Ok("abc")),
            ("BEARER abc", Ok("abc")),
            ("Bearer    abc", Ok("abc")),
            ("Basic dTpw", Err(Reason::NoCredential)),
            ("Bearerabc", Err(Reason::NoCredential)),
            ("Bearer", Err(Reason::MalformedRequest)),
            ("Bearer A, Bearer B", Err(Reason::MalformedRequest)),
            ("Bearer A,Basic dTpw", Err(Reason::MalformedRequest)),
            (
                "Bearer {\"payload\":\"a\", \"signatures\":[]}",
                Ok("{\"payload\":\"a\", \"signatures\":[]}"),
            ),
        ] {
            assert_eq!(header(value), expected.map(str::to_owned), "{value}");
        }
    }

    #[test]
    fn two_places_are_one_too_many() {
        let good = ("authorization", "Bearer a");
        for (target, lines, expected) in [
            (
                "/resource?access_token=a",
                vec![good],
                Reason::MalformedRequest,
            ),
            (
                "/resource?access%5Ftoken=a",
                vec![good],
                Reason::MalformedRequest,
            ),
            ("/resource", vec![good, good], Reason::MalformedRequest),
            (
                "/resource",
                vec![("authorization", "Basic x"), good],
                Reason::MalformedRequest,
            ),
            (
                "/resource?access_token=a",
                vec![],
                Reason::CredentialMisplaced,
            ),
            ("/resource", vec![], Reason::NoCredential),
            (
                "/resource",
                vec![good, ("connection", "close, Authorization")],
                Reason::NoCredential,
            ),
        ] {
            assert_eq!(find(target, &lines), Err(expected), "{target} {lines:?}");
        }
    }
}
