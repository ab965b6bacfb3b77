//! Server-side sessions: how they begin, are kept, and end.

use std::time::Duration;

use authbench_servers::model::Model;
use authbench_servers::store::StartedStore;
use hyper::Method;
use hyper::header::SET_COOKIE;
use tokio::time::sleep;

use crate::harness::{Call, Plan, Target, counter, get};

async fn target() -> Target {
    Plan::new(Model::Session).embedded().await
}

#[tokio::test]
async fn the_absolute_time_out_ends_a_session_in_constant_use() {
    for kind in StartedStore::kinds_here() {
        let target = Plan::new(Model::Session).start(kind).await;
        let login = target.log_in("user-00001").await;
        for _ in 0..11 {
            target.time.advance(Duration::from_secs(60 * 60));
            assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
        }
        target.time.advance(Duration::from_secs(60 * 60 - 1));
        assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
        target.time.advance(Duration::from_secs(1));
        assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 401);
    }
}

/// The store keeps idle time, and does not follow a test's clock: real time, with room for a slow
/// machine.
#[tokio::test]
async fn the_idle_time_out_slides_with_use() {
    for kind in StartedStore::kinds_here() {
        let mut plan = Plan::new(Model::Session);
        plan.authorization.session_idle = Duration::from_millis(2_000);
        plan.resource.session_idle = Duration::from_millis(2_000);
        let target = plan.start(kind).await;
        let (used, unused) = (
            target.log_in("user-00001").await,
            target.log_in("user-00002").await,
        );
        for _ in 0..2 {
            sleep(Duration::from_millis(1_100)).await;
            assert_eq!(target.read_with_cookie(used.cookie()).await.code(), 200);
        }
        assert_eq!(target.read_with_cookie(unused.cookie()).await.code(), 401);
    }
}

#[tokio::test]
async fn the_cookie_is_as_safe_as_cookies_get() {
    let target = target().await;
    let answer = target
        .try_log_in("user-00001", crate::harness::PASSWORD)
        .await;
    let cookie = answer.header(SET_COOKIE).expect("a cookie");
    let (pair, attributes) = cookie.split_once(';').expect("attributes");
    assert_eq!(attributes, " Path=/; Secure; HttpOnly; SameSite=Lax");
    let value = pair
        .strip_prefix("__Host-session=")
        .expect("the prefixed name");
    assert_eq!(value.len(), 43);
}

#[tokio::test]
async fn a_logout_is_immediate_and_can_be_repeated() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    for _ in 0..2 {
        let logout = Call::new(&target.authorization.url, Method::POST, "/logout")
            .header("cookie", login.cookie())
            .send()
            .await;
        assert_eq!(logout.code(), 204);
        assert_eq!(
            logout.header(SET_COOKIE),
            Some("__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
        );
        assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 401);
    }
    let without = Call::new(&target.authorization.url, Method::POST, "/logout")
        .send()
        .await;
    assert_eq!(without.code(), 401);
}

#[tokio::test]
async fn a_login_always_has_a_new_id_and_ends_the_one_it_came_with() {
    let target = target().await;
    let planted = format!("__Host-session={}", "A".repeat(43));
    let first = target
        .form(
            "/login",
            &[
                ("username", "user-00001"),
                ("password", crate::harness::PASSWORD),
            ],
        )
        .header("cookie", &planted)
        .send()
        .await
        .login();
    assert_ne!(first.cookie(), planted);
    assert_eq!(target.read_with_cookie(&planted).await.code(), 401);
    let second = target
        .form(
            "/login",
            &[
                ("username", "user-00001"),
                ("password", crate::harness::PASSWORD),
            ],
        )
        .header("cookie", first.cookie())
        .send()
        .await
        .login();
    assert_eq!(target.read_with_cookie(first.cookie()).await.code(), 401);
    assert_eq!(target.read_with_cookie(second.cookie()).await.code(), 200);
}

#[tokio::test]
async fn what_is_not_exactly_one_session_cookie_is_refused() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let (good, value) = (login.cookie(), login.cookie_value());
    for (cookies, expected) in [
        (good.to_owned(), 200),
        (format!("other=1; {good}; more=2"), 200),
        (format!("{good}; __Host-session=bad"), 400),
        (format!("__Host-session=bad; {good}"), 400),
        (format!("__HoSt-session={value}"), 401),
        (format!("__Host-session=\"{value}\""), 401),
        (format!("__Host-session={}", &value[..42]), 401),
        ("__Host-session=1".to_owned(), 401),
        ("__Host-session=a%0d%0aFLUSHALL".to_owned(), 401),
        (format!("session={value}"), 401),
    ] {
        let answer = target.read_with_cookie(&cookies).await;
        assert_eq!(answer.code(), expected, "{cookies}");
    }
    let in_url = get(&target.resource.url, &format!("/resource?sid={value}"));
    assert_eq!(in_url.send().await.code(), 401);
}

#[tokio::test]
async fn another_site_cannot_use_the_cookie_to_change_anything() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let post = |name: &str, value: &str| {
        Call::new(&target.resource.url, Method::POST, "/resource")
            .header("cookie", login.cookie())
            .header(
                "x-csrf-token",
                login.csrf_token.as_deref().expect("a token"),
            )
            .header(name, value)
    };
    assert_eq!(post("origin", "null").send().await.code(), 403);
    assert_eq!(post("origin", "https://evil.test").send().await.code(), 403);
    assert_eq!(
        post("sec-fetch-site", "cross-site").send().await.code(),
        403
    );
    assert_eq!(
        post("origin", &target.resource.url).send().await.code(),
        200
    );
    let get = get(&target.resource.url, "/resource").header("cookie", login.cookie());
    assert_eq!(
        get.header("origin", "https://evil.test")
            .send()
            .await
            .code(),
        200
    );
}

#[tokio::test]
async fn a_request_costs_one_round_trip_and_no_session_costs_none() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let asked = || counter(&target.resource.url, "authbench_store_round_trips_total");
    let before = asked().await;
    target.read_with_cookie(login.cookie()).await;
    target.read_with_cookie("__Host-session=short").await;
    target.read_with_cookie("other=1").await;
    assert_eq!(asked().await - before, 1);
}
