//! Ending records before their time: one, those of an account, those of a client, those that a
//! client has for an account, or all.
//!
//! Each record is named in its account's index and in its client's, from the login on, so that
//! whatever has to end is found without looking at anything else, and a request pays nothing for it.
//!
//! Where there is a revocation channel, what ends is announced. One record is announced *before* it is
//! removed, so that whoever repeats a call that failed half-way still finds it; for the others see
//! [`CutOffs`].

use super::record::{CutOffs, Ledger, read, record_key};
use crate::client::{CLIENTS, Client};
use crate::revocation::Ended;
use crate::secret::is_random_id;
use crate::store::{IndexEntry, RecordStore, StoreError};

/// Records that are ended in one transaction.
const PAGE: u32 = 500;

/// The names of what an account has open.
pub(super) fn index_key(account: &str) -> String {
    format!("records:{account}")
}

/// The names of what a client has open.
pub(super) fn client_index_key(client: &str) -> String {
    format!("client-records:{client}")
}

/// What names a record in its client's index: enough to find the account's. Neither has a space in
/// it.
pub(super) fn client_member(account: &str, handle: &str) -> String {
    format!("{account} {handle}")
}

impl<S: RecordStore> Ledger<S> {
    /// Ends the record of `handle`, whose account and client are known.
    pub async fn end(&self, handle: &str, account: &str, client: &str) -> Result<(), StoreError> {
        if self.announcer.takes_back() {
            let handle = handle.to_owned();
            self.announcer.announce(&Ended::Session { handle }).await?;
        }
        self.remove(handle, account, client).await
    }

    /// Removes the record of `handle`, and says nothing.
    pub(super) async fn remove(
        &self,
        handle: &str,
        account: &str,
        client: &str,
    ) -> Result<(), StoreError> {
        let (key, index_key) = (record_key(handle), index_key(account));
        let client_index_key = client_index_key(client);
        let entries = [
            IndexEntry {
                index_key: &index_key,
                member: handle,
            },
            IndexEntry {
                index_key: &client_index_key,
                member: &client_member(account, handle),
            },
        ];
        let ended = self.store().remove_indexed(&[&key], &entries).await;
        ended.map(drop)
    }
}

impl Ledger {
    /// Ends the record of `handle`; answers whose it was. One round trip more than [`Ledger::end`],
    /// to learn that.
    pub async fn find_and_end(&self, handle: &str) -> Result<Option<String>, StoreError> {
        let found = self.store().get(&record_key(handle)).await?;
        let Some(active) = found.as_deref().and_then(read) else {
            return Ok(None);
        };
        let grant = active.grant;
        self.end(handle, &grant.subject, grant.client.id()).await?;
        Ok(Some(grant.subject))
    }

