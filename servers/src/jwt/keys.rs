//! The keys that tokens are verified with, parsed once (RFC 7517).

use std::sync::{Arc, OnceLock};

use jsonwebtoken::signature::Verifier;
use serde::Deserialize;

use super::algorithm::SigningAlgorithm;
use super::header;
use super::jwk::Jwk;
use super::parts::{Parts, decode};
use super::signature_key::SignatureKey;
use crate::refusal::Reason;

/// Bytes of an HMAC secret at least: the output of its hash (RFC 7518 §3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// A document that is not a JWK set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JWK set")]
pub struct NotAKeySet;

/// The verification keys of one issuer for one algorithm.
#[derive(Debug)]
pub struct KeySet {
    algorithm: SigningAlgorithm,
    keys: Vec<VerificationKey>,
}

/// A public key, or a shared secret.
#[derive(Debug)]
pub struct VerificationKey {
    id: Option<Arc<str>>,
    key: SignatureKey,
    /// The header segment of the first good token under this key. An issuer writes the same header
    /// each time, so that nearly all tokens find their key by comparing text. Only a verified token
    /// sets it.
    usual_header: OnceLock<Box<str>>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// A set of no keys, under which no token is good.
    pub fn empty(algorithm: SigningAlgorithm) -> Self {
        Self {
            algorithm,
            keys: Vec::new(),
        }
    }

    /// The secret shared with the issuer, for HS256. The caller has checked its length.
    pub(super) fn shared_secret(id: &str, secret: &[u8]) -> Self {
        let key = VerificationKey::new(Some(id.to_owned()), SignatureKey::secret(secret));
        Self {
            algorithm: SigningAlgorithm::Hs256,
            keys: vec![key],
        }
    }

