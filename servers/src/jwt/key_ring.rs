//! The keys of an issuer: the one that signs, and those that still verify.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::algorithm::SigningAlgorithm;
use super::keys::KeySet;
use super::signing::{KeyError, SigningKey};

/// What becomes of the key that a new one takes the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retiring {
    /// It is compromised: it and all before it are withdrawn at once, and so is what they signed.
    AtOnce,
    /// It is due: it stays published for as long as a token lives that it may have signed.
    Gracefully,
}

/// The signing key could not be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// Issuer and resource servers were given the same secret from outside, and only from there
    /// can they be given another.
    #[error("rotate the signing key: a shared secret is rotated where it is kept")]
    SharedSecret,
    /// The cryptographic library failed.
    #[error("rotate the signing key: no new one could be made")]
    Generation,
}

/// The keys of an issuer. Rotating makes a new one; the others stop verifying at once, or one
/// lifetime of a token later.
#[derive(Debug)]
pub struct KeyRing(RwLock<Ring>);

#[derive(Debug)]
struct Ring {
    current: Arc<CurrentKey>,
    /// Public keys that still verify, and until when, in Unix milliseconds.
    retired: Vec<(Value, i64)>,
}

/// The key that signs, with what is the same for all tokens that it signs.
#[derive(Debug)]
pub(super) struct CurrentKey {
    key: SigningKey,
    /// The encoded header of an access token.
    pub(super) header: String,
    /// The keys that verify what this issuer signed, as of the last rotation.
    key_set: Arc<KeySet>,
}

impl KeyRing {
    /// A ring of one key.
    pub fn new(key: SigningKey) -> Self {
        let key_set = key.key_set();
        Self(RwLock::new(Ring {
            current: Arc::new(CurrentKey::new(key, key_set)),
            retired: Vec::new(),
        }))
    }

    /// The key that signs.
    pub(super) fn current(&self) -> Arc<CurrentKey> {
        Arc::clone(&self.read().current)
    }

    /// The keys that verify what this issuer signed. Of a key whose time is over there can be no
    /// token that is not over too.
    pub fn key_set(&self) -> Arc<KeySet> {
        Arc::clone(&self.read().current.key_set)
    }

    /// The public keys at `now_ms`, as published (RFC 7517 §5); the one that signs first.
    pub fn jwks(&self, now_ms: i64) -> String {
        let ring = self.read();
        let retired = ring
            .retired
            .iter()
            .filter(|(_, until_ms)| now_ms < *until_ms);
        document(ring.current.key.jwk(), retired.map(|(jwk, _)| jwk))
    }

    /// A key to take the place of the one that signs. On a thread of its own: an RSA key takes a
    /// while, and tokens are signed meanwhile.
    pub async fn successor(&self) -> Result<SigningKey, RotationError> {
        let algorithm = self.current().key.algorithm();
        let made = tokio::task::spawn_blocking(move || SigningKey::new(algorithm, None));
        match made.await {
            Ok(Ok(key)) => Ok(key),
            Ok(Err(KeyError::SecretMismatch)) => Err(RotationError::SharedSecret),
            _ => Err(RotationError::Generation),
        }
    }