    /// Ends the record of `handle` if it is of this account; answers whether it was. Two round
    /// trips, none for what cannot be a handle.
    pub async fn end_of(&self, account: &str, handle: &str) -> Result<bool, StoreError> {
        if !is_random_id(handle) {
            return Ok(false);
        }
        let found = self.store().get(&record_key(handle)).await?;
        match found.as_deref().and_then(read) {
            Some(active) if active.grant.subject == account => {
                self.end(handle, account, active.grant.client.id()).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Ends all records of an account; answers how many its index named. Two round trips.
    pub async fn end_all(&self, account: &str) -> Result<usize, StoreError> {
        let ended = Ended::Account {
            name: account.to_owned(),
            until_ms: self.clock().now_ms(),
        };
        self.cut_off(&ended, self.remove_all(account)).await
    }

    /// Announces a cut-off and does what it says; answers how much that was.
    async fn cut_off(
        &self,
        ended: &Ended,
        removal: impl Future<Output = Result<usize, StoreError>>,
    ) -> Result<usize, StoreError> {
        if self.cut_offs == CutOffs::First {
            self.announcer.announce(ended).await?;
        }
        let removed = removal.await?;
        if self.cut_offs == CutOffs::Last {
            self.announcer.announce(ended).await?;
        }
        Ok(removed)
    }

    async fn remove_all(&self, account: &str) -> Result<usize, StoreError> {
        // Whose a record is stands in the record only, which need not be read for this.
        let at_clients = |handle: &str| {
            let member = client_member(account, handle);
            CLIENTS
                .map(|client| (client_index_key(client.id()), member.clone()))
                .into()
        };
        let ended = self
            .store()
            .end_all(&index_key(account), record_key, at_clients)
            .await?;
        Ok(ended.len())
    }

    /// Ends what a client has open for an account; answers how many there were.
    pub async fn end_consent(&self, account: &str, client: Client) -> Result<usize, StoreError> {
        let ended = Ended::Consent {
            account: account.to_owned(),
            client: client.id().to_owned(),
            until_ms: self.clock().now_ms(),
        };
        self.cut_off(&ended, self.remove_consent(account, client))
            .await
    }

    async fn remove_consent(&self, account: &str, client: Client) -> Result<usize, StoreError> {
        let index_key = index_key(account);
        let handles = self.store().members(&index_key).await?;
        let mut ended = 0;
        for page in handles.chunks(PAGE as usize) {
            let keys: Vec<String> = page.iter().map(|handle| record_key(handle)).collect();
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let records = self.store().get_all(&keys).await?;
            let members: Vec<String> = page
                .iter()
                .zip(&records)
                .filter(|(_, record)| is_of(record.as_deref(), client))
                .map(|(handle, _)| client_member(account, handle))
                .collect();
            ended += self.end_named(client, &members).await?;
        }
        Ok(ended)
    }

    /// Ends what a client has open, its own and on behalf of users; answers how many there were.
    ///
    /// What is opened meanwhile is not waited for: whoever calls this has seen to it that nothing
    /// is, or that it may stay.
    pub async fn end_client(&self, client: Client) -> Result<usize, StoreError> {
        let ended = Ended::Client {
            id: client.id().to_owned(),
            until_ms: self.clock().now_ms(),
        };
        self.cut_off(&ended, self.remove_client(client)).await
    }

    async fn remove_client(&self, client: Client) -> Result<usize, StoreError> {
        let index_key = client_index_key(client.id());
        // Soonest to end first, so that what was opened later comes later.
        let Some(last_ms) = self.store().last_expiry(&index_key).await? else {
            return Ok(0);
        };
        let mut ended = 0;
        loop {
            let page = self.store().members_with_expiry(&index_key, PAGE).await?;
            let members: Vec<String> = page
                .into_iter()
                .filter(|(_, expires_at_ms)| *expires_at_ms <= last_ms)
                .map(|(member, _)| member)
                .collect();
            if members.is_empty() {
                return Ok(ended);
            }
            ended += self.end_named(client, &members).await?;
        }
    }

    /// Ends everything; answers how much there was.
    pub async fn end_everything(&self) -> Result<usize, StoreError> {
        let ended = Ended::Everyone {
            until_ms: self.clock().now_ms(),
        };
        let removal = async {
            let mut removed = 0;
            for client in CLIENTS {
                removed += self.remove_client(client).await?;
            }
            Ok(removed)
        };
        self.cut_off(&ended, removal).await
    }

    /// Ends the records that a client's index names so; answers how many names there were.
    async fn end_named(&self, client: Client, members: &[String]) -> Result<usize, StoreError> {
        if members.is_empty() {
            return Ok(0);
        }
        let client_index_key = client_index_key(client.id());
        let named = members.iter().filter_map(|member| member.split_once(' '));
        let (keys, at_accounts): (Vec<String>, Vec<_>) = named
            .map(|(account, handle)| (record_key(handle), (index_key(account), handle)))
            .unzip();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let at_accounts = at_accounts
            .iter()
            .map(|(index_key, member)| IndexEntry { index_key, member });
        let at_client = members.iter().map(|member| IndexEntry {
            index_key: &client_index_key,
            member,
        });
        let entries: Vec<_> = at_accounts.chain(at_client).collect();
        self.store().remove_indexed(&keys, &entries).await?;
        Ok(members.len())
    }
}

fn is_of(record: Option<&[u8]>, client: Client) -> bool {
    let active = record.and_then(read);
    active.is_some_and(|active| active.grant.client == client)
}
