//! A signing key that is replaced, because it is compromised or because it is due.

use std::time::Duration;

use authbench_servers::jwt::SigningAlgorithm;
use authbench_servers::model::Model;
use hyper::Method;

use crate::harness::{Plan, Target, get};

const USER: &str = "user-00001";
const JWT: [Model; 2] = [Model::Jwt, Model::Hybrid];
const TTL: Duration = Duration::from_secs(10);
const STALE: Duration = Duration::from_secs(300);

/// Tokens outlive what is tested.
fn plan(model: Model) -> Plan {
    let mut plan = Plan::new(model);
    plan.authorization.access_ttl = Duration::from_secs(3_600);
    plan.resource.jwks_ttl = TTL;
    plan.resource.jwks_stale = STALE;
    plan
}

async fn kids(target: &Target) -> Vec<String> {
    let jwks = get(&target.authorization.url, "/jwks.json").send().await;
    let jwks = jwks.json();
    let keys = jwks["keys"].as_array().expect("keys").iter();
    keys.map(|key| key["kid"].as_str().expect("a kid").to_owned())
        .collect()
}

#[tokio::test]
async fn tokens_of_a_compromised_key_are_refused_within_the_life_of_the_key_set() {
    for model in JWT {
        let target = plan(model).embedded().await;
        let old = target.log_in(USER).await;
        assert_eq!(target.reads(&old).await, 200);
        let before = kids(&target).await;
        target.change(Method::POST, "/keys/rotate", &[]).await;
        let after = kids(&target).await;
        assert_eq!(after.len(), 1);
        assert!(!after.contains(&before[0]), "{model}: still published");
        assert!(!target.is_active(&old).await, "{model}: the issuer knows");
        assert_eq!(target.reads(&old).await, 200, "{model}: nobody looked yet");
        target.time.advance(TTL);
        assert_eq!(target.reads(&old).await, 401, "{model}");
        let new = target.log_in(USER).await;
        assert_eq!(target.reads(&new).await, 200, "{model}");
        if model == Model::Hybrid {
            let renewal = target.refresh(old.cookie()).send().await;
            assert_eq!(
                renewal.code(),
                200,
                "the refresh token was not signed with it"
            );
            assert_eq!(target.reads(&renewal.login()).await, 200);
        }
    }
}

/// Without a request that asks for it, on the machine's time.
#[tokio::test]
async fn key_sets_are_kept_fresh_behind_the_requests() {
    let mut plan = plan(Model::Jwt);
    plan.resource.jwks_ttl = Duration::from_millis(100);
    let target = plan.embedded().await;
    let old = target.log_in(USER).await;
    assert_eq!(target.reads(&old).await, 200);
    target.change(Method::POST, "/keys/rotate", &[]).await;
    // The servers' clock stands still, so that no key set ever looks old to a request.
    while target.reads(&old).await == 200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(target.reads(&old).await, 401);
}

#[tokio::test]
async fn a_key_that_is_due_stays_until_its_last_token_has_expired() {
    for model in JWT {
        let target = plan(model).embedded().await;
        let old = target.log_in(USER).await;
        let before = kids(&target).await;
        let graceful = [("graceful", "true")];
        target.change(Method::POST, "/keys/rotate", &graceful).await;
        let new = target.log_in(USER).await;
        let after = kids(&target).await;
        assert_eq!((after.len(), &after[1]), (2, &before[0]), "{model}");
        target.time.advance(TTL);
        for login in [&old, &new] {
            assert_eq!(target.reads(login).await, 200, "{model}");
            assert!(target.is_active(login).await, "{model}");
        }
        target.time.advance(Duration::from_secs(3_600));
        assert_eq!(kids(&target).await.len(), 1, "{model}");
        target.change(Method::POST, "/keys/rotate", &[]).await;
        let bad = [("graceful", "perhaps")];
        let answer = target.try_change(Method::POST, "/keys/rotate", &bad).await;
        assert_eq!(answer.error(), (400, "invalid_request".into()));
    }
}

#[tokio::test]
async fn every_algorithm_with_a_key_of_its_own_rotates_and_a_shared_secret_does_not() {
    for algorithm in [SigningAlgorithm::EdDsa, SigningAlgorithm::Ps256] {
        let mut plan = plan(Model::Jwt);
        plan.authorization.algorithm = algorithm;
        plan.resource.algorithm = algorithm;
        let target = plan.embedded().await;
        let old = target.log_in(USER).await;
        target.change(Method::POST, "/keys/rotate", &[]).await;
        target.time.advance(TTL);
        assert_eq!(target.reads(&old).await, 401, "{algorithm}");
        let new = target.log_in(USER).await;
        assert_eq!(target.reads(&new).await, 200, "{algorithm}");
    }
    let mut plan = plan(Model::Jwt);
    plan.authorization.algorithm = SigningAlgorithm::Hs256;
    plan.resource.algorithm = SigningAlgorithm::Hs256;
    let target = plan.embedded().await;
    let login = target.log_in(USER).await;
    let answer = target.try_change(Method::POST, "/keys/rotate", &[]).await;
    assert_eq!(answer.error(), (409, "shared_secret".into()));
    assert_eq!(target.reads(&login).await, 200);
}

#[tokio::test]
async fn where_nothing_is_signed_there_is_nothing_to_rotate() {
    for model in [Model::Session, Model::Opaque] {
        let target = Plan::new(model).embedded().await;
        let login = target.log_in(USER).await;
        target.change(Method::POST, "/keys/rotate", &[]).await;
        assert_eq!(target.reads(&login).await, 200, "{model}");
    }
}

#[tokio::test]
async fn keys_of_an_issuer_that_is_away_are_good_for_a_stated_time() {
    let target = plan(Model::Jwt).embedded().await;
    let login = target.log_in(USER).await;
    let read = || get(&target.resource.url, "/resource").bearer(login.token());
    target.authorization.shut_down().await;
    target.time.advance(STALE - Duration::from_secs(1));
    assert_eq!(read().send().await.code(), 200);
    target.time.advance(Duration::from_secs(1));
    let answer = read().send().await;
    assert_eq!(
        (answer.code(), answer.header("retry-after")),
        (503, Some("1"))
    );
}
