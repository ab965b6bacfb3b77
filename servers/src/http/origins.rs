//! The other origins whose pages may use a server: a single-page application's, mostly.

use std::str::FromStr;
use std::sync::Arc;

use hyper::HeaderMap;
use hyper::header::{HeaderValue, ORIGIN};
use url::Url;

/// An origin as a browser writes it (RFC 6454 §6.2): `scheme://host`, and a port unless it is the
/// scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// A text is no origin that could be allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin (expected e.g. https://app.example.com or http://127.0.0.1:3000, no path)")]
pub struct NotAnOrigin;

/// The origins that are allowed, compared exactly. Cheap to clone; usually empty.
#[derive(Clone, Debug, Default)]
pub struct Origins(Arc<[HeaderValue]>);

impl FromStr for Origin {
    type Err = NotAnOrigin;

    /// Takes only the one spelling that browsers send, so that comparing bytes is enough. Neither
    /// `*` nor `null` is one: `null` is what every sandboxed frame sends.
    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let url = Url::parse(text).map_err(|_| NotAnOrigin)?;
        let is_web = matches!(url.scheme(), "http" | "https");
        if !is_web || url.origin().ascii_serialization() != text {
            return Err(NotAnOrigin);
        }
        HeaderValue::from_str(text)
            .map(Self)
            .map_err(|_| NotAnOrigin)
    }
}

impl Origins {
    /// These and no others.
    pub fn new(origins: &[Origin]) -> Self {
        Self(origins.iter().map(|origin| origin.0.clone()).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The allowed origin that a request comes from. A request that names two comes from neither.
    pub fn of<'a>(&self, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
        if self.is_empty() {
            return None;
        }
        let mut named = headers.get_all(ORIGIN).iter();
        let origin = named.next().filter(|_| named.next().is_none())?;
        self.0.contains(origin).then_some(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_spelling() {
        for good in [
            "https://app.example.com",
            "http://127.0.0.1:3000",
            "https://[::1]:8443",
        ] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "*",
            "null",
            "",
            "app.example.com",
            "https://app.example.com/",
            "https://app.example.com:443",
            "https://APP.example.com",
            "https://user@app.example.com",
            "https://*.example.com/*",
            "file:///etc/passwd",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(NotAnOrigin), "{bad}");
        }
    }

    #[test]
    fn only_the_very_origin_is_allowed() {
        let allowed = "https://app.example.com".parse().expect("an origin");
        let origins = Origins::new(&[allowed]);
        let from = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(ORIGIN, HeaderValue::from_static(value));
            }
            origins.of(&headers).is_some()
        };
        assert!(from(&["https://app.example.com"]));
        for other in [
            "https://app.example.com.evil.test",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://xapp.example.com",
            "null",
        ] {
            assert!(!from(&[other]), "{other}");
        }
        assert!(!from(&["https://app.example.com", "https://evil.test"]));
        assert!(!from(&[]));
    }
}
