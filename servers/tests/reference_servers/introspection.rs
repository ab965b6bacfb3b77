//! Introspection (RFC 7662) from both sides.

use std::sync::Arc;
use std::time::Duration;

use authbench_servers::authorization::AUDIENCE;
use authbench_servers::clock::Clock;
use authbench_servers::http::upstream::Upstream;
use authbench_servers::introspection::IntrospectionClient;
use authbench_servers::introspection::cache::Introspection;
use authbench_servers::model::Model;
use authbench_servers::secret::Secret;
use authbench_servers::store::StartedStore;
use hyper::header::WWW_AUTHENTICATE;
use hyper::{Method, StatusCode};
use tokio::task::JoinSet;

use crate::fakes::FakeServer;
use crate::harness::{Call, Plan, Target, counter};

const INACTIVE: &str = r#"{"active":false}"#;
const ACTIVE: &str = r#"{"active":true,"scope":"read","sub":"user-00001"}"#;

async fn target() -> Target {
    Plan::new(Model::Opaque).embedded().await
}

/// A target whose resource server asks `server` instead of its own authorization server.
async fn asking(server: &FakeServer, cache: Duration) -> Target {
    let mut plan = Plan::new(Model::Opaque);
    plan.resource.authorization_server = Some(server.url.clone());
    plan.resource.introspection_cache = cache;
    plan.embedded().await
}

#[tokio::test]
async fn an_active_token_is_described_and_any_other_is_not() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let active = target.introspect(login.token()).await.json();
    assert_eq!(active["active"], true);
    assert_eq!(active["sub"], "user-00001");
    assert_eq!(active["client_id"], "app");
    assert_eq!(active["scope"], "read write");
    assert_eq!(active["aud"], AUDIENCE);
    assert_eq!(active["iss"], target.authorization.url.as_str());
    let unknown = "A".repeat(43);
    for token in ["unknown", &unknown, &login.token()[..42]] {
        assert_eq!(target.introspect(token).await.text(), INACTIVE);
    }
    target.time.advance(Duration::from_secs(300));
    assert_eq!(target.introspect(login.token()).await.text(), INACTIVE);
}

#[tokio::test]
async fn the_issuer_answers_for_its_jwts_too() {
    for model in [Model::Jwt, Model::Hybrid] {
        let target = Plan::new(model).embedded().await;
        let login = target.log_in("user-00001").await;
        let active = target.introspect(login.token()).await.json();
        assert_eq!(active["active"], true, "{model}");
        assert_eq!(active["sub"], "user-00001");
        let mut forged = login.token().to_owned();
        forged.truncate(forged.len() - 4);
        assert_eq!(target.introspect(&forged).await.text(), INACTIVE);
        target.time.advance(Duration::from_secs(300));
        assert_eq!(target.introspect(login.token()).await.text(), INACTIVE);
    }
}

#[tokio::test]
async fn only_the_resource_server_may_ask() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let call = || target.form("/introspect", &[("token", login.token())]);
    let anonymous = call().send().await;
    assert_eq!(anonymous.error(), (401, "invalid_client".into()));
    assert_eq!(
        anonymous.header(WWW_AUTHENTICATE),
        Some("Basic realm=\"authbench\"")
    );
    assert!(!anonymous.text().contains("active"));
    let public = [("token", login.token()), ("client_id", "app")];
    assert_eq!(target.form("/introspect", &public).send().await.code(), 401);
    let service = target.wiring.service_secret.expose();
    assert_eq!(call().basic("service", service).send().await.code(), 403);
    assert_eq!(
        call().basic("resource-server", "x").send().await.code(),
        401
    );
}

#[tokio::test]
async fn hints_do_not_matter_and_two_tokens_are_none() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let secret = target.wiring.introspection_secret.expose();
    let ask = |parameters: &[(&str, &str)]| {
        target
            .form("/introspect", parameters)
            .basic("resource-server", secret)
            .send()
    };
    let token = ("token", login.token());
    let hinted = ask(&[token, ("token_type_hint", "refresh_token")]).await;
    assert_eq!(hinted.json()["active"], true);
    for parameters in [vec![token, ("token", "b")], vec![("token", "")], vec![]] {
        let answer = ask(&parameters).await;
        assert_eq!(answer.error(), (400, "invalid_request".into()));
    }
}

