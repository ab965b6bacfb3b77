//! Refusing state changes that another site made a browser send (cross-site request forgery).
//!
//! A cookie is sent by the browser whoever asked for the request, so every endpoint that honours
//! one checks where the request comes from. `SameSite` alone leaves older browsers and sibling
//! hosts. There are two grades:
//!
//! * [`is_cross_site`] refuses what is known to come from elsewhere. Logging in and out and renewing
//!   need no more: the worst that passes is that somebody is logged out.
//! * [`is_same_site`] accepts only what is known to come from our own pages. Changes made by cookie
//!   need it, and a token besides (see [`super::csrf`]): a browser too old to say where a request comes from is one that `SameSite` does not
//!   protect either.

use hyper::HeaderMap;
use hyper::header::{HOST, HeaderName, HeaderValue, ORIGIN, REFERER};

use super::origins::Origins;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a request is known to come from another site: `Sec-Fetch-Site: cross-site`, or an
/// `Origin` that is not ours. `allowed` origins count as ours.
pub fn is_cross_site(headers: &HeaderMap, allowed: &Origins) -> bool {
    if allowed.of(headers).is_some() {
        return false;
    }
    let fetched_across = headers
        .get(SEC_FETCH_SITE)
        .is_some_and(|site| site == "cross-site");
    fetched_across
        || headers
            .get_all(ORIGIN)
            .iter()
            .any(|origin| !is_own(origin, headers.get(HOST)))
}

/// Whether a request is known to come from one of our own pages (or an `allowed` origin's): by `Sec-Fetch-Site`, by `Origin`,
/// or by `Referer`, and none of them says otherwise.
pub fn is_same_site(headers: &HeaderMap, allowed: &Origins) -> bool {
    let fetched_here = headers
        .get(SEC_FETCH_SITE)
        .is_some_and(|site| site == "same-origin");
    // An `Origin` that is there is ours, or the request would be cross-site.
    let vouched = fetched_here || headers.contains_key(ORIGIN) || has_own_referer(headers);
    vouched && !is_cross_site(headers, allowed)
}

fn has_own_referer(headers: &HeaderMap) -> bool {
    let page = headers.get(REFERER).and_then(|page| page.to_str().ok());
    let origin = page.and_then(|page| {
        let (scheme, rest) = page.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        HeaderValue::from_str(&format!("{scheme}://{authority}")).ok()
    });
    origin.is_some_and(|origin| is_own(&origin, headers.get(HOST)))
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
            assert_eq!(
                is_cross_site(&headers, &Origins::default()),
                cross,
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn only_own_pages_are_the_same_site() {
        for (name, value, own) in [
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "none", false),
            ("origin", "http://auth.test:8080", true),
            ("origin", "null", false),
            ("referer", "http://auth.test:8080/page?x", true),
            ("referer", "http://auth.test:8080.evil.test/", false),
            ("referer", "http://auth.test:8080@evil.test/", false),
            ("referer", "/page", false),
            ("user-agent", "no browser", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("auth.test:8080"));
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(
                is_same_site(&headers, &Origins::default()),
                own,
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn one_word_of_another_site_outweighs_the_others() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("auth.test"));
        headers.insert(SEC_FETCH_SITE, HeaderValue::from_static("same-origin"));
        headers.insert(ORIGIN, HeaderValue::from_static("https://evil.test"));
        assert!(!is_same_site(&headers, &Origins::default()));
    }

    #[test]
    fn an_origin_without_a_host_is_foreign() {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, HeaderValue::from_static("http://auth.test"));
        assert!(is_cross_site(&headers, &Origins::default()));
    }
}
