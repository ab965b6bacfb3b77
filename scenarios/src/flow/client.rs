//! A small HTTP/1.1 client: one keep-alive connection per peer, a deadline per exchange.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::ops::Add;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::page::Page;
use crate::transport::{ConnectError, Peer, Stream};
use crate::wire::{RequestBytes, ResponseHead, ResponseReader, WireError};

/// Longest response that a step may have, in bytes.
const MAX_RESPONSE: usize = 1024 * 1024;

/// Sends one request at a time. Not on the measured path: it allocates, and checks its connections before use.
#[derive(Debug)]
pub struct FlowClient {
    connections: HashMap<Peer, Stream>,
    reader: ResponseReader,
    deadline: Duration,
    traffic: Traffic,
    page: Option<Page>,
}

/// Bytes of whole exchanges: what was written, framing included, and what was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes written.
    pub sent: u64,
    /// Bytes read.
    pub received: u64,
    /// The preflights in it.
    pub preflights: Preflights,
}

/// What a browser asked before it sent requests of a page of another origin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preflights {
    /// How often.
    pub count: u64,
    /// Bytes written.
    pub sent: u64,
    /// Bytes read.
    pub received: u64,
}

impl Add for Traffic {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (one, two) = (self.preflights, other.preflights);
        Self {
            sent: self.sent + other.sent,
            received: self.received + other.received,
            preflights: Preflights {
                count: one.count + two.count,
                sent: one.sent + two.sent,
                received: one.received + two.received,
            },
        }
    }
}

/// A response received in full.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// Its status and sizes.
    pub head: ResponseHead,
    /// Just before the first byte of the request was written.
    pub sent: Instant,
    /// Just after the last byte of the response was read.
    pub done: Instant,
}

/// Why no whole response came.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// No connection; nothing was sent.
    #[error("connecting to {address}: {source}")]
    Connect {
        /// Where to.
        address: SocketAddr,
        /// Why.
        source: ConnectError,
    },
    /// The request may have been sent, the response did not come in time.
    #[error("no response within {0:?}")]
    Deadline(Duration),
    /// The request could not be written in full.
    #[error("sending the request: {0}")]
    Send(io::Error),
    /// The response could not be read in full.
    #[error(transparent)]
    Response(#[from] WireError),
}

impl ExchangeError {
    /// Whether the server may have got the request.
    #[must_use]
    pub fn may_have_been_sent(&self) -> bool {
        !matches!(self, Self::Connect { .. })
    }
}

impl FlowClient {
    /// A client without connections, which gives every exchange `deadline`, connecting included.
    #[must_use]
    pub fn new(deadline: Duration) -> Self {
        Self {
            connections: HashMap::new(),
            reader: ResponseReader::new(MAX_RESPONSE),
            deadline,
            traffic: Traffic::default(),
            page: None,
        }
    }

    /// The same, as the browser of a page of another origin.
    #[must_use]
    pub fn of_page(self, page: Option<Page>) -> Self {
        Self { page, ..self }
    }

    /// Sends `request` to `peer` and reads the response. After an error the connection is gone, the next exchange opens a new one.
    /// Nothing is ever sent twice: whether a request may be repeated is the caller's to know.
    ///
    /// # Errors
    /// When no whole response came.
    pub async fn exchange(
        &mut self,
        peer: &Peer,
        request: &RequestBytes,
    ) -> Result<Exchange, ExchangeError> {
        let started = Instant::now();
        let mut stream = self.connect(peer).await?;
        let left = self.deadline.saturating_sub(started.elapsed());
        let exchange = timeout(left, transact(&mut stream, &mut self.reader, request)).await;
        let exchange = exchange.map_err(|_| ExchangeError::Deadline(self.deadline))??;
        self.traffic.sent += request.as_bytes().len() as u64;
        self.traffic.received += exchange.head.wire_bytes as u64;
        if exchange.head.keep_alive {
            self.connections.insert(peer.clone(), stream);
        }
        Ok(exchange)
    }

    /// Drops every connection: the next exchange opens a new one.
    pub fn disconnect(&mut self) {
        self.connections.clear();
    }

    /// Bytes since the last call.
    pub fn take_traffic(&mut self) -> Traffic {
        std::mem::take(&mut self.traffic)
    }

    pub(super) fn page(&self) -> Option<Page> {
        self.page.clone()
    }

    pub(super) fn count_preflight(&mut self, request: &RequestBytes, exchange: &Exchange) {
        let preflights = &mut self.traffic.preflights;
        preflights.count += 1;
        preflights.sent += request.as_bytes().len() as u64;
        preflights.received += exchange.head.wire_bytes as u64;
    }

    /// The response that came last.
    #[must_use]
    pub fn response(&self) -> &ResponseReader {
        &self.reader
    }

    async fn connect(&mut self, peer: &Peer) -> Result<Stream, ExchangeError> {
        if let Some(mut stream) = self.connections.remove(peer)
            && is_idle(&mut stream).await
        {
            return Ok(stream);
        }
        let connected = timeout(self.deadline, peer.connect()).await;
        let connected = connected.unwrap_or(Err(ConnectError::TimedOut));
        connected.map_err(|source| ExchangeError::Connect {
            address: peer.address(),
            source,
        })
    }
}

async fn transact(
    stream: &mut Stream,
    reader: &mut ResponseReader,
    request: &RequestBytes,
) -> Result<Exchange, ExchangeError> {
    let sent = Instant::now();
    stream
        .write(request.as_bytes())
        .await
        .map_err(ExchangeError::Send)?;
    let head = stream.read(reader).await?;
    Ok(Exchange {
        head,
        sent,
        done: Instant::now(),
    })
}

/// Whether a kept connection is still open and silent. A server may close one at any time, and a request that is not idempotent must
/// not be sent twice, so the end is looked for before, not after, sending.
async fn is_idle(stream: &mut Stream) -> bool {
    // Lets the runtime see a close that has already arrived.
    tokio::task::yield_now().await;
    !stream.is_over()
}
