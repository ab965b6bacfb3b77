//! Accepts connections and takes the time at their sockets.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::bare;
use super::endpoints::{Leaving, Truth};

/// The pause when no connection can be accepted, e.g. for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections of an instance, counted from 1, until the runtime ends.
pub(super) async fn accept(listener: TcpListener, instance: NonZeroUsize, truth: Arc<Truth>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Failing means that the peer is gone already, which the connection will notice.
        let _ = stream.set_nodelay(true);
        if truth.bare {
            tokio::spawn(bare::converse(stream));
        } else {
            tokio::spawn(converse(stream, instance, Arc::clone(&truth)));
        }
    }
}

async fn converse(stream: TcpStream, instance: NonZeroUsize, truth: Arc<Truth>) {
    let moments = Moments::default();
    let socket = TimedSocket {
        stream,
        moments: moments.clone(),
        truth: Arc::clone(&truth),
    };
    let service = service_fn(|request| {
        let (truth, moments) = (&truth, &moments);
        async move {
            let answer = truth.answer(request, moments.read(), instance).await;
            moments.lock().leaving = answer.leaving;
            Ok::<_, Infallible>(answer.response)
        }
    });
    // An error is the peer's: a broken connection, a malformed request, which hyper has answered.
    let _ = http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(socket), service)
        .await;
}

/// The last moments at a connection's socket, shared between the socket and what answers its requests.
#[derive(Clone, Default)]
struct Moments(Arc<Mutex<Latest>>);

#[derive(Default)]
struct Latest {
    read: Option<Instant>,
    leaving: Option<Leaving>,
}

impl Moments {
    /// When the latest bytes were read: those of the request that is about to be answered, since a client here waits for its answer
    /// before it sends more.
    fn read(&self) -> Instant {
        self.lock().read.unwrap_or_else(Instant::now)
    }

    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket that notes when bytes were read and when an answer is about to be written. The moment *before* the write is
/// taken: the peer cannot have the answer earlier, so whatever it counts from the answer's arrival has begun by then.
struct TimedSocket {
    stream: TcpStream,
    moments: Moments,
    truth: Arc<Truth>,
}

impl TimedSocket {
    fn about_to_write(&self) {
        // A statement of its own: the guard must be gone before `left` takes other locks.
        let leaving = self.moments.lock().leaving.take();
        if let Some(leaving) = leaving {
            self.truth.left(leaving, Instant::now());
        }
    }
}

impl AsyncRead for TimedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.moments.lock().read = Some(Instant::now());
        }
        polled
    }
}

impl AsyncWrite for TimedSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.about_to_write();
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.about_to_write();
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
