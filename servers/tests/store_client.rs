//! What the models call, over every kind of store.

use std::thread;
use std::time::Duration;

use authbench_servers::store::{
    INDEX_LIFETIME, IndexedRecord, StartedStore, Store, StoreError, StoreKind, StoreOptions,
};
use redis::{AsyncCommands, Client};
use tokio::runtime;
use tokio::task::JoinSet;

const LONG: Duration = Duration::from_secs(600);
const NOW_MS: i64 = 1_795_000_000_000;

#[tokio::test]
async fn a_record_is_put_read_and_deleted() {
    for (_started, store) in stores().await {
        assert_eq!(store.get("k").await, Ok(None));
        store.put("k", b"\0\xff\r\n", LONG).await.expect("put");
        assert_eq!(store.get("k").await, Ok(Some(b"\0\xff\r\n".to_vec())));
        assert_eq!(store.delete(&["k", "none"]).await, Ok(1));
        assert_eq!(store.delete(&[]).await, Ok(0));
        assert_eq!(store.get("k").await, Ok(None));
    }
}

#[tokio::test]
async fn a_record_ends_with_its_time_unless_touched() {
    for (_started, store) in stores().await {
        store
            .put("left", b"v", Duration::from_millis(20))
            .await
            .expect("put");
        store
            .put("sub-millisecond", b"v", Duration::from_micros(1))
            .await
            .expect("rounded up, not refused");
        store.put("touched", b"v", LONG).await.expect("put");
        assert_eq!(
            store
                .get_and_touch("touched", Duration::from_millis(20))
                .await,
            Ok(Some(b"v".to_vec()))
        );
        store.set_flag("flag", b"1").await.expect("set");
        tokio::time::sleep(Duration::from_millis(60)).await;
        for gone in ["left", "touched", "sub-millisecond"] {
            assert_eq!(store.get_and_touch(gone, LONG).await, Ok(None), "{gone}");
        }
        assert_eq!(store.get("flag").await, Ok(Some(b"1".to_vec())));
    }
}

#[tokio::test]
async fn an_index_names_the_records_soonest_to_expire_first() {
    for (_started, store) in stores().await {
        for (name, expires_at_ms) in [("later", NOW_MS + 2_000), ("sooner", NOW_MS + 1_000)] {
            assert_eq!(
                store
                    .create_indexed(&record(name, expires_at_ms, NOW_MS))
                    .await,
                Ok(None)
            );
        }
        assert_eq!(
            store.members("index").await,
            Ok(vec!["sooner".into(), "later".into()])
        );
        assert_eq!(
            store.members_with_expiry("index").await,
            Ok(vec![
                ("sooner".into(), NOW_MS + 1_000),
                ("later".into(), NOW_MS + 2_000)
            ])
        );
        assert_eq!(
            store.remove_indexed("sooner", "index", "sooner").await,
            Ok(true)
        );
        assert_eq!(
            store.remove_indexed("sooner", "index", "sooner").await,
            Ok(false)
        );
        assert_eq!(store.members("index").await, Ok(vec!["later".into()]));
        assert_eq!(store.members("nobody").await, Ok(vec![]));
    }
}

#[tokio::test]
async fn an_addition_drops_entries_that_are_past() {
    for (_started, store) in stores().await {
        for (name, expires_at_ms, now_ms) in [
            ("past", NOW_MS + 10, NOW_MS),
            ("lives", NOW_MS + 2_000, NOW_MS),
            ("new", NOW_MS + 3_000, NOW_MS + 10),
        ] {
            store
                .create_indexed(&record(name, expires_at_ms, now_ms))
                .await
                .expect("created");
        }
        assert_eq!(
            store.members("index").await,
            Ok(vec!["lives".into(), "new".into()])
        );
    }
}

#[tokio::test]
async fn a_login_sees_the_flag_that_was_set_before_its_write() {
    for (_started, store) in stores().await {
        store.set_flag("disabled", b"since now").await.expect("set");
        let flag = store
            .create_indexed(&record("late", NOW_MS + 1_000, NOW_MS))
            .await;
        assert_eq!(flag, Ok(Some(b"since now".to_vec())));
    }
}

/// Whoever comes first, no session outlives the disabling of its account: either the login sees the flag and
/// takes its session back, or the disabling finds the session in the index.
#[tokio::test]
async fn no_session_survives_the_disabling_of_its_account_at_the_same_moment() {
    for (_started, store) in stores().await {
        for round in 0..50 {
            let (index, flag) = (format!("index-{round}"), format!("disabled-{round}"));
            let login = async {
                let created = IndexedRecord {
                    index_key: &index,
                    flag_key: &flag,
                    ..record("s", NOW_MS + 1_000, NOW_MS)
                };
                if store
                    .create_indexed(&created)
                    .await
                    .expect("created")
                    .is_some()
                {
                    store
                        .remove_indexed("s", &index, "s")
                        .await
                        .expect("taken back");
                }
            };
            let disable = async {
                store.set_flag(&flag, b"1").await.expect("set");
                store.end_all(&index, str::to_owned).await.expect("ended");
            };
            tokio::join!(login, disable);
            assert_eq!(store.get("s").await, Ok(None));
        }
    }
}

