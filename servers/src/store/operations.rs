//! What a model may ask of the store; about records with an index, in [`super::indexed`].
//!
//! Every operation waits at most [`StoreOptions::deadline`](super::StoreOptions::deadline), is never repeated
//! behind the caller's back, and is one round trip unless its text says otherwise.

use std::time::Duration;

use redis::{Cmd, Pipeline, cmd};

use super::connect::Store;
use super::error::{Operation, Silence, StoreError};
use super::query::{Key, millis};

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

    /// The records at `keys`, in their order; at least one key.
    pub async fn get_all(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mget = get_all(keys.iter().map(|key| self.key(key)));
        self.ask(Operation::read("get_all"), &mget).await
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

    /// Writes a record as [`Store::put`] does, and answers the flag at `flag` as it was in the same step.
    pub async fn put_flagged(
        &self,
        key: &str,
        value: &[u8],
        ttl: Duration,
        flag: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut commands = Pipeline::with_capacity(2);
        commands
            .add_command(cmd("GET").arg(self.key(flag)).take())
            .add_command(set(self.key(key), value, ttl));
        let (flag, ()): (Option<Vec<u8>>, ()) = self
            .transact(Operation::write("put_flagged"), &mut commands)
            .await?;
        Ok(flag)
    }

    /// Writes several records in one step: key, value and lifetime of each.
    pub async fn put_all(&self, records: &[(String, Vec<u8>, Duration)]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut commands = Pipeline::with_capacity(records.len());
        for (key, value, ttl) in records {
            commands.add_command(set(self.key(key), value, *ttl));
        }
        let _: Vec<()> = self
            .transact(Operation::write("put_all"), &mut commands)
            .await?;
        Ok(())
    }

    /// The record at `key`, or `value`, which is written if there is none; either lives for `ttl` from now on.
    pub async fn keep_or_put(
        &self,
        key: &str,
        value: &[u8],
        ttl: Duration,
    ) -> Result<Vec<u8>, StoreError> {
        let operation = Operation::write("keep_or_put");
        let mut commands = Pipeline::with_capacity(3);
        let expiry = cmd("PEXPIRE").arg(self.key(key)).arg(millis(ttl)).take();
        commands
            .add_command(set(self.key(key), value, ttl).arg("NX").take())
            .add_command(expiry)
            .add_command(cmd("GET").arg(self.key(key)).take());
        let (_, _, kept): (Option<()>, u64, Option<Vec<u8>>) =
            self.transact(operation, &mut commands).await?;
        kept.ok_or_else(|| operation.unanswered(Silence::UnexpectedAnswer))
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

/// `SET` with an expiry.
pub(super) fn set(key: Key<'_>, value: &[u8], ttl: Duration) -> Cmd {
    cmd("SET")
        .arg(key)
        .arg(value)
        .arg("PX")
        .arg(millis(ttl))
        .take()
}

/// `MGET` of all `keys`.
pub(super) fn get_all<'a>(keys: impl IntoIterator<Item = Key<'a>>) -> Cmd {
    let mut mget = cmd("MGET");
    for key in keys {
        mget.arg(key);
    }
    mget
}

/// `DEL` of all `keys`.
pub(super) fn delete<'a>(keys: impl IntoIterator<Item = Key<'a>>) -> Cmd {
    let mut del = cmd("DEL");
    for key in keys {
        del.arg(key);
    }
    del
}
