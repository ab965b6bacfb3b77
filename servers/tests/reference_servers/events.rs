//! Every way in which an operator or a user puts a caller out: what it ends, and what it leaves
//! alone, for every model, on every kind of store.

use authbench_servers::model::Model;
use authbench_servers::revocation::Revocation;
use authbench_servers::store::StartedStore;
use hyper::Method;

use crate::harness::{Call, Login, PASSWORD, Plan, Target};

const MODELS: [Model; 4] = [Model::Session, Model::Jwt, Model::Opaque, Model::Hybrid];
const USER: &str = "user-00001";
const OTHER: &str = "user-00003";

/// Targets of every model on every kind of store.
async fn targets() -> Vec<(Model, Target)> {
    let mut targets = Vec::new();
    for kind in StartedStore::kinds_here() {
        for model in MODELS {
            targets.push((model, Plan::new(model).start(kind).await));
        }
    }
    targets
}

/// Holds what has ended to what the model can do about it. `client` is the one that opened it.
async fn has_ended(target: &Target, model: Model, login: &Login, client: &str) {
    match model {
        Model::Session => assert_eq!(target.reads(login).await, 401),
        Model::Opaque => {
            assert_eq!(target.reads(login).await, 401);
            assert!(!target.is_active(login).await);
        }
        // By design: nobody is asked about the token until it expires.
        Model::Jwt => {
            assert_eq!(target.reads(login).await, 200);
            assert!(!target.is_active(login).await, "the issuer knows");
        }
        _ => {
            assert_eq!(target.reads(login).await, 200);
            assert!(!target.is_active(login).await, "the family has ended");
            let renewal = target.refresh_at(login.cookie(), client).send().await;
            assert!(matches!(renewal.code(), 400 | 401), "{renewal:?}");
        }
    }
}

/// Whoever should have been left alone goes on; answers what they hold then.
async fn lives_on(target: &Target, model: Model, login: &Login, client: &str) -> Login {
    assert_eq!(target.reads(login).await, 200, "{model}");
    if model != Model::Session {
        assert!(target.is_active(login).await, "{model}");
    }
    if model != Model::Hybrid {
        return login.clone();
    }
    let renewal = target.refresh_at(login.cookie(), client).send().await;
    assert_eq!(renewal.code(), 200, "{renewal:?}");
    renewal.login()
}

#[tokio::test]
async fn a_deleted_account_is_out_and_nobody_until_it_is_brought_back() {
    for (model, target) in targets().await {
        let path = format!("/accounts/{USER}");
        let login = target.log_in(USER).await;
        let other = target.log_in(OTHER).await;
        for _ in 0..2 {
            target.change(Method::DELETE, &path, &[]).await;
        }
        has_ended(&target, model, &login, "app").await;
        lives_on(&target, model, &other, "app").await;
        let refused = target.try_log_in(USER, PASSWORD).await;
        assert_eq!(refused.error(), (401, "access_denied".into()), "{model}");
        assert_eq!(target.admin(Method::GET, &path).await.code(), 404);
        for (method, action) in [
            (Method::POST, "disable"),
            (Method::POST, "end-sessions"),
            (Method::PUT, "roles/writer"),
            (Method::DELETE, "consents/app"),
        ] {
            let answer = target.admin(method, &format!("{path}/{action}")).await;
            assert_eq!(answer.code(), 404, "{action}");
        }
        for _ in 0..2 {
            target.change(Method::PUT, &path, &[]).await;
        }
        let again = target.log_in(USER).await;
        lives_on(&target, model, &again, "app").await;
        if model == Model::Session || model == Model::Opaque {
            assert_eq!(target.reads(&login).await, 401, "what ended stays ended");
        }
    }
}