#[tokio::test]
async fn ending_all_records_of_an_index_ends_exactly_those() {
    for (_started, store) in stores().await {
        for name in ["a", "b"] {
            store
                .create_indexed(&record(name, NOW_MS + 1_000, NOW_MS))
                .await
                .expect("created");
        }
        store.put("other", b"v", LONG).await.expect("put");
        assert_eq!(
            store.end_all("index", str::to_owned).await,
            Ok(vec!["a".into(), "b".into()])
        );
        assert_eq!(
            (store.get("a").await, store.get("b").await),
            (Ok(None), Ok(None))
        );
        assert_eq!(store.get("other").await, Ok(Some(b"v".to_vec())));
        assert_eq!(store.members("index").await, Ok(vec![]));
        assert_eq!(store.end_all("index", str::to_owned).await, Ok(vec![]));
    }
}

/// The members are read, then ended. What is created between the two must keep its entry; here the creation is
/// forced into that gap, by the function that names the keys.
#[tokio::test]
async fn a_record_created_while_all_are_ended_keeps_its_entry() {
    for (started, store) in stores().await {
        store
            .create_indexed(&record("old", NOW_MS + 1_000, NOW_MS))
            .await
            .expect("created");
        let key_of = |member: &str| {
            thread::scope(|scope| scope.spawn(|| create_elsewhere(&started, "new")).join())
                .expect("no panic");
            member.to_owned()
        };
        assert_eq!(store.end_all("index", key_of).await, Ok(vec!["old".into()]));
        assert_eq!(store.get("old").await, Ok(None));
        assert_eq!(store.get("new").await, Ok(Some(b"v".to_vec())));
        assert_eq!(store.members("index").await, Ok(vec!["new".into()]));
    }
}

#[tokio::test]
async fn of_a_hundred_concurrent_rotations_one_wins_and_all_see_its_record() {
    for (_started, store) in stores().await {
        store.put("family", b"lives", LONG).await.expect("put");
        let mut calls = JoinSet::new();
        for call in 0..100 {
            let store = store.clone();
            let record = format!("record of {call}").into_bytes();
            calls.spawn(async move {
                let rotation = store
                    .rotate("rotation", &record, LONG, "family", "successor")
                    .await;
                (record, rotation.expect("the store answers"))
            });
        }
        let outcomes = calls.join_all().await;
        let winners: Vec<_> = outcomes
            .iter()
            .filter(|(_, rotation)| rotation.won)
            .collect();
        assert_eq!(winners.len(), 1);
        let committed = &winners[0].0;
        assert!(
            outcomes
                .iter()
                .all(|(_, rotation)| rotation.record == *committed)
        );
        assert!(
            outcomes
                .iter()
                .all(|(_, rotation)| rotation.family.as_deref() == Some(b"lives"))
        );
        assert!(
            outcomes
                .iter()
                .all(|(_, rotation)| !rotation.successor_exists)
        );
    }
}

#[tokio::test]
async fn a_rotation_tells_whether_the_family_lives_and_the_successor_was_used() {
    for (_started, store) in stores().await {
        let first = store
            .rotate("family.1", b"r1", LONG, "family", "family.2")
            .await
            .expect("answered");
        assert_eq!(
            (first.won, first.family, first.successor_exists),
            (true, None, false)
        );
        store
            .rotate("family.2", b"r2", LONG, "family", "family.3")
            .await
            .expect("answered");
        let replay = store
            .rotate("family.1", b"other", LONG, "family", "family.2")
            .await
            .expect("answered");
        assert_eq!(
            (replay.won, replay.record, replay.successor_exists),
            (false, b"r1".to_vec(), true)
        );
    }
}

#[tokio::test]
async fn a_refusal_is_told_from_a_transaction_applied_in_part() {
    for (_started, store) in stores().await {
        store
            .put("index", b"not an index", LONG)
            .await
            .expect("put");
        let refused = store
            .members("index")
            .await
            .expect_err("a string is no index");
        assert_eq!(
            refused,
            StoreError::Refused {
                operation: "members",
                code: "WRONGTYPE".into()
            }
        );
        let in_part = store
            .create_indexed(&record("s", NOW_MS + 1_000, NOW_MS))
            .await
            .expect_err("no index");
        assert!(
            matches!(
                in_part,
                StoreError::Unknown {
                    operation: "create_indexed",
                    ..
                }
            ),
            "{in_part:?}"
        );
        assert_eq!(
            store.get("s").await,
            Ok(Some(b"v".to_vec())),
            "Redis does not roll back"
        );
    }
}

