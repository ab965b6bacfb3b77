//! A number for each account, which is in its tokens and in the store: a token with another than the store's is over.
//!
//! The number is a time that only grows. It stands in the store for as long as a token with it can be good, so that no number at all
//! means the same as another one: a store that has lost its data refuses every token, until its holder has logged in again.
//!
//! An account has one number. Ending one of its tokens ends all of them, and nothing ends those of a client or of everyone.

use std::sync::Arc;
use std::time::Duration;

use super::Ended;
use super::journal::MARGIN;
use super::order::Order;
use crate::store::{Store, StoreError};

/// The issuer's side.
#[derive(Clone, Debug)]
pub(super) struct Epochs {
    store: Store,
    order: Arc<Order>,
    /// How long a number is kept after its last use.
    kept: Duration,
}

/// A resource server's side.
#[derive(Clone, Debug)]
pub struct EpochCheck {
    store: Store,
}

impl Epochs {
    pub(super) fn new(store: Store, order: Arc<Order>, longest_life: Duration) -> Self {
        Self {
            store,
            order,
            kept: longest_life + MARGIN,
        }
    }

    /// The number for a token that is issued now. One round trip.
    pub(super) async fn current(&self, account: &str) -> Result<i64, StoreError> {
        let fresh = self.order.stamp().to_string();
        let key = key(account);
        let kept = self
            .store
            .keep_or_put(&key, fresh.as_bytes(), self.kept)
            .await?;
        // What cannot be read is no token's number.
        Ok(read(&kept).unwrap_or(i64::MIN))
    }

    /// Gives the account of what ended another number.
    pub(super) async fn end(&self, ended: &Ended) -> Result<(), StoreError> {
        let account = match ended {
            Ended::Account { name, .. } => name,
            Ended::Consent { account, .. } => account,
            // Its own tokens; those that users gave it are not found by its name.
            Ended::Client { id, .. } => id,
            Ended::Token { .. }
            | Ended::Session { .. }
            | Ended::Everyone { .. }
            | Ended::Key { .. } => return Ok(()),
        };
        let (key, next) = (key(account), self.order.next().to_string());
        self.store.put(&key, next.as_bytes(), self.kept).await
    }

    pub(super) async fn covers(
        &self,
        account: &str,
        epoch: Option<i64>,
    ) -> Result<bool, StoreError> {
        differs(&self.store, account, epoch).await
    }
}

impl EpochCheck {
    /// Compares with what is in `store`.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Whether the account has another number now than a token of it says. One round trip.
    pub async fn covers(&self, account: &str, epoch: Option<i64>) -> Result<bool, StoreError> {
        differs(&self.store, account, epoch).await
    }

    /// The store that is asked.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

async fn differs(store: &Store, account: &str, epoch: Option<i64>) -> Result<bool, StoreError> {
    let current = store.get(&key(account)).await?;
    let current = current.as_deref().and_then(read);
    Ok(current.is_none() || current != epoch)
}

fn key(account: &str) -> String {
    format!("epoch:{account}")
}

fn read(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}
