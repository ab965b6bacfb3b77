//! The accept loop and what guards each connection.

use std::convert::Infallible;
use std::future::Future;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::Limits;
use super::content::StreamLife;
use super::reply::Reply;
use crate::tls::{Identity, scheme};

/// A connection's silence is looked at this often per idle limit: a limit of 60 s closes after 60
/// to 75 s. One slow tick per connection costs a request nothing; a timer that each request rearms
/// would.
const TICKS_PER_IDLE: u32 = 4;
/// The pause when no connection can be accepted, e.g. for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// An address could not be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error("listen on {address}: the address is already in use")]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// Anything else.
    #[error("listen on {address}: {source}")]
    Other {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: Error,
    },
}

/// Answers requests. One instance serves all connections.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request.
    fn handle(&self, request: Request<Incoming>) -> impl Future<Output = Reply> + Send;
}

/// A server that accepts connections until it is told to stop.
#[derive(Debug)]
pub struct Listening {
    /// The address it is reached at, its port resolved.
    pub address: SocketAddr,
    stop: watch::Sender<()>,
    drained: mpsc::Receiver<Infallible>,
    drain: Duration,
}

/// Listens on `address` (port 0: any free one).
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => BindError::InUse { address },
            _ => BindError::Other { address, source },
        })
}

/// The URL of a listener; needed before it serves, because it is the issuer's name. `https` with an
/// identity.
pub fn url_of(listener: &TcpListener, identity: Option<&Identity>) -> Result<String, BindError> {
    Ok(format!("{}://{}", scheme(identity), address_of(listener)?))
}

/// Serves `handler` on the running runtime; over TLS with an identity.
pub fn serve<H: Handler>(
    listener: TcpListener,
    handler: Arc<H>,
    limits: &Limits,
    identity: Option<&Identity>,
) -> Result<Listening, BindError> {
    let address = address_of(&listener)?;
    let (stop, stopping) = watch::channel(());
    // Each connection holds a sender of a channel that carries nothing: once all are gone, so are
    // the connections.
    let (alive, drained) = mpsc::channel(1);
    let guard = Guard {
        limits: limits.clone(),
        stopping,
        alive,
    };
    let acceptor = identity.map(Identity::acceptor);
    tokio::spawn(accept(listener, handler, guard, acceptor));
    Ok(Listening {
        address,
        stop,
        drained,
        drain: limits.drain,
    })
}

impl Listening {
    /// Accepts no more, lets requests in progress end, and returns when the last connection is
    /// closed or [`Limits::drain`] has passed.
    pub async fn shut_down(mut self) {
        drop(self.stop);
        // Past the limit, what is left is dropped with the runtime: there is nobody to tell.
        let _ = timeout(self.drain, self.drained.recv()).await;
    }
}

fn address_of(listener: &TcpListener) -> Result<SocketAddr, BindError> {
    let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
    listener.local_addr().map_err(|source| BindError::Other {
        address: unspecified,
        source,
    })
}

/// What every connection is held to: limits, the end of the server, and a sign of life.
#[derive(Clone)]
struct Guard {
    limits: Limits,
    stopping: watch::Receiver<()>,
    alive: mpsc::Sender<Infallible>,
}

async fn accept<H: Handler>(
    listener: TcpListener,
    handler: Arc<H>,
    mut guard: Guard,
    acceptor: Option<TlsAcceptor>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = guard.stopping.changed() => return,
        };
        let Ok((stream, _)) = accepted else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Without it the answer waits for the acknowledgement of the one before (Nagle against
        // delayed ACK). Failing means that the peer is gone already, which the connection will
        // notice.
        let _ = stream.set_nodelay(true);
        let (handler, guard) = (Arc::clone(&handler), guard.clone());
        // Two tasks of different types: a plain connection carries nothing of the other kind.
        match &acceptor {
            None => drop(tokio::spawn(converse(stream, handler, guard))),
            Some(acceptor) => drop(tokio::spawn(secure(
                acceptor.clone(),
                stream,
                handler,
                guard,
            ))),
        }
    }
}

/// Does the TLS handshake, then the same as without. A handshake that fails ends the connection: the
/// peer has been told by an alert, and there is nobody else to tell.
async fn secure<H: Handler>(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    handler: Arc<H>,
    mut guard: Guard,
) {
    let handshake = timeout(guard.limits.handshake_timeout, acceptor.accept(stream));
    let secured = tokio::select! {
        secured = handshake => secured,
        _ = guard.stopping.changed() => return,
    };
    if let Ok(Ok(stream)) = secured {
        converse(stream, handler, guard).await;
    }
}

