//! An answer that goes on: opened once, then read as it comes.

use super::connection::REQUEST_DEADLINE;
use crate::flow::Exchange;
use crate::transport::{ConnectError, Peer, Stream};
use crate::wire::{OpenBody, ResponseHead, ResponseReader, WireError};
use std::io;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Longest head read, and most that is taken in at a time, in bytes.
const BUFFER: usize = 16 * 1024;

/// An answer whose head has been received, with a connection of its own. Dropping it closes that.
pub struct OpenAnswer {
    /// Before the first byte of the request was written.
    pub sent: Instant,
    /// When its head had been received.
    pub opened: Instant,
    /// Its status.
    pub status: u16,
    head: ResponseReader,
    stream: Stream,
    body: OpenBody,
    buffer: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No connection could be made.
    #[error("connect: {0}")]
    Connect(#[from] ConnectError),
    /// The request could not be written.
    #[error("write a request: {0}")]
    Write(io::Error),
    /// The head broke off or is not HTTP.
    #[error(transparent)]
    Read(#[from] WireError),
    /// No head within the deadline of a request.
    #[error("no head within {} s", REQUEST_DEADLINE.as_secs())]
    TimedOut,
}

/// What a wait for more brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Content.
    Content,
    /// Nothing yet.
    Silence,
    /// The end, by its framing or with the connection.
    End,
}

impl OpenAnswer {
    /// Sends `request` on a new connection and reads the head of the answer.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(peer: &Peer, request: &[u8]) -> Result<Self, OpenError> {
        let opening = timeout(REQUEST_DEADLINE, Self::begin(peer, request));
        opening.await.unwrap_or(Err(OpenError::TimedOut))
    }

    async fn begin(peer: &Peer, request: &[u8]) -> Result<Self, OpenError> {
        let mut stream = peer.connect().await?;
        let mut head = ResponseReader::new(BUFFER);
        let sent = Instant::now();
        stream.write(request).await.map_err(OpenError::Write)?;
        let (status, body) = stream.read_open(&mut head).await?;
        Ok(Self {
            sent,
            opened: Instant::now(),
            status,
            head,
            stream,
            body,
            buffer: vec![0; BUFFER],
        })
    }

    /// How it was opened, as an exchange that consists of nothing but the head.
    #[must_use]
    pub(crate) fn exchange(&self) -> Exchange {
        Exchange {
            head: ResponseHead {
                status: self.status,
                wire_bytes: 0,
                body_len: 0,
                keep_alive: false,
                sets_cookie: false,
            },
            sent: self.sent,
            done: self.opened,
        }
    }

    /// The head.
    #[must_use]
    pub fn head(&self) -> &ResponseReader {
        &self.head
    }

    /// Waits for more, no longer than `limit`. An answer that is not HTTP any more is over. Cancel safe.
    pub async fn arrival(&mut self, limit: Duration) -> Arrival {
        if self.body.is_over() {
            return Arrival::End;
        }
        let Ok(received) = timeout(limit, self.stream.receive(&mut self.buffer)).await else {
            return Arrival::Silence;
        };
        let length = match received {
            Ok(0) | Err(_) => return Arrival::End,
            Ok(length) => length,
        };
        match self.body.take(&self.buffer[..length]) {
            // What comes with the end is its reason.
            Ok(1..) if !self.body.is_over() => Arrival::Content,
            // Part of the framing.
            Ok(0) if !self.body.is_over() => Arrival::Silence,
            Ok(_) | Err(_) => Arrival::End,
        }
    }
}
