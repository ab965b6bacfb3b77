//! Sessions that a server remembers for a while: fewer look-ups, and so much lag.

use std::time::Duration;

use authbench_servers::clock::Clock;
use authbench_servers::model::{Model, SessionState};
use authbench_servers::resource::{self, ResourceSettings, ResourceWiring};
use authbench_servers::store::{StartedStore, StoreKind};
use hyper::Method;
use tokio::time::sleep;

use crate::harness::{Call, Plan, Target, counter};

const LOCAL_CACHE: Duration = Duration::from_secs(2);

fn plan(model: Model) -> Plan {
    let mut plan = Plan::new(model);
    match model {
        Model::Gateway => plan.gateway.local_cache = LOCAL_CACHE,
        _ => plan.resource.local_cache = LOCAL_CACHE,
    }
    plan
}

async fn looked_up(target: &Target) -> u64 {
    counter(target.entrance(), "authbench_store_round_trips_total").await
}

#[tokio::test]
async fn a_remembered_session_is_good_for_the_stated_time_after_its_end_and_no_longer() {
    for kind in StartedStore::kinds_here() {
        for model in [Model::Session, Model::Gateway] {
            let target = plan(model).start(kind).await;
            let login = target.log_in("user-00001").await;
            let before = looked_up(&target).await;
            for _ in 0..5 {
                assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
            }
            assert_eq!(looked_up(&target).await - before, 1, "{model}");
            target.log_out(login.cookie()).await;
            target.time.advance(LOCAL_CACHE - Duration::from_millis(1));
            assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
            target.time.advance(Duration::from_millis(1));
            assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 401);
        }
    }
}

/// Somebody who is refused and then logs in must not be kept out; a new session has a new id, so
/// what is tested is that nothing but good sessions takes up room.
#[tokio::test]
async fn refusals_are_not_remembered() {
    let target = plan(Model::Session).embedded().await;
    let before = looked_up(&target).await;
    let unknown = format!("__Host-session={}", "A".repeat(43));
    for _ in 0..3 {
        assert_eq!(target.read_with_cookie(&unknown).await.code(), 401);
    }
    assert_eq!(looked_up(&target).await - before, 3);
}

#[tokio::test]
async fn a_remembered_session_still_needs_the_token_to_change_anything_and_still_ends_in_time() {
    let target = plan(Model::Session).embedded().await;
    let login = target.log_in("user-00001").await;
    assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
    let post = || {
        Call::new(target.entrance(), Method::POST, "/resource")
            .header("cookie", login.cookie())
            .header("sec-fetch-site", "same-origin")
    };
    assert_eq!(post().send().await.code(), 403);
    let token = login.csrf_token.as_deref().expect("a token");
    let with_token = post().header("x-csrf-token", token).send().await;
    assert_eq!(with_token.code(), 200);
    // Past the absolute end, which falls into the time for which it is remembered.
    target
        .time
        .advance(Duration::from_millis(43_200_000 - 1_000));
    assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
    target.time.advance(Duration::from_secs(1));
    assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 401);
}

/// The store keeps idle time, and does not follow a test's clock: real time.
#[tokio::test]
async fn a_session_in_use_does_not_idle_out_while_it_is_remembered() {
    for kind in StartedStore::kinds_here() {
        let mut plan = Plan::new(Model::Session);
        plan.authorization.session_idle = Duration::from_secs(3);
        plan.resource.session_idle = Duration::from_secs(3);
        plan.resource.local_cache = Duration::from_millis(300);
        let target = plan.start(kind).await;
        let login = target.log_in("user-00001").await;
        let before = looked_up(&target).await;
        for _ in 0..20 {
            assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
            target.time.advance(Duration::from_millis(250));
            sleep(Duration::from_millis(250)).await;
        }
        let looked_up = looked_up(&target).await - before;
        assert_eq!(looked_up, 10, "every other request looks it up");
    }
}

#[tokio::test]
async fn what_cannot_be_remembered_is_said_at_the_start() {
    let store = StartedStore::start(StoreKind::Embedded).expect("a store");
    let start = async |settings: ResourceSettings| {
        let wiring = ResourceWiring {
            store_url: Some(authbench_servers::store::StoreUrl::new(store.url())),
            csrf_key: Some(authbench_servers::secret::Secret::new(
                authbench_servers::secret::random_id(),
            )),
            ..ResourceWiring::default()
        };
        let started = resource::start(settings, wiring, Clock::system()).await;
        started.expect_err("not possible").to_string()
    };
    let settings = |model| ResourceSettings {
        model,
        local_cache: LOCAL_CACHE,
        ..ResourceSettings::default()
    };
    let too_long = ResourceSettings {
        session_idle: LOCAL_CACHE,
        ..settings(Model::Session)
    };
    let told = start(too_long).await;
    assert!(
        told.contains("shorter than the idle time-out of 2s"),
        "{told}"
    );
    let nothing_looked_up = ResourceSettings {
        session_state: SessionState::Cookie,
        ..settings(Model::Session)
    };
    for settings in [
        nothing_looked_up,
        settings(Model::Jwt),
        settings(Model::Opaque),
        settings(Model::Gateway),
    ] {
        let told = start(settings).await;
        assert!(told.starts_with("remember sessions of"), "{told}");
    }
}
