//! What the store keeps for a session, an opaque token or a refresh family: the grant and its
//! absolute end.
//!
//! The three are alike in the store (a record under the hash of a credential, and an entry in the
//! account's index and in the client's), which is why one [`Ledger`] serves the three models. What
//! ends records is in `ending.rs`.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::accounts::{Standing, read_standing};
use super::ending::{client_index_key, client_member, index_key};
use super::standing::standing_keys;
use super::{ActiveGrant, Grant, GrantRefusal, SessionEntry};
use crate::client::Client;
use crate::clock::{Clock, millis};
use crate::entitlements::Entitlements;
use crate::revocation::Announcer;
use crate::roles::Roles;
use crate::scope::Scope;
use crate::store::{IndexEntry, IndexedRecord, ListedRecord, RecordStore, Store, StoreError};

/// A record, as JSON in the store.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    sub: Cow<'a, str>,
    client_id: Cow<'a, str>,
    scope: Scope,
    #[serde(default, skip_serializing_if = "Roles::is_empty")]
    roles: Roles,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    entitlements: Vec<&'a str>,
    issued_ms: i64,
    ends_ms: i64,
}

/// Opens, finds and ends records. A *handle* is the hash of a credential; it opens nothing by
/// itself.
#[derive(Clone, Debug)]
pub struct Ledger<S = Store> {
    store: S,
    clock: Clock,
    entitlements: Entitlements,
    pub(super) announcer: Announcer,
    pub(super) cut_offs: CutOffs,
}

/// When it is announced that everything of an account, a client or all of them ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutOffs {
    /// Before the records are gone: for resource servers that go by the announcement alone. Whatever is
    /// opened after the announcement is good for them, and all that was before is found and removed.
    First,
    /// After the records are gone: for resource servers that ask again when they are told.
    Last,
}

/// Where the record of `handle` is.
pub fn record_key(handle: &str) -> String {
    format!("record:{handle}")
}

/// Writes a record, with these entitlements.
pub fn write(grant: &Grant, entitlements: &Entitlements, issued_ms: i64, ends_ms: i64) -> Vec<u8> {
    let names = entitlements.names().iter();
    let record = Record {
        sub: grant.subject.as_str().into(),
        client_id: grant.client.id().into(),
        scope: grant.scope,
        roles: grant.roles,
        entitlements: names.map(String::as_str).collect(),
        issued_ms,
        ends_ms,
    };
    record.to_json()
}

/// Reads a record. `None` if it cannot be read, which is treated as if it were not there: nobody
/// gets in by it. Entitlements are read like the rest, and left behind: no resource server asks
/// for them.
pub fn read(bytes: &[u8]) -> Option<ActiveGrant> {
    Record::read(bytes)?.into_active()
}

impl<'a> Record<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    fn into_active(self) -> Option<ActiveGrant> {
        let client = Client::with_id(&self.client_id)?;
        Some(ActiveGrant {
            grant: Grant {
                subject: self.sub.into_owned(),
                client,
                scope: self.scope,
                roles: self.roles,
            },
            entitlements: Vec::new(),
            issued_at_ms: self.issued_ms,
            expires_at_ms: self.ends_ms,
        })
    }

    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a plain struct serialises")
    }
}

impl<S: RecordStore> Ledger<S> {
    /// A ledger in `store`, which writes `entitlements` into each record.
    pub fn new(store: S, clock: Clock, entitlements: Entitlements) -> Self {
        Self {
            announcer: Announcer::none(clock.clone()),
            cut_offs: CutOffs::First,
            store,
            clock,
            entitlements,
        }
    }

    /// The same; what ends before its time is announced by `announcer`.
    pub fn announcing(self, announcer: Announcer, cut_offs: CutOffs) -> Self {
        Self {
            announcer,
            cut_offs,
            ..self
        }
    }

    /// The store behind it.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The clock that decides on absolute ends.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Opens a record that the store drops after `ttl` unless it is touched, and that ends after
    /// `lifetime` in any case.
    ///
    /// It was decided on `standing`; if that is no longer the account's, even by a change at the
    /// same moment, the record is taken back.
    pub async fn open(
        &self,
        grant: &Grant,
        standing: &Standing,
        handle: &str,
        ttl: Duration,
        lifetime: Duration,
    ) -> Result<Result<(), GrantRefusal>, StoreError> {
        let (now_ms, issued_ms) = (self.clock.now_ms(), self.announcer.stamp());
        let expires_at_ms = now_ms + millis(lifetime);
        let record = write(grant, &self.entitlements, issued_ms, expires_at_ms);
        let (key, index_key) = (record_key(handle), index_key(&grant.subject));
        let client_index_key = client_index_key(grant.client.id());
        let client_entry = IndexEntry {
            index_key: &client_index_key,
            member: &client_member(&grant.subject, handle),
        };
        let flags = standing_keys(&grant.subject, grant.client);
        let indexed = IndexedRecord {
            key: &key,
            value: &record,
            ttl: ttl.min(lifetime),
            index_key: &index_key,
            member: handle,
            also_in: &[client_entry],
            expires_at_ms,
            now_ms,
            flag_keys: &flags.each_ref().map(String::as_str),
        };
        let present = Standing::read(self.store.create_indexed(&indexed).await?);
        let outcome = GrantRefusal::unless_unchanged(standing, &present);
        if outcome.is_err() {
            self.remove(handle, &grant.subject, grant.client.id())
                .await?;
        }
        Ok(outcome)
    }

