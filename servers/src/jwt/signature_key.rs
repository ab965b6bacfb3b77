//! A key that signatures are verified with, parsed once.
//!
//! The verifiers that come with the `jsonwebtoken` crate parse their key at each signature: a modulus becomes a number again, a point is put on its
//! curve again, the two hash states of an HMAC are made again. This one implements the crate's own [`JwtVerifier`] and keeps what was parsed.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents,
};
use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::signature::{Error, Verifier};

use super::algorithm::SigningAlgorithm;

/// A shared secret or a public key, for one algorithm.
#[derive(Debug)]
pub(super) struct SignatureKey {
    algorithm: SigningAlgorithm,
    parsed: Parsed,
}

#[derive(Debug)]
enum Parsed {
    // Boxed: an HMAC key holds two hash states inline.
    Secret(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

impl SignatureKey {
    /// The secret of HS256.
    pub(super) fn secret(secret: &[u8]) -> Self {
        Self {
            algorithm: SigningAlgorithm::Hs256,
            parsed: Parsed::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret))),
        }
    }

    /// An RSA key of modulus and exponent, big-endian; `None` if it is none, or the algorithm is not one of RSA.
    pub(super) fn rsa(
        algorithm: SigningAlgorithm,
        modulus: &[u8],
        exponent: &[u8],
    ) -> Option<Self> {
        let parameters: &'static RsaParameters = match algorithm {
            SigningAlgorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            SigningAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
            _ => return None,
        };
        let (n, e) = (modulus, exponent);
        let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters);
        Self::public(algorithm, key.ok())
    }

    /// A P-256 key of an uncompressed point; `None` if the point is not on the curve.
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        Self::public(SigningAlgorithm::Es256, key.ok())
    }

    /// An Ed25519 key; `None` if it is none.
    pub(super) fn ed25519(key: &[u8]) -> Option<Self> {
        let key = ParsedPublicKey::new(&ED25519, key);
        Self::public(SigningAlgorithm::EdDsa, key.ok())
    }

    fn public(algorithm: SigningAlgorithm, key: Option<ParsedPublicKey>) -> Option<Self> {
        let parsed = Parsed::Public(key?);
        Some(Self { algorithm, parsed })
    }
}

impl Verifier<Vec<u8>> for SignatureKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        let verified = match &self.parsed {
            Parsed::Secret(key) => hmac::verify(key, message, signature),
            Parsed::Public(key) => key.verify_sig(message, signature),
        };
        // Without the source, which would be boxed for each forgery and says nothing.
        verified.map_err(|_| Error::new())
    }
}

impl JwtVerifier for SignatureKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm.in_jsonwebtoken()
    }
}