#[tokio::test]
async fn every_key_stands_behind_the_prefix() {
    for (started, store) in stores().await {
        let options = StoreOptions {
            prefix: "elsewhere:".into(),
            ..StoreOptions::default()
        };
        let elsewhere = Store::connect(started.url(), options)
            .await
            .expect("connected");
        elsewhere.put("k", b"theirs", LONG).await.expect("put");
        assert_eq!(store.get("k").await, Ok(None));
        let mut plain = plain(&started).await;
        assert_eq!(
            plain.get::<_, Option<String>>("elsewhere:k").await,
            Ok(Some("theirs".to_owned()))
        );
        store.put("k", b"ours", LONG).await.expect("put");
        assert_eq!(
            plain.get::<_, Option<String>>("authbench:k").await,
            Ok(Some("ours".to_owned()))
        );
    }
}

/// Exact counts are what reports compare without noise, so they are checked against Redis's own.
#[tokio::test]
async fn commands_are_counted_as_redis_counts_them() {
    for (started, store) in real(stores().await) {
        let mut plain = plain(&started).await;
        let before = (processed(&mut plain).await, store.counters());
        store.put("k", b"v", LONG).await.expect("put");
        store.get_and_touch("k", LONG).await.expect("touched");
        store
            .create_indexed(&record("s", NOW_MS + 1_000, NOW_MS))
            .await
            .expect("created");
        store
            .rotate("r", b"r", LONG, "f", "n")
            .await
            .expect("rotated");
        store.end_all("index", str::to_owned).await.expect("ended");
        let after = (processed(&mut plain).await, store.counters());
        // One of those that Redis counted is the first question itself.
        assert_eq!(after.0 - before.0 - 1, after.1.commands - before.1.commands);
        assert_eq!(
            after.1.commands - before.1.commands,
            1 + 1 + 7 + 6 + (1 + 4)
        );
        assert_eq!(
            after.1.round_trips - before.1.round_trips,
            1 + 1 + 1 + 1 + 2
        );
        assert_eq!(
            after.1.latency_buckets.iter().sum::<u64>(),
            after.1.round_trips
        );
        assert_eq!(after.1.failures, 0);
    }
}

#[tokio::test]
async fn an_index_outlives_its_longest_record_whatever_was_added_last() {
    for (started, store) in real(stores().await) {
        let mut plain = plain(&started).await;
        for (name, ttl) in [
            ("long", INDEX_LIFETIME),
            ("short", Duration::from_millis(1)),
        ] {
            let created = IndexedRecord {
                ttl,
                ..record(name, NOW_MS + ttl.as_millis() as i64, NOW_MS)
            };
            store.create_indexed(&created).await.expect("created");
            let lives: i64 = plain.pttl("authbench:index").await.expect("answered");
            assert!(
                lives > INDEX_LIFETIME.as_millis() as i64 - 60_000,
                "{name}: {lives} ms"
            );
        }
    }
}

fn record(name: &str, expires_at_ms: i64, now_ms: i64) -> IndexedRecord<'_> {
    IndexedRecord {
        key: name,
        value: b"v",
        ttl: LONG,
        index_key: "index",
        member: name,
        expires_at_ms,
        now_ms,
        flag_key: "disabled",
    }
}

/// Creates a record as another server would: over a connection of its own, on a runtime of its own.
fn create_elsewhere(started: &StartedStore, name: &str) {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = Store::connect(started.url(), StoreOptions::default())
            .await
            .expect("connected");
        store
            .create_indexed(&record(name, NOW_MS + 2_000, NOW_MS))
            .await
            .expect("created");
    });
}

/// A fresh store of every kind there is here, and a client of each.
async fn stores() -> Vec<(StartedStore, Store)> {
    let mut stores = Vec::new();
    for kind in StartedStore::kinds_here() {
        let started = StartedStore::start(kind).expect("the store starts");
        // These tests ask what is answered, not how fast: a busy machine must not fail them.
        let patient = Duration::from_secs(10);
        let options = StoreOptions {
            deadline: patient,
            response_timeout: patient,
            ..StoreOptions::default()
        };
        let store = Store::connect(started.url(), options)
            .await
            .expect("connected");
        stores.push((started, store));
    }
    stores
}

fn real(stores: Vec<(StartedStore, Store)>) -> impl Iterator<Item = (StartedStore, Store)> {
    stores
        .into_iter()
        .filter(|(started, _)| started.description().kind != StoreKind::Embedded)
}

/// A connection that knows nothing of prefixes.
async fn plain(started: &StartedStore) -> redis::aio::MultiplexedConnection {
    let client = Client::open(started.url()).expect("a Redis URL");
    client
        .get_multiplexed_async_connection()
        .await
        .expect("connected")
}

async fn processed(plain: &mut redis::aio::MultiplexedConnection) -> u64 {
    let stats: String = redis::cmd("INFO")
        .arg("stats")
        .query_async(plain)
        .await
        .expect("answered");
    let count = stats
        .lines()
        .find_map(|line| line.strip_prefix("total_commands_processed:"));
    count
        .expect("Redis counts commands")
        .parse()
        .expect("a number")
}
