//! The first gate: a compact JWS has three segments of base64url, in bounds (RFC 7515 §7.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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
        let (header, rest) = token.split_once('.').ok_or(Reason::MalformedToken)?;
        let (payload, signature) = rest.split_once('.').ok_or(Reason::MalformedToken)?;
        let well_formed = header.len() <= MAX_HEADER_BYTES
            && [header, payload, signature]
                .iter()
                .all(|part| is_segment(part));
        if !well_formed {
            return Err(Reason::MalformedToken);
        }
        Ok(Self {
            header,
            payload,
            signature,
            signed: &token[..header.len() + 1 + payload.len()],
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

fn is_segment(part: &str) -> bool {
    // Without a way out at the first bad byte, so that many are looked at in one step.
    let strays = part.bytes().fold(0, |strays, byte| {
        strays | u8::from(!(byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_')))
    });
    !part.is_empty() && strays == 0
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
