//! The index of a user's records, and the races that it settles.

use std::thread;
use std::time::Duration;

use authbench_servers::store::{
    INDEX_LIFETIME, IndexEntry, IndexedRecord, StartedStore, StoreError,
};
use redis::AsyncCommands;
use tokio::runtime;

use crate::{LONG, NOW_MS, connect, entry, nowhere_else, plain, real, record, stores};

#[tokio::test]
async fn an_index_names_the_records_soonest_to_expire_first() {
    for (_started, store) in stores().await {
        for (name, expires_at_ms) in [("later", NOW_MS + 2_000), ("sooner", NOW_MS + 1_000)] {
            assert_eq!(
                store
                    .create_indexed(&record(name, expires_at_ms, NOW_MS))
                    .await,
                Ok(vec![None])
            );
        }
        assert_eq!(
            store.members("index").await,
            Ok(vec!["sooner".into(), "later".into()])
        );
        assert_eq!(
            store.members_with_expiry("index", 10).await,
            Ok(vec![
                ("sooner".into(), NOW_MS + 1_000),
                ("later".into(), NOW_MS + 2_000)
            ])
        );
        assert_eq!(
            store.remove_indexed(&["sooner"], &[entry("sooner")]).await,
            Ok(1)
        );
        assert_eq!(
            store.remove_indexed(&["sooner"], &[entry("sooner")]).await,
            Ok(0)
        );
        assert_eq!(store.members("index").await, Ok(vec!["later".into()]));
        assert_eq!(store.members("nobody").await, Ok(vec![]));
    }
}

#[tokio::test]
async fn a_record_is_named_in_all_its_indexes_or_in_none() {
    for (_started, store) in stores().await {
        let also_in = [IndexEntry {
            index_key: "other",
            member: "user s",
        }];
        let created = IndexedRecord {
            also_in: &also_in,
            ..record("s", NOW_MS + 1_000, NOW_MS)
        };
        let names = |found: Vec<&str>| -> Result<Vec<String>, StoreError> {
            Ok(found.into_iter().map(str::to_owned).collect())
        };
        for ends_by_its_user in [true, false] {
            let flags = store.create_indexed(&created).await;
            assert_eq!(flags, Ok(vec![None]));
            assert_eq!(store.members("index").await, names(vec!["s"]));
            assert_eq!(store.members("other").await, names(vec!["user s"]));
            assert_eq!(store.last_expiry("other").await, Ok(Some(NOW_MS + 1_000)));
            if ends_by_its_user {
                let elsewhere = |member: &str| vec![("other".into(), format!("user {member}"))];
                let ended = store.end_all("index", str::to_owned, elsewhere).await;
                assert_eq!(ended, names(vec!["s"]));
            } else {
                let entries = [also_in[0], entry("s")];
                assert_eq!(store.remove_indexed(&["s"], &entries).await, Ok(1));
            }
            assert_eq!(store.members("index").await, names(vec![]));
            assert_eq!(store.members("other").await, names(vec![]));
            assert_eq!(store.last_expiry("other").await, Ok(None));
        }
    }
}

/// A user's URL may ask for RESP3, whose replies have other shapes.
#[tokio::test]
async fn an_index_reads_the_same_in_either_protocol() {
    for (started, store) in real(stores().await) {
        let url = format!("{}?protocol=resp3", started.url());
        let resp3 = connect(&url).await;
        store
            .create_indexed(&record("s", NOW_MS + 1_000, NOW_MS))
            .await
            .expect("created");
        assert_eq!(
            resp3.members_with_expiry("index", 10).await,
            Ok(vec![("s".into(), NOW_MS + 1_000)])
        );
        assert_eq!(
            resp3.end_all("index", str::to_owned, nowhere_else).await,
            Ok(vec!["s".into()])
        );
        assert!(
            resp3
                .rotate("r", b"r", LONG, "f", "n")
                .await
                .expect("answered")
                .won
        );
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

#[tokio::test]
async fn a_login_sees_the_flag_that_was_set_before_its_write() {
    for (_started, store) in stores().await {
        store.set_flag("disabled", b"since now").await.expect("set");
        let flag = store
            .create_indexed(&record("late", NOW_MS + 1_000, NOW_MS))
            .await;
        assert_eq!(flag, Ok(vec![Some(b"since now".to_vec())]));
    }
}

/// Whoever comes first, no session outlives the disabling of its account: either the login sees the flag and
/// takes its session back, or the disabling finds the session in the index.
#[tokio::test]
async fn no_session_survives_the_disabling_of_its_account_at_the_same_moment() {
    for (started, login_side) in stores().await {
        let admin_side = connect(started.url()).await;
        for round in 0..100 {
            let (index, flag) = (format!("index-{round}"), format!("disabled-{round}"));
            let login = async {
                let session = IndexedRecord {
                    index_key: &index,
                    flag_keys: &[&flag],
                    ..record("s", NOW_MS + 1_000, NOW_MS)
                };
                let flags = login_side.create_indexed(&session).await.expect("created");
                if flags[0].is_some() {
                    let entry = IndexEntry {
                        index_key: &index,
                        member: "s",
                    };
                    login_side
                        .remove_indexed(&["s"], &[entry])
                        .await
                        .expect("taken back");
                }
            };
            let disable = async {
                admin_side.set_flag(&flag, b"1").await.expect("set");
                admin_side
                    .end_all(&index, str::to_owned, nowhere_else)
                    .await
                    .expect("ended");
            };
            // Two connections, and either goes first in turn: both orders happen.
            if round % 2 == 0 {
                tokio::join!(login, disable);
            } else {
                tokio::join!(disable, login);
            }
            assert_eq!(login_side.get("s").await, Ok(None), "round {round}");
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
            store.end_all("index", str::to_owned, nowhere_else).await,
            Ok(vec!["a".into(), "b".into()])
        );
        assert_eq!(
            (store.get("a").await, store.get("b").await),
            (Ok(None), Ok(None))
        );
        assert_eq!(store.get("other").await, Ok(Some(b"v".to_vec())));
        assert_eq!(store.members("index").await, Ok(vec![]));
        assert_eq!(
            store.end_all("index", str::to_owned, nowhere_else).await,
            Ok(vec![])
        );
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
        assert_eq!(
            store.end_all("index", key_of, nowhere_else).await,
            Ok(vec!["old".into()])
        );
        assert_eq!(store.get("old").await, Ok(None));
        assert_eq!(store.get("new").await, Ok(Some(b"v".to_vec())));
        assert_eq!(store.members("index").await, Ok(vec!["new".into()]));
    }
}

/// Creates a record as another server would: over a connection of its own, on a runtime of its own.
fn create_elsewhere(started: &StartedStore, name: &str) {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = connect(started.url()).await;
        store
            .create_indexed(&record(name, NOW_MS + 2_000, NOW_MS))
            .await
            .expect("created");
    });
}

