//! Why there is no connection, in words that say what to do.

use std::io::{self, ErrorKind};

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// Why there is no connection. Nothing of HTTP was sent.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No TCP connection.
    #[error("{0}")]
    Tcp(#[from] io::Error),
    /// A connection, but no TLS on it.
    #[error("no TLS with {name}: {failure}")]
    Tls {
        /// The name by which the server was called.
        name: String,
        /// Why.
        failure: TlsFailure,
    },
    /// Neither in time.
    #[error("no connection in time")]
    TimedOut,
}

/// Why a TLS handshake failed.
#[derive(Debug, thiserror::Error)]
pub enum TlsFailure {
    /// Nobody in the trust store vouches for the certificate.
    #[error(
        "nobody who is trusted vouches for its certificate; ca_file in the target file's [tls] says whom to trust"
    )]
    Untrusted,
    /// The certificate is for others.
    #[error("its certificate is for {}", names(.0))]
    WrongName(Vec<String>),
    /// The certificate was valid once.
    #[error("its certificate has expired")]
    Expired,
    /// The certificate is not valid yet.
    #[error("its certificate is not valid yet")]
    NotYetValid,
    /// The certificate cannot be accepted for another reason.
    #[error("its certificate is refused: {0}")]
    Certificate(String),
    /// The bytes that came are not TLS.
    #[error("what answers there does not speak TLS; the URL may have to begin with http://")]
    NotTls,
    /// HTTP/2 and nothing else (ALPN, RFC 7301).
    #[error("it offers HTTP/2 only, and what is spoken here is HTTP/1.1")]
    Http2Only,
    /// No HTTP/1.1 (ALPN), and no HTTP/2 either.
    #[error("it does not offer HTTP/1.1")]
    NoHttp1,
    /// The connection ended in the middle.
    #[error("it closed the connection during the handshake")]
    Closed,
    /// The socket failed.
    #[error("{0}")]
    Io(io::Error),
    /// Something that has no words of its own here, such as an alert of the server's.
    #[error("{0}")]
    Other(Error),
}

impl From<io::Error> for TlsFailure {
    fn from(error: io::Error) -> Self {
        match tls_error(&error) {
            Some(error) => Self::from(error),
            None if error.kind() == ErrorKind::UnexpectedEof => Self::Closed,
            None => Self::Io(error),
        }
    }
}

impl From<&Error> for TlsFailure {
    fn from(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(reason) => Self::from(reason),
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::NotTls,
            other => Self::Other(other.clone()),
        }
    }
}

impl From<&CertificateError> for TlsFailure {
    fn from(reason: &CertificateError) -> Self {
        use CertificateError as E;
        match reason {
            E::UnknownIssuer | E::BadSignature => Self::Untrusted,
            E::Expired | E::ExpiredContext { .. } => Self::Expired,
            E::NotValidYet | E::NotValidYetContext { .. } => Self::NotYetValid,
            E::NotValidForName => Self::WrongName(vec![]),
            E::NotValidForNameContext { presented, .. } => Self::WrongName(presented.clone()),
            other => Self::Certificate(format!("{other:?}")),
        }
    }
}

fn names(names: &[String]) -> String {
    if names.is_empty() {
        "other names".to_owned()
    } else {
        let names: Vec<_> = names.iter().map(|name| bare(name)).collect();
        format!("{}, not for this name", names.join(", "))
    }
}

/// A name without the Rust around it: `DnsName("localhost")`, `IpAddress(127.0.0.1)`.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').map_or(name, |(_, inner)| inner);
    inner.trim_matches(['(', ')', '"'])
}

/// The alert by which the server ended the handshake.
pub(super) fn alert(error: &io::Error) -> Option<AlertDescription> {
    match tls_error(error)? {
        Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}