/// Serves one connection until it ends, is idle for too long, or the server stops.
async fn converse<H: Handler, S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    handler: Arc<H>,
    guard: Guard,
) {
    let Guard {
        limits,
        mut stopping,
        alive: _alive,
    } = guard;
    let activity = Activity::default();
    let service = service_fn(|request| {
        activity.requests.fetch_add(1, Relaxed);
        let (handler, activity) = (&handler, &activity);
        async move {
            let reply = handler.handle(request).await;
            if let Some(life) = reply.body().life() {
                activity.begin_stream(life);
            }
            Ok::<_, Infallible>(reply)
        }
    });
    let mut connection = pin!(builder(&limits).serve_connection(TokioIo::new(stream), service));
    let mut silence = Silence::new(&limits);
    loop {
        tokio::select! {
            biased;
            // An error is the peer's (broken connection, malformed request): hyper has answered
            // what can be answered.
            _ = connection.as_mut() => return,
            limit = silence.past_limit(&activity) => match limit {
                SilenceLimit::Idle => connection.as_mut().graceful_shutdown(),
                SilenceLimit::Header => return,
            },
            _ = stopping.changed() => break,
        }
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

fn builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    // Without hyper's own header timer: it allocates and registers a timer for each request, and it
    // also runs between requests, where it cuts a connection that should be closed in order.
    // [`Silence`] covers both cases. The number of header lines keeps hyper's default, 100: any
    // other value makes it allocate for each request.
    builder
        .header_read_timeout(None)
        .max_header_size(limits.header_bytes);
    builder
}

/// What happens on a connection.
#[derive(Default)]
struct Activity {
    requests: AtomicU64,
    /// The last stream of events.
    stream: Mutex<Option<Arc<StreamLife>>>,
}

impl Activity {
    fn begin_stream(&self, life: &Arc<StreamLife>) {
        *self.stream.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(life));
    }

    fn is_stream(&self, is: impl Fn(&StreamLife) -> bool) -> bool {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream.as_ref().is_some_and(|life| is(life))
    }
}

/// Watches for a connection on which nothing is asked, and nothing is told either.
struct Silence {
    ticks: tokio::time::Interval,
    header_ticks: u32,
    seen: u64,
    silent_ticks: u32,
}

/// How long a connection has been silent.
#[derive(Debug, PartialEq, Eq)]
enum SilenceLimit {
    /// For the keep-alive idle time: it is closed if it stands between two requests.
    Idle,
    /// For the header time-out: it is cut, for it is stuck within a request's header. (A request
    /// whose header has arrived is bounded by other, shorter limits, and a stream of events is no
    /// silence.) So is a connection whose stream nobody reads.
    Header,
}

impl Silence {
    fn new(limits: &Limits) -> Self {
        let period = limits.keep_alive_idle / TICKS_PER_IDLE;
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let header_ticks = limits.header_timeout.div_duration_f64(period).ceil() as u32;
        Self {
            ticks,
            header_ticks,
            seen: 0,
            silent_ticks: 0,
        }
    }

    /// Ends when no request came for as long as one of the limits.
    async fn past_limit(&mut self, activity: &Activity) -> SilenceLimit {
        loop {
            self.ticks.tick().await;
            if activity.is_stream(StreamLife::is_cut) {
                return SilenceLimit::Header;
            }
            let count = activity.requests.load(Relaxed);
            let is_silent = count == self.seen && !activity.is_stream(StreamLife::is_open);
            self.silent_ticks = if is_silent { self.silent_ticks + 1 } else { 0 };
            self.seen = count;
            if self.silent_ticks >= self.header_ticks {
                return SilenceLimit::Header;
            }
            if self.silent_ticks == TICKS_PER_IDLE {
                return SilenceLimit::Idle;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::content::events;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_is_counted_from_the_last_request() {
        let activity = Activity::default();
        let mut silence = Silence::new(&Limits::default());
        let early = timeout(Duration::from_secs(50), silence.past_limit(&activity));
        assert!(early.await.is_err());
        activity.requests.fetch_add(1, Relaxed);
        let since = Instant::now();
        for (limit, from_s, to_s) in [
            (SilenceLimit::Idle, 60, 75),
            (SilenceLimit::Header, 90, 105),
        ] {
            assert_eq!(silence.past_limit(&activity).await, limit);
            let waited = since.elapsed().as_secs();
            assert!(
                (from_s..=to_s).contains(&waited),
                "{limit:?} after {waited} s"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_no_silence_until_it_ends_and_is_cut_when_nobody_reads() {
        let activity = Activity::default();
        let mut silence = Silence::new(&Limits::default());
        let (sender, content) = events();
        activity.begin_stream(content.life().expect("a stream"));
        let open = timeout(Duration::from_secs(600), silence.past_limit(&activity));
        assert!(open.await.is_err());
        drop(sender);
        assert_eq!(silence.past_limit(&activity).await, SilenceLimit::Idle);
        let (sender, content) = events();
        activity.begin_stream(content.life().expect("a stream"));
        sender.cut();
        assert_eq!(silence.past_limit(&activity).await, SilenceLimit::Header);
    }

    #[tokio::test]
    async fn a_busy_address_is_named() {
        let taken = bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .await
            .expect("a free port");
        let address = taken.local_addr().expect("bound");
        let error = bind(address).await.expect_err("taken");
        assert_eq!(
            error.to_string(),
            format!("listen on {address}: the address is already in use")
        );
    }
}
