//! Keys to sign with.
//!
//! Signing uses aws-lc-rs itself rather than the `jsonwebtoken` crate on top of it, which parses
//! the private key anew for each token (RS256: 717 µs instead of 289 µs).

use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::algorithm::SigningAlgorithm;
use super::keys::{KeySet, MIN_SECRET_BYTES};
use crate::secret::{Fingerprint, Secret};

/// The `kid` of the shared secret. It must not be derived from the secret: that would let anybody
/// test guesses.
const SHARED_SECRET_ID: &str = "shared";

/// No key could be had.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// HS256 without a secret, or another algorithm with one.
    #[error("HS256 needs a signing secret, and only HS256")]
    SecretMismatch,
    /// Not base64url.
    #[error("read the signing secret: not base64url without padding")]
    SecretEncoding,
    /// Too short (RFC 7518 §3.2).
    #[error("use the signing secret: it has {0} bytes, HS256 needs at least 32")]
    SecretTooShort(usize),
    /// The cryptographic library failed.
    #[error("generate a key pair")]
    Generation,
}

/// A private key or shared secret, parsed once.
pub struct SigningKey {
    id: String,
    algorithm: SigningAlgorithm,
    pair: Pair,
    key_set: Arc<KeySet>,
}

enum Pair {
    // Boxed, like the next: an HMAC key holds two hash states inline.
    Secret(Box<hmac::Key>),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Decodes the secret that HS256 servers share (base64url, at least 32 bytes).
pub fn decode_secret(secret: &Secret) -> Result<Vec<u8>, KeyError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(secret.expose())
        .map_err(|_| KeyError::SecretEncoding)?;
    if bytes.len() < MIN_SECRET_BYTES {
        Err(KeyError::SecretTooShort(bytes.len()))
    } else {
        Ok(bytes)
    }
}

/// The key set of a resource server that shares the HS256 secret with the issuer.
pub fn shared_key_set(secret: &Secret) -> Result<KeySet, KeyError> {
    Ok(KeySet::shared_secret(
        SHARED_SECRET_ID,
        &decode_secret(secret)?,
    ))
}

impl SigningKey {
    /// The shared secret for HS256, a new key pair for any other algorithm.
    pub fn new(algorithm: SigningAlgorithm, secret: Option<&Secret>) -> Result<Self, KeyError> {
        match (algorithm.is_symmetric(), secret) {
            (true, Some(secret)) => Self::shared(secret),
            (false, None) => Self::generate(algorithm),
            _ => Err(KeyError::SecretMismatch),
        }
    }

    /// A new key pair (RSA: 2048 bits). It lives as long as the process.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<Self, KeyError> {
        let pair = Pair::generate(algorithm)?;
        let public = pair.public().ok_or(KeyError::SecretMismatch)?;
        let id = thumbprint(&public);
        let jwks = json!({ "keys": [with_use(public, &id, algorithm)] }).to_string();
        let key_set =
            KeySet::from_jwks(jwks.as_bytes(), algorithm).map_err(|_| KeyError::Generation)?;
        Ok(Self {
            id,
            algorithm,
            pair,
            key_set: Arc::new(key_set),
        })
    }

    fn shared(secret: &Secret) -> Result<Self, KeyError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &decode_secret(secret)?);
        Ok(Self {
            id: SHARED_SECRET_ID.to_owned(),
            algorithm: SigningAlgorithm::Hs256,
            pair: Pair::Secret(Box::new(key)),
            key_set: Arc::new(shared_key_set(secret)?),
        })
    }

    /// The public key as a JWK, if there is one to publish.
    pub fn jwk(&self) -> Option<Value> {
        self.pair
            .public()
            .map(|public| with_use(public, &self.id, self.algorithm))
    }

    /// Its `kid`.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What it signs with.
    pub(super) fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The keys that verify what it signs.
    pub(super) fn key_set(&self) -> Arc<KeySet> {
        Arc::clone(&self.key_set)
    }

    /// Signs, in base64url.
    pub(super) fn sign(&self, message: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.sign(message))
    }
}

