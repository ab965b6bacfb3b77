//! Logins, and the admin surface that ends what they began.

use authbench_servers::model::{MODELS, Model};
use authbench_servers::store::StartedStore;
use hyper::Method;
use tokio::task::JoinSet;

use crate::harness::{Call, Login, PASSWORD, Plan, Target, get};

/// Reads the resource with whatever the model's login gave.
async fn read(target: &Target, login: &Login) -> u16 {
    match &login.access_token {
        Some(token) => target.read(token).await.code(),
        None => target.read_with_cookie(login.cookie()).await.code(),
    }
}

#[tokio::test]
async fn only_a_seeded_account_with_the_password_gets_in() {
    for model in MODELS {
        let target = Plan::new(model).embedded().await;
        assert_eq!(target.try_log_in("user-00019", PASSWORD).await.code(), 200);
        for (user, password) in [
            ("user-00001", "wrong"),
            ("user-00020", PASSWORD),
            ("user-1", PASSWORD),
            ("service", PASSWORD),
            ("user-00001", &format!("{PASSWORD}\0x")),
        ] {
            let answer = target.try_log_in(user, password).await;
            assert_eq!(
                answer.error(),
                (401, "access_denied".into()),
                "{model} {user}"
            );
        }
    }
}

#[tokio::test]
async fn malformed_logins_are_refused_before_hashing() {
    let target = Plan::new(Model::Session).embedded().await;
    let long = "x".repeat(1025);
    for parameters in [
        vec![("username", "user-00001")],
        vec![("password", PASSWORD)],
        vec![("username", "user-00001"), ("password", &long)],
        vec![
            ("username", "user-00001"),
            ("username", "user-00002"),
            ("password", PASSWORD),
        ],
    ] {
        let answer = target.form("/login", &parameters).send().await;
        assert_eq!(answer.error(), (400, "invalid_request".into()));
    }
    let huge = "x".repeat(1024 * 1024);
    assert_eq!(target.try_log_in("user-00001", &huge).await.code(), 413);
    let as_service = [
        ("username", "user-00001"),
        ("password", PASSWORD),
        ("client_id", "service"),
    ];
    let answer = target.form("/login", &as_service).send().await;
    assert_eq!(answer.error(), (401, "invalid_client".into()));
    let from_afar = target
        .form(
            "/login",
            &[("username", "user-00001"), ("password", PASSWORD)],
        )
        .header("sec-fetch-site", "cross-site");
    assert_eq!(from_afar.send().await.code(), 403);
}

#[tokio::test]
async fn the_admin_surface_is_apart_and_needs_its_own_secret() {
    let target = Plan::new(Model::Session).embedded().await;
    let path = "/accounts/user-00001/disable";
    let admin_url = &target.authorization.admin_url;
    let call = || Call::new(admin_url, Method::POST, path);
    assert_eq!(call().send().await.code(), 401);
    assert_eq!(call().bearer("wrong").send().await.code(), 401);
    let service = target.wiring.service_secret.expose();
    assert_eq!(call().bearer(service).send().await.code(), 401);
    let on_public = Call::new(&target.authorization.url, Method::POST, path);
    let secret = target.wiring.admin_secret.expose();
    assert_eq!(on_public.bearer(secret).send().await.code(), 404);
    let unknown = target.admin(Method::POST, "/accounts/nobody/disable");
    assert_eq!(unknown.await.code(), 404);
    assert_eq!(target.admin(Method::GET, path).await.code(), 405);
    assert_eq!(get(admin_url, "/metrics").send().await.code(), 200);
    target.log_in("user-00001").await;
}

#[tokio::test]
async fn disabling_ends_what_the_model_can_end_and_enabling_lets_in_again() {
    for kind in StartedStore::kinds_here() {
        for (model, after) in [
            (Model::Session, 401),
            (Model::Gateway, 401),
            (Model::Opaque, 401),
            (Model::Jwt, 200),
            (Model::Hybrid, 200),
        ] {
            let target = Plan::new(model).start(kind).await;
            let (login, bystander) = (
                target.log_in("user-00001").await,
                target.log_in("user-00002").await,
            );
            target.disable("user-00001").await;
            assert_eq!(read(&target, &login).await, after, "{model}");
            assert_eq!(read(&target, &bystander).await, 200, "{model}");
            assert_eq!(target.try_log_in("user-00001", PASSWORD).await.code(), 401);
            let enable = target.admin(Method::POST, "/accounts/user-00001/enable");
            assert_eq!(enable.await.code(), 204);
            let again = target.log_in("user-00001").await;
            assert_eq!(read(&target, &again).await, 200, "{model}");
        }
    }
}

/// Whoever is let in while the account is being disabled is out once that is acknowledged.
#[tokio::test]
async fn no_login_slips_past_a_disabling() {
    for kind in StartedStore::kinds_here() {
        for model in [Model::Session, Model::Opaque] {
            let target = std::sync::Arc::new(Plan::new(model).start(kind).await);
            let mut logins = JoinSet::new();
            for _ in 0..40 {
                let target = std::sync::Arc::clone(&target);
                logins.spawn(async move { target.try_log_in("user-00001", PASSWORD).await });
            }
            target.disable("user-00001").await;
            for answer in logins.join_all().await {
                if answer.code() == 200 {
                    assert_eq!(read(&target, &answer.login()).await, 401, "{model}");
                } else {
                    assert_eq!(answer.code(), 401, "{model}");
                }
            }
            let left = target.admin(Method::GET, "/accounts/user-00001/sessions");
            assert_eq!(left.await.text(), "[]", "{model}");
        }
    }
}

