//! Records with an index: what an account has open, found and ended by account.
//!
//! The store has no cross-key constraint to keep a record and its index entry together; a transaction does.

use std::time::Duration;

use redis::{Cmd, FromRedisValue, Pipeline, Value, cmd, pipe};

use super::connect::Store;
use super::error::{Operation, Silence, StoreError};
use super::operations::{delete, get_all, set};
use super::query::{Key, millis};

/// How long an index outlives its last addition: 400 days, past which no cookie lives (RFC 6265bis §5.5) and hence
/// no session or refresh family is worth having. Records must not be created to live longer.
///
/// An index must never vanish before a record it names, or that record escapes when all of a user's sessions are
/// ended. `PEXPIREAT … GT` would keep the longest life, but needs Redis 7 and never sets a first expiry; it also
/// ties the expiry to the caller's clock, which tests move. One long constant, counted from each addition, only
/// ever moves forward, on any version, whoever else adds at the same time. What it costs is small: a few
/// past entries, dropped at that user's next login.
pub const INDEX_LIFETIME: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Records that are listed at most: a page that nobody reads to its end must not become one
/// command without end.
const LISTED: usize = 256;
/// Records that are rewritten in one transaction.
const REWRITTEN: usize = 64;

/// What names a record in an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexEntry<'a> {
    /// The index.
    pub index_key: &'a str,
    /// The record's name in it.
    pub member: &'a str,
}

/// A record to be created together with its entries in a user's index and in others.
#[derive(Clone, Copy)]
pub struct IndexedRecord<'a> {
    /// Where the record goes.
    pub key: &'a str,
    /// The record.
    pub value: &'a [u8],
    /// When the store drops the record, unless touched before: at least 1 ms.
    pub ttl: Duration,
    /// The user's index.
    pub index_key: &'a str,
    /// What names the record in the index.
    pub member: &'a str,
    /// Its entries in other indexes.
    pub also_in: &'a [IndexEntry<'a>],
    /// When the record ends at the latest, in Unix milliseconds of the caller's clock. Its index entry is
    /// dropped by an addition after that moment.
    pub expires_at_ms: i64,
    /// The caller's clock, in Unix milliseconds: the store's own is not asked, because tests move the caller's.
    pub now_ms: i64,
    /// Flags to read after the record was written.
    pub flag_keys: &'a [&'a str],
}

/// A record that an index names, and that is there.
#[derive(Clone, PartialEq, Eq)]
pub struct ListedRecord {
    /// What names it in the index.
    pub member: String,
    /// The record.
    pub value: Vec<u8>,
    /// When the store drops it, unless it is touched before.
    pub expires_in: Duration,
}