#[tokio::test]
async fn the_records_of_an_index_are_listed_with_what_is_left_of_their_life() {
    for (_started, store) in stores().await {
        assert_eq!(
            store.indexed_records("index", str::to_owned).await,
            Ok(Vec::new())
        );
        for (name, expires_at_ms) in [("b", NOW_MS + 2_000), ("a", NOW_MS + 1_000)] {
            store
                .create_indexed(&record(name, expires_at_ms, NOW_MS))
                .await
                .expect("created");
        }
        store.delete(&["b"]).await.expect("deleted");
        let before = store.counters().round_trips;
        let listed = store.indexed_records("index", str::to_owned).await;
        let listed = listed.expect("answered");
        assert_eq!(store.counters().round_trips - before, 2);
        assert_eq!(listed.len(), 1, "what is gone is left out");
        assert_eq!(
            (listed[0].member.as_str(), &listed[0].value[..]),
            ("a", &b"v"[..])
        );
        assert!(listed[0].expires_in <= LONG && listed[0].expires_in > LONG / 2);
    }
}

#[tokio::test]
async fn of_very_many_records_the_last_are_listed_and_all_are_rewritten() {
    for (_started, store) in stores().await {
        let names: Vec<String> = (0..300).map(|number| format!("r{number:03}")).collect();
        for (name, expires_at_ms) in names.iter().zip(NOW_MS + 1..) {
            store
                .create_indexed(&record(name, expires_at_ms, NOW_MS))
                .await
                .expect("created");
        }
        let listed = store.indexed_records("index", str::to_owned).await;
        let listed = listed.expect("answered");
        assert_eq!((listed.len(), listed[255].member.as_str()), (256, "r299"));
        let before = store.counters().round_trips;
        let change = |_: &[u8]| Some(b"new".to_vec());
        let rewritten = store.rewrite_indexed("index", str::to_owned, change).await;
        assert_eq!(rewritten, Ok(300));
        assert_eq!(store.counters().round_trips - before, 1 + 2 * 5);
        assert_eq!(store.get("r000").await, Ok(Some(b"new".to_vec())));
        assert_eq!(store.get("r299").await, Ok(Some(b"new".to_vec())));
    }
}

#[tokio::test]
async fn rewriting_brings_nothing_back_and_moves_no_expiry() {
    let short = Duration::from_millis(60);
    for (_started, store) in stores().await {
        for (name, ttl) in [("short", short), ("ended", LONG), ("kept", LONG)] {
            let created = IndexedRecord {
                ttl,
                ..record(name, NOW_MS + 1_000, NOW_MS)
            };
            store.create_indexed(&created).await.expect("created");
        }
        store.delete(&["ended"]).await.expect("deleted");
        let change = |record: &[u8]| (record == b"v").then(|| b"new".to_vec());
        let rewritten = store.rewrite_indexed("index", str::to_owned, change).await;
        assert_eq!(rewritten, Ok(2));
        assert_eq!(store.get("ended").await, Ok(None));
        tokio::time::sleep(short * 2).await;
        assert_eq!(store.get("short").await, Ok(None));
        assert_eq!(store.get("kept").await, Ok(Some(b"new".to_vec())));
    }
}

/// The record ends after it was read, and before the change is written.
#[tokio::test]
async fn a_record_that_ends_while_it_is_rewritten_stays_ended() {
    for (started, store) in stores().await {
        store
            .create_indexed(&record("s", NOW_MS + 1_000, NOW_MS))
            .await
            .expect("created");
        let change = |_: &[u8]| {
            thread::scope(|scope| scope.spawn(|| end_elsewhere(&started, "s")).join())
                .expect("no panic");
            Some(b"new".to_vec())
        };
        let rewritten = store.rewrite_indexed("index", str::to_owned, change).await;
        assert_eq!(rewritten, Ok(0));
        assert_eq!(store.get("s").await, Ok(None));
    }
}

/// Ends a record as another server would.
fn end_elsewhere(started: &StartedStore, name: &str) {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = connect(started.url()).await;
        let ended = store.remove_indexed(&[name], &[entry(name)]).await;
        assert_eq!(ended, Ok(1));
    });
}
