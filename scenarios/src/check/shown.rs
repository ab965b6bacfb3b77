//! How a captured value may be shown: enough to tell two of them apart, and of no use to anybody.

use crate::flow::Credential;
use aws_lc_rs::digest::{SHA256, digest};
use std::fmt::Write;

/// Shorter values show nothing of themselves: their beginning would be much of them, and a digest could be guessed at.
const SHORTEST_SHOWN: usize = 32;
/// So many characters of its beginning are shown: `eyJh` tells a JWT.
const BEGINNING: usize = 4;

/// What is new or changed in `after`, a line each.
pub(super) fn captured(before: &Credential, after: &Credential) -> Vec<String> {
    let changed = after
        .captures()
        .filter(|(name, value)| before.captured(name) != Some(value));
    changed
        .map(|(name, value)| format!("{name} = {}", shown(value)))
        .collect()
}

/// `eyJh…(812 bytes, sha256 1a2b3c4d)`; short values `…(6 bytes)`.
fn shown(value: &str) -> String {
    let length = value.len();
    if length < SHORTEST_SHOWN {
        return format!("…({length} bytes)");
    }
    let beginning: String = value.chars().take(BEGINNING).collect();
    let hash = digest(&SHA256, value.as_bytes());
    let mut hex = String::new();
    for byte in &hash.as_ref()[..4] {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    format!("{beginning}…({length} bytes, sha256 {hex})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_can_be_told_from_others_and_a_short_one_says_nothing() {
        assert_eq!(shown("123456"), "…(6 bytes)");
        // The SHA-256 of a million of them is in FIPS 180; of forty, from sha256sum.
        let long = "a".repeat(40);
        let text = shown(&long);
        assert!(text.starts_with("aaaa…(40 bytes, sha256 "), "{text}");
        assert_ne!(text, shown(&"b".repeat(40)));
        assert!(!text.contains("aaaaa"));
    }
}
