//! JWT access tokens between an issuer and a resource server.

use std::time::Duration;

use authbench_servers::authorization::AUDIENCE;
use authbench_servers::client::Client;
use authbench_servers::jwt::algorithm::ALGORITHMS;
use authbench_servers::jwt::{Minter, SigningAlgorithm, SigningKey};
use authbench_servers::model::{Grant, Model};
use authbench_servers::roles::Roles;
use authbench_servers::scope::Scope;
use hyper::{Method, StatusCode};

use crate::fakes::FakeServer;
use crate::harness::{Call, Plan, Target, get};

fn plan(algorithm: SigningAlgorithm) -> Plan {
    let mut plan = Plan::new(Model::Jwt);
    plan.authorization.algorithm = algorithm;
    plan.resource.algorithm = algorithm;
    plan
}

async fn target() -> Target {
    plan(SigningAlgorithm::Es256).embedded().await
}

/// A target whose resource server has its keys from a fake issuer, and a way to sign for that.
async fn with_fake_issuer() -> (Target, FakeServer, Minter) {
    let minter = new_minter("http://issuer.test");
    let issuer = FakeServer::start(&minter.jwks(0), Duration::ZERO).await;
    let mut plan = plan(SigningAlgorithm::Es256);
    plan.resource.authorization_server = Some(issuer.url.clone());
    plan.resource.issuer = Some("http://issuer.test".into());
    (plan.embedded().await, issuer, minter)
}

fn new_minter(issuer: &str) -> Minter {
    let key = SigningKey::generate(SigningAlgorithm::Es256).expect("a key");
    Minter::new(key, issuer, AUDIENCE, Duration::from_secs(300))
}

fn mint(target: &Target, minter: &Minter) -> String {
    let grant = Grant {
        subject: "user-00001".into(),
        client: Client::App,
        scope: Scope::ALL,
        roles: Roles::NONE,
    };
    minter.mint(&grant, None, target.clock.now_ms())
}

#[tokio::test]
async fn every_algorithm_works_from_login_to_request() {
    for algorithm in ALGORITHMS {
        let target = plan(algorithm).embedded().await;
        let login = target.log_in("user-00001").await;
        for _ in 0..2 {
            let answer = target.read(login.token()).await;
            assert_eq!(
                (answer.code(), answer.text()),
                (200, r#"{"ok":true}"#),
                "{algorithm}"
            );
        }
    }
}

#[tokio::test]
async fn a_login_answers_as_rfc_6749_says() {
    let target = target().await;
    let answer = target
        .try_log_in("user-00001", crate::harness::PASSWORD)
        .await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let json = answer.json();
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["expires_in"], 300);
    assert_eq!(json["scope"], "read write");
}

#[tokio::test]
async fn a_token_ends_at_its_expiry_and_no_clock_brings_it_back() {
    let target = target().await;
    let token = target.log_in("user-00001").await;
    target.time.advance(Duration::from_secs(298));
    assert_eq!(target.read(token.token()).await.code(), 200);
    target.time.advance(Duration::from_secs(2));
    let refused = target.read(token.token()).await;
    assert_eq!(refused.code(), 401);
    assert_eq!(
        refused.header("www-authenticate"),
        Some("Bearer error=\"invalid_token\"")
    );
    target.time.set_back(Duration::from_secs(600));
    assert_eq!(target.read(token.token()).await.code(), 401);
}

#[tokio::test]
async fn scopes_are_demanded_by_method() {
    let target = target().await;
    let parameters = [
        ("username", "user-00001"),
        ("password", crate::harness::PASSWORD),
        ("scope", "read"),
    ];
    let login = target.form("/login", &parameters).send().await.login();
    assert_eq!(target.read(login.token()).await.code(), 200);
    let post = Call::new(&target.resource.url, Method::POST, "/resource");
    let post = post.bearer(login.token()).send().await;
    assert_eq!(post.code(), 403);
    assert_eq!(
        post.header("www-authenticate"),
        Some("Bearer error=\"insufficient_scope\", scope=\"write\"")
    );
}

#[tokio::test]
async fn a_logout_or_disabling_leaves_the_token_as_it_is_but_not_the_account() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let logout = Call::new(&target.authorization.url, Method::POST, "/logout");
    assert_eq!(logout.bearer(login.token()).send().await.code(), 204);
    assert_eq!(
        target.introspect(login.token()).await.json()["active"],
        true
    );
    target.disable("user-00001").await;
    assert_eq!(target.read(login.token()).await.code(), 200);
    // The issuer, which is asked, knows better than the resource server, which judges alone.
    assert_eq!(
        target.introspect(login.token()).await.text(),
        r#"{"active":false}"#
    );
    let refused = target
        .try_log_in("user-00001", crate::harness::PASSWORD)
        .await;
    assert_eq!(refused.error(), (401, "access_denied".into()));
    let forged = Call::new(&target.authorization.url, Method::POST, "/logout").bearer("a.b.c");
    assert_eq!(forged.send().await.code(), 401);
}

