//! Self-contained credentials: JWTs signed with a key that nobody else has (RFC 7519, RFC 7515).

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::settings::Expiry;
use crate::clock::{Clock, millis};
use crate::secret::{random_bytes, random_id};

/// Issues and checks tokens that end by their expiry alone.
#[derive(Debug)]
pub(super) struct Tokens {
    key: Key,
    expiry: Expiry,
    clock: Clock,
}

#[derive(Serialize)]
struct Header {
    alg: &'static str,
    typ: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iat: i64,
    exp: i64,
    jti: String,
}

impl Tokens {
    pub(super) fn new(expiry: Expiry, clock: Clock) -> Self {
        let key = Key::new(HMAC_SHA256, &random_bytes::<32>());
        Self { key, expiry, clock }
    }

    /// The promised life in whole seconds (RFC 6749 §5.1, `expires_in`).
    pub(super) fn expires_in(&self) -> u64 {
        self.expiry.life.as_secs()
    }

    /// A new token. Its `exp` is rounded down to whole seconds, as those of real issuers are.
    pub(super) fn issue(&self) -> String {
        let now_ms = self.clock.now_ms();
        let header = Header {
            alg: "HS256",
            typ: "at+jwt",
        };
        let claims = Claims {
            iat: now_ms.div_euclid(1_000),
            exp: (now_ms + millis(self.expiry.life)).div_euclid(1_000),
            jti: random_id(),
        };
        let signed = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Whether `token` is one of ours and `exp` + leeway has not come yet.
    pub(super) fn is_accepted(&self, token: &str) -> bool {
        self.expiry_of(token).is_some_and(|exp| {
            let end_ms = exp
                .saturating_mul(1_000)
                .saturating_add(millis(self.expiry.leeway));
            self.clock.now_ms() < end_ms
        })
    }

    fn expiry_of(&self, token: &str) -> Option<i64> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        verify(&self.key, signed.as_bytes(), &signature).ok()?;
        let (_, claims) = signed.split_once('.')?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        Some(claims.exp)
    }
}

fn encoded(part: &impl Serialize) -> String {
    // Neither part has a map or a number that JSON cannot tell.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).expect("a plain struct serialises"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn tokens(leeway_ms: u64) -> (Tokens, crate::clock::ManualTime) {
        // Half a second past a whole one, so that rounding shows.
        let (clock, time) = Clock::manual(1_700_000_000_500);
        let leeway = Duration::from_millis(leeway_ms);
        let expiry = Expiry::new(Duration::from_secs(2), leeway).expect("a life");
        (Tokens::new(expiry, clock), time)
    }

    #[test]
    fn a_token_ends_at_its_whole_second_and_its_leeway_later() {
        for (leeway_ms, ends_after_ms) in [(0, 1_500), (500, 2_000)] {
            let (tokens, time) = tokens(leeway_ms);
            let token = tokens.issue();
            time.advance(Duration::from_millis(ends_after_ms - 1));
            assert!(tokens.is_accepted(&token), "leeway {leeway_ms}");
            time.advance(Duration::from_millis(1));
            assert!(!tokens.is_accepted(&token), "leeway {leeway_ms}");
        }
    }

    #[test]
    fn only_our_own_unaltered_tokens_are_accepted() {
        let (ours, _) = tokens(0);
        let (theirs, _) = tokens(0);
        let token = ours.issue();
        assert!(!theirs.is_accepted(&token));
        assert!(!ours.is_accepted(&token[1..]));
        assert!(!ours.is_accepted(token.trim_end_matches(|last| last != '.')));
        assert!(!ours.is_accepted(""));
        assert_ne!(token, ours.issue());
    }
}
