//! A store in memory whose operations happen when whoever polls them says so.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use super::defect::Defect;
use crate::clock::{Clock, millis};
use crate::store::{IndexEntry, IndexedRecord, RecordStore, Rotation, StoreError};

/// Answers what a Redis would answer, with an expiry that follows an injected clock. Clones share one content.
///
/// Each operation waits for one poll before it happens: polled again, it happens as a whole. Under an ordinary
/// runtime that is an ordinary store; under a scheduler it is every order of operations that there can be.
#[derive(Clone, Debug)]
pub struct MemoryStore(Arc<Mutex<Content>>);

/// What an operation found, for whoever tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Happened {
    /// A use was committed, or found committed; by which record, as a hash.
    Committed {
        won: bool,
        family_lives: bool,
        successor_used: bool,
        record: u64,
    },
    /// The first half of a commit that is not atomic: it looked whether there is one.
    Looked { used: bool },
    /// The family's life was extended, if it still had one.
    Touched { lives: bool },
    /// The family was ended.
    Ended,
    /// Anything else.
    Other,
}

#[derive(Clone, Debug)]
struct Content {
    clock: Clock,
    defect: Option<Defect>,
    records: BTreeMap<String, Kept>,
    indexes: BTreeMap<String, BTreeMap<String, i64>>,
    happened: Happened,
    writes: u64,
}

#[derive(Clone, Debug, Hash)]
struct Kept {
    value: Vec<u8>,
    until_ms: i64,
}

impl MemoryStore {
    /// An empty one, whose records expire by `clock`.
    pub fn new(clock: Clock) -> Self {
        Self::with(clock, None)
    }

    /// As [`new`](Self::new), with a mistake in it.
    pub(super) fn with(clock: Clock, defect: Option<Defect>) -> Self {
        Self(Arc::new(Mutex::new(Content {
            clock,
            defect,
            records: BTreeMap::new(),
            indexes: BTreeMap::new(),
            happened: Happened::Other,
            writes: 0,
        })))
    }

    /// One with the same content, on another clock.
    pub(super) fn copy(&self, clock: Clock) -> Self {
        let content = Content {
            clock,
            ..self.content().clone()
        };
        Self(Arc::new(Mutex::new(content)))
    }

    /// What the last operation found.
    pub(super) fn happened(&self) -> Happened {
        self.content().happened
    }

    /// How many operations have written.
    pub(super) fn writes(&self) -> u64 {
        self.content().writes
    }

    /// All that is in it.
    pub(super) fn hash_content(&self, state: &mut impl Hasher) {
        let content = self.content();
        (&content.records, &content.indexes).hash(state);
    }

    /// Whether there is a record at `key` now.
    pub(super) fn has(&self, key: &str) -> bool {
        self.content().holds(key).is_some()
    }

    /// The first half of a commit that is not atomic.
    fn look(&self, rotation_key: &str) -> Option<Vec<u8>> {
        let mut content = self.content();
        let found = content.read(rotation_key);
        content.happened = Happened::Looked {
            used: found.is_some(),
        };
        found
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn read(&self, key: &str) -> Option<Vec<u8>> {
        self.holds(key).map(|kept| kept.value.clone())
    }

    fn holds(&self, key: &str) -> Option<&Kept> {
        let now_ms = self.clock.now_ms();
        self.records.get(key).filter(|kept| now_ms < kept.until_ms)
    }

    fn write(&mut self, key: &str, value: &[u8], ttl: Duration) {
        let kept = Kept {
            value: value.to_vec(),
            until_ms: self.until(ttl),
        };
        self.records.insert(key.to_owned(), kept);
        self.writes += 1;
    }

    /// Never at once: the store's least lifetime is a millisecond.
    fn until(&self, ttl: Duration) -> i64 {
        self.clock.now_ms().saturating_add(millis(ttl).max(1))
    }
}

/// Waits for one poll.
async fn turn() {
    let mut asked = false;
    poll_fn(|context| {
        if asked {
            return Poll::Ready(());
        }
        asked = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl RecordStore for MemoryStore {
    async fn create_indexed(
        &self,
        record: &IndexedRecord<'_>,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        turn().await;
        let mut content = self.content();
        content.write(record.key, record.value, record.ttl);
        let first = IndexEntry {
            index_key: record.index_key,
            member: record.member,
        };
        for entry in std::iter::once(&first).chain(record.also_in) {
            let index = content
                .indexes
                .entry(entry.index_key.to_owned())
                .or_default();
            index.retain(|_, expires_at_ms| *expires_at_ms > record.now_ms);
            index.insert(entry.member.to_owned(), record.expires_at_ms);
        }
        content.happened = Happened::Other;
        let flags = record.flag_keys.iter();
        Ok(flags.map(|key| content.read(key)).collect())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        turn().await;
        let mut content = self.content();
        content.happened = Happened::Other;
        Ok(content.read(key))
    }

    async fn get_and_touch(
        &self,
        key: &str,
        idle: Duration,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        turn().await;
        let mut content = self.content();
        let value = content.read(key);
        if let Some(value) = &value {
            content.write(key, value, idle);
        }
        content.happened = Happened::Touched {
            lives: value.is_some(),
        };
        Ok(value)
    }

    async fn remove_indexed(
        &self,
        keys: &[&str],
        entries: &[IndexEntry<'_>],
    ) -> Result<u64, StoreError> {
        turn().await;
        let mut content = self.content();
        content.happened = Happened::Ended;
        if content.defect == Some(Defect::FamilyNotEnded) {
            return Ok(keys.len() as u64);
        }
        let mut were_there = 0;
        for key in keys {
            were_there += u64::from(content.holds(key).is_some());
            content.records.remove(*key);
        }
        for entry in entries {
            if let Some(index) = content.indexes.get_mut(entry.index_key) {
                index.remove(entry.member);
            }
        }
        content.writes += 1;
        Ok(were_there)
    }

    async fn rotate(
        &self,
        rotation_key: &str,
        record: &[u8],
        ttl: Duration,
        family_key: &str,
        successor_key: &str,
    ) -> Result<Rotation, StoreError> {
        turn().await;
        let defect = self.content().defect;
        let careless = defect == Some(Defect::NonAtomicRotation);
        let looked = careless.then(|| self.look(rotation_key));
        if careless {
            turn().await;
        }
        let mut content = self.content();
        let committed = looked.unwrap_or_else(|| content.read(rotation_key));
        let won = committed.is_none();
        if won {
            content.write(rotation_key, record, ttl);
        }
        let family = content.read(family_key);
        let successor_exists = content.read(successor_key).is_some();
        let record = committed.unwrap_or_else(|| record.to_vec());
        content.happened = Happened::Committed {
            won,
            family_lives: family.is_some(),
            successor_used: successor_exists,
            record: hash_of(&record),
        };
        Ok(Rotation {
            won,
            record,
            family,
            successor_exists,
        })
    }
}

fn hash_of(bytes: &[u8]) -> u64 {
    let mut state = DefaultHasher::new();
    bytes.hash(&mut state);
    state.finish()
}
