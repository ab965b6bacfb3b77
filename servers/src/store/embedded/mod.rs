//! The embedded store: a small RESP2 server for machines without Redis.
//!
//! It is reached as Redis is, over a real socket by the same client, so that the models' code path is the same. But it is
//! not Redis: it knows only what [`Store`](super::Store) and the client's connection set-up send, answers an
//! error to all else, keeps nothing on disk, and its cost per command says nothing about Redis. Every report
//! labels it `embedded (not Redis)`.
//!
//! One mutex guards all keys. A command never awaits while holding it, and a transaction runs under one hold:
//! that is what makes it one step for every other connection.

mod codec;
mod commands;
mod connection;
mod keyspace;
mod sorted_set;
mod stream;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use keyspace::{Keyspace, Millis};

/// What the embedded store calls itself in `INFO` and in every report.
pub const PRODUCT: &str = "authbench embedded store";
/// The embedded store's version, which is this package's.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const MAX_CONNECTIONS: usize = 1024;
/// How often expired keys that nobody asked for are dropped, and how many at a time: a sweep of an unbounded
/// backlog would show as a pause in somebody's latency.
const SWEEP: (Duration, usize) = (Duration::from_millis(50), 2_000);

/// An embedded store: its keys and the password that opens it.
pub struct EmbeddedStore {
    password: String,
    started: Instant,
    keyspace: Mutex<Keyspace>,
    /// Wakes those who wait for an entry of a stream.
    appended: Notify,
}

impl EmbeddedStore {
    /// An empty store that demands `password` of every connection, as a Redis with `requirepass` does.
    pub fn new(password: impl Into<String>) -> Self {
        Self {
            password: password.into(),
            started: Instant::now(),
            keyspace: Mutex::default(),
            appended: Notify::new(),
        }
    }

    /// Serves both listeners until this future is dropped, which also closes every connection.
    pub async fn run(self, listener: TcpListener, socket: UnixListener) {
        let store = Arc::new(self);
        let mut connections = JoinSet::new();
        let mut sweep = interval(SWEEP.0);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        // Fails for a stream that is gone already, which its first read will tell.
                        let _ = stream.set_nodelay(true);
                        store.admit(stream, &mut connections);
                    }
                    // Out of file descriptors, mostly: wait for some to come back instead of spinning.
                    Err(_) => sleep(SWEEP.0).await,
                },
                accepted = socket.accept() => match accepted {
                    Ok((stream, _)) => store.admit(stream, &mut connections),
                    Err(_) => sleep(SWEEP.0).await,
                },
                Some(_) = connections.join_next() => {}
                _ = sweep.tick() => store.lock().sweep(store.now(), SWEEP.1),
            }
        }
    }

    fn admit<S>(self: &Arc<Self>, stream: S, connections: &mut JoinSet<io::Result<()>>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Past the limit the connection is closed at once: the client sees it lost, and tries again.
        if connections.len() < MAX_CONNECTIONS {
            connections.spawn(connection::serve(Arc::clone(self), stream));
        }
    }

    /// Time since the start. Not the wall clock: a clock set back must not lengthen a session's life.
    fn now(&self) -> Millis {
        self.started.elapsed().as_millis() as Millis
    }

    /// Runs something on the keys as one step, and wakes those who wait for what it added.
    fn step<T>(&self, run: impl FnOnce(&mut Keyspace) -> T) -> T {
        let mut keys = self.lock();
        let result = run(&mut keys);
        let has_appended = keys.take_appended();
        drop(keys);
        if has_appended {
            self.appended.notify_waiters();
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Keyspace> {
        // A panic inside a command (a bug) has ended that connection's task; the others go on.
        self.keyspace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
