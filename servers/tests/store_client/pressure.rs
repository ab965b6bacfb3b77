//! What a store says of itself when its memory runs out.

use authbench_servers::store::Pressure;
use redis::aio::MultiplexedConnection;

use crate::{LONG, plain, real, stores};

/// Far more than the limit leaves room for.
const KEYS: usize = 200;
const KILOBYTES: usize = 64;

#[tokio::test]
async fn no_store_lost_anything_before_it_had_to() {
    for (started, store) in stores().await {
        store.put("k", b"v", LONG).await.expect("put");
        let counted = store.counters();
        assert_eq!(
            store.pressure().await,
            Some(Pressure {
                evicted_keys: 0,
                out_of_memory: 0
            }),
            "{:?}",
            started.description()
        );
        assert_eq!(store.counters(), counted, "asking is not an operation");
    }
}

#[tokio::test]
async fn keys_that_are_thrown_away_and_writes_that_are_refused_are_told_apart() {
    for (started, store) in real(stores().await) {
        let mut plain = plain(&started).await;
        fill(&store, "before").await;
        limit_memory(&mut plain, "allkeys-lru").await;
        fill(&store, "evicting").await;
        let evicting = store.pressure().await.expect("it tells");
        assert!(
            evicting.evicted_keys > 0 && evicting.out_of_memory == 0,
            "{evicting:?}"
        );

        limit_memory(&mut plain, "noeviction").await;
        fill(&store, "refusing").await;
        let refusing = store.pressure().await.expect("it tells");
        assert_eq!(refusing.evicted_keys, evicting.evicted_keys);
        assert!(refusing.out_of_memory > 0, "{refusing:?}");
    }
}

/// A limit at what is in use now.
async fn limit_memory(plain: &mut MultiplexedConnection, policy: &str) {
    let info: String = redis::cmd("INFO")
        .arg("memory")
        .query_async(plain)
        .await
        .expect("answered");
    let used = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"))
        .expect("a Redis says how much it uses");
    for (name, value) in [("maxmemory-policy", policy), ("maxmemory", used.trim())] {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg(name).arg(value);
        set.exec_async(plain).await.expect("settable");
    }
}

/// Whether each write is taken or refused is what the test asks afterwards.
async fn fill(store: &authbench_servers::store::Store, name: &str) {
    for number in 0..KEYS {
        let value = vec![0; KILOBYTES * 1024];
        let _ = store.put(&format!("{name}-{number}"), &value, LONG).await;
    }
}