#[tokio::test]
async fn a_disabled_client_is_out_with_all_its_users_and_no_other_is() {
    for (model, target) in targets().await {
        let login = target.log_in_at(USER, "app-2").await;
        let of_other_user = target.log_in_at(OTHER, "app-2").await;
        let at_other_client = target.log_in_at(USER, "app").await;
        for _ in 0..2 {
            target
                .change(Method::POST, "/clients/app-2/disable", &[])
                .await;
        }
        for login in [&login, &of_other_user] {
            has_ended(&target, model, login, "app-2").await;
        }
        lives_on(&target, model, &at_other_client, "app").await;
        let refused = target.try_log_in_at(USER, "app-2").await;
        assert_eq!(refused.error(), (401, "invalid_client".into()), "{model}");
        for _ in 0..2 {
            target
                .change(Method::POST, "/clients/app-2/enable", &[])
                .await;
        }
        let again = target.log_in_at(USER, "app-2").await;
        lives_on(&target, model, &again, "app-2").await;
        has_ended(&target, model, &login, "app-2").await;
        let unknown = target.admin(Method::POST, "/clients/nobody/disable").await;
        assert_eq!(unknown.code(), 404);
    }
}

#[tokio::test]
async fn a_disabled_partner_gets_no_token_and_its_old_one_ends() {
    for (model, target) in targets().await {
        if model == Model::Session {
            continue;
        }
        let secret = target.wiring.partner_secret.clone().expect("a partner");
        let ask = || {
            let form = target.form("/token", &[("grant_type", "client_credentials")]);
            form.basic("partner", secret.expose()).send()
        };
        let token = ask().await.login();
        assert_eq!(target.reads(&token).await, 200, "{model}");
        target
            .change(Method::POST, "/clients/partner/disable", &[])
            .await;
        let expected = if model == Model::Opaque { 401 } else { 200 };
        assert_eq!(target.reads(&token).await, expected, "{model}");
        assert!(!target.is_active(&token).await, "{model}");
        let refused = ask().await;
        assert_eq!(refused.error(), (401, "invalid_client".into()), "{model}");
        target
            .change(Method::POST, "/clients/partner/enable", &[])
            .await;
        let again = ask().await.login();
        assert_eq!(target.reads(&again).await, 200, "{model}");
    }
}

#[tokio::test]
async fn withdrawn_consent_ends_what_one_client_has_of_one_user() {
    for (model, target) in targets().await {
        for by_the_user in [true, false] {
            let login = target.log_in_at(USER, "app-2").await;
            let at_other_client = target.log_in_at(USER, "app").await;
            let of_other_user = target.log_in_at(OTHER, "app-2").await;
            if by_the_user {
                let call = Call::new(&target.authorization.url, Method::DELETE, "/consents/app-2");
                let answer = target.present(call, &at_other_client).send().await;
                assert_eq!(answer.code(), 204, "{model}: {answer:?}");
            } else {
                let path = format!("/accounts/{USER}/consents/app-2");
                target.change(Method::DELETE, &path, &[]).await;
                target.change(Method::DELETE, &path, &[]).await;
            }
            has_ended(&target, model, &login, "app-2").await;
            lives_on(&target, model, &of_other_user, "app-2").await;
            let here = lives_on(&target, model, &at_other_client, "app").await;
            let again = target.log_in_at(USER, "app-2").await;
            lives_on(&target, model, &again, "app-2").await;
            let call = Call::new(
                &target.authorization.url,
                Method::DELETE,
                "/consents/nobody",
            );
            assert_eq!(target.present(call, &here).send().await.code(), 404);
        }
    }
}

#[tokio::test]
async fn a_user_who_withdraws_consent_from_the_client_that_asks_is_out() {
    for (model, target) in targets().await {
        let login = target.log_in(USER).await;
        let call = Call::new(&target.authorization.url, Method::DELETE, "/consents/app");
        let answer = target.present(call, &login).send().await;
        assert_eq!(answer.code(), 204, "{model}");
        let has_cookie = matches!(model, Model::Session | Model::Hybrid);
        let removed = answer
            .header("set-cookie")
            .map(|it| it.contains("Max-Age=0"));
        assert_eq!(removed, has_cookie.then_some(true), "{model}");
        has_ended(&target, model, &login, "app").await;
    }
}

