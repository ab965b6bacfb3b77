//! What a model may ask of the store.
//!
//! Every operation waits at most [`StoreOptions::deadline`](super::StoreOptions::deadline), is never repeated
//! behind the caller's back, and is one round trip unless its text says otherwise.

use std::time::Duration;

use redis::{Cmd, Pipeline, cmd, pipe};

use super::connect::Store;
use super::error::{Operation, Silence, StoreError};
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
    /// A flag to read after the record was written.
    pub flag_key: &'a str,
}

/// What [`Store::rotate`] found.
#[derive(Clone, PartialEq, Eq)]
pub struct Rotation {
    /// Whether this call was the one that committed the rotation.
    pub won: bool,
    /// The record that is committed: this call's own if it won, else the winner's.
    pub record: Vec<u8>,
    /// The family's record, if the family still lives.
    pub family: Option<Vec<u8>>,
    /// Whether the successor was itself rotated already.
    pub successor_exists: bool,
}

impl std::fmt::Debug for Rotation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the records: they are the model's, and may hold what must not be logged.
        f.debug_struct("Rotation")
            .field("won", &self.won)
            .field("family_lives", &self.family.is_some())
            .field("successor_exists", &self.successor_exists)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// The record at `key`, if there is one.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.ask(Operation::read("get"), cmd("GET").arg(self.key(key)))
            .await
    }

    /// The record at `key`, which from now on lives for `idle` (sliding expiry; `GETEX`, Redis ≥ 6.2).
    pub async fn get_and_touch(
        &self,
        key: &str,
        idle: Duration,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let getex = cmd("GETEX")
            .arg(self.key(key))
            .arg("PX")
            .arg(millis(idle))
            .take();
        self.ask(Operation::read("get_and_touch"), &getex).await
    }

    /// Writes a record that the store drops after `ttl` (at least 1 ms), in place of one that is there.
    pub async fn put(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), StoreError> {
        self.ask(Operation::write("put"), &set(self.key(key), value, ttl))
            .await
    }

    /// Writes a flag that stays until it is deleted.
    pub async fn set_flag(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.ask(
            Operation::write("set_flag"),
            cmd("SET").arg(self.key(key)).arg(value),
        )
        .await
    }

    /// Deletes `keys`; answers how many of them were there. No keys: no round trip.
    pub async fn delete(&self, keys: &[&str]) -> Result<u64, StoreError> {
        if keys.is_empty() {
            return Ok(0);
        }
        self.ask(
            Operation::write("delete"),
            &delete(keys.iter().map(|key| self.key(key))),
        )
        .await
    }

    /// Creates a record and its index entry, drops index entries that are past, and then reads a flag.
    ///
    /// One transaction, so that the flag is read *after* the record is in the index: an account disabled at the
    /// same moment either shows its flag here (the caller then deletes what it made), or was disabled later and
    /// finds the record in the index. Answers the flag's value.
    pub async fn create_indexed(
        &self,
        record: &IndexedRecord<'_>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
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
            .add_command(cmd("GET").arg(self.key(record.flag_key)).take());
        let answers: ((), (), (), (), Option<Vec<u8>>) = self
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

    /// Commits `record` at `rotation_key` unless a rotation is committed there, and reads what decides the rest.
    ///
    /// Of any number of concurrent calls with the same `rotation_key` exactly one wins: `SET … NX` is the one
    /// conditional command, and the transaction around it only saves round trips. (`WATCH` would not do: it
    /// belongs to a connection, and this one is shared.) After [`StoreError::Unknown`] the caller may ask again:
    /// it then reads what was committed, its own record or another's.
    pub async fn rotate(
        &self,
        rotation_key: &str,
        record: &[u8],
        ttl: Duration,
        family_key: &str,
        successor_key: &str,
    ) -> Result<Rotation, StoreError> {
        let operation = Operation::write("rotate");
        let rotation_key = self.key(rotation_key);
        let mut commands = Pipeline::with_capacity(4);
        commands
            .add_command(set(rotation_key, record, ttl).arg("NX").take())
            .add_command(cmd("GET").arg(rotation_key).take())
            .add_command(cmd("GET").arg(self.key(family_key)).take())
            .add_command(cmd("EXISTS").arg(self.key(successor_key)).take());
        let (set, record, family, successor_exists): (Option<()>, Option<Vec<u8>>, _, _) =
            self.transact(operation, &mut commands).await?;
        let record = record.ok_or_else(|| operation.unanswered(Silence::UnexpectedAnswer))?;
        Ok(Rotation {
            won: set.is_some(),
            record,
            family,
            successor_exists,
        })
    }
}

fn set(key: Key<'_>, value: &[u8], ttl: Duration) -> Cmd {
    cmd("SET")
        .arg(key)
        .arg(value)
        .arg("PX")
        .arg(millis(ttl))
        .take()
}

fn delete<'a>(keys: impl IntoIterator<Item = Key<'a>>) -> Cmd {
    let mut del = cmd("DEL");
    for key in keys {
        del.arg(key);
    }
    del
}

fn range(index: Key<'_>) -> Cmd {
    cmd("ZRANGE").arg(index).arg(0).arg(-1).take()
}
