//! Streams: what one server writes for the others to read, in order and without loss.
//!
//! A stream is written together with a *flag*, a key that says which history the stream continues. A store that has lost its data has
//! lost the flag too, or somebody has written another; both are read in one step with the stream.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisError, Value, cmd, pipe};
use tokio::time::timeout;

use super::connect::Store;
use super::error::{Operation, Silence, StoreError};
use super::query::Key;

/// The one field of each entry.
const FIELD: &str = "d";

/// Where an entry stands: the store's clock in milliseconds, and a number within the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct StreamId {
    ms: u64,
    number: u64,
}

/// An entry of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEntry {
    /// Where it stands.
    pub id: StreamId,
    /// What was written.
    pub value: Vec<u8>,
}

/// What was found of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPage {
    /// The flag.
    pub flag: Option<Vec<u8>>,
    /// Entries, in order.
    pub entries: Vec<StreamEntry>,
}

/// Reads a stream as it grows, on a connection of its own: a read that waits holds up whatever is behind it.
#[derive(Debug)]
pub struct StreamReader {
    store: Store,
    stream: String,
    flag: String,
    connection: Option<Connection>,
}

/// Hides from `Debug` what knows the password.
struct Connection(MultiplexedConnection);

/// Each with its id, and its fields and values in turn.
type Entries = Vec<(String, Vec<Vec<u8>>)>;
/// Entries by stream; nil if there are none.
type Found = Option<Vec<(Vec<u8>, Entries)>>;

impl Store {
    /// Appends `value`, and drops what stands before `keep_from`, or some of it. Answers the flag as it was in the same step, and
    /// where the entry stands.
    pub async fn append(
        &self,
        stream: &str,
        flag: &str,
        value: &[u8],
        keep_from: Option<StreamId>,
    ) -> Result<(Option<Vec<u8>>, StreamId), StoreError> {
        let operation = Operation::write("append");
        let mut commands = Pipeline::with_capacity(2);
        commands.add_command(get(self.key(flag))).add_command(xadd(
            self.key(stream),
            value,
            keep_from,
        ));
        let (flag, id): (Option<Vec<u8>>, String) = self.transact(operation, &mut commands).await?;
        Ok((flag, read_id(operation, &id)?))
    }

    /// Appends `values` in one step. Answers where the last one stands.
    pub async fn append_all(
        &self,
        stream: &str,
        values: &[Vec<u8>],
    ) -> Result<Option<StreamId>, StoreError> {
        if values.is_empty() {
            return Ok(None);
        }
        let operation = Operation::write("append_all");
        let mut commands = Pipeline::with_capacity(values.len());
        for value in values {
            commands.add_command(xadd(self.key(stream), value, None));
        }
        let ids: Vec<String> = self.transact(operation, &mut commands).await?;
        let last = ids.last();
        last.map(|id| read_id(operation, id)).transpose()
    }

    /// The flag, and the last entry of a stream.
    pub async fn stream_end(&self, stream: &str, flag: &str) -> Result<StreamPage, StoreError> {
        let operation = Operation::read("stream_end");
        let mut commands = Pipeline::with_capacity(2);
        let last = cmd("XREVRANGE")
            .arg(self.key(stream))
            .arg("+")
            .arg("-")
            .arg("COUNT")
            .arg(1)
            .take();
        commands.add_command(get(self.key(flag))).add_command(last);
        let (flag, entries): (Option<Vec<u8>>, Entries) =
            self.transact(operation, &mut commands).await?;
        let entries = read_entries(operation, entries)?;
        Ok(StreamPage { flag, entries })
    }

    /// A reader of `stream`, which has not connected yet.
    pub fn stream_reader(&self, stream: &str, flag: &str) -> StreamReader {
        StreamReader {
            store: self.clone(),
            stream: stream.to_owned(),
            flag: flag.to_owned(),
            connection: None,
        }
    }
}

impl StreamReader {
    /// At most `count` entries after `after`, waiting up to `wait` for the first (zero: not at all), and the flag as it was before.
    ///
    /// After an error the next call connects anew; nothing is lost by that, for the caller says where it was.
    pub async fn next(
        &mut self,
        after: StreamId,
        count: usize,
        wait: Duration,
    ) -> Result<StreamPage, StoreError> {
        let operation = Operation::read("follow");
        let options = &self.store.shared.options;
        let deadline = options.connect_timeout + wait + options.response_timeout;
        let page = timeout(deadline, self.read(operation, after, count, wait)).await;
        let page = page.unwrap_or_else(|_| Err(operation.unanswered(Silence::Deadline)));
        if page.is_err() {
            self.connection = None;
        }
        page
    }

