//! The refresh token: `family.generation.mac`.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::client::{CLIENTS, Client};
use crate::secret::{Fingerprint, Secret, is_random_id, key_bytes, random_id};

/// The rotation key cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("use the rotation key: it must be 32 bytes in base64url without padding")]
pub struct RotationKeyError;

/// One generation of a family of refresh tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    family: String,
    generation: u32,
}

/// Writes and reads refresh tokens.
///
/// The MAC covers the family, the generation and the client. Covering the client makes a token
/// worthless to any other (RFC 6749 §10.4) before the store is asked; and what nobody issued never
/// reaches the store at all.
pub struct RotationKey(hmac::Key);

impl RotationKey {
    /// Reads a key of 32 bytes in base64url.
    pub fn new(key: &Secret) -> Result<Self, RotationKeyError> {
        let bytes = key_bytes(key).ok_or(RotationKeyError)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The text of `token` for `client`: always the same for the same generation.
    pub fn write(&self, token: &RefreshToken, client: Client) -> String {
        let mac = hmac::sign(&self.0, &token.signed(client));
        format!(
            "{}.{}.{}",
            token.family,
            token.generation,
            URL_SAFE_NO_PAD.encode(mac)
        )
    }

    /// Reads a token that `client` presents.
    pub fn read(&self, text: &str, client: Client) -> Option<RefreshToken> {
        let (token, mac) = parse(text)?;
        hmac::verify(&self.0, &token.signed(client), &mac).ok()?;
        Some(token)
    }

    /// Whether a token that `client` cannot use is good for somebody else: it has changed hands.
    pub fn belongs_to_another(&self, text: &str, client: Client) -> bool {
        CLIENTS
            .into_iter()
            .any(|other| other != client && self.read(text, other).is_some())
    }
}

impl RefreshToken {
    /// The first token of a new family (256 random bits).
    pub fn first() -> Self {
        Self {
            family: random_id(),
            generation: 0,
        }
    }

    /// The token after this one.
    pub fn successor(&self) -> Self {
        Self {
            family: self.family.clone(),
            generation: self.generation.saturating_add(1),
        }
    }

    /// How many renewals came before it in its family.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// What the store, access tokens (`sid`) and logs call the family: its SHA-256.
    pub fn family_handle(&self) -> String {
        Fingerprint::of(&self.family).to_base64()
    }

    /// Where the rotation *from* this generation is committed.
    pub fn rotation_key(&self) -> String {
        format!("rotation:{}:{}", self.family_handle(), self.generation)
    }

    /// No separator can occur inside a part, so that no two tokens have the same signed form.
    fn signed(&self, client: Client) -> Vec<u8> {
        format!("{}.{}.{}", self.family, self.generation, client.id()).into_bytes()
    }
}

fn parse(text: &str) -> Option<(RefreshToken, Vec<u8>)> {
    let (family, rest) = text.split_once('.')?;
    let (number, mac) = rest.split_once('.')?;
    let generation: u32 = number.parse().ok()?;
    // One spelling per number: `+1` and `01` are nobody's token.
    let canonical = is_random_id(family) && generation.to_string() == number;
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    canonical.then(|| {
        (
            RefreshToken {
                family: family.to_owned(),
                generation,
            },
            mac,
        )
    })
}

impl std::fmt::Debug for RotationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RotationKey(masked)")
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let family = Fingerprint::of(&self.family).prefix();
        f.debug_struct("RefreshToken")
            .field("family", &family)
            .field("generation", &self.generation)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(byte: u8) -> RotationKey {
        RotationKey::new(&Secret::new(URL_SAFE_NO_PAD.encode([byte; 32]))).expect("a key")
    }

    #[test]
    fn a_token_is_read_by_the_key_and_the_client_it_was_written_for() {
        let token = RefreshToken::first().successor();
        let text = key(1).write(&token, Client::App);
        assert_eq!(key(1).read(&text, Client::App), Some(token.clone()));
        assert_eq!(key(1).write(&token, Client::App), text);
        assert_eq!(key(2).read(&text, Client::App), None);
        assert_eq!(key(1).read(&text, Client::App2), None);
        assert!(key(1).belongs_to_another(&text, Client::App2));
        assert!(!key(1).belongs_to_another(&text, Client::App));
    }

    #[test]
    fn other_shapes_are_nobodys() {
        let text = key(1).write(&RefreshToken::first(), Client::App);
        for altered in [
            text.replacen(".0.", ".1.", 1),
            text.replacen(".0.", ".00.", 1),
            text.replacen(".0.", ".+0.", 1),
            text[..text.len() - 1].to_owned(),
            format!("{text}A"),
            format!("{text}."),
            String::new(),
            "..".to_owned(),
        ] {
            assert_eq!(key(1).read(&altered, Client::App), None, "{altered}");
        }
    }

    #[test]
    fn a_key_has_exactly_32_bytes() {
        assert_eq!(
            RotationKey::new(&Secret::new(URL_SAFE_NO_PAD.encode([1; 31]))).err(),
            Some(RotationKeyError)
        );
        assert_eq!(
            RotationKey::new(&Secret::new("?")).err(),
            Some(RotationKeyError)
        );
    }

    proptest! {
        #[test]
        fn nothing_made_up_is_read(text in "[A-Za-z0-9._-]{0,120}") {
            prop_assert_eq!(key(1).read(&text, Client::App), None);
        }
    }
}
