//! Issuing access tokens.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;

use super::key_ring::{CurrentKey, KeyRing, Retiring, RotationError};
use super::keys::KeySet;
use super::signing::SigningKey;
use crate::clock::{Clock, millis};
use crate::entitlements::Entitlements;
use crate::model::Grant;
use crate::revocation::Marks;
use crate::revocation::status_list::StatusClaim;
use crate::roles::Roles;
use crate::secret::random_bytes;

/// Issues access tokens.
#[derive(Debug)]
pub struct Minter {
    keys: KeyRing,
    issuer: String,
    audience: String,
    lifetime: Duration,
    entitlements: Entitlements,
    expires: bool,
}

#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusClaim>,
    jti: String,
    scope: String,
    #[serde(skip_serializing_if = "Roles::is_empty")]
    roles: Roles,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    entitlements: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
}

impl Minter {
    /// An issuer of tokens that live for `lifetime` (at least 1 s, `exp` has whole seconds).
    pub fn new(key: SigningKey, issuer: &str, audience: &str, lifetime: Duration) -> Self {
        Self {
            keys: KeyRing::new(key),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            lifetime,
            entitlements: Entitlements::default(),
            expires: true,
        }
    }

    /// The same, but its tokens never expire: what not to do.
    pub fn without_expiry(self) -> Self {
        Self {
            expires: false,
            lifetime: Duration::MAX,
            ..self
        }
    }

    /// The same, with these entitlements in every token (RFC 9068 §2.2.3.1).
    pub fn with_entitlements(self, entitlements: Entitlements) -> Self {
        Self {
            entitlements,
            ..self
        }
    }

    /// Issues a token at `now_ms`; `session` becomes the `sid` claim.
    pub fn mint(&self, grant: &Grant, session: Option<&str>, now_ms: i64) -> String {
        self.mint_marked(grant, session, now_ms, &Marks::default())
    }

    /// The same, with what a revocation channel needs in it.
    pub fn mint_marked(
        &self,
        grant: &Grant,
        session: Option<&str>,
        now_ms: i64,
        marks: &Marks,
    ) -> String {
        let expires_at = self.expires_at_ms(now_ms).div_euclid(1_000);
        let issued_at = now_ms.div_euclid(1_000);
        let status = marks.status.clone();
        let payload = Payload {
            iss: &self.issuer,
            sub: &grant.subject,
            aud: &self.audience,
            client_id: grant.client.id(),
            iat: issued_at,
            exp: self.expires.then_some(expires_at),
            iat_ms: marks.stamp_ms,
            epoch: marks.epoch,
            status: status.map(|status_list| StatusClaim { status_list }),
            jti: token_id(marks.issued_ms.unwrap_or(now_ms) - issued_at * 1_000),
            scope: grant.scope.to_string(),
            roles: grant.roles,
            entitlements: self.entitlements.names(),
            sid: session,
        };
        let payload = serde_json::to_vec(&payload).expect("a plain struct serialises");
        let key = self.keys.current();
        signed(&key, &key.header, &payload)
    }

    /// Signs claims of another kind of token, whose `typ` this is.
    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        let key = self.keys.current();
        signed(&key, &key.header_of(typ), claims.to_string().as_bytes())
    }

    /// When a token that is issued at `now_ms` expires, in Unix milliseconds.
    ///
    /// Whole seconds, rounded *down*: a token may live up to a second less than promised, never more,
    /// or a bound on its life would be broken by the rounding.
    pub fn expires_at_ms(&self, now_ms: i64) -> i64 {
        let end_ms = now_ms.saturating_add(millis(self.lifetime));
        end_ms.div_euclid(1_000) * 1_000
    }

    /// How long its tokens live.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// The public keys at `now_ms`, as published (RFC 7517 §5).
    pub fn jwks(&self, now_ms: i64) -> String {
        self.keys.jwks(now_ms)
    }

    /// The keys that verify its tokens.
    pub fn key_set(&self) -> Arc<KeySet> {
        self.keys.key_set()
    }

    /// Signs with a new key from now on; answers the `kid` of each key that was withdrawn.
    pub async fn rotate(
        &self,
        retiring: Retiring,
        clock: &Clock,
    ) -> Result<Vec<String>, RotationError> {
        let key = self.keys.successor().await?;
        let now_ms = clock.now_ms();
        let last_ms = now_ms.saturating_add(millis(self.lifetime));
        self.keys.rotate(key, retiring, now_ms, last_ms)
    }
}

/// Random bytes in a token's id.
const RANDOM_BYTES: usize = 16;

