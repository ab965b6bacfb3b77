//! What the models call, over every kind of store.

mod connections;
mod counts;
mod index;
mod pressure;
mod records;
mod rotation;

use std::time::Duration;

use authbench_servers::store::{
    IndexEntry, IndexedRecord, StartedStore, Store, StoreKind, StoreOptions,
};
use redis::Client;
use redis::aio::MultiplexedConnection;

const LONG: Duration = Duration::from_secs(600);
const NOW_MS: i64 = 1_795_000_000_000;

fn record(name: &str, expires_at_ms: i64, now_ms: i64) -> IndexedRecord<'_> {
    IndexedRecord {
        key: name,
        value: b"v",
        ttl: LONG,
        index_key: "index",
        member: name,
        also_in: &[],
        expires_at_ms,
        now_ms,
        flag_keys: &["disabled"],
    }
}

/// What names a [`record`].
fn entry(name: &str) -> IndexEntry<'_> {
    IndexEntry {
        index_key: "index",
        member: name,
    }
}

/// For records that are named in one index only.
fn nowhere_else(_member: &str) -> Vec<(String, String)> {
    Vec::new()
}

/// A fresh store of every kind there is here, and a client of each.
async fn stores() -> Vec<(StartedStore, Store)> {
    let mut stores = Vec::new();
    for kind in StartedStore::kinds_here() {
        let started = StartedStore::start(kind).expect("the store starts");
        let store = connect(started.url()).await;
        stores.push((started, store));
    }
    stores
}

/// One more connection to a store.
async fn connect(url: &str) -> Store {
    // These tests ask what is answered, not how fast: a busy machine must not fail them.
    let patient = Duration::from_secs(10);
    let options = StoreOptions {
        deadline: patient,
        response_timeout: patient,
        ..StoreOptions::default()
    };
    Store::connect(url, options).await.expect("connected")
}

/// Those of `stores` that are a real Redis or Valkey.
fn real(stores: Vec<(StartedStore, Store)>) -> impl Iterator<Item = (StartedStore, Store)> {
    stores
        .into_iter()
        .filter(|(started, _)| started.description().kind != StoreKind::Embedded)
}

/// A connection that knows nothing of prefixes.
async fn plain(started: &StartedStore) -> MultiplexedConnection {
    let client = Client::open(started.url()).expect("a Redis URL");
    client
        .get_multiplexed_async_connection()
        .await
        .expect("connected")
}
