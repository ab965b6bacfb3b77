//! The store behind the models: one Redis client that they all share, and the process that answers it.
//!
//! * [`Store`] is the only way in. A model asks for what it needs (`get_and_touch`, `create_indexed`, `rotate`…),
//!   never for a Redis command, so what each model costs the store can be read off its calls.
//! * [`serve`] runs the store process: a user's Redis, one that it starts, or the embedded one.
//! * [`embedded`] is a small RESP server for machines without Redis. It is never called Redis in any report.
//! * [`StartedStore`] starts either kind for a test.
//!
//! # Keys
//!
//! Models name their keys; the store puts [`StoreOptions::prefix`] before each, so that a user's shared Redis holds
//! nothing of ours outside `authbench:*`. There are five shapes:
//!
//! | Shape | Redis type | Lives | Written by |
//! |---|---|---|---|
//! | record (a session, a token, a refresh family) | string | its own lifetime | `put`, `create_indexed`, `rewrite_indexed` |
//! | index of a user's or a client's records: member → expiry in Unix milliseconds | sorted set | [`INDEX_LIFETIME`] after its last addition | `create_indexed` |
//! | flag (an account is disabled; its own roles; when something ended) | string | until deleted | `set_flag` |
//! | rotation (who used this refresh token first) | string | the grace window and beyond, as the model says | `rotate` |
//! | stream: what ended, in order, and the flag of its history | stream, string | until what its entries deny has expired | `append` |
//!
//! Nothing here hashes: a credential must be hashed by the model before it becomes part of a key.
//!
//! # What an error means
//!
//! [`StoreError`] keeps three things apart that are often mixed up: the store *refused* (nothing was applied), the
//! outcome of a write is *unknown* (no answer came, it may have been applied), and a read was *unavailable*.

mod address;
mod connect;
mod connections;
mod counters;
mod description;
pub mod embedded;
mod error;
mod find;
mod forget;
mod indexed;
mod operations;
mod parent_death;
mod pressure;
mod process;
mod query;
mod record_store;
mod serve;
mod size;
mod started;
mod streams;

pub use address::{StoreUrl, mask};
pub use connect::{ConnectError, Store, StoreOptions};
pub use connections::{StoreConnection, UnknownStoreConnection};
pub use counters::{Counters, LATENCY_BOUNDS};
pub use description::{InspectError, StartedBy, StoreDescription, StoreKind};
pub use error::{Silence, StoreError};
pub use find::{FindStoreError, StoreWiring};
pub use forget::forget;
pub use indexed::{INDEX_LIFETIME, IndexEntry, IndexedRecord, ListedRecord};
pub use operations::Rotation;
pub use pressure::Pressure;
pub use process::StartError;
pub use record_store::RecordStore;
pub use serve::{ServeStoreError, serve};
pub use size::{StoreSize, StreamSize};
pub use started::{REQUIRE_REDIS, StartedStore};
pub use streams::{NotAStreamId, StreamEntry, StreamId, StreamPage, StreamReader};
