//! The limit: the cryptographic library alone, with a key that was parsed beforehand and nothing to encode or decode.

use authbench_servers::jwt::SigningAlgorithm;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, VerificationAlgorithm,
};

/// Signs and verifies by one algorithm.
pub(crate) enum Limit {
    Secret(Box<hmac::Key>),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding, ParsedPublicKey),
    P256(EcdsaKeyPair, ParsedPublicKey),
    Ed25519(Ed25519KeyPair, ParsedPublicKey),
}

impl Limit {
    pub(crate) fn new(algorithm: SigningAlgorithm) -> Self {
        let rsa = |encoding, verification: &'static dyn VerificationAlgorithm| {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
            let public = parsed(verification, pair.public_key().as_ref());
            Self::Rsa(pair, encoding, public)
        };
        match algorithm {
            SigningAlgorithm::Hs256 => {
                Self::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &[0; 32])))
            }
            SigningAlgorithm::Rs256 => rsa(&RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256),
            SigningAlgorithm::Ps256 => rsa(&RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256),
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
                let public = parsed(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
                Self::P256(pair, public)
            }
            SigningAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::generate().expect("a key");
                let public = parsed(&ED25519, pair.public_key().as_ref());
                Self::Ed25519(pair, public)
            }
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Secret(key) => hmac::sign(key, message).as_ref().to_vec(),
            Self::Rsa(pair, encoding, _) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)
                    .expect("signs");
                signature
            }
            Self::P256(pair, _) => pair
                .sign(&random, message)
                .expect("signs")
                .as_ref()
                .to_vec(),
            Self::Ed25519(pair, _) => pair.sign(message).as_ref().to_vec(),
        }
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) {
        match self {
            Self::Secret(key) => hmac::verify(key, message, signature).expect("verifies"),
            Self::Rsa(_, _, key) | Self::P256(_, key) | Self::Ed25519(_, key) => {
                key.verify_sig(message, signature).expect("verifies");
            }
        }
    }
}

fn parsed(algorithm: &'static dyn VerificationAlgorithm, bytes: &[u8]) -> ParsedPublicKey {
    ParsedPublicKey::new(algorithm, bytes).expect("a public key")
}
