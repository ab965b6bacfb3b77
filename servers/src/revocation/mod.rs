//! Telling resource servers what is no longer good.
//!
//! A resource server that judges tokens by itself, or remembers an answer about one, does not see what ends at the authorization server. Whatever
//! ends there is announced as an [`Ended`]; how the announcement travels, and what a resource server does with it, is the revocation channel.
//!
//! * [`Announcer`] is the issuer's side: it makes known what ended, and says when a credential was issued in the order of what ended.
//! * [`EndedCheck`] is how a resource server finds out whether a token has ended; [`Denials`] is what it keeps in memory of the push
//!   channel.
//! * [`Marks`] are what tokens carry for it.
//! * [`RevocationSettings`] says which channel there is.

mod announcer;
mod check;
mod denial;
mod denials;
mod epoch;
mod follow;
mod index;
mod journal;
mod keys;
mod marks;
mod medium;
mod order;
mod settings;
pub mod status_list;
mod stream;
mod unknown;

pub use announcer::{Announcer, StartAnnouncerError};
pub use check::EndedCheck;
pub use denials::{Denials, PushFigures};
pub use epoch::EpochCheck;
pub use keys::Denylist;
pub use marks::Marks;
pub use settings::{
    PushFail, Revocation, RevocationSettings, UnknownPushFail, UnknownRevocation,
    UnsupportedRevocation,
};
pub(crate) use stream::STREAM as ANNOUNCEMENTS;
pub use unknown::RevocationUnknown;

/// Something that ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// One access token, by its `jti`; forgotten once it would have expired anyway.
    Token {
        /// The token's `jti`, or the hash of an opaque token.
        id: String,
        /// When it would have expired, in Unix milliseconds.
        expires_at_ms: i64,
    },
    /// A session or refresh family, by its handle, and every token that names it as `sid`.
    Session {
        /// The handle.
        handle: String,
    },
    /// Everything that an account has open.
    Account {
        /// The account's name.
        name: String,
        /// What was issued at or before this, in Unix milliseconds, is over; what is issued later is good.
        until_ms: i64,
    },
    /// What one client has open for one account: its consent was withdrawn.
    Consent {
        /// The account's name.
        account: String,
        /// The client's `client_id`.
        client: String,
        /// As for an account.
        until_ms: i64,
    },
    /// Everything that a client has open, its own and on behalf of users.
    Client {
        /// The client's `client_id`.
        id: String,
        /// As for an account.
        until_ms: i64,
    },
    /// Everything.
    Everyone {
        /// As for an account.
        until_ms: i64,
    },
    /// A signing key, by its `kid`, and every token signed with it.
    Key {
        /// The key's `kid`.
        id: String,
    },
}

/// What a presented credential says of itself, to be held against what has ended.
#[derive(Clone, Copy, Debug)]
pub struct Presentation<'a> {
    /// Its `jti`, or the hash of an opaque token.
    pub id: &'a str,
    /// Its `sid`, if it has one.
    pub session: Option<&'a str>,
    /// Whose authority it carries.
    pub subject: &'a str,
    /// The client that it was issued to.
    pub client: &'a str,
    /// The `kid` that it was signed under, if it is signed.
    pub key: Option<&'a str>,
    /// When it was issued, in Unix milliseconds, in the order that [`Announcer::stamp`] gives.
    pub issued_at_ms: i64,
}
