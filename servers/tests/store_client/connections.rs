//! The ways to a store: the same answers, over other connections.

use std::time::Duration;

use authbench_servers::store::{StartedStore, Store, StoreConnection, StoreOptions};

use crate::{LONG, plain, real, stores};

async fn connect(url: &str, way: &str) -> Store {
    let patient = Duration::from_secs(10);
    let options = StoreOptions {
        deadline: patient,
        response_timeout: patient,
        connection: way.parse().expect("a way"),
        ..StoreOptions::default()
    };
    Store::connect(url, options).await.expect("connected")
}

/// `INFO clients` of a store, less the connection that asks.
async fn clients(started: &StartedStore) -> usize {
    let mut plain = plain(started).await;
    let info: String = redis::cmd("INFO")
        .arg("clients")
        .query_async(&mut plain)
        .await
        .expect("answered");
    let count = info
        .lines()
        .find_map(|line| line.strip_prefix("connected_clients:"));
    count
        .and_then(|count| count.trim().parse::<usize>().ok())
        .expect("a count")
        - 1
}

#[tokio::test]
async fn more_operations_than_connections_wait_for_their_turn() {
    for (started, _store) in stores().await {
        let store = connect(started.url(), "pool=3").await;
        store.put("k", b"v", LONG).await.expect("put");
        let asked = (0..50).map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.get("k").await })
        });
        for answer in asked.collect::<Vec<_>>() {
            let answer = answer.await.expect("no panic");
            assert_eq!(answer, Ok(Some(b"v".to_vec())));
        }
        assert_eq!(store.counters().round_trips, 51);
    }
}

#[tokio::test]
async fn a_pool_has_as_many_connections_as_it_says() {
    for (started, _store) in real(stores().await) {
        let before = clients(&started).await;
        let store = connect(started.url(), "pool=7").await;
        store.put("k", b"v", LONG).await.expect("put");
        assert_eq!(clients(&started).await, before + 7);
        assert_eq!(
            "pool=7"
                .parse::<StoreConnection>()
                .map(|way| way.to_string()),
            Ok("pool=7".into())
        );
    }
}

/// An operation that is given up gives its connection back, and its late answer to nobody.
#[tokio::test]
async fn what_is_given_up_leaves_the_pool_whole() {
    for (started, _store) in stores().await {
        let store = connect(started.url(), "pool=1").await;
        for number in 0..20 {
            let key = format!("k{number}");
            store.put(&key, key.as_bytes(), LONG).await.expect("put");
            let given_up = tokio::time::timeout(Duration::ZERO, store.get("k0")).await;
            drop(given_up);
            let answer = store.get(&key).await;
            assert_eq!(answer, Ok(Some(key.into_bytes())));
        }
    }
}

#[tokio::test]
async fn a_unix_socket_leads_to_the_same_keys() {
    for (mut started, store) in stores().await {
        let by_socket = connect(started.unix_url(), "unix").await;
        store.put("k", b"v", LONG).await.expect("put");
        assert_eq!(by_socket.get("k").await, Ok(Some(b"v".to_vec())));
        let socket = started.unix_url().to_owned();
        let path = socket.trim_start_matches("redis+unix://");
        let path = path.split('?').next().expect("a path").to_owned();
        assert!(std::fs::metadata(&path).is_ok(), "{path}");
        started.stop();
        assert!(std::fs::metadata(&path).is_err(), "{path} is left behind");
    }
}
