//! What a token carries so that it can be ended.

use super::status_list::StatusReference;

/// Claims of a token by which it can be told from others when something ends. Which there are depends on the channel; without one,
/// none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// When it was issued, in the same order; the issuer writes it into the `jti`, and nobody else reads it there.
    pub issued_ms: Option<i64>,
    /// `iat_ms`: when it was issued, in Unix milliseconds, in the order that [`super::Announcer::stamp`] gives. A claim of our own:
    /// `iat` is held against the clock, which this may run ahead of.
    pub stamp_ms: Option<i64>,
    /// `epoch`: the account's number.
    pub epoch: Option<i64>,
    /// `status`: its place in the status list.
    pub status: Option<StatusReference>,
}
