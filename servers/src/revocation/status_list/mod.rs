//! A signed list with a bit for each token (IETF Token Status List): set, the token is over.
//!
//! The authorization server publishes it, and resource servers fetch it again and again: how long a token that has ended is still
//! accepted depends on how often. A token names the list and its place in it (`status.status_list`).

mod bits;
mod fetched;
mod lists;

pub use bits::Bits;
pub use fetched::StatusListCheck;
pub(crate) use lists::Slot;
pub(super) use lists::StatusLists;

use serde::{Deserialize, Serialize};

/// Where the list is published.
pub const PATH: &str = "/status-lists/1";
/// The type of the token that holds it.
pub const TYPE: &str = "statuslist+jwt";

/// Bytes of that token at most: a list of 32 million bits that nothing could compress.
pub(crate) const MAX_TOKEN_BYTES: usize = 6 << 20;

/// Where a token's bit is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReference {
    /// Its place in the list.
    pub idx: u64,
    /// The list.
    pub uri: String,
}

/// The claim `status` of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusClaim {
    /// The only way to tell a status that there is here.
    pub status_list: StatusReference,
}

/// What a list consists of, inside its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct EncodedList {
    /// Bits for each token.
    bits: u8,
    /// The bits, compressed, in base64url.
    lst: String,
}

/// The claims of the token that holds the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ListClaims {
    /// The list's URI.
    sub: String,
    iat: f64,
    exp: f64,
    /// Seconds for which a copy need not be fetched again.
    #[serde(default)]
    ttl: f64,
    status_list: EncodedList,
}

/// The URI of the list of `issuer`.
pub(crate) fn uri(issuer: &str) -> String {
    format!("{}{PATH}", issuer.trim_end_matches('/'))
}
