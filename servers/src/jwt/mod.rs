//! Access tokens as signed JWTs (RFC 9068), issued and judged.
//!
//! Signatures are verified as the `jsonwebtoken` crate lays down, by a verifier of ours that keeps its key parsed
//! (`signature_key.rs`). The crate judges claims too leniently to be left alone
//! with the rest (it accepts any `typ`, `crit`, duplicate members, claims of wrong types, `exp`
//! equal to now, any lifetime), so header and claims are read here, once, strictly. A token passes
//! four gates, cheapest first:
//!
//! 1. [`parts`]: size, shape, alphabet
//! 2. [`header`]: exactly the header of an access token, naming a key that we hold ([`keys`],
//!    [`jwks_client`])
//! 3. the signature
//! 4. [`claims`]: types, issuer, audience, times
//!
//! [`signing`] makes keys and tokens; [`key_ring`] replaces keys.

pub mod algorithm;
pub mod claims;
pub mod header;
mod jwk;
pub mod jwks_client;
pub mod key_ring;
pub mod keys;
mod minter;
pub mod object;
pub mod parts;
mod signature_key;
pub mod signing;
pub mod verifier;

pub use algorithm::SigningAlgorithm;
pub use claims::{Claims, Rules};
pub use jwks_client::KeysError;
pub use key_ring::{Retiring, RotationError};
pub use keys::KeySet;
pub use minter::{Minter, issued_ms};
pub use signing::{KeyError, SigningKey};
pub use verifier::{KeySource, Verifier};

/// Chooses aws-lc-rs as the process-wide cryptography of the `jsonwebtoken` crate. Harmless to call
/// again.
pub fn install_crypto() {
    // It fails only when a choice was made before: by us, or by a test that uses the crate itself.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
