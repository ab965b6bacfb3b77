//! What the store keeps for a session, an opaque token or a refresh family: the grant and its
//! absolute end.
//!
//! The three are alike in the store (a record under the hash of a credential, and an entry in the
//! account's index), which is why one [`Ledger`] serves the three models.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::accounts::disabled_flag;
use super::{ActiveGrant, Grant, SessionEntry};
use crate::client::Client;
use crate::clock::{Clock, millis};
use crate::scope::Scope;
use crate::store::{IndexedRecord, Store, StoreError};

/// A record, as JSON in the store.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    sub: std::borrow::Cow<'a, str>,
    client_id: std::borrow::Cow<'a, str>,
    scope: Scope,
    issued_ms: i64,
    ends_ms: i64,
}

/// Opens, finds and ends records. A *handle* is the hash of a credential; it opens nothing by
/// itself.
#[derive(Clone, Debug)]
pub struct Ledger {
    store: Store,
    clock: Clock,
}

/// Where the record of `handle` is.
pub fn record_key(handle: &str) -> String {
    format!("record:{handle}")
}

fn index_key(account: &str) -> String {
    format!("records:{account}")
}

/// Reads a record. `None` if it cannot be read, which is treated as if it were not there: nobody
/// gets in by it.
pub fn read(bytes: &[u8]) -> Option<ActiveGrant> {
    let record: Record<'_> = serde_json::from_slice(bytes).ok()?;
    let client = Client::with_id(&record.client_id)?;
    Some(ActiveGrant {
        grant: Grant {
            subject: record.sub.into_owned(),
            client,
            scope: record.scope,
        },
        issued_at_ms: record.issued_ms,
        expires_at_ms: record.ends_ms,
    })
}

impl Ledger {
    /// A ledger in `store`.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// The store behind it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The clock that decides on absolute ends.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Opens a record that the store drops after `ttl` unless it is touched, and that ends after
    /// `lifetime` in any case.
    ///
    /// Answers whether it is open: if the account is disabled it is not, even if that happened at
    /// the same moment.
    pub async fn open(
        &self,
        grant: &Grant,
        handle: &str,
        ttl: Duration,
        lifetime: Duration,
    ) -> Result<bool, StoreError> {
        let now_ms = self.clock.now_ms();
        let expires_at_ms = now_ms + millis(lifetime);
        let record = Record {
            sub: grant.subject.as_str().into(),
            client_id: grant.client.id().into(),
            scope: grant.scope,
            issued_ms: now_ms,
            ends_ms: expires_at_ms,
        };
        let value = serde_json::to_vec(&record).expect("a plain struct serialises");
        let (key, index_key) = (record_key(handle), index_key(&grant.subject));
        let indexed = IndexedRecord {
            key: &key,
            value: &value,
            ttl: ttl.min(lifetime),
            index_key: &index_key,
            member: handle,
            expires_at_ms,
            now_ms,
            flag_key: &disabled_flag(&grant.subject),
        };
        if self.store.create_indexed(&indexed).await?.is_none() {
            return Ok(true);
        }
        self.store.remove_indexed(&key, &index_key, handle).await?;
        Ok(false)
    }

    /// The record of `handle`, if it is there and not past its absolute end.
    pub async fn find(&self, handle: &str) -> Result<Option<ActiveGrant>, StoreError> {
        let record = self.store.get(&record_key(handle)).await?;
        Ok(self.live(record))
    }

    /// Keeps the record of `handle` for another `idle`; answers whether it is still there. It never
    /// brings one back.
    pub async fn touch(&self, handle: &str, idle: Duration) -> Result<bool, StoreError> {
        Ok(self
            .store
            .get_and_touch(&record_key(handle), idle)
            .await?
            .is_some())
    }

    /// Ends the record of `handle`, whose account is known.
    pub async fn end(&self, handle: &str, account: &str) -> Result<(), StoreError> {
        self.store
            .remove_indexed(&record_key(handle), &index_key(account), handle)
            .await
            .map(drop)
    }

    /// Ends the record of `handle`; answers whose it was. One round trip more than [`Ledger::end`],
    /// to learn that.
    pub async fn find_and_end(&self, handle: &str) -> Result<Option<String>, StoreError> {
        let Some(bytes) = self.store.get(&record_key(handle)).await? else {
            return Ok(None);
        };
        let Some(record) = read(&bytes) else {
            return Ok(None);
        };
        self.end(handle, &record.grant.subject).await?;
        Ok(Some(record.grant.subject))
    }

    /// Ends all records of an account; answers how many its index named.
    pub async fn end_all(&self, account: &str) -> Result<usize, StoreError> {
        Ok(self
            .store
            .end_all(&index_key(account), record_key)
            .await?
            .len())
    }

    /// The records of an account that have not reached their absolute end. Some may have idled out.
    pub async fn list(&self, account: &str) -> Result<Vec<SessionEntry>, StoreError> {
        let now_ms = self.clock.now_ms();
        let members = self.store.members_with_expiry(&index_key(account)).await?;
        let live = members
            .into_iter()
            .filter(|(_, expires_at_ms)| *expires_at_ms > now_ms);
        Ok(live
            .map(|(id, expires_at_ms)| SessionEntry { id, expires_at_ms })
            .collect())
    }

    fn live(&self, record: Option<Vec<u8>>) -> Option<ActiveGrant> {
        read(&record?).filter(|active| self.clock.now_ms() < active.expires_at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_ours_is_read_and_any_other_is_not() {
        let good =
            br#"{"sub":"user-00001","client_id":"app","scope":"read","issued_ms":1,"ends_ms":2}"#;
        let active = read(good).expect("a record");
        assert_eq!(
            (active.grant.subject.as_str(), active.grant.scope),
            ("user-00001", Scope::READ)
        );
        assert_eq!((active.issued_at_ms, active.expires_at_ms), (1, 2));
        for bad in [
            &b""[..],
            b"{}",
            br#"{"sub":"u","client_id":"evil","scope":"read","issued_ms":1,"ends_ms":2}"#,
        ] {
            assert_eq!(read(bad), None);
        }
    }
}
