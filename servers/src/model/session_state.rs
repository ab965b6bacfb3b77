//! Where the state of a session is: an axis of `session`.

use std::fmt;
use std::str::FromStr;

/// Where the state of a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SessionState {
    /// In the store; the cookie has an id.
    #[default]
    Server,
    /// In the cookie, signed; the store knows nothing of it.
    Cookie,
}

/// A name that is not one of theirs.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown place for a session's state `{0}` (expected server or cookie)")]
pub struct UnknownSessionState(String);

impl fmt::Display for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Cookie => "cookie",
        })
    }
}

impl FromStr for SessionState {
    type Err = UnknownSessionState;

    fn from_str(name: &str) -> Result<Self, UnknownSessionState> {
        match name {
            "server" => Ok(Self::Server),
            "cookie" => Ok(Self::Cookie),
            _ => Err(UnknownSessionState(name.to_owned())),
        }
    }
}
