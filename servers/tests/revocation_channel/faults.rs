//! What happens to connections and stores.

use std::time::{Duration, Instant};

use authbench_servers::clock::Clock;
use authbench_servers::revocation::Denials;
use authbench_servers::revocation::{Ended, PushFail, Revocation, RevocationUnknown};
use authbench_servers::store::{StartedStore, Store, StoreKind, StoreOptions};
use redis::Client;

use crate::durable::DurableRedis;
use crate::relay::Relay;
use crate::{
    announce, eventually, follower, id, issuer, knows, presented, settings, token, until_known,
};

#[tokio::test]
async fn what_is_announced_is_known_to_all_who_follow() {
    for kind in StartedStore::kinds_here() {
        let store = StartedStore::start(kind).expect("a store");
        let announcer = issuer(store.url()).await;
        let followers = [follower(store.url()).await, follower(store.url()).await];
        let mut news = followers[0].subscribe();
        for number in 0..50 {
            announce(&announcer, &token(number)).await;
        }
        for denials in &followers {
            until_known(denials, 0..50).await;
            assert!(denials.is_current());
            assert!(!knows(denials, [50]));
            assert_eq!(denials.figures().snapshot_loads, 1);
        }
        let Ok(Ended::Token { id: first, .. }) = news.recv().await else {
            panic!("a token has ended");
        };
        assert_eq!(first, id(0));
    }
}

#[tokio::test]
async fn killed_connections_lose_nothing() {
    const ANNOUNCED: usize = 1_000;
    let Some(redis) = DurableRedis::start().await else {
        return;
    };
    let announcer = issuer(&redis.url).await;
    let denials = follower(&redis.url).await;
    let client = Client::open(redis.url.as_str()).expect("a URL");
    let mut killer = client
        .get_multiplexed_async_connection()
        .await
        .expect("connected");
    for number in 0..ANNOUNCED {
        if number % 100 == 50 {
            let kill = redis::cmd("CLIENT")
                .arg("KILL")
                .arg("TYPE")
                .arg("normal")
                .take();
            let _: usize = kill.query_async(&mut killer).await.expect("killed");
        }
        announce(&announcer, &token(number)).await;
    }
    until_known(&denials, 0..ANNOUNCED).await;
    let figures = denials.figures();
    assert!(figures.reconnects > 0, "{figures:?}");
    // It went on where it had been.
    assert_eq!(figures.snapshot_loads, 1);
}

