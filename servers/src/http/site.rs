//! Refusing state changes that another site made a browser send (cross-site request forgery).
//!
//! A cookie is sent by the browser whoever asked for the request, so every endpoint that honours
//! one checks where the request comes from. `SameSite` alone leaves older browsers and sibling
//! hosts. Clients that are no browsers send neither header and pass: they have no cookie that
//! another site could make them use.

use hyper::HeaderMap;
use hyper::header::{HOST, HeaderName, HeaderValue, ORIGIN};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a request comes from another site: `Sec-Fetch-Site: cross-site`, or an `Origin` that is
/// not ours.
pub fn is_cross_site(headers: &HeaderMap) -> bool {
    let fetched_across = headers
        .get(SEC_FETCH_SITE)
        .is_some_and(|site| site == "cross-site");
    fetched_across
        || headers
            .get_all(ORIGIN)
            .iter()
            .any(|origin| !is_own(origin, headers.get(HOST)))
}

/// Compares host and port. The scheme cannot be compared: behind a proxy that ends TLS we do not
/// know our own.
fn is_own(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let origin = origin.as_bytes();
    let authority = origin
        .strip_prefix(b"https://")
        .or_else(|| origin.strip_prefix(b"http://"));
    matches!((authority, host), (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_requests_pass_and_foreign_ones_do_not() {
        for (name, value, cross) in [
            ("sec-fetch-site", "same-origin", false),
            ("sec-fetch-site", "none", false),
            ("sec-fetch-site", "cross-site", true),
            ("origin", "http://auth.test:8080", false),
            ("origin", "https://AUTH.test:8080", false),
            ("origin", "http://auth.test", true),
            ("origin", "http://auth.test:8080.evil.test", true),
            ("origin", "null", true),
            ("user-agent", "no browser", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("auth.test:8080"));
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(is_cross_site(&headers), cross, "{name}: {value}");
        }
    }

    #[test]
    fn an_origin_without_a_host_is_foreign() {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, HeaderValue::from_static("http://auth.test"));
        assert!(is_cross_site(&headers));
    }
}