    async fn read(
        &mut self,
        operation: Operation,
        after: StreamId,
        count: usize,
        wait: Duration,
    ) -> Result<StreamPage, StoreError> {
        let failed = |error: RedisError| operation.failed(&error);
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self
                .connection
                .insert(self.store.own_connection(operation).await?),
        };
        let mut commands = pipe();
        let mut xread = cmd("XREAD");
        xread.arg("COUNT").arg(count);
        // Not `BLOCK 1`: Redis may notice the end of a wait 100 ms late.
        if !wait.is_zero() {
            xread.arg("BLOCK").arg(wait.as_millis().max(1) as u64);
        }
        xread
            .arg("STREAMS")
            .arg(self.store.key(&self.stream))
            .arg(after.to_string());
        commands
            .add_command(get(self.store.key(&self.flag)))
            .add_command(xread);
        self.store.shared.counters.sent(commands.len() as u64);
        let answers = connection
            .0
            .send_packed_commands(&commands, 0, commands.len());
        let answers = Value::Array(answers.await.map_err(failed)?);
        let answers = answers.extract_error().map_err(failed)?;
        let (flag, found): (Option<Vec<u8>>, Found) = redis::from_redis_value(answers)
            .map_err(|_| operation.unanswered(Silence::UnexpectedAnswer))?;
        let entries = found.into_iter().flatten().flat_map(|(_, entries)| entries);
        let entries = read_entries(operation, entries.collect())?;
        Ok(StreamPage { flag, entries })
    }
}

impl Store {
    async fn own_connection(&self, operation: Operation) -> Result<Connection, StoreError> {
        let shared = &self.shared;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(shared.options.connect_timeout))
            .set_response_timeout(None);
        let connected = shared
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let connected = timeout(shared.options.connect_timeout, connected).await;
        let connected = connected.map_err(|_| operation.unanswered(Silence::Connection))?;
        connected
            .map(Connection)
            .map_err(|error| operation.failed(&error))
    }
}

fn get(key: Key<'_>) -> Cmd {
    cmd("GET").arg(key).take()
}

/// `~`: whole nodes of the stream only, which costs next to nothing, and keeps a few entries more.
fn xadd(stream: Key<'_>, value: &[u8], keep_from: Option<StreamId>) -> Cmd {
    let mut command = cmd("XADD");
    command.arg(stream);
    if let Some(id) = keep_from {
        command.arg("MINID").arg("~").arg(id.to_string());
    }
    command.arg("*").arg(FIELD).arg(value).take()
}

fn read_entries(operation: Operation, entries: Entries) -> Result<Vec<StreamEntry>, StoreError> {
    let entry = |(id, mut fields): (String, Vec<Vec<u8>>)| {
        Ok(StreamEntry {
            id: read_id(operation, &id)?,
            value: fields.pop().unwrap_or_default(),
        })
    };
    entries.into_iter().map(entry).collect()
}

fn read_id(operation: Operation, id: &str) -> Result<StreamId, StoreError> {
    id.parse()
        .map_err(|NotAStreamId| operation.unanswered(Silence::UnexpectedAnswer))
}

/// A text that is no place in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a stream entry")]
pub struct NotAStreamId;

impl FromStr for StreamId {
    type Err = NotAStreamId;

    fn from_str(text: &str) -> Result<Self, NotAStreamId> {
        let (ms, number) = text.split_once('-').ok_or(NotAStreamId)?;
        let read = |digits: &str| digits.parse().map_err(|_| NotAStreamId);
        Ok(Self {
            ms: read(ms)?,
            number: read(number)?,
        })
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.number)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_by_number_and_not_by_text() {
        let [nine, ten]: [StreamId; 2] = ["5-9", "5-10"].map(|id| id.parse().expect("an id"));
        assert!(StreamId::default() < nine && nine < ten);
        assert_eq!(ten.to_string(), "5-10");
        assert_eq!("5".parse::<StreamId>(), Err(NotAStreamId));
    }
}
