//! Connecting: one multiplexed connection that mends itself, with every wait bounded.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, ErrorKind, IntoConnectionInfo, RedisError};
use tokio::time::timeout;

use super::address::mask;
use super::connections::{Connections, StoreConnection};
use super::counters::{Counters, LiveCounters};

/// How long connecting may take in all. A wrong address must be told at once, not after the client's many retries.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
const RECONNECT_BACKOFF: (Duration, Duration) =
    (Duration::from_millis(10), Duration::from_millis(100));

/// How a [`Store`] behaves. The defaults are the ones measured for this project (see `docs/METHODOLOGY.md`).
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Put before every key, so that a shared Redis stays tidy.
    pub prefix: String,
    /// How long one operation may take in all, waiting for a reconnection included. The client queues operations
    /// while it reconnects, outside its own response timeout; this bounds both.
    pub deadline: Duration,
    /// How long an answer may take once the command was sent.
    pub response_timeout: Duration,
    /// How long one attempt to reconnect may take.
    pub connect_timeout: Duration,
    /// Over how many connections, and how they are used.
    pub connection: StoreConnection,
}

impl StoreOptions {
    /// How long one operation may take unless something else is asked for.
    pub const DEADLINE: Duration = Duration::from_millis(150);

    /// The defaults, for operations that may take so long: two thirds of it once the command was sent.
    pub fn within(deadline: Duration) -> Self {
        Self {
            deadline,
            response_timeout: deadline * 2 / 3,
            ..Self::default()
        }
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            prefix: "authbench:".to_owned(),
            deadline: Self::DEADLINE,
            response_timeout: Self::DEADLINE * 2 / 3,
            connect_timeout: Duration::from_millis(200),
            connection: StoreConnection::default(),
        }
    }
}

/// Why no connection to the store was made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is not one that the client understands.
    #[error("use the store URL {url}: {reason} (expected redis://[user:password@]host:port[/db])")]
    Url {
        /// The URL, masked.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing answered there.
    #[error(
        "reach the store at {url}: {reason}; start it there, or leave the store URL out to have one started"
    )]
    Unreachable {
        /// The URL, masked.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// The store has no unix socket that we know of.
    #[error(
        "reach the store by its unix socket: it has none; leave the store URL out to have one started, or give a \
         redis+unix:// URL"
    )]
    NoSocket,
    /// Something answered, and refused us.
    #[error(
        "open a session with the store at {url}: {reason}; check the user and password in the URL"
    )]
    Refused {
        /// The URL, masked.
        url: String,
        /// What the store said.
        reason: String,
    },
}

/// A way to the store, shared by all its clones.
///
/// By default one multiplexed connection carries everything: it pipelines concurrent operations, and measured ten
/// times the throughput of a pool at a tenth of the CPU.
#[derive(Clone)]
pub struct Store {
    pub(super) connections: Connections,
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) options: StoreOptions,
    /// For connections that cannot be shared.
    pub(super) client: Client,
    pub(super) counters: LiveCounters,
}

impl Store {
    /// Connects to the Redis-compatible server at `url` (`redis://` or `redis+unix://`).
    ///
    /// Fails within two seconds when nothing answers there. Afterwards a lost connection is replaced in the
    /// background, for as long as it takes; operations fail meanwhile.
    pub async fn connect(url: &str, options: StoreOptions) -> Result<Self, ConnectError> {
        let client = open(url)?;
        let unreachable = |reason| ConnectError::Unreachable {
            url: mask(url),
            reason,
        };
        let managers = async {
            // The manager retries without end, which would hide why the first attempt failed; so ask once without it.
            let once = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_DEADLINE));
            client
                .get_multiplexed_async_connection_with_config(&once)
                .await?;
            let mut managers = Vec::with_capacity(options.connection.size());
            for _ in 0..options.connection.size() {
                let config = reconnecting(&options);
                managers.push(ConnectionManager::new_with_config(client.clone(), config).await?);
            }
            Ok(managers)
        };
        let managers = match timeout(CONNECT_DEADLINE, managers).await {
            Ok(Ok(managers)) => managers,
            Ok(Err(error)) => return Err(explain(url, &error)),
            Err(_) => {
                return Err(unreachable(format!(
                    "no answer within {} s",
                    CONNECT_DEADLINE.as_secs()
                )));
            }
        };
        Ok(Self {
            connections: Connections::new(options.connection, managers),
            shared: Arc::new(Shared {
                options,
                client,
                counters: LiveCounters::default(),
            }),
        })
    }

    /// How long one operation may take in all.
    pub fn deadline(&self) -> Duration {
        self.shared.options.deadline
    }

    /// What this store and its clones were asked so far.
    pub fn counters(&self) -> Counters {
        self.shared.counters.snapshot()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the connection: it knows the password.
        f.debug_struct("Store")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

pub(super) fn open(url: &str) -> Result<Client, ConnectError> {
    let invalid = |error: RedisError| ConnectError::Url {
        url: mask(url),
        reason: described(&error),
    };
    let info = url.into_connection_info().map_err(invalid)?;
    // Nagle's algorithm, which the client leaves on, would hold back a command behind the previous one's answer.
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    Client::open(info).map_err(invalid)
}

fn reconnecting(options: &StoreOptions) -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_response_timeout(Some(options.response_timeout))
        .set_connection_timeout(Some(options.connect_timeout))
        .set_min_delay(RECONNECT_BACKOFF.0)
        .set_max_delay(RECONNECT_BACKOFF.1)
        .set_number_of_retries(usize::MAX)
}

pub(super) fn explain(url: &str, error: &RedisError) -> ConnectError {
    let url = mask(url);
    match error.kind() {
        ErrorKind::Io => ConnectError::Unreachable {
            url,
            reason: io_reason(error),
        },
        ErrorKind::InvalidClientConfig => ConnectError::Url {
            url,
            reason: described(error),
        },
        _ => ConnectError::Refused {
            url,
            reason: error.category().to_owned(),
        },
    }
}

/// The client's own description of an error, without the kind it appends. Its texts for a URL it cannot use are
/// fixed and quote nothing of the URL.
fn described(error: &RedisError) -> String {
    let text = error.to_string();
    text.split(" - ").next().unwrap_or_default().to_lowercase()
}

fn io_reason(error: &RedisError) -> String {
    if error.is_connection_refusal() {
        "connection refused".to_owned()
    } else if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        error.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_url_is_told_without_showing_it_in_clear() {
        let error = open("http://:hunter2@127.0.0.1:6379").expect_err("not a Redis URL");
        let text = format!("{error} {error:?}");
        assert!(text.contains("redis://[user:password@]host:port"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn the_connection_mends_itself_with_the_measured_settings() {
        let config = reconnecting(&StoreOptions::default());
        assert_eq!(config.response_timeout(), Some(Duration::from_millis(100)));
        assert_eq!(
            config.connection_timeout(),
            Some(Duration::from_millis(200))
        );
        assert_eq!(
            (config.min_delay(), config.max_delay()),
            (Duration::from_millis(10), Some(Duration::from_millis(100)))
        );
        assert_eq!(config.number_of_retries(), usize::MAX);
    }
}