/// An id: 128 random bits, and how many milliseconds after its `iat` the token was issued.
fn token_id(after_iat_ms: i64) -> String {
    let after_iat_ms = after_iat_ms.clamp(0, i64::from(u16::MAX)) as u16;
    let random = random_bytes::<RANDOM_BYTES>();
    URL_SAFE_NO_PAD.encode([&random[..], &after_iat_ms.to_be_bytes()].concat())
}

/// When a token of ours with this id was issued, in Unix milliseconds and in the order of what ends
/// tokens: `iat` has whole seconds, in which nobody could tell a new login from an old one. For the
/// issuer, who has verified it; of an id that is none of ours, `issued_at_ms`.
pub fn issued_ms(token_id: &str, issued_at_ms: i64) -> i64 {
    let id = URL_SAFE_NO_PAD.decode(token_id).unwrap_or_default();
    match id[..].split_at_checked(RANDOM_BYTES) {
        Some((_, &[high, low])) => issued_at_ms + i64::from(u16::from_be_bytes([high, low])),
        _ => issued_at_ms,
    }
}

fn signed(key: &CurrentKey, header: &str, payload: &[u8]) -> String {
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{signature}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::jwt::algorithm::{ALGORITHMS, SigningAlgorithm};
    use crate::jwt::install_crypto;
    use crate::jwt::signing::decode_secret;
    use crate::scope::Scope;
    use crate::secret::Secret;
    use jsonwebtoken::{DecodingKey, Validation, decode, jwk::JwkSet};
    use serde_json::json;

    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn minter(algorithm: SigningAlgorithm) -> Minter {
        install_crypto();
        let secret = Secret::new(SECRET);
        let key =
            SigningKey::new(algorithm, algorithm.is_symmetric().then_some(&secret)).expect("a key");
        Minter::new(key, "https://auth.test", "api", Duration::from_secs(300))
    }

    #[test]
    fn an_id_says_when_within_its_second_and_is_like_no_other() {
        for after_iat_ms in [0, 7, 999, 1_001, 65_535] {
            let (one, other) = (token_id(after_iat_ms), token_id(after_iat_ms));
            assert_ne!(one, other);
            assert_eq!(issued_ms(&one, 1_000), 1_000 + after_iat_ms);
        }
        assert_eq!(issued_ms(&token_id(-5), 1_000), 1_000);
        for foreign in ["", "j", "AAAAAAAA", &"A".repeat(22), &"A".repeat(43)] {
            assert_eq!(issued_ms(foreign, 1_000), 1_000, "{foreign}");
        }
    }

    /// An independent reader accepts what is minted, with the key as published.
    #[test]
    fn another_library_verifies_our_tokens() {
        let now_ms = crate::clock::Clock::system().now_ms();
        let grant = Grant {
            subject: "user-00001".into(),
            client: Client::App,
            scope: Scope::ALL,
            roles: Roles::WRITER,
        };
        for algorithm in ALGORITHMS {
            let minter = minter(algorithm);
            let jwks: JwkSet = serde_json::from_str(&minter.jwks(now_ms)).expect("a JWK set");
            let key = match jwks.keys.first() {
                Some(jwk) => DecodingKey::from_jwk(jwk).expect("a key"),
                None => DecodingKey::from_secret(
                    &decode_secret(&Secret::new(SECRET)).expect("a secret"),
                ),
            };
            let mut validation = Validation::new(algorithm.in_jsonwebtoken());
            validation.set_audience(&["api"]);
            validation.set_issuer(&["https://auth.test"]);
            let token = minter.mint(&grant, Some("s"), now_ms);
            let read = decode::<Value>(&token, &key, &validation).expect("verifies");
            assert_eq!(read.header.typ.as_deref(), Some("at+jwt"));
            assert_eq!(read.claims["sub"], "user-00001");
            assert_eq!(read.claims["scope"], "read write");
            assert_eq!(read.claims["roles"], json!(["writer"]));
            assert_eq!(read.claims["sid"], "s");
        }
    }

    #[test]
    fn a_token_never_outlives_its_promise() {
        let minter = minter(SigningAlgorithm::Hs256);
        let grant = Grant {
            subject: "u".into(),
            client: Client::App,
            scope: Scope::READ,
            roles: Roles::NONE,
        };
        let token = minter.mint(&grant, None, 1_800_000_000_999);
        let payload = URL_SAFE_NO_PAD
            .decode(token.split('.').nth(1).expect("a payload"))
            .expect("base64url");
        let claims: Value = serde_json::from_slice(&payload).expect("JSON");
        assert_eq!(
            (claims["iat"].as_i64(), claims["exp"].as_i64()),
            (Some(1_800_000_000), Some(1_800_000_300))
        );
        for absent in ["sid", "iat_ms", "epoch", "status"] {
            assert!(claims.get(absent).is_none(), "{absent}");
        }
    }
}
