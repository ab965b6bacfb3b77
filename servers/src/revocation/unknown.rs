//! Not knowing what has ended, which is no reason to accept a credential and none to refuse it.

/// A resource server cannot say whether a credential has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevocationUnknown {
    /// There was no word from the channel for too long.
    #[error("know what has ended: no word from the revocation channel")]
    Stale,
    /// The store has lost what was announced, and it has not been written anew.
    #[error("know what has ended: the store does not know it")]
    Lost,
}