#[tokio::test]
async fn a_cut_off_ends_everything_until_then_and_nothing_later() {
    for (model, target) in targets().await {
        let logins = [
            (target.log_in(USER).await, "app"),
            (target.log_in_at(USER, "app-2").await, "app-2"),
            (target.log_in(OTHER).await, "app"),
        ];
        target.change(Method::POST, "/cut-off", &[]).await;
        for (login, client) in &logins {
            has_ended(&target, model, login, client).await;
        }
        let again = target.log_in(USER).await;
        lives_on(&target, model, &again, "app").await;
        let sessions = target
            .admin(Method::GET, &format!("/accounts/{OTHER}/sessions"))
            .await;
        assert_eq!(sessions.text(), "[]", "{model}");
        target.change(Method::POST, "/cut-off", &[]).await;
        has_ended(&target, model, &again, "app").await;
    }
}

#[tokio::test]
async fn a_reduced_scope_narrows_what_is_open_and_what_comes() {
    for (model, target) in targets().await {
        let path = format!("/accounts/{USER}/scope");
        let login = target.log_in(USER).await;
        let other = target.log_in(OTHER).await;
        assert_eq!(target.writes(&login).await, 200, "{model}");
        for _ in 0..2 {
            target
                .change(Method::PUT, &path, &[("scope", "read")])
                .await;
        }
        let at_once = matches!(model, Model::Session | Model::Opaque);
        let expected = if at_once { 403 } else { 200 };
        assert_eq!(target.writes(&login).await, expected, "{model}");
        // Nobody is put out.
        let login = lives_on(&target, model, &login, "app").await;
        assert_eq!(target.writes(&other).await, 200, "{model}");
        if model == Model::Hybrid {
            assert_eq!(target.writes(&login).await, 403, "after a renewal");
        }
        if model != Model::Session {
            let said = target.introspect(login.token()).await.json();
            assert_eq!(said["scope"], "read", "{model}");
        }
        let again = target.log_in(USER).await;
        assert_eq!(target.writes(&again).await, 403, "{model}");
        assert_eq!(target.reads(&again).await, 200, "{model}");
        let form = [
            ("username", USER),
            ("password", PASSWORD),
            ("scope", "write"),
        ];
        let refused = target.form("/login", &form).send().await;
        assert_eq!(refused.error(), (400, "invalid_scope".into()), "{model}");
        let view = target
            .admin(Method::GET, &format!("/accounts/{USER}"))
            .await;
        assert_eq!(view.json()["scope"], "read");
        target
            .change(Method::PUT, &path, &[("scope", "read write")])
            .await;
        // What was narrowed stays so.
        if at_once {
            assert_eq!(target.writes(&login).await, 403, "{model}");
        }
        let widened = target.log_in(USER).await;
        assert_eq!(target.writes(&widened).await, 200, "{model}");
        for bad in [&[][..], &[("scope", "")], &[("scope", "everything")]] {
            let answer = target.try_change(Method::PUT, &path, bad).await;
            assert_eq!(answer.code(), 400, "{bad:?}");
        }
    }
}

#[tokio::test]
async fn a_password_and_a_logout_everywhere_leave_others_alone() {
    for (model, target) in targets().await {
        let login = target.log_in(USER).await;
        let other = target.log_in(OTHER).await;
        let call = Call::new(
            &target.authorization.url,
            Method::POST,
            "/logout-everywhere",
        );
        let answer = target.present(call, &login).send().await;
        assert_eq!(answer.code(), 204, "{model}");
        has_ended(&target, model, &login, "app").await;
        lives_on(&target, model, &other, "app").await;
        let again = target.log_in(USER).await;
        lives_on(&target, model, &again, "app").await;
    }
}

