//! The signature algorithms that can be chosen (RFC 7518 §3.1, RFC 8037).

use std::fmt;
use std::str::FromStr;

/// How access tokens are signed. A server uses exactly one; what a token's header asks for is
/// compared, never followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SigningAlgorithm {
    /// HMAC with SHA-256: a secret that every resource server shares, and could issue tokens with.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, which RFC 9068 §2.1 asks everyone to support.
    #[default]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519, by its name of RFC 8037. The name `Ed25519` of RFC 9864 is not accepted.
    EdDsa,
}

/// All algorithms.
pub const ALGORITHMS: [SigningAlgorithm; 5] = [
    SigningAlgorithm::Hs256,
    SigningAlgorithm::Rs256,
    SigningAlgorithm::Ps256,
    SigningAlgorithm::Es256,
    SigningAlgorithm::EdDsa,
];

/// A name that is not one of the algorithms'.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown algorithm `{0}` (expected HS256, RS256, PS256, ES256 or EdDSA)")]
pub struct UnknownAlgorithm(String);

impl SigningAlgorithm {
    /// Its name in a JOSE header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether signing and verifying share one secret.
    pub fn is_symmetric(self) -> bool {
        self == Self::Hs256
    }

    /// The same in the terms of the `jsonwebtoken` crate.
    pub(super) fn in_jsonwebtoken(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Ps256 => jsonwebtoken::Algorithm::PS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SigningAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        let found = ALGORITHMS
            .into_iter()
            .find(|algorithm| algorithm.name() == name);
        found.ok_or_else(|| UnknownAlgorithm(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_case_sensitive() {
        assert_eq!("ES256".parse(), Ok(SigningAlgorithm::Es256));
        for name in ["es256", "none", "Ed25519", "RS512", ""] {
            assert!(name.parse::<SigningAlgorithm>().is_err(), "{name}");
        }
    }
}
