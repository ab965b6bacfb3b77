//! One raw keep-alive connection: prebuilt bytes out, one whole response in.

use super::deadline::Deadline;
use crate::transport::{ConnectError, Peer, Stream};
use crate::wire::{ResponseHead, ResponseReader, WireError};
use std::io;
use std::time::{Duration, Instant};

/// A request that has no whole answer after this long is given up and its connection dropped.
pub const REQUEST_DEADLINE: Duration = Duration::from_secs(5);
/// A connection that is not established after this long, a TLS handshake included, is given up.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// A connection that was idle for longer than this is looked at before it is used. Servers close idle connections after seconds, never
/// within a busy stream, where the look would cost something.
const IDLE_BEFORE_LOOK: Duration = Duration::from_secs(1);
/// Largest response read, in bytes.
const RESPONSE_LIMIT: usize = 1024 * 1024;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// No connection could be made.
    #[error("connect: {0}")]
    Connect(ConnectError),
    /// The request could not be written.
    #[error("write a request: {0}")]
    Write(io::Error),
    /// The answer broke off or is not HTTP.
    #[error(transparent)]
    Read(#[from] WireError),
    /// [`REQUEST_DEADLINE`] passed.
    #[error("no whole answer within {} s", REQUEST_DEADLINE.as_secs())]
    TimedOut,
}

/// A request without an answer.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Unanswered {
    /// When it was sent, or when connecting began, if that failed: the time it took is the target's.
    pub sent: Instant,
    /// When the connection that had to be made for it stood.
    pub connected: Option<Instant>,
    /// Why.
    pub error: ExchangeError,
}

/// One answered request.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// When the connection that had to be made for it stood: the target had closed the one before.
    pub connected: Option<Instant>,
    /// Before the first byte was handed to the connection.
    pub sent: Instant,
    /// After the last byte of the body had been read.
    pub done: Instant,
    /// Status and sizes.
    pub head: ResponseHead,
}

/// A connection to one peer, made again after a failure or when the server closed it.
#[derive(Debug)]
pub struct Connection {
    peer: Peer,
    stream: Option<Stream>,
    used: Instant,
    reader: ResponseReader,
    deadline: Deadline,
    connects: u64,
}

impl Connection {
    /// Not connected yet.
    #[must_use]
    pub fn new(peer: impl Into<Peer>) -> Self {
        Self {
            peer: peer.into(),
            stream: None,
            used: Instant::now(),
            reader: ResponseReader::new(RESPONSE_LIMIT),
            deadline: Deadline::default(),
            connects: 0,
        }
    }

    /// Connects, unless it is connected; one that the server has closed meanwhile is made again. Whether it had to connect.
    ///
    /// # Errors
    /// [`ExchangeError::Connect`].
    pub async fn connect(&mut self) -> Result<bool, ExchangeError> {
        if self.is_usable(Instant::now()) {
            return Ok(false);
        }
        self.stream = None;
        let connecting = tokio::time::timeout(CONNECT_DEADLINE, self.peer.connect()).await;
        let connected = connecting.unwrap_or(Err(ConnectError::TimedOut));
        self.stream = Some(connected.map_err(ExchangeError::Connect)?);
        self.used = Instant::now();
        self.connects += 1;
        Ok(true)
    }

    /// Whether there is a connection, and it was used lately or is seen to be open.
    fn is_usable(&mut self, now: Instant) -> bool {
        let is_fresh = now.saturating_duration_since(self.used) <= IDLE_BEFORE_LOOK;
        let is_open = |stream: &mut Stream| is_fresh || !stream.is_over();
        self.stream.as_mut().is_some_and(is_open)
    }