/// Whenever a follower says that it is current, it knows what was acknowledged longer ago than the staleness allows.
#[tokio::test]
async fn who_is_cut_off_knows_it_in_time_and_catches_up() {
    const ANNOUNCED: usize = 1_200;
    let Some(redis) = DurableRedis::start().await else {
        return;
    };
    let relay = Relay::start(&redis.url).await;
    let announcer = issuer(&redis.url).await;
    let denials = follower(&relay.url).await;
    let staleness = settings(Revocation::DenylistPush).staleness;
    let mut acknowledged = Vec::with_capacity(ANNOUNCED);
    let check = |acknowledged: &[Instant]| {
        let now = Instant::now();
        if denials.check_current().is_ok() {
            let old = acknowledged
                .iter()
                .take_while(|at| now.duration_since(**at) > staleness);
            assert!(
                knows(&denials, 0..old.count()),
                "current, and does not know"
            );
        }
    };
    for round in 0..3 {
        relay.swallow();
        let swallowed = Instant::now();
        while acknowledged.len() < ANNOUNCED / 3 * (round + 1) {
            announce(&announcer, &token(acknowledged.len())).await;
            acknowledged.push(Instant::now());
            check(&acknowledged);
        }
        while denials.check_current().is_ok() {
            check(&acknowledged);
            assert!(
                swallowed.elapsed() < Duration::from_secs(20),
                "still current"
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(denials.check_current(), Err(RevocationUnknown::Stale));
        relay.pass_on();
        eventually("current again", async || {
            check(&acknowledged);
            denials.is_current()
        })
        .await;
        until_known(&denials, 0..acknowledged.len()).await;
    }
    assert!(denials.figures().reconnects > 0);
}

#[tokio::test]
async fn who_fails_open_goes_on_with_what_it_knows() {
    let Some(redis) = DurableRedis::start().await else {
        return;
    };
    let relay = Relay::start(&redis.url).await;
    let announcer = issuer(&redis.url).await;
    let store = Store::connect(&relay.url, StoreOptions::default())
        .await
        .expect("connected");
    let mut open = settings(Revocation::DenylistPush);
    open.fail = PushFail::Open;
    let denials = Denials::follow(&store, &open, Duration::ZERO, Clock::system()).await;
    announce(&announcer, &token(0)).await;
    until_known(&denials, 0..1).await;
    relay.swallow();
    eventually("it is stale", async || !denials.is_current()).await;
    announce(&announcer, &token(1)).await;
    assert_eq!(denials.check_current(), Ok(()));
    assert!(knows(&denials, [0]) && !knows(&denials, [1]));
}

#[tokio::test]
async fn a_store_that_keeps_its_data_loses_nothing() {
    const EACH: usize = 340;
    let Some(mut redis) = DurableRedis::start().await else {
        return;
    };
    let announcer = issuer(&redis.url).await;
    let denials = follower(&redis.url).await;
    let mut announced = 0;
    for _ in 0..3 {
        for _ in 0..EACH {
            announce(&announcer, &token(announced)).await;
            announced += 1;
        }
        redis.kill().await;
        eventually("it is stale", async || !denials.is_current()).await;
        redis.start_again().await;
        announce(&announcer, &token(announced)).await;
        announced += 1;
        until_known(&denials, 0..announced).await;
    }
    assert_eq!(denials.figures().snapshot_loads, 1);
    let newcomer = follower(&redis.url).await;
    until_known(&newcomer, 0..announced).await;
}

#[tokio::test]
async fn what_a_store_has_lost_is_announced_anew() {
    const BEFORE: usize = 1_500;
    for kind in StartedStore::kinds_here() {
        let mut store = StartedStore::start(kind).expect("a store");
        let announcer = issuer(store.url()).await;
        let denials = follower(store.url()).await;
        for number in 0..BEFORE {
            announce(&announcer, &token(number)).await;
        }
        until_known(&denials, 0..BEFORE).await;
        store.start_again().expect("started again");
        // Nothing is announced: the issuer notices by itself.
        eventually("current again", async || denials.is_current()).await;
        eventually("another history", async || {
            denials.figures().snapshot_loads == 2
        })
        .await;
        let newcomer = follower(store.url()).await;
        until_known(&newcomer, 0..BEFORE).await;
        announce(&announcer, &token(BEFORE)).await;
        for denials in [&denials, &newcomer] {
            until_known(denials, 0..BEFORE + 1).await;
        }
    }
}

/// The first announcement after the loss waits until everything before it stands again.
#[tokio::test]
async fn an_announcement_into_an_empty_store_is_acknowledged_with_all_before_it() {
    let mut store = StartedStore::start(StoreKind::Embedded).expect("a store");
    let announcer = issuer(store.url()).await;
    announce(&announcer, &token(0)).await;
    store.start_again().expect("started again");
    announce(&announcer, &token(1)).await;
    let newcomer = follower(store.url()).await;
    eventually("current", async || newcomer.is_current()).await;
    assert!(knows(&newcomer, 0..2));
}

#[tokio::test]
async fn without_any_history_nobody_knows_and_a_new_issuer_denies_what_was_before() {
    for kind in StartedStore::kinds_here() {
        let mut store = StartedStore::start(kind).expect("a store");
        let first = issuer(store.url()).await;
        let before = first.stamp();
        drop(first);
        // All is lost: the data, and the process that knew it.
        store.start_again().expect("started again");
        let denials = follower(store.url()).await;
        assert_eq!(denials.check_current(), Err(RevocationUnknown::Stale));
        let second = issuer(store.url()).await;
        eventually("current", async || denials.is_current()).await;
        let issued_at = |issued_at_ms| {
            let mut presented = presented("j");
            presented.issued_at_ms = issued_at_ms;
            presented
        };
        eventually("denied", async || denials.covers(&issued_at(before))).await;
        assert!(!denials.covers(&issued_at(second.stamp())));
    }
}

/// An issuer that starts again reads back what it had announced.
#[tokio::test]
async fn an_issuer_that_starts_again_continues() {
    for kind in StartedStore::kinds_here() {
        let mut store = StartedStore::start(kind).expect("a store");
        let first = issuer(store.url()).await;
        let denials = follower(store.url()).await;
        for number in 0..1_100 {
            announce(&first, &token(number)).await;
        }
        drop(first);
        let second = issuer(store.url()).await;
        announce(&second, &token(1_100)).await;
        until_known(&denials, 0..1_101).await;
        assert_eq!(denials.figures().snapshot_loads, 1);
        store.start_again().expect("started again");
        let newcomer = follower(store.url()).await;
        until_known(&newcomer, 0..1_101).await;
    }
}