    /// The record of `handle`, if it is there and not past its absolute end.
    pub async fn find(&self, handle: &str) -> Result<Option<ActiveGrant>, StoreError> {
        let Some(bytes) = self.store.get(&record_key(handle)).await? else {
            return Ok(None);
        };
        Ok(self.live(&bytes))
    }

    /// Keeps the record of `handle` for another `idle`; answers it as it is then, if it is still
    /// there. It never brings one back.
    pub async fn touch(
        &self,
        handle: &str,
        idle: Duration,
    ) -> Result<Option<ActiveGrant>, StoreError> {
        let found = self.store.get_and_touch(&record_key(handle), idle).await?;
        Ok(found.as_deref().and_then(read))
    }
}

impl Ledger {
    /// The standing that a client's own grant is decided on. One round trip.
    pub async fn standing(&self, grant: &Grant) -> Result<Standing, StoreError> {
        read_standing(&self.store, &grant.subject, grant.client).await
    }

    /// The records that an account has open, soonest to end first. `idle`: how long each is kept
    /// after a use, from which follows when the last one was.
    pub async fn list(
        &self,
        account: &str,
        idle: Option<Duration>,
    ) -> Result<Vec<SessionEntry>, StoreError> {
        let listed = self
            .store
            .indexed_records(&index_key(account), record_key)
            .await?;
        Ok(listed
            .into_iter()
            .filter_map(|record| self.entry(record, idle))
            .collect())
    }

    /// Writes other roles into the records that an account has open; answers how many there were.
    /// It never brings one back, and moves no expiry.
    pub async fn set_roles(&self, account: &str, roles: Roles) -> Result<usize, StoreError> {
        self.rewrite(account, |record| record.roles = roles).await
    }

    /// Leaves of the scope of each record that an account has open what is in `most`; answers how
    /// many there were.
    pub async fn narrow(&self, account: &str, most: Scope) -> Result<usize, StoreError> {
        self.rewrite(account, |record| record.scope = record.scope.and(most))
            .await
    }

    async fn rewrite(
        &self,
        account: &str,
        change: impl Fn(&mut Record<'_>),
    ) -> Result<usize, StoreError> {
        let change = |bytes: &[u8]| {
            let mut record = Record::read(bytes)?;
            change(&mut record);
            Some(record.to_json())
        };
        self.store
            .rewrite_indexed(&index_key(account), record_key, change)
            .await
    }
}

impl<S> Ledger<S> {
    fn entry(&self, listed: ListedRecord, idle: Option<Duration>) -> Option<SessionEntry> {
        let active = self.live(&listed.value)?;
        // A use sets the expiry to `idle` from then, but never past the absolute end; so this is
        // when the last use was, or in the last stretch before that end, when it was at the earliest.
        let last_seen = |idle| self.clock.now_ms() + millis(listed.expires_in) - millis(idle);
        Some(SessionEntry {
            handle: listed.member,
            client: active.grant.client.id(),
            created_ms: active.issued_at_ms,
            last_seen_ms: idle.map(|idle| last_seen(idle).max(active.issued_at_ms)),
            expires_at_ms: active.expires_at_ms,
        })
    }

    fn live(&self, bytes: &[u8]) -> Option<ActiveGrant> {
        let record = Record::read(bytes)?;
        let entitlements = record.entitlements.iter().copied().map(str::to_owned);
        let entitlements = entitlements.collect();
        let active = record.into_active()?;
        (self.clock.now_ms() < active.expires_at_ms).then_some(ActiveGrant {
            entitlements,
            ..active
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_ours_is_read_and_any_other_is_not() {
        let good = br#"{"sub":"user-00001","client_id":"app","scope":"read","roles":["writer"],"entitlements":["a"],"issued_ms":1,"ends_ms":2}"#;
        let active = read(good).expect("a record");
        assert_eq!(
            (active.grant.subject.as_str(), active.grant.scope),
            ("user-00001", Scope::READ)
        );
        assert_eq!(active.grant.roles, Roles::WRITER);
        assert_eq!((active.issued_at_ms, active.expires_at_ms), (1, 2));
        let bare =
            br#"{"sub":"user-00001","client_id":"app","scope":"read","issued_ms":1,"ends_ms":2}"#;
        assert_eq!(
            read(bare).map(|active| active.grant.roles),
            Some(Roles::NONE)
        );
        for bad in [
            &b""[..],
            b"{}",
            br#"{"sub":"u","client_id":"evil","scope":"read","issued_ms":1,"ends_ms":2}"#,
            br#"{"sub":"u","client_id":"app","scope":"read","roles":"writer","issued_ms":1,"ends_ms":2}"#,
        ] {
            assert_eq!(read(bad), None);
        }
    }
}
