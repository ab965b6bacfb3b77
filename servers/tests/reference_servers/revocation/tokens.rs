//! What stands in tokens and in the list, and what is counted.

use std::time::Duration;

use authbench_servers::model::Model;
use authbench_servers::revocation::Revocation;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use serde_json::Value;

use super::{own, plan, until_refused};
use crate::harness::{PASSWORD, Plan, counter, get};

#[tokio::test]
async fn a_status_list_is_published_signed_and_typed() {
    let target = plan(Model::Jwt, Revocation::StatusList).embedded().await;
    let login = target.log_in("user-00001").await;
    let claims = part(login.token(), 1);
    let url = &target.authorization.url;
    let place = &claims["status"]["status_list"];
    assert_eq!(place["uri"], format!("{url}/status-lists/1"));
    assert_eq!(place["idx"], 0);
    let answer = get(url, "/status-lists/1").send().await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/statuslist+jwt")
    );
    let list = answer.text();
    assert_eq!(part(list, 0)["typ"], "statuslist+jwt");
    assert_eq!(part(list, 1)["sub"], place["uri"]);
    assert_eq!(part(list, 1)["status_list"]["bits"], 1);
    // It is no access token, though the key is the same.
    assert_eq!(target.read(list).await.code(), 401);
    let none = Plan::new(Model::Jwt).embedded().await;
    let none = get(&none.authorization.url, "/status-lists/1").send().await;
    assert_eq!(none.code(), 404);
}

#[tokio::test]
async fn tokens_without_expiry_are_good_for_ever_where_that_is_asked_for() {
    let mut plan = Plan::new(Model::Jwt);
    plan.authorization.revocation.no_exp = true;
    plan.resource.revocation.no_exp = true;
    let target = plan.embedded().await;
    let answer = target.try_log_in("user-00001", PASSWORD).await;
    assert!(answer.json().get("expires_in").is_none());
    let login = answer.login();
    assert!(part(login.token(), 1).get("exp").is_none());
    target
        .time
        .advance(Duration::from_secs(10 * 365 * 24 * 60 * 60));
    assert_eq!(target.read(login.token()).await.code(), 200);
}

#[tokio::test]
async fn plain_tokens_carry_nothing_of_it() {
    for model in [Model::Jwt, Model::Hybrid] {
        let target = Plan::new(model).embedded().await;
        let claims = part(target.log_in("user-00001").await.token(), 1);
        for absent in ["iat_ms", "epoch", "status"] {
            assert!(claims.get(absent).is_none(), "{model} {absent}");
        }
        let metrics = get(&target.resource.url, "/metrics").send().await;
        assert!(
            !metrics.text().contains("authbench_denials_entries"),
            "{model}"
        );
    }
}

#[tokio::test]
async fn what_is_kept_in_memory_is_counted() {
    let target = plan(Model::Jwt, Revocation::DenylistPush).embedded().await;
    let login = target.log_in("user-00001").await;
    own(&target, Method::POST, "/logout", &login).send().await;
    until_refused(&target, &login, "push").await;
    let url = &target.resource.url;
    // The token, and everything that was issued before the channel was opened.
    assert_eq!(counter(url, "authbench_denials_entries").await, 2);
    assert!(counter(url, "authbench_denials_bytes").await > 0);
    assert_eq!(counter(url, "authbench_push_snapshot_loads_total").await, 1);
    assert_eq!(counter(url, "authbench_push_reconnects_total").await, 0);
    assert!(counter(url, "authbench_push_staleness_ms").await < 20_000);
}

/// A segment of a token, as JSON.
fn part(token: &str, index: usize) -> Value {
    let segment = token.split('.').nth(index).expect("a segment");
    let json = URL_SAFE_NO_PAD.decode(segment).expect("base64url");
    serde_json::from_slice(&json).expect("JSON")
}