    /// Whether there is a connection, as far as is known without using it.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.stream.is_some()
    }

    /// Sends `request` and reads the whole response; connects first if it has to, before `sent` is taken.
    ///
    /// # Errors
    /// [`Unanswered`]. The connection is dropped then, and the next call makes a new one. Nothing is ever sent twice.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Exchange, Unanswered> {
        let mut sent = Instant::now();
        let mut connected = None;
        if !self.is_usable(sent) {
            let failed = |error| Unanswered {
                sent,
                connected,
                error,
            };
            self.connect().await.map_err(failed)?;
            sent = Instant::now();
            connected = Some(sent);
        }
        let Some(stream) = self.stream.as_mut() else {
            let error = ExchangeError::Write(io::ErrorKind::NotConnected.into());
            return Err(Unanswered {
                sent,
                connected,
                error,
            });
        };
        let work = write_and_read(stream, &mut self.reader, request);
        let answer = self.deadline.keep(sent + REQUEST_DEADLINE, work).await;
        let done = Instant::now();
        self.used = done;
        match answer.unwrap_or(Err(ExchangeError::TimedOut)) {
            Ok(head) => {
                if !head.keep_alive {
                    self.stream = None;
                }
                Ok(Exchange {
                    connected,
                    sent,
                    done,
                    head,
                })
            }
            Err(error) => {
                self.stream = None;
                Err(Unanswered {
                    sent,
                    connected,
                    error,
                })
            }
        }
    }

    /// The response read last: its headers and body.
    #[must_use]
    pub fn response(&self) -> &ResponseReader {
        &self.reader
    }

    /// How many times it was connected: more than once means that the target closed it, or failed.
    #[must_use]
    pub fn connects(&self) -> u64 {
        self.connects
    }
}

async fn write_and_read(
    stream: &mut Stream,
    reader: &mut ResponseReader,
    request: &[u8],
) -> Result<ResponseHead, ExchangeError> {
    stream.write(request).await.map_err(ExchangeError::Write)?;
    Ok(stream.read(reader).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";

    /// Answers each connection with the given bytes to its first request, then closes it.
    async fn server(answers: Vec<&'static [u8]>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has an address");
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.expect("accepts");
                let mut request = [0; REQUEST.len()];
                stream.read_exact(&mut request).await.expect("a request");
                stream.write_all(answer).await.expect("writes");
            }
        });
        address
    }

    #[tokio::test]
    async fn a_connection_that_the_server_closed_is_made_again() {
        let close = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
        let address = server(vec![close, close]).await;
        let mut connection = Connection::new(address);
        for connects in 1..=2 {
            let exchange = connection.exchange(REQUEST).await.expect("answers");
            assert_eq!((exchange.head.status, exchange.head.body_len), (200, 2));
            assert_eq!(connection.connects(), connects);
        }
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_while_idle_is_made_again_before_sending() {
        let open = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        let address = server(vec![open, open]).await;
        let mut connection = Connection::new(address);
        connection.exchange(REQUEST).await.expect("answers");
        // The server closes now, though its answer did not say so.
        let Some(Stream::Plain(stream)) = &connection.stream else {
            panic!("not kept");
        };
        stream.readable().await.expect("an end to read");
        connection.used -= IDLE_BEFORE_LOOK * 2;
        let exchange = connection.exchange(REQUEST).await.expect("answers");
        assert_eq!((exchange.head.status, connection.connects()), (200, 2));
    }

    #[tokio::test]
    async fn a_broken_answer_is_an_error_and_the_next_request_gets_a_new_connection() {
        let whole = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
        let address = server(vec![
            b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
            whole,
        ])
        .await;
        let mut connection = Connection::new(address);
        let failure = connection.exchange(REQUEST).await.expect_err("breaks off");
        assert!(
            matches!(failure.error, ExchangeError::Read(WireError::ClosedEarly)),
            "{failure}"
        );
        let exchange = connection.exchange(REQUEST).await.expect("answers");
        assert_eq!(exchange.head.status, 401);
    }

    #[tokio::test]
    async fn nobody_listening_is_a_connect_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has an address");
        drop(listener);
        let mut connection = Connection::new(address);
        let failure = connection.exchange(REQUEST).await.expect_err("refused");
        assert!(
            matches!(failure.error, ExchangeError::Connect(_)),
            "{failure}"
        );
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_is_given_up_at_the_deadline_counted_from_its_own_start() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has an address");
        let silent = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("accepts");
            let mut request = [0; REQUEST.len()];
            stream.read_exact(&mut request).await.expect("a request");
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.expect("writes");
            std::future::pending::<()>().await;
        });
        let mut connection = Connection::new(address);
        connection.exchange(REQUEST).await.expect("answers");
        // The first request's timer is under way; the second request's limit is later.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let failure = connection.exchange(REQUEST).await.expect_err("no answer");
        assert!(
            matches!(failure.error, ExchangeError::TimedOut),
            "{failure}"
        );
        assert!(failure.sent.elapsed() >= REQUEST_DEADLINE);
        assert!(!connection.is_connected());
        silent.abort();
    }
}
