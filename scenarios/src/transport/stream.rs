//! A connection, plain or secured.

use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use rustls::ClientConnection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use crate::wire::{OpenBody, ResponseHead, ResponseReader, WireError};

/// A connection, plain or secured. Which one is decided once per call, not once per byte or poll.
#[derive(Debug)]
pub(crate) enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over it. Boxed: it is ten times as large, and the others should not carry that.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Writes all of `bytes`.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.write_all(bytes).await,
            Self::Tls(tls) => {
                tls.write_all(bytes).await?;
                tls.flush().await
            }
        }
    }

    /// Reads the whole response to the one request in flight.
    pub(crate) async fn read(
        &mut self,
        reader: &mut ResponseReader,
    ) -> Result<ResponseHead, WireError> {
        match self {
            Self::Plain(tcp) => reader.read(tcp).await,
            Self::Tls(tls) => reader.read(tls.as_mut()).await,
        }
    }

    /// Reads the response to the one request in flight as far as its body.
    pub(crate) async fn read_open(
        &mut self,
        reader: &mut ResponseReader,
    ) -> Result<(u16, OpenBody), WireError> {
        match self {
            Self::Plain(tcp) => reader.read_open(tcp).await,
            Self::Tls(tls) => reader.read_open(tls.as_mut()).await,
        }
    }

    /// Reads what has arrived, or waits for it; 0: nothing will arrive any more. Cancel safe.
    pub(crate) async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer).await,
            Self::Tls(tls) => tls.read(buffer).await,
        }
    }

    /// The session that was agreed on; `None` without TLS.
    pub(crate) fn session(&self) -> Option<&ClientConnection> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(tls) => Some(tls.get_ref().1),
        }
    }

    /// Waits at most `limit` for what a server sends by itself, its tickets, and takes it in. Whether anything came.
    pub(crate) async fn take_tickets(&mut self, limit: Duration) -> bool {
        let Self::Tls(tls) = self else {
            return false;
        };
        let arrived = timeout(limit, tls.get_ref().0.readable()).await.is_ok();
        // A connection that is over has no tickets to wait for.
        arrived && !is_session_over(tls)
    }

    /// Whether an idle connection was closed, or sent what nobody asked for. The runtime has long seen what happened while it was idle,
    /// so this makes no system call on a connection that is still open and silent.
    pub(crate) fn is_over(&mut self) -> bool {
        match self {
            Self::Plain(tcp) => is_over(tcp),
            Self::Tls(tls) => is_session_over(tls),
        }
    }
}

fn is_over(tcp: &TcpStream) -> bool {
    let mut byte = [0];
    !matches!(tcp.try_read(&mut byte), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// Not everything that arrives in silence ends a session: a server sends its tickets when it likes (RFC 8446 §4.6.1). So what is there is
/// taken in and looked at: application data or a closing alert end it.
fn is_session_over(tls: &mut TlsStream<TcpStream>) -> bool {
    let (tcp, session) = tls.get_mut();
    loop {
        match session.read_tls(&mut Arrived(tcp)) {
            Ok(0) => return true,
            Ok(_) => match session.process_new_packets() {
                Ok(state) if state.peer_has_closed() => return true,
                Ok(state) if state.plaintext_bytes_to_read() > 0 => return true,
                Ok(_) => {}
                Err(_) => return true,
            },
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}

/// What has arrived on a socket; never waits.
struct Arrived<'a>(&'a TcpStream);

impl Read for Arrived<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}
