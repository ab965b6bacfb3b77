//! The first gate: a compact JWS has three segments of base64url, in bounds (RFC 7515 §7.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memchr_iter;

use crate::refusal::Reason;

/// Bytes of a token at most. Ours have some 700; half of the header limit leaves room for large
/// claims.
pub const MAX_TOKEN_BYTES: usize = 12 * 1024;
/// Bytes of the header segment at most. It is parsed before the signature is known to be good, so
/// it must stay cheap: 8 KiB of `[]` cost thirty refusals.
pub const MAX_HEADER_BYTES: usize = 1024;

/// A token taken apart. Nothing is decoded yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The header segment.
    pub header: &'a str,
    /// The payload segment.
    pub payload: &'a str,
    /// The signature segment.
    pub signature: &'a str,
    /// What is signed: header, dot, payload.
    pub signed: &'a str,
}

impl<'a> Parts<'a> {
    /// Takes `token` apart.
    pub fn split(token: &'a str) -> Result<Self, Reason> {
        Self::split_within(token, MAX_TOKEN_BYTES)
    }

    /// Takes a token of at most `max_bytes` apart.
    pub fn split_within(token: &'a str, max_bytes: usize) -> Result<Self, Reason> {
        if token.len() > max_bytes {
            return Err(Reason::MalformedToken);
        }
        let mut dots = memchr_iter(b'.', token.as_bytes());
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(Reason::MalformedToken);
        };
        let (header, payload, signature) = (
            &token[..first],
            &token[first + 1..second],
            &token[second + 1..],
        );
        let well_formed = header.len() <= MAX_HEADER_BYTES
            && [header, payload, signature]
                .iter()
                .all(|part| !part.is_empty())
            && is_of_base64url_and_dots(token);
        if !well_formed {
            return Err(Reason::MalformedToken);
        }
        Ok(Self {
            header,
            payload,
            signature,
            signed: &token[..second],
        })
    }
}

/// Decodes a segment: no padding, no stray bits at the end (RFC 4648 §3.5).
pub fn decode(segment: &str) -> Result<Vec<u8>, Reason> {
    URL_SAFE_NO_PAD
        .decode(segment)
        .map_err(|_| Reason::MalformedToken)
}

impl std::fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the signature it is no credential.
        f.debug_struct("Parts")
            .field("signed", &self.signed)
            .finish_non_exhaustive()
    }
}

fn is_of_base64url_and_dots(token: &str) -> bool {
    // In one go and without a way out at the first bad byte, so that many are looked at in one step.
    let strays = token.bytes().fold(0, |strays, byte| {
        strays | u8::from(!(byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'_' | b'.')))
    });
    strays == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_three_segments_apart() {
        let parts = Parts::split("aa.bb.cc").expect("three segments");
        assert_eq!(
            (parts.header, parts.payload, parts.signature, parts.signed),
            ("aa", "bb", "cc", "aa.bb")
        );
    }

    #[test]
    fn anything_else_is_malformed() {
        let long_header = format!("{}.bb.cc", "a".repeat(MAX_HEADER_BYTES + 1));
        let long_token = format!("aa.{}.cc", "b".repeat(MAX_TOKEN_BYTES));
        for token in [
            "",
            "..",
            "aa.bb",
            "aa.bb.",
            "aa.bb.cc.dd",
            "a.b.c.d.e",
            "aa.bb.cc=",
            "aa.b%2Eb.cc",
            "a a.b.c",
            &long_header,
            &long_token,
        ] {
            assert_eq!(
                Parts::split(token).err(),
                Some(Reason::MalformedToken),
                "{token}"
            );
        }
    }

    #[test]
    fn stray_bits_are_malformed() {
        assert_eq!(decode("YQ"), Ok(b"a".to_vec()));
        assert_eq!(decode("YR"), Err(Reason::MalformedToken));
    }
}