#[tokio::test]
async fn revoking_a_self_contained_token_is_told_to_be_impossible() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let parameters = [("token", login.token()), ("client_id", "app")];
    let answer = target.form("/revoke", &parameters).send().await;
    assert_eq!(answer.error(), (400, "unsupported_token_type".into()));
}

#[tokio::test]
async fn client_credentials_need_the_service() {
    let target = target().await;
    let call = || target.form("/token", &[("grant_type", "client_credentials")]);
    let secret = target.wiring.service_secret.expose().to_owned();
    let answer = call().basic("service", &secret).send().await;
    let token = answer.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert_eq!(target.read(&token).await.code(), 200);
    let wrong = call().basic("service", "wrong").send().await;
    assert_eq!(wrong.error(), (401, "invalid_client".into()));
    assert_eq!(
        wrong.header("www-authenticate"),
        Some("Basic realm=\"authbench\"")
    );
    let public = [("grant_type", "client_credentials"), ("client_id", "app")];
    let answer = target.form("/token", &public).send().await;
    assert_eq!(answer.error(), (400, "unauthorized_client".into()));
}

#[tokio::test]
async fn metadata_and_keys_are_published() {
    let target = target().await;
    let url = &target.authorization.url;
    let metadata = get(url, "/.well-known/oauth-authorization-server")
        .send()
        .await
        .json();
    assert_eq!(metadata["issuer"], url.as_str());
    assert_eq!(metadata["jwks_uri"], format!("{url}/jwks.json"));
    let jwks = get(url, "/jwks.json").send().await.json();
    assert_eq!(jwks["keys"][0]["alg"], "ES256");
    assert!(jwks["keys"][0].get("d").is_none());
}

#[tokio::test]
async fn unknown_keys_make_it_look_once_per_cool_down() {
    let (target, issuer, minter) = with_fake_issuer().await;
    assert_eq!(target.read(&mint(&target, &minter)).await.code(), 200);
    assert_eq!(issuer.count(), 1);
    target.time.advance(Duration::from_secs(30));
    for _ in 0..50 {
        let stranger = new_minter("http://issuer.test");
        let refused = target.read(&mint(&target, &stranger)).await;
        assert_eq!(refused.code(), 401);
    }
    assert_eq!(issuer.count(), 2);
}

#[tokio::test]
async fn a_new_key_is_found_after_the_cool_down_and_a_retired_one_is_gone() {
    let (target, issuer, old) = with_fake_issuer().await;
    let new = new_minter("http://issuer.test");
    issuer.answer(StatusCode::OK, &new.jwks(0));
    assert_eq!(target.read(&mint(&target, &new)).await.code(), 401);
    target.time.advance(Duration::from_secs(30));
    assert_eq!(target.read(&mint(&target, &new)).await.code(), 200);
    assert_eq!(target.read(&mint(&target, &old)).await.code(), 401);
}

#[tokio::test]
async fn a_withdrawn_key_is_good_for_the_maximum_age_at_most() {
    let (target, issuer, old) = with_fake_issuer().await;
    assert_eq!(target.read(&mint(&target, &old)).await.code(), 200);
    issuer.answer(StatusCode::OK, r#"{"keys":[]}"#);
    target.time.advance(Duration::from_secs(10 * 60));
    assert_eq!(target.read(&mint(&target, &old)).await.code(), 401);
}

#[tokio::test]
async fn old_keys_stay_in_use_while_the_issuer_is_away() {
    let (target, issuer, minter) = with_fake_issuer().await;
    issuer.answer(StatusCode::INTERNAL_SERVER_ERROR, "");
    target.time.advance(Duration::from_secs(10 * 60));
    for _ in 0..5 {
        assert_eq!(target.read(&mint(&target, &minter)).await.code(), 200);
    }
    assert_eq!(issuer.count(), 2);
}

#[tokio::test]
async fn another_issuers_token_is_refused_though_the_key_is_right() {
    let (target, issuer, _) = with_fake_issuer().await;
    let other = new_minter("http://other.test");
    issuer.answer(StatusCode::OK, &other.jwks(0));
    target.time.advance(Duration::from_secs(30));
    assert_eq!(target.read(&mint(&target, &other)).await.code(), 401);
}

#[tokio::test]
async fn without_any_keys_nobody_is_judged() {
    let issuer = FakeServer::start("not a key set", Duration::ZERO).await;
    let minter = new_minter("http://issuer.test");
    let mut plan = plan(SigningAlgorithm::Es256);
    plan.resource.authorization_server = Some(issuer.url.clone());
    plan.resource.issuer = Some("http://issuer.test".into());
    let target = plan.embedded().await;
    let token = mint(&target, &minter);
    for _ in 0..5 {
        let answer = target.read(&token).await;
        assert_eq!(
            (answer.code(), answer.header("retry-after")),
            (503, Some("1"))
        );
    }
    assert_eq!(issuer.count(), 1);
    issuer.answer(StatusCode::OK, &minter.jwks(0));
    target.time.advance(Duration::from_secs(1));
    assert_eq!(target.read(&token).await.code(), 200);
}
