//! The store in memory answers what the others answer.

use std::time::Duration;

use authbench_servers::clock::{Clock, ManualTime};
use authbench_servers::rotation::interleavings::memory::MemoryStore;
use authbench_servers::store::{
    IndexEntry, IndexedRecord, RecordStore, Rotation, StartedStore, Store, StoreOptions,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::task::JoinSet;

const LONG: Duration = Duration::from_secs(600);
const NOW_MS: i64 = 1_795_000_000_000;
const KEYS: [&str; 4] = ["family", "family.1", "family.2", "family.3"];

fn memory() -> (MemoryStore, ManualTime) {
    let (clock, time) = Clock::manual(NOW_MS);
    (MemoryStore::new(clock), time)
}

async fn connect(started: &StartedStore) -> Store {
    let patient = Duration::from_secs(10);
    let options = StoreOptions {
        deadline: patient,
        response_timeout: patient,
        ..StoreOptions::default()
    };
    Store::connect(started.url(), options)
        .await
        .expect("connected")
}

/// What an operation answered.
#[derive(Debug, PartialEq)]
enum Answer {
    Created(Vec<Option<Vec<u8>>>),
    Record(Option<Vec<u8>>),
    Removed(u64),
    Rotated(Rotation),
}

/// One operation, drawn; the same draws give the same operation on any store.
async fn operate(store: &impl RecordStore, random: &mut ChaCha8Rng) -> Answer {
    let key = KEYS[random.random_range(0..KEYS.len())];
    let other = KEYS[random.random_range(0..KEYS.len())];
    let value = [random.random_range(b'a'..=b'z')];
    match random.random_range(0..5) {
        0 => {
            let record = IndexedRecord {
                key,
                value: &value,
                ttl: LONG,
                index_key: "index",
                member: key,
                also_in: &[IndexEntry {
                    index_key: "other index",
                    member: key,
                }],
                expires_at_ms: NOW_MS + 600_000,
                now_ms: NOW_MS,
                flag_keys: &[other],
            };
            Answer::Created(store.create_indexed(&record).await.expect("answered"))
        }
        1 => Answer::Record(store.get(key).await.expect("answered")),
        2 => Answer::Record(store.get_and_touch(key, LONG).await.expect("answered")),
        3 => {
            let (index_key, member) = ("index", key);
            let entries = [IndexEntry { index_key, member }];
            let keys = [key, other];
            let removed = store.remove_indexed(&keys, &entries).await;
            Answer::Removed(removed.expect("answered"))
        }
        _ => {
            let rotation = store.rotate(key, &value, LONG, "family", other);
            Answer::Rotated(rotation.await.expect("answered"))
        }
    }
}

#[tokio::test]
async fn a_thousand_operations_have_the_same_answers_as_on_every_other_store() {
    for kind in StartedStore::kinds_here() {
        let started = StartedStore::start(kind).expect("the store starts");
        let store = connect(&started).await;
        let (memory, _) = memory();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for number in 0..1_000 {
            let theirs = operate(&store, &mut random.clone()).await;
            let ours = operate(&memory, &mut random).await;
            assert_eq!(ours, theirs, "operation {number} on {kind:?}");
        }
    }
}

#[tokio::test]
async fn of_a_hundred_concurrent_rotations_one_wins_and_all_see_its_record() {
    let (memory, _) = memory();
    let mut calls = JoinSet::new();
    for call in 0..100 {
        let memory = memory.clone();
        calls.spawn(async move {
            let record = format!("record of {call}").into_bytes();
            let rotation = memory
                .rotate("rotation", &record, LONG, "family", "successor")
                .await;
            (record, rotation.expect("memory answers"))
        });
    }
    let outcomes = calls.join_all().await;
    let winners: Vec<_> = outcomes.iter().filter(|(_, one)| one.won).collect();
    assert_eq!(winners.len(), 1);
    assert!(outcomes.iter().all(|(_, one)| one.record == winners[0].0));
}

/// A record ends when it was told to, unless it is touched, on every store.
#[tokio::test]
async fn records_end_and_touching_them_keeps_them() {
    let brief = Duration::from_millis(400);
    for kind in StartedStore::kinds_here() {
        let started = StartedStore::start(kind).expect("the store starts");
        let store = connect(&started).await;
        let sleep = async |ms| tokio::time::sleep(Duration::from_millis(ms)).await;
        assert_ends_in_time(&store, brief, sleep).await;
    }
    let (memory, time) = memory();
    let advance = async |ms| time.advance(Duration::from_millis(ms));
    assert_ends_in_time(&memory, brief, advance).await;
}

async fn assert_ends_in_time(
    store: &impl RecordStore,
    brief: Duration,
    pass_ms: impl AsyncFn(u64),
) {
    let rotate = async |key: &str, ttl| {
        let rotated = store.rotate(key, b"r", ttl, "none", "none").await;
        rotated.expect("answered").won
    };
    assert!(rotate("touched", brief).await);
    assert!(rotate("left", brief).await);
    let touched = store.get_and_touch("touched", LONG).await;
    assert_eq!(touched.expect("answered"), Some(b"r".to_vec()));
    pass_ms(800).await;
    assert!(!rotate("touched", brief).await);
    assert!(rotate("left", brief).await);
}
