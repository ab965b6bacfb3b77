//! What a change by cookie has to bring besides the cookie.
//!
//! Two things, because either alone has failed in the field: the browser's word that one of our own
//! pages (or an allowed origin's) asks, and a token that only such a page can have read. The token
//! is an HMAC over the credential in the cookie, so nothing of it is stored, and one of another
//! session, or one made up, is worth nothing; a sibling host that plants a cookie of its own cannot
//! make the token that belongs to it.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::header::HeaderName;

use super::origins::Origins;
use super::{Presented, site};
use crate::refusal::Reason;
use crate::secret::{Secret, key_bytes};

/// The header that the token comes in. A form of another site cannot set it.
pub const HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

/// The key of CSRF tokens cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use the CSRF key (csrf_key): it must be 32 bytes in base64url without padding")]
pub struct CsrfKeyError;

/// Judges changes that are asked for by cookie.
#[derive(Clone)]
pub struct ChangeGuard {
    key: hmac::Key,
    origins: Origins,
}

impl ChangeGuard {
    /// A guard whose tokens are made with `key` (32 bytes in base64url), and which takes `origins`
    /// for our own.
    pub fn new(key: Option<&Secret>, origins: Origins) -> Result<Self, CsrfKeyError> {
        let bytes = key.and_then(key_bytes).ok_or(CsrfKeyError)?;
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &bytes),
            origins,
        })
    }

    /// The token that belongs to the credential in a cookie: always the same for the same one.
    pub fn token(&self, credential: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, credential.as_bytes()))
    }

    /// Whether a request with this credential in its cookie may be acted on. Safe methods need
    /// nothing (RFC 9110 §9.2.1).
    pub fn check(&self, presented: &Presented<'_>, credential: &str) -> Result<(), Reason> {
        if presented.method.is_safe() {
            Ok(())
        } else if !site::is_same_site(presented.headers, &self.origins) {
            Err(Reason::CrossSite)
        } else if !self.has_token(presented, credential) {
            Err(Reason::CsrfToken)
        } else {
            Ok(())
        }
    }

    /// Compared in constant time.
    fn has_token(&self, presented: &Presented<'_>, credential: &str) -> bool {
        let mut lines = presented.headers.get_all(HEADER).iter();
        let token = lines
            .next()
            .filter(|_| lines.next().is_none())
            .and_then(|token| URL_SAFE_NO_PAD.decode(token).ok());
        token.is_some_and(|token| hmac::verify(&self.key, credential.as_bytes(), &token).is_ok())
    }
}

impl std::fmt::Debug for ChangeGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChangeGuard")
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HOST, HeaderValue, ORIGIN};
    use hyper::{HeaderMap, Method, Uri};

    fn guard(byte: u8) -> ChangeGuard {
        let key = Secret::new(URL_SAFE_NO_PAD.encode([byte; 32]));
        ChangeGuard::new(Some(&key), Origins::default()).expect("a key")
    }

    fn check(method: &Method, origin: &'static str, tokens: &[&str]) -> Result<(), Reason> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("api.test"));
        headers.insert(ORIGIN, HeaderValue::from_static(origin));
        for token in tokens {
            headers.append(HEADER, HeaderValue::from_str(token).expect("ASCII"));
        }
        let presented = Presented {
            method,
            uri: &Uri::from_static("/resource"),
            headers: &headers,
        };
        guard(1).check(&presented, "the session")
    }

    #[test]
    fn a_change_needs_the_origin_and_the_token_of_this_very_session() {
        let (post, own) = (&Method::POST, "https://api.test");
        let good = guard(1).token("the session");
        assert_eq!(check(post, own, &[&good]), Ok(()));
        assert_eq!(
            check(post, "https://evil.test", &[&good]),
            Err(Reason::CrossSite)
        );
        let (other, key) = (guard(1).token("another"), guard(2).token("the session"));
        for tokens in [
            &[][..],
            &[""],
            &["x"],
            &[&other],
            &[&key],
            &[&good[1..]],
            &[&good, &good],
        ] {
            assert_eq!(
                check(post, own, tokens),
                Err(Reason::CsrfToken),
                "{tokens:?}"
            );
        }
        assert_eq!(check(&Method::GET, "https://evil.test", &[]), Ok(()));
    }

    #[test]
    fn without_a_key_there_is_no_guard() {
        for key in [None, Some(&Secret::new("short"))] {
            assert_eq!(
                ChangeGuard::new(key, Origins::default()).err(),
                Some(CsrfKeyError)
            );
        }
    }
}
