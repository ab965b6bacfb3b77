//! Rotating refresh tokens, on every kind of store.

use std::collections::HashSet;
use std::time::Duration;

use authbench_servers::model::Model;
use authbench_servers::store::StartedStore;
use hyper::Method;
use hyper::header::SET_COOKIE;
use tokio::task::JoinSet;

use crate::harness::{Answer, Call, Plan, Target, form};

const GRACE: Duration = Duration::from_secs(10);

async fn target() -> Target {
    Plan::new(Model::Hybrid).embedded().await
}

/// A renewal that must succeed; answers the next cookie.
async fn renew(target: &Target, cookie: &str) -> String {
    let answer = target.refresh(cookie).send().await;
    assert_eq!(answer.code(), 200, "{}", answer.text());
    answer.login().cookie().to_owned()
}

async fn refused(target: &Target, cookie: &str) {
    let answer = target.refresh(cookie).send().await;
    assert_eq!(answer.error(), (400, "invalid_grant".into()));
}

#[tokio::test]
async fn a_renewal_gives_a_working_token_and_the_next_cookie() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let answer = target.refresh(login.cookie()).send().await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cookie = answer.header(SET_COOKIE).expect("a cookie");
    let (pair, attributes) = cookie.split_once(';').expect("attributes");
    assert_eq!(
        attributes,
        " Path=/token; Secure; HttpOnly; SameSite=Strict"
    );
    assert_ne!(pair, login.cookie());
    assert!(answer.json().get("refresh_token").is_none());
    assert_eq!(target.read(answer.login().token()).await.code(), 200);
}

#[tokio::test]
async fn a_hundred_parallel_uses_have_exactly_one_successor() {
    for kind in StartedStore::kinds_here() {
        let target = Plan::new(Model::Hybrid).start(kind).await;
        let login = target.log_in("user-00001").await;
        let mut uses = JoinSet::new();
        for _ in 0..100 {
            uses.spawn(target.refresh(login.cookie()).send());
        }
        let answers: Vec<Answer> = uses.join_all().await;
        assert!(answers.iter().all(|answer| answer.code() == 200));
        let successors: HashSet<String> = answers
            .iter()
            .map(|answer| answer.login().cookie().to_owned())
            .collect();
        assert_eq!(successors.len(), 1, "{kind:?}");
        // It is good, and it is the family's only living end.
        for successor in successors {
            renew(&target, &successor).await;
        }
        refused(&target, login.cookie()).await;
    }
}

#[tokio::test]
async fn a_retry_within_the_grace_gets_the_same_successor() {
    for kind in StartedStore::kinds_here() {
        let target = Plan::new(Model::Hybrid).start(kind).await;
        let login = target.log_in("user-00001").await;
        let first = renew(&target, login.cookie()).await;
        target.time.advance(GRACE - Duration::from_millis(1));
        let retried = renew(&target, login.cookie()).await;
        assert_eq!(first, retried);
        renew(&target, &retried).await;
    }
}

#[tokio::test]
async fn a_replay_after_the_grace_ends_the_family() {
    for kind in StartedStore::kinds_here() {
        let target = Plan::new(Model::Hybrid).start(kind).await;
        let login = target.log_in("user-00001").await;
        let other = target.log_in("user-00001").await;
        let successor = renew(&target, login.cookie()).await;
        target.time.advance(GRACE);
        refused(&target, login.cookie()).await;
        refused(&target, &successor).await;
        // Only that family: the user's other browser goes on.
        renew(&target, other.cookie()).await;
    }
}

#[tokio::test]
async fn a_replay_after_the_successor_was_used_ends_the_family_even_within_the_grace() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let second = renew(&target, login.cookie()).await;
    let third = renew(&target, &second).await;
    refused(&target, login.cookie()).await;
    refused(&target, &third).await;
}

#[tokio::test]
async fn another_client_gets_nothing_and_spoils_nothing() {
    for kind in StartedStore::kinds_here() {
        let target = Plan::new(Model::Hybrid).start(kind).await;
        let login = target.log_in("user-00001").await;
        let parameters = [
            ("grant_type", "refresh_token"),
            ("client_id", "app-2"),
            ("refresh_token", login.cookie_value()),
        ];
        let stolen = target.form("/token", &parameters).send().await;
        assert_eq!(stolen.error(), (400, "invalid_grant".into()));
        renew(&target, login.cookie()).await;
    }
}

#[tokio::test]
async fn no_renewal_moves_the_absolute_end() {
    let mut plan = Plan::new(Model::Hybrid);
    plan.authorization.refresh_absolute = Duration::from_secs(24 * 60 * 60);
    let target = plan.embedded().await;
    let mut cookie = target.log_in("user-00001").await.cookie().to_owned();
    for _ in 0..23 {
        target.time.advance(Duration::from_secs(60 * 60));
        cookie = renew(&target, &cookie).await;
    }
    target.time.advance(Duration::from_secs(60 * 60));
    refused(&target, &cookie).await;
}

/// The store keeps idle time, and does not follow a test's clock.
#[tokio::test]
async fn a_family_that_idles_too_long_ends() {
    for kind in StartedStore::kinds_here() {
        let mut plan = Plan::new(Model::Hybrid);
        plan.authorization.refresh_idle = Duration::from_millis(300);
        let target = plan.start(kind).await;
        let login = target.log_in("user-00001").await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        refused(&target, login.cookie()).await;
    }
}

