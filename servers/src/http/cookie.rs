//! Finding and setting our own cookies, strictly (RFC 6265bis).
//!
//! Names compare exactly: `__HoSt-session` is somebody else's cookie. Values are taken as they
//! stand, quotes included. A cookie of ours that is there twice is an error, because a sibling host
//! may have tossed one of them in.

use hyper::HeaderMap;
use hyper::header::{COOKIE, HeaderValue};

/// One of our cookies is there more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cookie is there twice")]
pub struct DuplicateCookie;

/// The value of the cookie `name`. `Ok(None)` if it is absent, empty or not ASCII.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, DuplicateCookie> {
    let pairs = headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| strip_name(pair.trim_ascii(), name));
    let first = values.next();
    if values.next().is_some() {
        return Err(DuplicateCookie);
    }
    Ok(first
        .and_then(|value| std::str::from_utf8(value).ok())
        .filter(|value| !value.is_empty()))
}

/// A cookie with fixed attributes.
#[derive(Clone, Copy, Debug)]
pub struct CookieShape {
    /// The name, prefix included.
    pub name: &'static str,
    /// Everything after the value, starting with `; `.
    pub attributes: &'static str,
}

impl CookieShape {
    /// The `Set-Cookie` value that sets it. `value` must be of the base64url alphabet (and dots).
    pub fn set(&self, value: &str) -> HeaderValue {
        self.header(&format!("{}={value}{}", self.name, self.attributes))
    }

    /// The `Set-Cookie` value that removes it.
    pub fn clear(&self) -> HeaderValue {
        self.header(&format!("{}={}; Max-Age=0", self.name, self.attributes))
    }

    fn header(&self, text: &str) -> HeaderValue {
        let mut value = HeaderValue::from_str(text).expect("a cookie of ours is plain ASCII");
        value.set_sensitive(true);
        value
    }
}

fn strip_name<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(lines: &[&'static str]) -> Result<Option<String>, DuplicateCookie> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        value(&headers, "__Host-session").map(|value| value.map(str::to_owned))
    }

    #[test]
    fn finds_the_one_cookie_by_its_exact_name() {
        for (line, expected) in [
            ("__Host-session=abc", Some("abc")),
            ("a=b; __Host-session=abc; c=d", Some("abc")),
            ("a=b;__Host-session=abc", Some("abc")),
            ("__Host-session=\"abc\"", Some("\"abc\"")),
            ("__HoSt-session=abc", None),
            ("x__Host-session=abc", None),
            ("__Host-session-2=abc", None),
            ("__Host-session=", None),
            ("__Host-session", None),
        ] {
            assert_eq!(find(&[line]), Ok(expected.map(str::to_owned)), "{line}");
        }
    }

    #[test]
    fn twice_is_refused_in_whatever_order() {
        assert_eq!(
            find(&["__Host-session=good; __Host-session=bad"]),
            Err(DuplicateCookie)
        );
        assert_eq!(
            find(&["__Host-session=good", "__Host-session=good"]),
            Err(DuplicateCookie)
        );
        assert_eq!(
            find(&["__Host-session=; __Host-session=bad"]),
            Err(DuplicateCookie)
        );
    }

    #[test]
    fn a_cleared_cookie_keeps_its_attributes() {
        let shape = CookieShape {
            name: "__Host-a",
            attributes: "; Path=/; Secure",
        };
        assert_eq!(shape.set("v"), "__Host-a=v; Path=/; Secure");
        assert_eq!(shape.clear(), "__Host-a=; Path=/; Secure; Max-Age=0");
    }
}