#[tokio::test]
async fn what_ends_a_token_ends_it_at_once() {
    for kind in StartedStore::kinds_here() {
        let target = Plan::new(Model::Opaque).start(kind).await;
        let (revoked, left) = (
            target.log_in("user-00001").await,
            target.log_in("user-00001").await,
        );
        assert_eq!(target.read(revoked.token()).await.code(), 200);
        let by_another = [("token", revoked.token()), ("client_id", "app-2")];
        let answer = target.form("/revoke", &by_another).send().await;
        assert_eq!(answer.error(), (400, "invalid_grant".into()));
        assert_eq!(target.read(revoked.token()).await.code(), 200);
        let by_owner = [("token", revoked.token()), ("client_id", "app")];
        for _ in 0..2 {
            assert_eq!(target.form("/revoke", &by_owner).send().await.code(), 200);
            assert_eq!(target.read(revoked.token()).await.code(), 401);
        }
        let logout = Call::new(&target.authorization.url, Method::POST, "/logout");
        assert_eq!(logout.bearer(left.token()).send().await.code(), 204);
        assert_eq!(target.read(left.token()).await.code(), 401);
    }
}

#[tokio::test]
async fn without_a_cache_every_request_asks() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    for _ in 0..3 {
        target.read(login.token()).await;
    }
    let name = "authbench_introspections_total";
    assert_eq!(counter(&target.resource.url, name).await, 3);
    assert_eq!(counter(&target.authorization.url, name).await, 3);
}

#[tokio::test]
async fn a_cached_answer_is_used_for_its_time_and_no_longer() {
    let server = FakeServer::start(ACTIVE, Duration::ZERO).await;
    let target = asking(&server, Duration::from_secs(2)).await;
    assert_eq!(target.read("token").await.code(), 200);
    server.answer(StatusCode::OK, INACTIVE);
    target.time.advance(Duration::from_millis(1_999));
    assert_eq!(target.read("token").await.code(), 200);
    assert_eq!(target.read("another token").await.code(), 401);
    target.time.advance(Duration::from_millis(1));
    assert_eq!(target.read("token").await.code(), 401);
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn a_cached_answer_never_outlives_the_token() {
    let server = FakeServer::start(INACTIVE, Duration::ZERO).await;
    let target = asking(&server, Duration::from_secs(60)).await;
    let exp = target.clock.now_ms() / 1_000 + 5;
    server.answer(
        StatusCode::OK,
        &format!(r#"{{"active":true,"scope":"read","exp":{exp}}}"#),
    );
    assert_eq!(target.read("token").await.code(), 200);
    target.time.advance(Duration::from_secs(5));
    assert_eq!(target.read("token").await.code(), 401);
}

#[tokio::test]
async fn five_hundred_questions_about_one_token_are_one() {
    let server = FakeServer::start(ACTIVE, Duration::from_millis(100)).await;
    let upstream = Upstream::new(&server.url, None, Duration::from_secs(10)).expect("a URL");
    let client = IntrospectionClient::new(Arc::new(upstream), &Secret::new("s"), AUDIENCE);
    let (clock, _time) = Clock::manual(1_000_000);
    let introspection = Arc::new(Introspection::new(client, clock, Duration::from_secs(2)));
    let mut questions = JoinSet::new();
    for _ in 0..500 {
        let introspection = Arc::clone(&introspection);
        questions.spawn(async move {
            introspection
                .answer("token")
                .await
                .is_ok_and(|answer| answer.is_ok())
        });
    }
    assert!(questions.join_all().await.into_iter().all(|active| active));
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn only_a_clear_yes_lets_anybody_in_and_an_error_is_not_a_no() {
    let server = FakeServer::start(ACTIVE, Duration::ZERO).await;
    let target = asking(&server, Duration::ZERO).await;
    for (status, body, expected) in [
        (200, ACTIVE, 200),
        (200, r#"{"active":"true","scope":"read"}"#, 401),
        (200, r#"{"active":1,"scope":"read"}"#, 401),
        (200, r#"{"active":false,"active":true,"scope":"read"}"#, 401),
        (
            200,
            r#"{"active":true,"scope":"read","aud":"https://other.test"}"#,
            401,
        ),
        (200, "", 401),
        (200, r#"{"active":true}"#, 403),
        (500, ACTIVE, 503),
        (401, ACTIVE, 503),
        (302, ACTIVE, 503),
    ] {
        server.answer(StatusCode::from_u16(status).expect("a status"), body);
        let answer = target.read("token").await;
        assert_eq!(answer.code(), expected, "{status} {body}");
        assert_eq!(answer.header("retry-after").is_some(), expected == 503);
    }
}