impl Pair {
    fn generate(algorithm: SigningAlgorithm) -> Result<Self, KeyError> {
        let rsa = || {
            RsaKeyPair::generate(KeySize::Rsa2048)
                .map(Box::new)
                .map_err(|_| KeyError::Generation)
        };
        Ok(match algorithm {
            SigningAlgorithm::Hs256 => return Err(KeyError::SecretMismatch),
            SigningAlgorithm::Rs256 => Self::Rsa(rsa()?, &RSA_PKCS1_SHA256),
            SigningAlgorithm::Ps256 => Self::Rsa(rsa()?, &RSA_PSS_SHA256),
            SigningAlgorithm::Es256 => Self::P256(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                    .map_err(|_| KeyError::Generation)?,
            ),
            SigningAlgorithm::EdDsa => {
                Self::Ed25519(Ed25519KeyPair::generate().map_err(|_| KeyError::Generation)?)
            }
        })
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        // Keys of ours are valid and buffers have the right size, so that signing fails only if
        // memory does.
        match self {
            Self::Secret(key) => hmac::sign(key, message).as_ref().to_vec(),
            Self::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &random, message, &mut signature)
                    .expect("an RSA key of ours signs");
                signature
            }
            Self::P256(pair) => pair
                .sign(&random, message)
                .expect("a P-256 key of ours signs")
                .as_ref()
                .to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// The required members of the public JWK, in the order of RFC 7638 §3.2.
    fn public(&self) -> Option<Vec<(&'static str, String)>> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Secret(_) => None,
            Self::Rsa(pair, _) => {
                let key = pair.public_key();
                let (n, e) = (key.modulus(), key.exponent());
                let [n, e] = [n, e].map(|number| encode(number.big_endian_without_leading_zero()));
                Some(vec![("e", e), ("kty", "RSA".into()), ("n", n)])
            }
            Self::P256(pair) => {
                // An uncompressed point: 4, then 32 bytes each.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                Some(vec![
                    ("crv", "P-256".into()),
                    ("kty", "EC".into()),
                    ("x", encode(x)),
                    ("y", encode(y)),
                ])
            }
            Self::Ed25519(pair) => {
                let x = encode(pair.public_key().as_ref());
                Some(vec![
                    ("crv", "Ed25519".into()),
                    ("kty", "OKP".into()),
                    ("x", x),
                ])
            }
        }
    }
}

/// SHA-256 over the required members in lexicographic order (RFC 7638).
fn thumbprint(public: &[(&'static str, String)]) -> String {
    let members: Vec<String> = public
        .iter()
        .map(|(name, value)| format!("\"{name}\":\"{value}\""))
        .collect();
    Fingerprint::of(&format!("{{{}}}", members.join(","))).to_base64()
}

fn with_use(public: Vec<(&'static str, String)>, id: &str, algorithm: SigningAlgorithm) -> Value {
    let mut jwk = json!({ "kid": id, "use": "sig", "alg": algorithm.name() });
    for (name, value) in public {
        jwk[name] = value.into();
    }
    jwk
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn secrets_are_checked_before_use() {
        let short = Secret::new(URL_SAFE_NO_PAD.encode([7; 31]));
        let hs256 =
            |secret: Option<&Secret>| SigningKey::new(SigningAlgorithm::Hs256, secret).err();
        assert_eq!(hs256(Some(&short)), Some(KeyError::SecretTooShort(31)));
        assert_eq!(
            hs256(Some(&Secret::new("no base64!"))),
            Some(KeyError::SecretEncoding)
        );
        assert_eq!(hs256(None), Some(KeyError::SecretMismatch));
        let with_secret = SigningKey::new(SigningAlgorithm::Es256, Some(&Secret::new(SECRET)));
        assert_eq!(with_secret.err(), Some(KeyError::SecretMismatch));
    }

    /// The example of RFC 7638 §3.1.
    #[test]
    fn key_ids_are_thumbprints() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let public = [
            ("e", "AQAB".to_owned()),
            ("kty", "RSA".to_owned()),
            ("n", n.to_owned()),
        ];
        assert_eq!(
            thumbprint(&public),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }
}
