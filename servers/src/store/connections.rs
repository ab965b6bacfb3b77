//! How a server reaches the store: over one connection that all requests share, or over several
//! that each serve one request at a time.
//!
//! The choice can turn a comparison: a shared connection sends what waits in one write, a pool pays
//! a write and a read for each operation. So it is a setting, and stands beside the figures.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use redis::aio::ConnectionManager;
use redis::{Cmd, Pipeline, RedisResult, Value};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Connections that a pool may have.
const MOST: u16 = 256;

/// How a server reaches the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StoreConnection {
    /// One connection, on which concurrent operations are pipelined.
    #[default]
    Shared,
    /// So many connections, each taken by one operation at a time.
    Pool(NonZeroU16),
    /// One shared connection over the store's unix socket.
    Unix,
}

/// A text that names no way to reach a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown store connection `{0}` (expected shared, unix or pool=N with N from 1 to {MOST})")]
pub struct UnknownStoreConnection(String);

/// The open connections.
#[derive(Clone)]
pub(super) enum Connections {
    Shared(ConnectionManager),
    Pool(Arc<Pool>),
}

/// Connections that wait to be taken.
pub(super) struct Pool {
    idle: Mutex<Vec<ConnectionManager>>,
    free: Semaphore,
}

/// A connection that was taken, given back when dropped: also by an operation that is given up. Its
/// late answer finds nobody, and is not taken for the next one's.
struct Lease<'a> {
    connection: ConnectionManager,
    pool: &'a Pool,
    _permit: SemaphorePermit<'a>,
}

impl FromStr for StoreConnection {
    type Err = UnknownStoreConnection;

    fn from_str(text: &str) -> Result<Self, UnknownStoreConnection> {
        let unknown = || UnknownStoreConnection(text.to_owned());
        match text {
            "shared" => Ok(Self::Shared),
            "unix" => Ok(Self::Unix),
            _ => {
                let size = text.strip_prefix("pool=").ok_or_else(unknown)?;
                let size: NonZeroU16 = size.parse().map_err(|_| unknown())?;
                let fits = size.get() <= MOST;
                fits.then_some(Self::Pool(size)).ok_or_else(unknown)
            }
        }
    }
}

impl fmt::Display for StoreConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared => f.write_str("shared"),
            Self::Pool(size) => write!(f, "pool={size}"),
            Self::Unix => f.write_str("unix"),
        }
    }
}

impl StoreConnection {
    /// How many connections it takes.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Shared | Self::Unix => 1,
            Self::Pool(size) => usize::from(size.get()),
        }
    }
}

impl Connections {
    /// Puts `connections` to the use that `kind` makes of them.
    pub(super) fn new(kind: StoreConnection, mut connections: Vec<ConnectionManager>) -> Self {
        match (kind, connections.pop()) {
            (StoreConnection::Shared | StoreConnection::Unix, Some(only)) => Self::Shared(only),
            (_, last) => {
                connections.extend(last);
                Self::Pool(Arc::new(Pool {
                    free: Semaphore::new(connections.len()),
                    idle: Mutex::new(connections),
                }))
            }
        }
    }

    /// Sends one command, on a pool after waiting for a connection.
    pub(super) async fn command(&self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Shared(connection) => connection.clone().send_packed_command(command).await,
            Self::Pool(pool) => {
                let mut lease = pool.lease().await;
                lease.connection.send_packed_command(command).await
            }
        }
    }

    /// Sends `commands` as one piece; of their answers `count` after the first `skipped` are kept.
    pub(super) async fn commands(
        &self,
        commands: &Pipeline,
        skipped: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        match self {
            Self::Shared(connection) => {
                let mut connection = connection.clone();
                connection
                    .send_packed_commands(commands, skipped, count)
                    .await
            }
            Self::Pool(pool) => {
                let mut lease = pool.lease().await;
                lease
                    .connection
                    .send_packed_commands(commands, skipped, count)
                    .await
            }
        }
    }
}

impl Pool {
    async fn lease(&self) -> Lease<'_> {
        let permit = self.free.acquire().await;
        let permit = permit.expect("the semaphore is never closed");
        let idle = lock(&self.idle).pop();
        Lease {
            connection: idle.expect("there is one for each permit"),
            pool: self,
            _permit: permit,
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        // Before the permit, a field, is given back.
        lock(&self.pool.idle).push(self.connection.clone());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in ["shared", "unix", "pool=1", "pool=8", "pool=256"] {
            let kind: StoreConnection = name.parse().expect("a way");
            assert_eq!(kind.to_string(), name);
        }
        for other in [
            "pool", "pool=", "pool=0", "pool=257", "pool=x", "Shared", "",
        ] {
            assert!(other.parse::<StoreConnection>().is_err(), "{other}");
        }
    }
}
