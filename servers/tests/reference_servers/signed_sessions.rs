//! Sessions whose state is in a signed cookie: what they cannot do is what is tested here.

use std::time::Duration;

use authbench_servers::entitlements::Entitlements;
use authbench_servers::model::{Model, SessionState};
use authbench_servers::secret::{Secret, random_id};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use hyper::header::SET_COOKIE;

use crate::harness::{Call, Login, PASSWORD, Plan, Target, counter, get};

fn plan() -> Plan {
    let mut plan = Plan::new(Model::Session);
    plan.authorization.session_state = SessionState::Cookie;
    plan.resource.session_state = SessionState::Cookie;
    plan
}

async fn target() -> Target {
    plan().embedded().await
}

fn post(target: &Target, login: &Login) -> Call {
    Call::new(target.entrance(), Method::POST, "/resource")
        .header("cookie", login.cookie())
        .header("sec-fetch-site", "same-origin")
}

#[tokio::test]
async fn the_cookie_says_who_it_is_and_no_request_costs_a_round_trip() {
    let target = target().await;
    let answer = target.try_log_in("user-00001", PASSWORD).await;
    let attributes = answer.header(SET_COOKIE).expect("a cookie");
    assert!(
        attributes.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"),
        "{attributes}"
    );
    let login = answer.login();
    let (content, _) = login.cookie_value().split_once('.').expect("two parts");
    let content = URL_SAFE_NO_PAD.decode(content).expect("base64url");
    let content: serde_json::Value = serde_json::from_slice(&content).expect("JSON");
    assert_eq!(content["sub"], "user-00001");
    assert_eq!(content["roles"], serde_json::json!(["writer"]));
    let asked = || {
        counter(
            &target.authorization.url,
            "authbench_store_round_trips_total",
        )
    };
    let before = asked().await;
    for _ in 0..3 {
        assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
    }
    assert_eq!(asked().await, before);
    let of_resource = counter(&target.resource.url, "authbench_store_round_trips_total");
    assert_eq!(of_resource.await, 0);
}

/// The negative control: after a logout, a disabling, a role that was taken away, the copy of the
/// cookie goes on until its end.
#[tokio::test]
async fn a_replayed_cookie_is_good_until_its_end_whatever_happens() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let token = login.csrf_token.as_deref().expect("a token");
    let logout = Call::new(&target.authorization.url, Method::POST, "/logout")
        .header("cookie", login.cookie())
        .send()
        .await;
    assert_eq!(logout.code(), 204);
    assert_eq!(
        logout.header(SET_COOKIE),
        Some("__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
    );
    let role = target.admin(Method::DELETE, "/accounts/user-00001/roles/writer");
    assert_eq!(role.await.code(), 204);
    target.disable("user-00001").await;
    assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
    let change = post(&target, &login).header("x-csrf-token", token);
    assert_eq!(change.send().await.code(), 200);
    target.time.advance(Duration::from_millis(43_200_000 - 1));
    assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
    target.time.advance(Duration::from_millis(1));
    assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 401);
}

/// The authorization server keeps the accounts, so it does know.
#[tokio::test]
async fn the_authorization_server_does_not_recognise_a_disabled_account() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let asks = || {
        get(&target.authorization.url, "/csrf-token")
            .header("cookie", login.cookie())
            .send()
    };
    assert_eq!(
        asks().await.json()["csrf_token"].as_str(),
        login.csrf_token.as_deref()
    );
    target.disable("user-00001").await;
    assert_eq!(asks().await.code(), 401);
}

#[tokio::test]
async fn a_change_needs_the_token_of_this_very_cookie() {
    let target = target().await;
    let (login, other) = (
        target.log_in("user-00001").await,
        target.log_in("user-00003").await,
    );
    let [own, others] = [&login, &other].map(|login| login.csrf_token.as_deref().expect("a token"));
    assert_eq!(post(&target, &login).send().await.code(), 403);
    let call = |token| post(&target, &login).header("x-csrf-token", token).send();
    assert_eq!(call(others).await.code(), 403);
    assert_eq!(call(own).await.code(), 200);
    let from_afar = Call::new(target.entrance(), Method::POST, "/resource")
        .header("cookie", login.cookie())
        .header("origin", "https://evil.test")
        .header("x-csrf-token", own);
    assert_eq!(from_afar.send().await.code(), 403);
}

#[tokio::test]
async fn what_the_servers_have_not_signed_is_nobodys() {
    let target = target().await;
    let login = target.log_in("user-00002").await;
    let (content, signature) = login.cookie_value().split_once('.').expect("two parts");
    let json = URL_SAFE_NO_PAD.decode(content).expect("base64url");
    let json = String::from_utf8(json).expect("UTF-8");
    let promoted = URL_SAFE_NO_PAD.encode(json.replace("user-00002", "user-00000"));
    for value in [
        format!("{promoted}.{signature}"),
        format!("{promoted}."),
        content.to_owned(),
        "A".repeat(43),
    ] {
        let cookie = format!("__Host-session={value}");
        assert_eq!(
            target.read_with_cookie(&cookie).await.code(),
            401,
            "{value}"
        );
    }
    let elsewhere = self::target().await;
    let answer = elsewhere.read_with_cookie(login.cookie()).await;
    assert_eq!(answer.code(), 401, "signed with the key of other servers");
}

#[tokio::test]
async fn a_session_that_no_browser_would_keep_is_not_opened() {
    let mut plan = plan();
    plan.authorization.entitlements = Entitlements::of_size(4_096).expect("a size");
    let target = plan.embedded().await;
    let answer = target.try_log_in("user-00001", PASSWORD).await;
    assert_eq!(answer.error().0, 500);
    assert!(answer.header(SET_COOKIE).is_none());
}

#[tokio::test]
async fn without_its_key_or_with_another_model_nothing_starts() {
    use authbench_servers::authorization::{self, AuthorizationSettings};
    use authbench_servers::clock::Clock;
    let target = target().await;
    let start = async |model, key: Option<Secret>| {
        let settings = AuthorizationSettings {
            model,
            session_state: SessionState::Cookie,
            ..AuthorizationSettings::default()
        };
        let mut wiring = target.wiring.clone();
        wiring.session_key = key;
        let started = authorization::start(settings, wiring, Clock::system()).await;
        started.expect_err("not possible").to_string()
    };
    let told = start(Model::Session, None).await;
    assert!(told.contains("session_key"), "{told}");
    let told = start(Model::Session, Some(Secret::new("short"))).await;
    assert!(told.contains("32 bytes"), "{told}");
    for model in [Model::Opaque, Model::Gateway] {
        let told = start(model, Some(Secret::new(random_id()))).await;
        assert!(told.contains("only that of session"), "{told}");
    }
}
