//! What carries the bytes of HTTP: TCP, or TLS over it.
//!
//! * [`Peer`]: where a connection goes and how it is secured.
//! * `Stream`: a connection. The plain one stands in it unboxed and is called directly: without TLS a request costs what it would cost
//!   if there were none.
//! * [`Trust`]: whose certificates count at one target, and the sessions that may be resumed with each of its servers.
//!
//! TLS 1.3 and 1.2 by rustls with aws-lc-rs. Only HTTP/1.1 is offered (ALPN, RFC 7301); a server that has HTTP/2 alone is recognised and
//! named as such.

mod failure;
mod peer;
mod server;
mod stream;
mod trust;

pub use failure::{ConnectError, TlsFailure};
pub use peer::Peer;
pub use server::Handshakes;
pub use trust::{Trust, TrustError};

pub(crate) use server::{Sessions, TlsServer};
pub(crate) use stream::Stream;
pub(crate) use trust::read_certificates;

#[cfg(test)]
mod tests;
