//! What a ledger of records asks of its store, as a trait.
//!
//! The [`Store`] answers over a connection; so can something that answers step by step, in an order of its
//! choosing, and thereby runs the very code that serves (see [`crate::rotation::interleavings`]). Dispatched
//! statically: on the way to a real store nothing is added.

use std::future::Future;
use std::time::Duration;

use super::{IndexEntry, IndexedRecord, Rotation, Store, StoreError};

/// The operations on one record; each is one round trip, and happens as a whole or not at all. Their meaning is
/// that of the [`Store`]'s methods of the same names.
pub trait RecordStore: Send + Sync {
    /// [`Store::create_indexed`].
    fn create_indexed(
        &self,
        record: &IndexedRecord<'_>,
    ) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>, StoreError>> + Send;

    /// [`Store::get`].
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// [`Store::get_and_touch`].
    fn get_and_touch(
        &self,
        key: &str,
        idle: Duration,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// [`Store::remove_indexed`].
    fn remove_indexed(
        &self,
        keys: &[&str],
        entries: &[IndexEntry<'_>],
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// [`Store::rotate`].
    fn rotate(
        &self,
        rotation_key: &str,
        record: &[u8],
        ttl: Duration,
        family_key: &str,
        successor_key: &str,
    ) -> impl Future<Output = Result<Rotation, StoreError>> + Send;
}

impl RecordStore for Store {
    fn create_indexed(
        &self,
        record: &IndexedRecord<'_>,
    ) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>, StoreError>> + Send {
        Self::create_indexed(self, record)
    }

    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send {
        Self::get(self, key)
    }

    fn get_and_touch(
        &self,
        key: &str,
        idle: Duration,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send {
        Self::get_and_touch(self, key, idle)
    }

    fn remove_indexed(
        &self,
        keys: &[&str],
        entries: &[IndexEntry<'_>],
    ) -> impl Future<Output = Result<u64, StoreError>> + Send {
        Self::remove_indexed(self, keys, entries)
    }

    fn rotate(
        &self,
        rotation_key: &str,
        record: &[u8],
        ttl: Duration,
        family_key: &str,
        successor_key: &str,
    ) -> impl Future<Output = Result<Rotation, StoreError>> + Send {
        Self::rotate(self, rotation_key, record, ttl, family_key, successor_key)
    }
}
