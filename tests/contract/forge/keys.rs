//! Keys of every algorithm: the issuer's own two, and a stranger's.

use std::sync::LazyLock;

use authbench_servers::jwt::SigningAlgorithm;
use authbench_servers::jwt::algorithm::ALGORITHMS;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::rsa::{PAIRS, RsaPair};
use super::{Draft, der};

/// A private key, or a secret.
pub(crate) enum Key {
    Secret([u8; 32]),
    Rsa(&'static RsaPair, &'static dyn RsaEncoding),
    P256(P256Pair),
    Ed25519(Ed25519KeyPair),
}

/// One pair, for both encodings of its signatures.
pub(crate) struct P256Pair {
    fixed: EcdsaKeyPair,
    asn1: EcdsaKeyPair,
}

/// Three keys for one algorithm.
pub(crate) struct Keys {
    /// What the issuer signs with.
    pub(crate) own: Key,
    /// Published as well.
    pub(crate) second: Key,
    /// The attacker's.
    pub(crate) stranger: Key,
}

static KEYS: LazyLock<[(SigningAlgorithm, Keys); 5]> = LazyLock::new(|| {
    ALGORITHMS.map(|algorithm| {
        let [own, second, stranger] = [0, 1, 2].map(|index| Key::generate(algorithm, index));
        (
            algorithm,
            Keys {
                own,
                second,
                stranger,
            },
        )
    })
});

/// The keys for `algorithm`, the same for the whole test run.
pub(crate) fn keys(algorithm: SigningAlgorithm) -> &'static Keys {
    let found = KEYS.iter().find(|(known, _)| *known == algorithm);
    &found.expect("every algorithm has keys").1
}

impl Key {
    fn generate(algorithm: SigningAlgorithm, index: usize) -> Self {
        match algorithm {
            SigningAlgorithm::Hs256 => Self::Secret([index as u8 + 1; 32]),
            SigningAlgorithm::Rs256 => Self::Rsa(&PAIRS[index], &RSA_PKCS1_SHA256),
            SigningAlgorithm::Ps256 => Self::Rsa(&PAIRS[index], &RSA_PSS_SHA256),
            SigningAlgorithm::Es256 => Self::P256(P256Pair::generate()),
            SigningAlgorithm::EdDsa => {
                Self::Ed25519(Ed25519KeyPair::generate().expect("an Ed25519 key"))
            }
        }
    }

    /// Signs as the key's algorithm does.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Secret(secret) => mac(secret, message),
            Self::Rsa(pair, encoding) => rsa_sign(pair, *encoding, message),
            Self::P256(pair) => {
                let signature = pair.fixed.sign(&random, message).expect("a signature");
                signature.as_ref().to_vec()
            }
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// The public members of the key as a JWK, and its text: what key confusion uses as a secret.
    pub(crate) fn public(&self) -> (Value, String) {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Secret(secret) => (json!({"kty": "oct", "k": text(secret)}), text(secret)),
            Self::Rsa(pair, _) => {
                let (n, e) = (text(&pair.raw.modulus()), text(&pair.raw.exponent()));
                (json!({"kty": "RSA", "n": n, "e": e}), n)
            }
            Self::P256(pair) => {
                let (x, y) = pair.fixed.public_key().as_ref()[1..].split_at(32);
                let (x, y) = (text(x), text(y));
                (json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}), x)
            }
            Self::Ed25519(pair) => {
                let x = text(pair.public_key().as_ref());
                (json!({"kty": "OKP", "crv": "Ed25519", "x": x}), x)
            }
        }
    }

    /// The public key with its algorithm, in DER.
    pub(crate) fn info(&self) -> Vec<u8> {
        match self {
            Self::Secret(secret) => secret.to_vec(),
            Self::Rsa(pair, _) => der::rsa_info(&pair.raw.modulus(), &pair.raw.exponent()),
            Self::P256(pair) => der::p256_info(pair.fixed.public_key().as_ref()),
            Self::Ed25519(pair) => der::ed25519_info(pair.public_key().as_ref()),
        }
    }

    /// The RSA pair of an RSA key.
    pub(crate) fn rsa(&self) -> &'static RsaPair {
        match self {
            Self::Rsa(pair, _) => pair,
            _ => panic!("not an RSA key"),
        }
    }

    /// An ECDSA signature in DER (RFC 3279) instead of the fixed form.
    pub(crate) fn sign_asn1(&self, message: &[u8]) -> Vec<u8> {
        let Self::P256(pair) = self else {
            panic!("not a P-256 key");
        };
        let signature = pair.asn1.sign(&SystemRandom::new(), message);
        signature.expect("a signature").as_ref().to_vec()
    }
}

impl P256Pair {
    fn generate() -> Self {
        let fixed = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a P-256 key");
        let document = fixed.to_pkcs8v1().expect("a PKCS #8 document");
        let asn1 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref());
        Self {
            fixed,
            asn1: asn1.expect("the same key"),
        }
    }
}

/// HMAC-SHA-256.
pub(crate) fn mac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::sign(&key, message).as_ref().to_vec()
}

/// An RSA signature of any kind.
pub(crate) fn rsa_sign(
    pair: &RsaPair,
    encoding: &'static dyn RsaEncoding,
    message: &[u8],
) -> Vec<u8> {
    let mut signature = vec![0; pair.pair.public_modulus_len()];
    pair.pair
        .sign(encoding, &SystemRandom::new(), message, &mut signature)
        .expect("a signature");
    signature
}

/// RS512, by a key whose JWK says PS512.
pub(crate) fn sign_rs512(pair: &RsaPair, message: &[u8]) -> Vec<u8> {
    rsa_sign(pair, &RSA_PKCS1_SHA512, message)
}

/// PEM (RFC 7468).
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// `draft` signed with a secret under HS256, whatever its header says.
pub(crate) fn signed_by_secret(draft: &Draft, secret: &[u8]) -> String {
    draft.with_signature(&mac(secret, draft.signed().as_bytes()))
}
