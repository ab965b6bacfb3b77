//! Beginning to follow while things end, and what is kept of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use authbench_servers::clock::Clock;
use authbench_servers::revocation::{Ended, Revocation};
use authbench_servers::store::StartedStore;

use crate::durable::DurableRedis;
use crate::{announce, eventually, follower, id, issuer, issuer_by, knows, token, until_known};

/// Whoever begins to follow knows at once all that was acknowledged before, and misses nothing of what comes meanwhile.
#[tokio::test]
async fn whoever_begins_in_the_middle_misses_nothing() {
    const ANNOUNCED: usize = 2_500;
    const FOLLOWERS: usize = 12;
    for kind in StartedStore::kinds_here() {
        let store = StartedStore::start(kind).expect("a store");
        let announcer = issuer(store.url()).await;
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let announcing = {
            let acknowledged = Arc::clone(&acknowledged);
            tokio::spawn(async move {
                for number in 0..ANNOUNCED {
                    announce(&announcer, &token(number)).await;
                    acknowledged.store(number + 1, SeqCst);
                }
                announcer
            })
        };
        let mut followers = Vec::new();
        for turn in 0..FOLLOWERS {
            let wanted = ANNOUNCED * turn / FOLLOWERS;
            eventually("announced", async || acknowledged.load(SeqCst) >= wanted).await;
            let before = acknowledged.load(SeqCst);
            let denials = follower(store.url()).await;
            if denials.is_current() {
                assert!(knows(&denials, 0..before), "current, and does not know");
            }
            followers.push(denials);
        }
        let _announcer = announcing.await.expect("no panic");
        for denials in &followers {
            until_known(denials, 0..ANNOUNCED).await;
            assert_eq!(denials.figures().snapshot_loads, 1);
        }
    }
}

/// Old entries leave the stream, and none that is needed does.
#[tokio::test]
async fn the_stream_is_bounded_by_what_is_still_needed() {
    const EACH: usize = 400;
    let Some(redis) = DurableRedis::start().await else {
        return;
    };
    let (clock, time) = Clock::manual(Clock::system().now_ms());
    let announcer = issuer_by(&redis.url, Revocation::DenylistPush, clock.clone()).await;
    let ended = |number: usize, life_ms: i64| Ended::Token {
        id: id(number),
        expires_at_ms: clock.now_ms() + life_ms,
    };
    for number in 0..EACH {
        announce(&announcer, &ended(number, 1_000)).await;
    }
    time.advance(Duration::from_secs(3_600));
    for number in EACH..2 * EACH {
        announce(&announcer, &ended(number, 86_400_000)).await;
    }
    let client = redis::Client::open(redis.url.as_str()).expect("a URL");
    let mut connection = client
        .get_multiplexed_async_connection()
        .await
        .expect("connected");
    let length: usize = redis::cmd("XLEN")
        .arg("authbench:announcements")
        .query_async(&mut connection)
        .await
        .expect("a stream");
    // Whole nodes of a hundred entries only are dropped.
    assert!((EACH..EACH + 200).contains(&length), "{length}");
    let newcomer = follower(&redis.url).await;
    until_known(&newcomer, EACH..2 * EACH).await;
}
