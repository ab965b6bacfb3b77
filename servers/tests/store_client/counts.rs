//! What is counted, against Redis's own count.

use redis::aio::MultiplexedConnection;

use crate::{LONG, NOW_MS, nowhere_else, plain, real, record, stores};

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
        store
            .end_all("index", str::to_owned, nowhere_else)
            .await
            .expect("ended");
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

async fn processed(plain: &mut MultiplexedConnection) -> u64 {
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