impl std::fmt::Debug for ListedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the record: it is the model's.
        f.debug_struct("ListedRecord")
            .field("member", &self.member)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Creates a record and its index entries, drops index entries that are past, and then reads flags.
    ///
    /// One transaction, so that the flags are read *after* the record is in the indexes: an account disabled at the
    /// same moment either shows its flag here (the caller then deletes what it made), or was disabled later and
    /// finds the record in the index. Answers the flags' values, in their order.
    pub async fn create_indexed(
        &self,
        record: &IndexedRecord<'_>,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let operation = Operation::write("create_indexed");
        let mut commands = Pipeline::with_capacity(2 + 3 * (1 + record.also_in.len()));
        commands.add_command(set(self.key(record.key), record.value, record.ttl));
        let first = IndexEntry {
            index_key: record.index_key,
            member: record.member,
        };
        for entry in std::iter::once(&first).chain(record.also_in) {
            for command in self.addition(entry, record) {
                commands.add_command(command);
            }
        }
        commands.add_command(get_all(record.flag_keys.iter().map(|key| self.key(key))));
        let mut answers: Vec<Value> = self.transact(operation, &mut commands).await?;
        let flags = answers.pop().map(FromRedisValue::from_redis_value);
        match flags {
            Some(Ok(flags)) => Ok(flags),
            _ => Err(operation.unanswered(Silence::UnexpectedAnswer)),
        }
    }

    fn addition(&self, entry: &IndexEntry<'_>, record: &IndexedRecord<'_>) -> [Cmd; 3] {
        let index = self.key(entry.index_key);
        [
            cmd("ZREMRANGEBYSCORE")
                .arg(index)
                .arg("-inf")
                .arg(record.now_ms)
                .take(),
            cmd("ZADD")
                .arg(index)
                .arg(record.expires_at_ms)
                .arg(entry.member)
                .take(),
            cmd("PEXPIRE").arg(index).arg(millis(INDEX_LIFETIME)).take(),
        ]
    }

    /// Deletes records and index entries together; answers how many of the records were there. At least one of
    /// each.
    pub async fn remove_indexed(
        &self,
        keys: &[&str],
        entries: &[IndexEntry<'_>],
    ) -> Result<u64, StoreError> {
        let mut commands = pipe();
        commands.add_command(delete(keys.iter().map(|key| self.key(key))));
        let mut entries = entries.to_vec();
        entries.sort_unstable();
        for of_one in entries.chunk_by(|one, next| one.index_key == next.index_key) {
            let members: Vec<&str> = of_one.iter().map(|entry| entry.member).collect();
            let index = self.key(of_one[0].index_key);
            commands.add_command(cmd("ZREM").arg(index).arg(members).take());
        }
        let answers: Vec<u64> = self
            .transact(Operation::write("remove_indexed"), &mut commands)
            .await?;
        Ok(answers.first().copied().unwrap_or(0))
    }

    /// The members of an index, soonest to expire first. Some may be past, or their records gone already.
    pub async fn members(&self, index_key: &str) -> Result<Vec<String>, StoreError> {
        self.ask(Operation::read("members"), &range(self.key(index_key)))
            .await
    }

    /// The members of an index with the expiry they were given, in Unix milliseconds, soonest first; at most `most`.
    pub async fn members_with_expiry(
        &self,
        index_key: &str,
        most: u32,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        self.scored(index_key, 0, i64::from(most) - 1).await
    }

    /// The expiry of the member that expires last, in Unix milliseconds; `None` if there is no member.
    pub async fn last_expiry(&self, index_key: &str) -> Result<Option<i64>, StoreError> {
        let last = self.scored(index_key, -1, -1).await?;
        Ok(last.first().map(|(_, expires_at_ms)| *expires_at_ms))
    }

    async fn scored(
        &self,
        index_key: &str,
        first: i64,
        last: i64,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let command = cmd("ZRANGE")
            .arg(self.key(index_key))
            .arg(first)
            .arg(last)
            .arg("WITHSCORES")
            .take();
        let scored: Vec<(String, f64)> = self
            .ask(Operation::read("members_with_expiry"), &command)
            .await?;
        Ok(scored
            .into_iter()
            .map(|(member, expires_at_ms)| (member, expires_at_ms as i64))
            .collect())
    }

    /// The records that an index names, soonest to expire first; of very many, the last ones. Two round trips.
    ///
    /// `key_of` says which record a member names. Members whose records are gone are left out.
    pub async fn indexed_records(
        &self,
        index_key: &str,
        key_of: impl Fn(&str) -> String,
    ) -> Result<Vec<ListedRecord>, StoreError> {
        let operation = Operation::read("indexed_records");
        let mut members = self.members(index_key).await?;
        members.drain(..members.len().saturating_sub(LISTED));
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<String> = members.iter().map(|member| key_of(member)).collect();
        let mut commands = pipe();
        commands.add_command(get_all(keys.iter().map(|key| self.key(key))));
        for key in &keys {
            commands.add_command(cmd("PTTL").arg(self.key(key)).take());
        }
        let answers: Vec<Value> = self.transact(operation, &mut commands).await?;
        listed(members, answers).ok_or_else(|| operation.unanswered(Silence::UnexpectedAnswer))
    }

    /// Puts `change` of each record of an index in its place, with the expiry it has; answers how many records
    /// there were. A record for which there is no change stays.
    ///
    /// One round trip, and two more for each 64 members. A record that ends meanwhile is not brought back
    /// (`SET … XX`), and one that is touched meanwhile keeps its new expiry (`KEEPTTL`, Redis ≥ 6.0). Two such
    /// changes of one index at the same time must not overlap: the later might write what it read before the
    /// earlier.
    pub async fn rewrite_indexed(
        &self,
        index_key: &str,
        key_of: impl Fn(&str) -> String,
        change: impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<usize, StoreError> {
        let members = self.members(index_key).await?;
        let mut rewritten = 0;
        for batch in members.chunks(REWRITTEN) {
            let keys: Vec<String> = batch.iter().map(|member| key_of(member)).collect();
            let borrowed: Vec<&str> = keys.iter().map(String::as_str).collect();
            let records = self.get_all(&borrowed).await?;
            let mut commands = pipe();
            for (key, record) in borrowed.iter().zip(&records) {
                if let Some(value) = record.as_deref().and_then(&change) {
                    commands.add_command(replace(self.key(key), &value));
                }
            }
            if !commands.is_empty() {
                let done: Vec<Option<()>> = self
                    .transact(Operation::write("rewrite_indexed"), &mut commands)
                    .await?;
                rewritten += done.iter().flatten().count();
            }
        }
        Ok(rewritten)
    }

    /// Deletes every record of an index; `key_of` says which record a member names, and `elsewhere` which of its
    /// names stand in other indexes: the index's key, then the name. Answers the members ended.
    ///
    /// Two round trips. Only the members that were read leave the index, never the index as a whole: a record
    /// created between the two keeps its entry, and can still be ended next time.
    pub async fn end_all(
        &self,
        index_key: &str,
        key_of: impl Fn(&str) -> String,
        elsewhere: impl Fn(&str) -> Vec<(String, String)>,
    ) -> Result<Vec<String>, StoreError> {
        let members = self.members(index_key).await?;
        if members.is_empty() {
            return Ok(members);
        }
        let keys: Vec<String> = members.iter().map(|member| key_of(member)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let others: Vec<_> = members
            .iter()
            .flat_map(|member| elsewhere(member))
            .collect();
        let others = others
            .iter()
            .map(|(index_key, member)| IndexEntry { index_key, member });
        let entries: Vec<_> = members
            .iter()
            .map(|member| IndexEntry { index_key, member })
            .chain(others)
            .collect();
        self.remove_indexed(&keys, &entries).await?;
        Ok(members)
    }
}

fn replace(key: Key<'_>, value: &[u8]) -> Cmd {
    cmd("SET")
        .arg(key)
        .arg(value)
        .arg("XX")
        .arg("KEEPTTL")
        .take()
}

/// Takes the answers to MGET and to one PTTL for each of `members` apart; `None` if they are not that.
fn listed(members: Vec<String>, answers: Vec<Value>) -> Option<Vec<ListedRecord>> {
    let mut answers = answers.into_iter();
    let values: Vec<Option<Vec<u8>>> = FromRedisValue::from_redis_value(answers.next()?).ok()?;
    let expiries = answers.map(|answer| i64::from_redis_value(answer).ok());
    let expiries: Vec<i64> = expiries.collect::<Option<_>>()?;
    if values.len() != members.len() || expiries.len() != members.len() {
        return None;
    }
    let records = members.into_iter().zip(values).zip(expiries);
    let there = records.filter_map(|((member, value), expires_in_ms)| {
        Some(ListedRecord {
            member,
            value: value?,
            expires_in: Duration::from_millis(expires_in_ms.max(0) as u64),
        })
    });
    Some(there.collect())
}

fn range(index: Key<'_>) -> Cmd {
    cmd("ZRANGE").arg(index).arg(0).arg(-1).take()
}