    /// Signs with `key` from now on; answers the `kid` of each key that was withdrawn. `last_ms`:
    /// when the last token of the key of before ends.
    pub fn rotate(
        &self,
        key: SigningKey,
        retiring: Retiring,
        now_ms: i64,
        last_ms: i64,
    ) -> Result<Vec<String>, RotationError> {
        let algorithm = key.algorithm();
        let mut ring = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = ring.current.key.jwk().map(|jwk| (jwk, last_ms));
        ring.retired.retain(|(_, until_ms)| now_ms < *until_ms);
        ring.retired.extend(old);
        let withdrawn = match retiring {
            Retiring::AtOnce => std::mem::take(&mut ring.retired),
            Retiring::Gracefully => Vec::new(),
        };
        let key_set = key_set(&key, &ring.retired, algorithm).ok_or(RotationError::Generation)?;
        ring.current = Arc::new(CurrentKey::new(key, Arc::new(key_set)));
        let kid = |(jwk, _): &(Value, i64)| jwk["kid"].as_str().map(str::to_owned);
        Ok(withdrawn.iter().filter_map(kid).collect())
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Ring> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CurrentKey {
    fn new(key: SigningKey, key_set: Arc<KeySet>) -> Self {
        Self {
            header: header(&key, "at+jwt"),
            key,
            key_set,
        }
    }

    /// The encoded header of another kind of token, whose `typ` this is.
    pub(super) fn header_of(&self, typ: &str) -> String {
        header(&self.key, typ)
    }

    /// Signs, in base64url.
    pub(super) fn sign(&self, message: &[u8]) -> String {
        self.key.sign(message)
    }
}

fn header(key: &SigningKey, typ: &str) -> String {
    let header = json!({ "typ": typ, "alg": key.algorithm().name(), "kid": key.id() });
    URL_SAFE_NO_PAD.encode(header.to_string())
}

fn key_set(
    key: &SigningKey,
    retired: &[(Value, i64)],
    algorithm: SigningAlgorithm,
) -> Option<KeySet> {
    let document = document(key.jwk(), retired.iter().map(|(jwk, _)| jwk));
    KeySet::from_jwks(document.as_bytes(), algorithm).ok()
}

fn document<'a>(current: Option<Value>, retired: impl Iterator<Item = &'a Value>) -> String {
    let keys: Vec<Value> = current.into_iter().chain(retired.cloned()).collect();
    json!({ "keys": keys }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(algorithm: SigningAlgorithm) -> KeyRing {
        KeyRing::new(SigningKey::generate(algorithm).expect("a key"))
    }

    async fn rotate(ring: &KeyRing, retiring: Retiring) -> Vec<String> {
        let key = ring.successor().await.expect("a key");
        ring.rotate(key, retiring, 0, 100).expect("rotated")
    }

    fn kids(ring: &KeyRing, now_ms: i64) -> Vec<String> {
        let document: Value = serde_json::from_str(&ring.jwks(now_ms)).expect("JSON");
        let keys = document["keys"].as_array().expect("keys").iter();
        keys.map(|key| key["kid"].as_str().expect("a kid").to_owned())
            .collect()
    }

    #[tokio::test]
    async fn a_compromised_key_is_gone_at_once_with_all_before_it() {
        let ring = ring(SigningAlgorithm::Es256);
        let first = kids(&ring, 0);
        assert!(rotate(&ring, Retiring::Gracefully).await.is_empty());
        let second = kids(&ring, 0);
        assert_eq!((second.len(), &second[1]), (2, &first[0]));
        let withdrawn = rotate(&ring, Retiring::AtOnce).await;
        assert_eq!(withdrawn, [first[0].clone(), second[0].clone()]);
        let third = kids(&ring, 0);
        assert_eq!(third.len(), 1);
        assert!(!second.contains(&third[0]));
    }

    #[tokio::test]
    async fn a_key_that_was_due_is_published_until_its_last_token_has_ended() {
        let ring = ring(SigningAlgorithm::EdDsa);
        let first = kids(&ring, 0);
        rotate(&ring, Retiring::Gracefully).await;
        assert!(kids(&ring, 99).contains(&first[0]));
        assert!(!kids(&ring, 100).contains(&first[0]));
    }

    #[tokio::test]
    async fn a_shared_secret_is_not_ours_to_rotate() {
        let secret = crate::secret::Secret::new(crate::secret::random_id());
        let key = SigningKey::new(SigningAlgorithm::Hs256, Some(&secret)).expect("a key");
        let ring = KeyRing::new(key);
        let refused = ring.successor().await.err();
        assert_eq!(refused, Some(RotationError::SharedSecret));
        assert!(!ring.key_set().is_empty());
    }
}
