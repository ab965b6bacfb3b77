//! Credentials: making them, naming them without showing them, comparing them.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

/// Length of [`random_id`]: 256 bits in base64url without padding.
pub const RANDOM_ID_LENGTH: usize = 43;

/// 256 bits from the cryptographic random number generator, in base64url (ASVS 7.2.3 asks for 128).
pub fn random_id() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// `N` bytes from the cryptographic random number generator.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // AWS-LC ends the process rather than hand out predictable bytes, so there is no error to pass
    // on.
    aws_lc_rs::rand::fill(&mut bytes).expect("the system's random number generator works");
    bytes
}

/// Whether `text` has the shape of a [`random_id`]. What has not was never issued, and costs no
/// look-up.
pub fn is_random_id(text: &str) -> bool {
    text.len() == RANDOM_ID_LENGTH
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// A secret given from outside, whose `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret in clear; for handing on, never for printing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Not derived: the derived message for `12345`, where a text should be, quotes the 12345.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self)
    }
}

/// A text that must not be shown, not even when it is none.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        _ => Err(D::Error::custom("a secret or an address must be a text")),
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(masked)")
    }
}

/// The 32 bytes of a key given in base64url without padding; `None` if it is anything else.
pub fn key_bytes(key: &Secret) -> Option<[u8; 32]> {
    let bytes = URL_SAFE_NO_PAD.decode(key.expose()).ok()?;
    bytes.try_into().ok()
}

/// SHA-256 of a credential: what the store and the audit log know it by.
///
/// A plain hash is enough where a password would need a slow one: the input has 256 random bits.
/// Looking a credential up by its hash also leaves no timing trace of how much of it was right.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of `credential`.
    pub fn of(credential: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, credential.as_bytes()).as_ref());
        Self(hash)
    }

    /// The fingerprint whose [`Fingerprint::to_base64`] is `handle`.
    pub fn of_handle(handle: &str) -> Option<Self> {
        let hash = URL_SAFE_NO_PAD.decode(handle).ok()?;
        hash.try_into().ok().map(Self)
    }

    /// The whole fingerprint in base64url, for store keys.
    pub fn to_base64(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Its first 48 bits in hexadecimal, for logs: enough to find a credential's lines again.
    pub fn prefix(self) -> String {
        self.0[..6]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({}…)", self.prefix())
    }
}

/// A secret that presented values are compared with, in constant time.
///
/// Both sides are hashed first, so that not even the length of the secret shows.
#[derive(Clone, Debug)]
pub struct ExpectedSecret(Fingerprint);

impl ExpectedSecret {
    /// Expects `secret`.
    pub fn new(secret: &Secret) -> Self {
        Self(Fingerprint::of(secret.expose()))
    }

    /// Whether `presented` is the secret.
    pub fn matches(&self, presented: &str) -> bool {
        verify_slices_are_equal(&self.0.0, &Fingerprint::of(presented).0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_have_the_shape_that_is_checked() {
        let (one, other) = (random_id(), random_id());
        assert_ne!(one, other);
        assert!(is_random_id(&one), "{one}");
        assert!(!is_random_id(&one[..42]));
        assert!(!is_random_id(&format!("{}\n", &one[..42])));
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(masked)");
        let fingerprint = format!("{:?}", Fingerprint::of("hunter2"));
        assert_eq!(fingerprint, "Fingerprint(f52fbd32b2b3…)");
    }

    #[test]
    fn a_handle_names_its_fingerprint() {
        let fingerprint = Fingerprint::of("hunter2");
        let handle = fingerprint.to_base64();
        assert_eq!(Fingerprint::of_handle(&handle), Some(fingerprint));
        assert_eq!(Fingerprint::of_handle(&handle[1..]), None);
    }

    #[test]
    fn what_is_no_text_is_refused_without_being_shown() {
        let error = serde_json::from_str::<Secret>("4815162342").expect_err("a number");
        let told = error.to_string();
        assert!(told.contains("must be a text"), "{told}");
        assert!(!told.contains("4815162342"), "{told}");
        let secret: Secret = serde_json::from_str(r#""hunter2""#).expect("a text");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn only_the_secret_matches() {
        let expected = ExpectedSecret::new(&Secret::new("correct"));
        assert!(expected.matches("correct"));
        assert!(!expected.matches("correct "));
        assert!(!expected.matches(""));
    }
}
