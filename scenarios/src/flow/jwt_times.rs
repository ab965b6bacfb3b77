//! The times in a JWT's claims, read without verifying anything: this side only wants to know when to expect a refusal.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// `iat` and `exp` of a JWT (RFC 7519 §4.1), in whole seconds since 1970. Unverified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JwtTimes {
    /// When the token says it was issued.
    pub issued_at: Option<u64>,
    /// From when on it must not be accepted, leeway aside.
    pub expires_at: u64,
}

#[derive(Deserialize)]
struct Claims {
    iat: Option<f64>,
    exp: f64,
}

impl JwtTimes {
    /// How long the token lives, by its own account.
    #[must_use]
    pub fn lifetime(self) -> Option<Duration> {
        let seconds = self.expires_at.checked_sub(self.issued_at?)?;
        Some(Duration::from_secs(seconds))
    }

    /// Reads `token`; `None` unless it has three parts and a JSON payload with `exp`.
    pub(super) fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        Some(Self {
            issued_at: claims.iat.map(|seconds| seconds as u64),
            expires_at: claims.exp as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn times_are_read_from_the_payload() {
        let times = JwtTimes::read(&token(r#"{"iat":1000,"exp":1300,"sub":"a"}"#));
        assert_eq!(
            times,
            Some(JwtTimes {
                issued_at: Some(1000),
                expires_at: 1300
            })
        );
        let fractional = JwtTimes::read(&token(r#"{"exp":1300.9}"#));
        assert_eq!(
            fractional,
            Some(JwtTimes {
                issued_at: None,
                expires_at: 1300
            })
        );
    }

    #[test]
    fn anything_else_has_no_times() {
        let opaque = "dGhpcyBpcyBvcGFxdWU";
        for text in [
            opaque,
            "a.b",
            "a.b.c",
            "a.b.c.d",
            "",
            &token("[]"),
            &token(r#"{"iat":1}"#),
            &format!("{}.x", token(r#"{"exp":1}"#)),
        ] {
            assert_eq!(JwtTimes::read(text), None, "{text}");
        }
    }
}