#[tokio::test]
async fn a_scope_may_shrink_but_not_grow() {
    let target = target().await;
    let parameters = [
        ("username", "user-00001"),
        ("password", crate::harness::PASSWORD),
        ("scope", "read"),
    ];
    let login = target.form("/login", &parameters).send().await.login();
    let with_scope = |scope| {
        let parameters = [
            ("grant_type", "refresh_token"),
            ("client_id", "app"),
            ("scope", scope),
        ];
        target
            .form("/token", &parameters)
            .header("cookie", login.cookie())
    };
    for scope in ["read write", "write", "admin"] {
        let answer = with_scope(scope).send().await;
        assert_eq!(answer.error(), (400, "invalid_scope".into()), "{scope}");
    }
    // None of that used the token up.
    let answer = with_scope("read").send().await;
    assert_eq!(
        (answer.code(), answer.json()["scope"].as_str()),
        (200, Some("read"))
    );
}

#[tokio::test]
async fn other_tokens_are_refused_alike() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let value = login.cookie_value();
    for (token, error) in [
        (login.token(), "invalid_grant"),
        (&value[..value.len() - 1], "invalid_grant"),
        ("unknown", "invalid_grant"),
        ("", "invalid_request"),
    ] {
        let parameters = [
            ("grant_type", "refresh_token"),
            ("client_id", "app"),
            ("refresh_token", token),
        ];
        let answer = target.form("/token", &parameters).send().await;
        assert_eq!(answer.error(), (400, error.into()), "{token}");
    }
    let twice = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("refresh_token", value),
        ("refresh_token", value),
    ];
    let answer = target.form("/token", &twice).send().await;
    assert_eq!(answer.error(), (400, "invalid_request".into()));
    let both = target.refresh(login.cookie()).send();
    let both_places = form(
        &target.authorization.url,
        "/token",
        &[
            ("grant_type", "refresh_token"),
            ("client_id", "app"),
            ("refresh_token", value),
        ],
    )
    .header("cookie", login.cookie())
    .send();
    assert_eq!(both_places.await.error(), (400, "invalid_request".into()));
    assert_eq!(both.await.code(), 200);
}

#[tokio::test]
async fn a_token_given_as_a_parameter_is_answered_in_the_body() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let parameters = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("refresh_token", login.cookie_value()),
    ];
    let answer = target.form("/token", &parameters).send().await;
    assert!(answer.json()["refresh_token"].is_string());
    assert_eq!(answer.header(SET_COOKIE), None);
}

#[tokio::test]
async fn another_site_cannot_renew() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "null"),
        ("origin", "https://evil.test"),
    ] {
        let answer = target.refresh(login.cookie()).header(name, value);
        assert_eq!(answer.send().await.code(), 403, "{name}: {value}");
    }
    renew(&target, login.cookie()).await;
}

#[tokio::test]
async fn logging_out_ends_the_family_even_with_an_expired_access_token() {
    for kind in StartedStore::kinds_here() {
        let target = Plan::new(Model::Hybrid).start(kind).await;
        let login = target.log_in("user-00001").await;
        target.time.advance(Duration::from_secs(60 * 60));
        assert_eq!(target.read(login.token()).await.code(), 401);
        let logout = Call::new(&target.authorization.url, Method::POST, "/logout");
        let logout = logout.bearer(login.token()).send().await;
        assert_eq!(logout.code(), 204);
        refused(&target, login.cookie()).await;
    }
}

#[tokio::test]
async fn disabling_and_ending_sessions_end_every_family() {
    for kind in StartedStore::kinds_here() {
        let target = Plan::new(Model::Hybrid).start(kind).await;
        let logins = [
            target.log_in("user-00001").await,
            target.log_in("user-00001").await,
        ];
        let bystander = target.log_in("user-00002").await;
        let introspected = target.introspect(logins[0].token()).await;
        assert_eq!(introspected.json()["active"], true);
        target.disable("user-00001").await;
        for login in &logins {
            refused(&target, login.cookie()).await;
            assert_eq!(
                target.introspect(login.token()).await.text(),
                r#"{"active":false}"#
            );
        }
        let bystander = renew(&target, bystander.cookie()).await;
        let ended = target.admin(Method::POST, "/accounts/user-00002/end-sessions");
        assert_eq!(ended.await.code(), 204);
        refused(&target, &bystander).await;
    }
}

#[tokio::test]
async fn revoking_the_refresh_token_ends_the_family() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let revoke = |token: &str, client: &str| {
        target
            .form("/revoke", &[("token", token), ("client_id", client)])
            .send()
    };
    let by_another = revoke(login.cookie_value(), "app-2").await;
    assert_eq!(by_another.error(), (400, "invalid_grant".into()));
    let access = revoke(login.token(), "app").await;
    assert_eq!(access.error(), (400, "unsupported_token_type".into()));
    let cookie = renew(&target, login.cookie()).await;
    let value = cookie.split_once('=').expect("name=value").1;
    assert_eq!(revoke(value, "app").await.code(), 200);
    assert_eq!(revoke("unknown", "app").await.code(), 200);
    refused(&target, &cookie).await;
}
