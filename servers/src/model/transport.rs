//! How an access token travels: an axis of its own, beside what the token is.

use std::fmt;
use std::str::FromStr;

/// How an access token travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Transport {
    /// In the `Authorization` header (RFC 6750): the client's code puts it there.
    #[default]
    Bearer,
    /// In a cookie: the browser puts it there.
    Cookie,
}

/// A name that is not one of the transports'.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown transport `{0}` (expected bearer or cookie)")]
pub struct UnknownTransport(String);

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bearer => "bearer",
            Self::Cookie => "cookie",
        })
    }
}

impl FromStr for Transport {
    type Err = UnknownTransport;

    fn from_str(name: &str) -> Result<Self, UnknownTransport> {
        match name {
            "bearer" => Ok(Self::Bearer),
            "cookie" => Ok(Self::Cookie),
            _ => Err(UnknownTransport(name.to_owned())),
        }
    }
}
