//! Where a connection goes, and how it is secured.

use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::failure::ConnectError;
use super::server::{Sessions, TlsServer};
use super::stream::Stream;

/// Where a connection goes, and how it is secured. Two are equal when a connection to one can serve the other.
#[derive(Clone, Debug)]
pub struct Peer {
    address: SocketAddr,
    tls: Option<Arc<TlsServer>>,
}

impl Peer {
    pub(crate) fn new(address: SocketAddr, tls: Option<Arc<TlsServer>>) -> Self {
        Self { address, tls }
    }

    /// The address that is connected to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether TLS is spoken.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.tls.is_some()
    }

    /// The same peer with other sessions; the same without TLS.
    pub(crate) fn with_sessions(&self, sessions: Sessions) -> Self {
        let server = |server: &Arc<TlsServer>| Arc::new(server.with_sessions(sessions));
        Self::new(self.address, self.tls.as_ref().map(server))
    }

    /// Connects, the TLS handshake included.
    pub(crate) async fn connect(&self) -> Result<Stream, ConnectError> {
        let tcp = TcpStream::connect(self.address).await?;
        tcp.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Stream::Plain(tcp)),
            // Boxed, so that whoever waits for a plain connection need not make room for a handshake.
            Some(server) => {
                let handshake = Box::pin(server.handshake(tcp, self.address));
                Ok(Stream::Tls(Box::new(handshake.await?)))
            }
        }
    }
}

impl Peer {
    /// Connects, sends `request` and fills `start` with the beginning of the answer; blocks at every step for at most `limit`. For waiting until a
    /// process is there, before there is a runtime.
    pub(crate) fn ask_blocking(
        &self,
        request: &[u8],
        start: &mut [u8],
        limit: Duration,
    ) -> io::Result<()> {
        let mut tcp = std::net::TcpStream::connect_timeout(&self.address, limit)?;
        tcp.set_read_timeout(Some(limit))?;
        tcp.set_write_timeout(Some(limit))?;
        match &self.tls {
            None => ask(&mut tcp, request, start),
            Some(server) => {
                let mut session = server.session().map_err(io::Error::other)?;
                ask(
                    &mut rustls::Stream::new(&mut session, &mut tcp),
                    request,
                    start,
                )
            }
        }
    }
}

fn ask(stream: &mut (impl Read + Write), request: &[u8], start: &mut [u8]) -> io::Result<()> {
    stream.write_all(request)?;
    stream.read_exact(start)
}

/// Plain TCP.
impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::new(address, None)
    }
}

impl PartialEq for Peer {
    fn eq(&self, other: &Self) -> bool {
        let secured_alike = match (&self.tls, &other.tls) {
            (None, None) => true,
            (Some(own), Some(others)) => Arc::ptr_eq(own, others),
            _ => false,
        };
        self.address == other.address && secured_alike
    }
}

impl Eq for Peer {}

impl Hash for Peer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address.hash(state);
    }
}
