//! TLS, in case a server is told to speak it: what every model pays alike.
//!
//! * [`Tls`]: whether it is spoken
//! * [`Identity`]: a certificate authority and a certificate of its own, made when the server starts; nothing of them but the authority's
//!   certificate, which is public, ever leaves the process's memory
//! * [`client`]: the other side, when a resource server asks its authorization server
//!
//! TLS 1.3, and 1.2 for old clients, by rustls with aws-lc-rs; certificates have ECDSA P-256 keys. Sessions are resumed by tickets that
//! only this process can read; HTTP/1.1 is what is offered (ALPN).

mod certificates;
pub mod client;
mod identity;

use std::fmt;
use std::str::FromStr;

pub use certificates::CertificateError;
pub use identity::{Identity, IdentityError};

/// Whether a server speaks TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP.
    #[default]
    Off,
    /// TLS and nothing else.
    On,
}

/// Neither `on` nor `off`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected on or off")]
pub struct ParseTlsError;

impl FromStr for Tls {
    type Err = ParseTlsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "on" => Ok(Self::On),
            _ => Err(ParseTlsError),
        }
    }
}

impl fmt::Display for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::On => "on",
        })
    }
}

/// `https` with an identity, `http` without.
pub(crate) fn scheme(identity: Option<&Identity>) -> &'static str {
    match identity {
        Some(_) => "https",
        None => "http",
    }
}

/// What the ready line says: where the authority's certificate is, or nothing.
pub(crate) fn ca_file(identity: Option<&Identity>) -> String {
    identity.map_or_else(String::new, |identity| {
        identity.ca_file().to_string_lossy().into_owned()
    })
}