/// With a deny list the access tokens that are judged without asking the issuer end as well.
#[tokio::test]
async fn with_a_deny_list_every_event_ends_access_tokens_too() {
    for channel in [Revocation::Denylist, Revocation::DenylistPush] {
        for model in [Model::Jwt, Model::Hybrid] {
            let mut plan = Plan::new(model);
            plan.authorization.revocation.channel = channel;
            plan.resource.revocation.channel = channel;
            let target = plan.embedded().await;
            for (method, path, parameters) in [
                (
                    Method::DELETE,
                    "/accounts/user-00001/consents/app-2",
                    vec![],
                ),
                (Method::POST, "/clients/app-2/disable", vec![]),
                (
                    Method::PUT,
                    "/accounts/user-00001/scope",
                    vec![("scope", "read")],
                ),
                (Method::DELETE, "/accounts/user-00001", vec![]),
                (Method::POST, "/cut-off", vec![]),
                (Method::POST, "/keys/rotate", vec![]),
            ] {
                target
                    .change(Method::POST, "/clients/app-2/enable", &[])
                    .await;
                target
                    .change(Method::PUT, "/accounts/user-00001", &[])
                    .await;
                let login = target.log_in_at(USER, "app-2").await;
                let other = target.log_in(OTHER).await;
                assert_eq!(target.reads(&login).await, 200, "{path}");
                target.change(method, path, &parameters).await;
                assert!(!target.is_active(&login).await, "{channel} {model} {path}");
                // What is pushed is on its way.
                while channel == Revocation::DenylistPush && target.reads(&login).await == 200 {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
                assert_eq!(target.reads(&login).await, 401, "{channel} {model} {path}");
                let spares_others = !matches!(path, "/cut-off" | "/keys/rotate");
                let expected = if spares_others { 200 } else { 401 };
                assert_eq!(target.reads(&other).await, expected, "{channel} {path}");
            }
        }
    }
}

#[tokio::test]
async fn only_an_operator_may_and_all_of_it_is_counted() {
    let target = Plan::new(Model::Session).embedded().await;
    target.log_in(USER).await;
    let auditor = target.wiring.auditor_secret.clone().expect("an auditor");
    let calls = [
        (Method::DELETE, "/accounts/user-00001", "account_deleted"),
        (Method::PUT, "/accounts/user-00001", ""),
        (
            Method::POST,
            "/accounts/user-00001/disable",
            "account_disabled",
        ),
        (Method::POST, "/clients/app-2/disable", "client_disabled"),
        (Method::POST, "/clients/app-2/enable", ""),
        (
            Method::DELETE,
            "/accounts/user-00001/consents/app",
            "consent_withdrawn",
        ),
        (
            Method::DELETE,
            "/accounts/user-00001/roles/writer",
            "role_removed",
        ),
        (Method::POST, "/cut-off", "global_cut_off"),
        (Method::POST, "/keys/rotate", "key_compromised"),
    ];
    let admin_url = &target.authorization.admin_url;
    for (method, path, event) in calls {
        let call = Call::new(admin_url, method.clone(), path).bearer(auditor.expose());
        assert_eq!(call.send().await.code(), 403, "{path}");
        let bare = Call::new(admin_url, method.clone(), path);
        assert_eq!(bare.send().await.code(), 401, "{path}");
        let by_get = target.admin(Method::GET, path).await.code();
        // An account can be looked at, while there is one.
        let is_view = path == "/accounts/user-00001";
        let expected: &[u16] = if is_view { &[200, 404] } else { &[405] };
        assert!(expected.contains(&by_get), "{path}: {by_get}");
        target.change(method, path, &[]).await;
        if !event.is_empty() {
            let count = events(&target, event).await;
            assert_eq!(count, 1, "{event}");
        }
    }
}

async fn events(target: &Target, event: &str) -> u64 {
    let name = format!("authbench_events_total{{event=\"{event}\"}}");
    crate::harness::counter(&target.authorization.url, &name).await
}