    /// Reads a JWK set. Keys of other kinds or for other uses are ignored, so are weak and
    /// malformed ones; of two keys with one `kid` neither is kept, because nobody could say which
    /// one is meant.
    pub fn from_jwks(json: &[u8], algorithm: SigningAlgorithm) -> Result<Self, NotAKeySet> {
        let document: Document = serde_json::from_slice(json).map_err(|_| NotAKeySet)?;
        let jwks: Vec<Jwk> = document
            .keys
            .into_iter()
            .filter_map(|key| Jwk::deserialize(key).ok())
            .collect();
        let unique = |jwk: &&Jwk| jwks.iter().filter(|other| other.kid == jwk.kid).count() == 1;
        let usable = jwks
            .iter()
            .filter(unique)
            .filter(|jwk| jwk.is_for_verifying(algorithm));
        let keys = usable
            .filter_map(|jwk| Some(VerificationKey::new(jwk.kid.clone(), jwk.key(algorithm)?)));
        Ok(Self {
            algorithm,
            keys: keys.collect(),
        })
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that a header segment asks for. `Ok(None)`: the header is fine, but its `kid` is not
    /// one of ours.
    pub fn find(&self, header: &str) -> Result<Option<&VerificationKey>, Reason> {
        if let Some(key) = self.keys.iter().find(|key| {
            key.usual_header
                .get()
                .is_some_and(|usual| **usual == *header)
        }) {
            return Ok(Some(key));
        }
        let id = header::key_id(header, self.algorithm)?;
        Ok(self.named(id.as_deref()))
    }

    /// The same for a token of another kind, whose `typ` this is.
    pub(super) fn find_typed(
        &self,
        header: &str,
        typ: &str,
    ) -> Result<Option<&VerificationKey>, Reason> {
        let id = header::key_id_of_type(header, self.algorithm, typ)?;
        Ok(self.named(id.as_deref()))
    }

    /// Without a `kid` only a lone key can be meant; trying each would let the sender choose.
    fn named(&self, id: Option<&str>) -> Option<&VerificationKey> {
        match (id, self.keys.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// Verifies the signature of a token under `key`, one of this set; answers the decoded payload.
    pub fn verify(&self, parts: &Parts<'_>, key: &VerificationKey) -> Result<Vec<u8>, Reason> {
        let payload = self.verify_typed(parts, key)?;
        key.usual_header.get_or_init(|| parts.header.into());
        Ok(payload)
    }

    /// The same for a token of another kind.
    pub(super) fn verify_typed(
        &self,
        parts: &Parts<'_>,
        key: &VerificationKey,
    ) -> Result<Vec<u8>, Reason> {
        let signature = decode(parts.signature)?;
        key.key
            .verify(parts.signed.as_bytes(), &signature)
            .map_err(|_| Reason::Signature)?;
        decode(parts.payload)
    }
}

impl VerificationKey {
    /// Its `kid`, if it has one.
    pub(super) fn id(&self) -> Option<Arc<str>> {
        self.id.clone()
    }

    fn new(id: Option<String>, key: SignatureKey) -> Self {
        Self {
            id: id.map(Arc::from),
            key,
            usual_header: OnceLock::new(),
        }
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::signing::SigningKey;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    fn usable(algorithm: SigningAlgorithm, keys: &Value) -> usize {
        let set = KeySet::from_jwks(json!({ "keys": keys }).to_string().as_bytes(), algorithm)
            .expect("a key set");
        set.keys.len()
    }

    fn es256_jwk() -> Value {
        SigningKey::generate(SigningAlgorithm::Es256)
            .expect("a key")
            .jwk()
            .expect("a public key")
    }

    fn with(mut jwk: Value, name: &str, value: Value) -> Value {
        jwk[name] = value;
        jwk
    }

    #[test]
    fn keys_for_other_purposes_are_ignored() {
        let good = es256_jwk();
        assert_eq!(usable(SigningAlgorithm::Es256, &json!([good])), 1);
        for (name, value) in [
            ("use", json!("enc")),
            ("key_ops", json!(["encrypt"])),
            ("alg", json!("ES384")),
            ("kty", json!("RSA")),
            ("kty", json!("unheard-of")),
            ("crv", json!("P-384")),
            ("x", json!("AAAA")),
            ("y", good["x"].clone()),
            ("kid", json!(7)),
        ] {
            assert_eq!(
                usable(
                    SigningAlgorithm::Es256,
                    &json!([with(good.clone(), name, value)])
                ),
                0,
                "{name}"
            );
        }
        assert_eq!(
            usable(
                SigningAlgorithm::Hs256,
                &json!([{"kty": "oct", "k": "AAAA", "kid": "s"}])
            ),
            0
        );
    }

    #[test]
    fn of_two_keys_with_one_kid_neither_is_kept() {
        let (one, other) = (es256_jwk(), es256_jwk());
        let twin = with(other.clone(), "kid", one["kid"].clone());
        assert_eq!(
            usable(SigningAlgorithm::Es256, &json!([one, twin, other])),
            1
        );
    }

    #[test]
    fn weak_keys_are_refused() {
        let rsa = |bytes: usize, e: &str| json!([{"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(vec![0xc5; bytes]), "e": e}]);
        assert_eq!(usable(SigningAlgorithm::Rs256, &rsa(256, "AQAB")), 1);
        assert_eq!(usable(SigningAlgorithm::Rs256, &rsa(128, "AQAB")), 0);
        assert_eq!(usable(SigningAlgorithm::Rs256, &rsa(256, "AQ")), 0);
        let ed =
            |x: &[u8]| json!([{"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(x)}]);
        let good = SigningKey::generate(SigningAlgorithm::EdDsa)
            .expect("a key")
            .jwk()
            .expect("a public key");
        assert_eq!(usable(SigningAlgorithm::EdDsa, &json!([good])), 1);
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        for weak in [[0; 32], minus_one] {
            assert_eq!(usable(SigningAlgorithm::EdDsa, &ed(&weak)), 0);
        }
    }

    #[test]
    fn not_a_set_is_an_error() {
        for text in ["", "[]", "{}", "{\"keys\":{}}"] {
            assert_eq!(
                KeySet::from_jwks(text.as_bytes(), SigningAlgorithm::Rs256).err(),
                Some(NotAKeySet),
                "{text}"
            );
        }
    }
}
