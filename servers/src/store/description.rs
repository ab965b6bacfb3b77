//! Which store it is. Every run file and report states this beside its numbers.

use std::collections::HashMap;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisError, cmd};
use serde::Serialize;
use tokio::time::timeout;

use super::address::mask;
use super::connect::{ConnectError, explain, open};
use super::embedded;

/// The oldest Redis that has what the models need (`GETEX`).
const OLDEST: (u32, u32) = (6, 2);
const INSPECTION_DEADLINE: Duration = Duration::from_secs(2);

/// Whose server it is. Measurements of different kinds are not comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// Redis, or a server that calls itself so.
    Redis,
    /// Valkey, the fork of Redis 7.2.
    Valkey,
    /// The embedded store: not Redis.
    Embedded,
}

/// Who started the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StartedBy {
    /// This process started a server found on the machine.
    Authbench,
    /// It ran already, at the URL that the user gave.
    User,
    /// It is part of this process.
    Embedded,
}

/// Which store it is, as the ready line and the run file say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreDescription {
    /// Whose server it is.
    pub kind: StoreKind,
    /// The name the product gives itself.
    pub product: String,
    /// The product's version.
    pub version: String,
    /// What survives a crash: `none`, `rdb`, `aof always`, `aof everysec`, `aof no`, an aof form with ` + rdb`, or
    /// `unknown` where the server does not tell.
    pub persistence: String,
    /// How it is reached: `tcp` or `unix`.
    pub transport: &'static str,
    /// Who started it.
    pub started_by: StartedBy,
}

impl StoreDescription {
    /// The embedded store in this process.
    pub(super) fn embedded() -> Self {
        Self {
            kind: StoreKind::Embedded,
            product: embedded::PRODUCT.to_owned(),
            version: embedded::VERSION.to_owned(),
            persistence: "none".to_owned(),
            transport: "tcp",
            started_by: StartedBy::Embedded,
        }
    }
}

/// Why what answered at a URL will not do as a store.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It could not be asked.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It is too old.
    #[error("use the store at {url}: it is {product} {version}, and Redis {}.{} or later is needed", OLDEST.0, OLDEST.1)]
    TooOld {
        /// The URL, masked.
        url: String,
        /// The product.
        product: String,
        /// Its version.
        version: String,
    },
    /// It is neither Redis nor Valkey nor ours.
    #[error("use the store at {url}: it does not say which version of Redis it is")]
    Unrecognised {
        /// The URL, masked.
        url: String,
    },
}

/// Asks the server at `url` what it is, within two seconds.
pub(super) async fn inspect(
    url: &str,
    started_by: StartedBy,
) -> Result<StoreDescription, InspectError> {
    let asked = timeout(INSPECTION_DEADLINE, ask(url)).await;
    let (info, persistence) = asked.map_err(|_| ConnectError::Unreachable {
        url: mask(url),
        reason: format!("no answer within {} s", INSPECTION_DEADLINE.as_secs()),
    })??;
    let (kind, product, version) =
        identify(&info).ok_or_else(|| InspectError::Unrecognised { url: mask(url) })?;
    if kind != StoreKind::Embedded
        && !recent_enough(info.get("redis_version").map_or("", String::as_str))
    {
        return Err(InspectError::TooOld {
            url: mask(url),
            product,
            version,
        });
    }
    let transport = if url.starts_with("redis+unix") || url.starts_with("unix") {
        "unix"
    } else {
        "tcp"
    };
    Ok(StoreDescription {
        kind,
        product,
        version,
        persistence,
        transport,
        started_by,
    })
}

type Info = HashMap<String, String>;

async fn ask(url: &str) -> Result<(Info, String), ConnectError> {
    let refused = |error: RedisError| explain(url, &error);
    let patient = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(INSPECTION_DEADLINE))
        .set_response_timeout(Some(INSPECTION_DEADLINE));
    let client = open(url)?;
    let mut connection = client
        .get_multiplexed_async_connection_with_config(&patient)
        .await
        .map_err(refused)?;
    let info: String = cmd("INFO")
        .arg("server")
        .query_async(&mut connection)
        .await
        .map_err(refused)?;
    let persistence = persistence(&mut connection).await;
    Ok((
        parse(&info),
        persistence.unwrap_or_else(|| "unknown".to_owned()),
    ))
}

/// `name:value` lines; comments and blank lines aside.
fn parse(info: &str) -> Info {
    info.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

fn identify(info: &Info) -> Option<(StoreKind, String, String)> {
    let text = |name: &str| info.get(name).cloned();
    match info.get("server_name").map(String::as_str) {
        Some(embedded::PRODUCT) => Some((
            StoreKind::Embedded,
            embedded::PRODUCT.into(),
            text("server_version")?,
        )),
        Some("valkey") => Some((StoreKind::Valkey, "Valkey".into(), text("valkey_version")?)),
        _ => Some((StoreKind::Redis, "Redis".into(), text("redis_version")?)),
    }
}

fn recent_enough(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}

/// What the server would keep across a crash; `None` where it does not let us ask (managed services).
async fn persistence(connection: &mut MultiplexedConnection) -> Option<String> {
    let mut settings = Info::new();
    for name in ["save", "appendonly", "appendfsync"] {
        let asked = cmd("CONFIG").arg("GET").arg(name).take();
        settings.extend(asked.query_async::<Info>(connection).await.ok()?);
    }
    let (snapshots, append_only) = (
        !settings.get("save")?.is_empty(),
        settings.get("appendonly")? == "yes",
    );
    let fsync = settings.get("appendfsync")?;
    Some(match (append_only, snapshots) {
        (false, false) => "none".to_owned(),
        (false, true) => "rdb".to_owned(),
        (true, false) => format!("aof {fsync}"),
        (true, true) => format!("aof {fsync} + rdb"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_told_apart_by_what_they_say_of_themselves() {
        let redis = parse("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n");
        assert_eq!(
            identify(&redis),
            Some((StoreKind::Redis, "Redis".into(), "7.0.15".into()))
        );
        let valkey = parse("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\n");
        assert_eq!(
            identify(&valkey),
            Some((StoreKind::Valkey, "Valkey".into(), "8.1.1".into()))
        );
        assert_eq!(identify(&parse("server_name:memcached\r\n")), None);
    }

    #[test]
    fn getex_came_with_6_2() {
        assert!(!recent_enough("6.0.16"));
        assert!(recent_enough("6.2.0"));
        assert!(recent_enough("10.0.0"));
        assert!(!recent_enough(""));
    }
}