/// Whoever is let in with the old password while it is being changed is out once that is
/// acknowledged.
#[tokio::test]
async fn no_login_with_the_old_password_slips_past_the_new_one() {
    for kind in StartedStore::kinds_here() {
        for model in [Model::Session, Model::Opaque] {
            let target = std::sync::Arc::new(Plan::new(model).start(kind).await);
            let owner = target.log_in("user-00001").await;
            let mut logins = JoinSet::new();
            for _ in 0..40 {
                let target = std::sync::Arc::clone(&target);
                logins.spawn(async move { target.try_log_in("user-00001", PASSWORD).await });
            }
            let form = [
                ("current_password", PASSWORD),
                ("new_password", "another one"),
            ];
            let origin = target.authorization.url.clone();
            let change = target.form("/password", &form).header("origin", &origin);
            let change = match (&owner.access_token, &owner.csrf_token) {
                (Some(token), _) => change.bearer(token),
                (None, Some(csrf)) => change
                    .header("cookie", owner.cookie())
                    .header("x-csrf-token", csrf),
                (None, None) => panic!("nothing was handed out"),
            };
            let changed = change.send().await;
            assert_eq!(changed.code(), 200, "{changed:?}");
            for answer in logins.join_all().await {
                if answer.code() == 200 {
                    assert_eq!(read(&target, &answer.login()).await, 401, "{model}");
                } else {
                    assert!(matches!(answer.code(), 401 | 503), "{model} {answer:?}");
                }
            }
            assert_eq!(read(&target, &changed.login()).await, 200, "{model}");
            assert_eq!(target.try_log_in("user-00001", PASSWORD).await.code(), 401);
        }
    }
}

#[tokio::test]
async fn an_administrator_sees_sessions_but_no_credentials() {
    let target = Plan::new(Model::Session).embedded().await;
    let login = target.log_in("user-00001").await;
    let listed = target
        .admin(Method::GET, "/accounts/user-00001/sessions")
        .await;
    let listed = listed.json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    let id = listed[0]["handle"].as_str().expect("a handle");
    assert_ne!(id, login.cookie_value());
    // What names a session in the store opens nothing.
    let as_cookie = format!("__Host-session={id}");
    assert_eq!(target.read_with_cookie(&as_cookie).await.code(), 401);
}

#[tokio::test]
async fn more_logins_than_the_queue_holds_are_told_to_come_back() {
    let mut plan = Plan::new(Model::Jwt);
    plan.authorization.login_hash = Default::default();
    plan.authorization.login_workers = 1;
    plan.authorization.login_queue = 1;
    let target = std::sync::Arc::new(plan.embedded().await);
    let mut logins = JoinSet::new();
    for _ in 0..20 {
        let target = std::sync::Arc::clone(&target);
        logins.spawn(async move { target.try_log_in("user-00001", PASSWORD).await });
    }
    let answers = logins.join_all().await;
    let refused: Vec<_> = answers
        .iter()
        .filter(|answer| answer.code() == 503)
        .collect();
    assert!(!refused.is_empty());
    assert!(
        refused
            .iter()
            .all(|answer| answer.header("retry-after") == Some("1"))
    );
    assert!(answers.iter().any(|answer| answer.code() == 200));
}

#[tokio::test]
async fn the_audit_log_tells_who_and_why_but_never_with_what() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (issuer_log, resource_log) = (folder.path().join("as"), folder.path().join("rs"));
    let mut plan = Plan::new(Model::Session);
    plan.authorization.audit_log = Some(issuer_log.clone());
    plan.resource.audit_log = Some(resource_log.clone());
    let target = plan.embedded().await;
    let login = target.log_in("user-00001").await;
    target.try_log_in("user-00001", "wrong password").await;
    target.read_with_cookie(login.cookie()).await;
    target.disable("user-00001").await;
    target.read_with_cookie(login.cookie()).await;
    let Target {
        authorization,
        resource,
        ..
    } = target;
    authorization.shut_down().await;
    resource.shut_down().await;
    let issuer = std::fs::read_to_string(issuer_log).expect("a log");
    let events: Vec<String> = issuer
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            format!("{} {}", line["event"], line["subject"])
        })
        .collect();
    assert_eq!(
        events,
        [
            "\"login_ok\" \"user-00001\"",
            "\"login_failed\" \"user-00001\"",
            "\"account_disabled\" \"user-00001\"",
        ]
    );
    let resource = std::fs::read_to_string(resource_log).expect("a log");
    assert_eq!(resource.lines().count(), 1, "{resource}");
    assert!(resource.contains("\"event\":\"request_refused\",\"reason\":\"inactive\""));
    for secret in [login.cookie_value(), "wrong password", PASSWORD] {
        assert!(!issuer.contains(secret) && !resource.contains(secret));
    }
}
