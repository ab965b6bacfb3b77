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

/// A record to be created together with its entry in a user's index.
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
    /// Creates a record and its index entry, drops index entries that are past, and then reads flags.
    ///
    /// One transaction, so that the flags are read *after* the record is in the index: an account disabled at the
    /// same moment either shows its flag here (the caller then deletes what it made), or was disabled later and
    /// finds the record in the index. Answers the flags' values, in their order.
    pub async fn create_indexed(
        &self,
        record: &IndexedRecord<'_>,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let index = self.key(record.index_key);
        let mut commands = Pipeline::with_capacity(5);
        commands
            .add_command(set(self.key(record.key), record.value, record.ttl))
            .add_command(
                cmd("ZREMRANGEBYSCORE")
                    .arg(index)
                    .arg("-inf")
                    .arg(record.now_ms)
                    .take(),
            )
            .add_command(
                cmd("ZADD")
                    .arg(index)
                    .arg(record.expires_at_ms)
                    .arg(record.member)
                    .take(),
            )
            .add_command(cmd("PEXPIRE").arg(index).arg(millis(INDEX_LIFETIME)).take())
            .add_command(get_all(record.flag_keys.iter().map(|key| self.key(key))));
        let answers: ((), (), (), (), Vec<Option<Vec<u8>>>) = self
            .transact(Operation::write("create_indexed"), &mut commands)
            .await?;
        Ok(answers.4)
    }

    /// Deletes a record and its index entry together; answers whether the record was there.
    pub async fn remove_indexed(
        &self,
        key: &str,
        index_key: &str,
        member: &str,
    ) -> Result<bool, StoreError> {
        let mut commands = pipe();
        commands
            .add_command(delete([self.key(key)]))
            .add_command(cmd("ZREM").arg(self.key(index_key)).arg(member).take());
        let (deleted, _): (u64, u64) = self
            .transact(Operation::write("remove_indexed"), &mut commands)
            .await?;
        Ok(deleted > 0)
    }

    /// The members of an index, soonest to expire first. Some may be past, or their records gone already.
    pub async fn members(&self, index_key: &str) -> Result<Vec<String>, StoreError> {
        self.ask(Operation::read("members"), &range(self.key(index_key)))
            .await
    }

    /// The members of an index with the expiry they were given, in Unix milliseconds, soonest first.
    pub async fn members_with_expiry(
        &self,
        index_key: &str,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let command = range(self.key(index_key)).arg("WITHSCORES").take();
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

    /// Deletes every record of an index; `key_of` says which record a member names. Answers the members ended.
    ///
    /// Two round trips. Only the members that were read leave the index, never the index as a whole: a record
    /// created between the two keeps its entry, and can still be ended next time.
    pub async fn end_all(
        &self,
        index_key: &str,
        key_of: impl Fn(&str) -> String,
    ) -> Result<Vec<String>, StoreError> {
        let members = self.members(index_key).await?;
        if members.is_empty() {
            return Ok(members);
        }
        let keys: Vec<String> = members.iter().map(|member| key_of(member)).collect();
        let mut commands = pipe();
        commands
            .add_command(delete(keys.iter().map(|key| self.key(key))))
            .add_command(cmd("ZREM").arg(self.key(index_key)).arg(&members).take());
        let _: (u64, u64) = self
            .transact(Operation::write("end_all"), &mut commands)
            .await?;
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
