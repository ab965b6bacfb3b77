//! What ends, and whom it leaves alone.

use std::sync::Arc;
use std::time::Duration;

use authbench_servers::model::{Model, Transport};
use authbench_servers::revocation::Revocation;
use authbench_servers::store::StartedStore;
use hyper::Method;
use tokio::task::JoinSet;

use super::{DENYLISTS, OF_JWT, is_active, own, plan, until_refused, variants};
use crate::harness::{Call, PASSWORD, form};

#[tokio::test]
async fn a_logout_ends_the_token_everywhere_and_nobody_elses() {
    for kind in StartedStore::kinds_here() {
        for (model, channel) in variants() {
            let target = plan(model, channel).start(kind).await;
            let what = format!("{model} {channel} {kind:?}");
            let (leaves, other_device, bystander) = (
                target.log_in("user-00001").await,
                target.log_in("user-00001").await,
                target.log_in("user-00002").await,
            );
            assert_eq!(target.read(leaves.token()).await.code(), 200, "{what}");
            let logout = own(&target, Method::POST, "/logout", &leaves).send().await;
            assert_eq!(logout.code(), 204, "{what}");
            until_refused(&target, &leaves, &what).await;
            assert!(!is_active(&target, &leaves).await, "{what}");
            let sessions = own(&target, Method::GET, "/sessions", &leaves).send().await;
            assert_eq!(sessions.code(), 401, "{what}");
            assert_eq!(target.read(bystander.token()).await.code(), 200, "{what}");
            // An account has one epoch only: its other devices are out with it.
            let lives_on = channel != Revocation::Epoch;
            assert_eq!(is_active(&target, &other_device).await, lives_on, "{what}");
            if lives_on {
                assert_eq!(
                    target.read(other_device.token()).await.code(),
                    200,
                    "{what}"
                );
            }
        }
    }
}

/// The clock of these servers stands still: all of it happens in one millisecond.
#[tokio::test]
async fn whoever_logs_out_everywhere_and_in_again_at_once_is_in() {
    for (model, channel) in variants() {
        let target = plan(model, channel).embedded().await;
        let what = format!("{model} {channel}");
        let (one, other, bystander) = (
            target.log_in("user-00001").await,
            target.log_in("user-00001").await,
            target.log_in("user-00002").await,
        );
        let everywhere = own(&target, Method::POST, "/logout-everywhere", &one);
        assert_eq!(everywhere.send().await.code(), 204, "{what}");
        let again = target.log_in("user-00001").await;
        for login in [&one, &other] {
            until_refused(&target, login, &what).await;
            assert!(!is_active(&target, login).await, "{what}");
        }
        for login in [&again, &bystander] {
            assert_eq!(target.read(login.token()).await.code(), 200, "{what}");
            assert!(is_active(&target, login).await, "{what}");
        }
    }
}

#[tokio::test]
async fn a_new_password_ends_all_but_the_token_that_comes_with_it() {
    for (model, channel) in variants() {
        let target = plan(model, channel).embedded().await;
        let what = format!("{model} {channel}");
        let old = target.log_in("user-00001").await;
        let passwords = [
            ("current_password", PASSWORD),
            ("new_password", "another one"),
        ];
        let changed = target
            .form("/password", &passwords)
            .bearer(old.token())
            .send()
            .await;
        assert_eq!(changed.code(), 200, "{what} {changed:?}");
        let new = changed.login();
        until_refused(&target, &old, &what).await;
        assert_eq!(target.read(new.token()).await.code(), 200, "{what}");
    }
}

#[tokio::test]
async fn a_disabled_account_is_out_and_after_enabling_only_new_logins_are_in() {
    for (model, channel) in variants() {
        let target = plan(model, channel).embedded().await;
        let what = format!("{model} {channel}");
        let login = target.log_in("user-00001").await;
        target.disable("user-00001").await;
        until_refused(&target, &login, &what).await;
        assert_eq!(
            target.try_log_in("user-00001", PASSWORD).await.code(),
            401,
            "{what}"
        );
        let enable = target
            .admin(Method::POST, "/accounts/user-00001/enable")
            .await;
        assert_eq!(enable.code(), 204, "{what}");
        let again = target.log_in("user-00001").await;
        assert_eq!(target.read(again.token()).await.code(), 200, "{what}");
        assert_eq!(target.read(login.token()).await.code(), 401, "{what}");
    }
}

#[tokio::test]
async fn a_token_with_a_role_that_was_taken_ends() {
    for (model, channel) in variants() {
        let target = plan(model, channel).embedded().await;
        let what = format!("{model} {channel}");
        let login = target.log_in("user-00001").await;
        let taken = target
            .admin(Method::DELETE, "/accounts/user-00001/roles/writer")
            .await;
        assert_eq!(taken.code(), 204, "{what}");
        until_refused(&target, &login, &what).await;
        let renewed = match model {
            Model::Hybrid => target.refresh(login.cookie()).send().await.login(),
            _ => target.log_in("user-00001").await,
        };
        let write = Call::new(&target.resource.url, Method::POST, "/resource");
        let write = write.bearer(renewed.token()).send().await;
        assert_eq!(write.code(), 403, "{what}");
        assert_eq!(target.read(renewed.token()).await.code(), 200, "{what}");
    }
}

#[tokio::test]
async fn a_revoked_access_token_is_refused() {
    for (model, channel) in variants() {
        let target = plan(model, channel).embedded().await;
        let what = format!("{model} {channel}");
        let login = target.log_in("user-00001").await;
        let foreign = [("token", login.token()), ("client_id", "app-2")];
        let foreign = target.form("/revoke", &foreign).send().await;
        assert_eq!(foreign.error(), (400, "invalid_grant".into()), "{what}");
        let parameters = [("token", login.token()), ("client_id", "app")];
        let revoked = target.form("/revoke", &parameters).send().await;
        assert_eq!(revoked.code(), 200, "{what}");
        until_refused(&target, &login, &what).await;
    }
}

#[tokio::test]
async fn the_access_tokens_of_a_family_end_with_it() {
    for (model, channel) in DENYLISTS
        .into_iter()
        .filter(|(model, _)| *model == Model::Hybrid)
    {
        let target = plan(model, channel).embedded().await;
        let what = format!("{channel}");
        let (ended, replayed, revoked, lives) = (
            target.log_in("user-00001").await,
            target.log_in("user-00001").await,
            target.log_in("user-00001").await,
            target.log_in("user-00001").await,
        );
        let sessions = own(&target, Method::GET, "/sessions", &ended)
            .send()
            .await
            .json();
        let handle = sessions.as_array().into_iter().flatten();
        let mut handle = handle.filter(|entry| entry["current"] == true);
        let handle = handle
            .next()
            .and_then(|entry| entry["handle"].as_str())
            .expect("its own");
        let foreign = format!("/accounts/user-00002/sessions/{handle}");
        assert_eq!(
            target.admin(Method::DELETE, &foreign).await.code(),
            404,
            "{what}"
        );
        assert_eq!(target.read(ended.token()).await.code(), 200, "{what}");
        let path = format!("/accounts/user-00001/sessions/{handle}");
        assert_eq!(
            target.admin(Method::DELETE, &path).await.code(),
            204,
            "{what}"
        );
        until_refused(&target, &ended, &what).await;
        // Renewed, and long after that the first refresh token again.
        let renewed = target.refresh(replayed.cookie()).send().await.login();
        target.time.advance(Duration::from_secs(60));
        assert_eq!(
            target.refresh(replayed.cookie()).send().await.code(),
            400,
            "{what}"
        );
        for login in [&replayed, &renewed] {
            until_refused(&target, login, &what).await;
        }
        let parameters = [("token", revoked.cookie_value()), ("client_id", "app")];
        assert_eq!(
            target.form("/revoke", &parameters).send().await.code(),
            200,
            "{what}"
        );
        until_refused(&target, &revoked, &what).await;
        assert_eq!(target.read(lives.token()).await.code(), 200, "{what}");
    }
}

/// Whoever is let in while everything of the account is being ended, is out once that is acknowledged, or came after.
#[tokio::test]
async fn no_login_slips_past_a_disabling() {
    for (model, channel) in variants() {
        let target = Arc::new(plan(model, channel).embedded().await);
        let mut logins = JoinSet::new();
        for _ in 0..30 {
            let target = Arc::clone(&target);
            logins.spawn(async move { target.try_log_in("user-00001", PASSWORD).await });
        }
        target.disable("user-00001").await;
        for answer in logins.join_all().await {
            if answer.code() == 200 {
                until_refused(&target, &answer.login(), &format!("{model} {channel}")).await;
            }
        }
    }
}

#[tokio::test]
async fn in_a_cookie_a_token_ends_as_in_a_header() {
    for channel in OF_JWT {
        let mut plan = plan(Model::Jwt, channel);
        plan.authorization.transport = Transport::Cookie;
        plan.resource.transport = Transport::Cookie;
        let target = plan.embedded().await;
        let login = target.log_in("user-00001").await;
        let logout = Call::new(&target.authorization.url, Method::POST, "/logout");
        let logout = logout.header("cookie", login.cookie()).send().await;
        assert_eq!(logout.code(), 204, "{channel}");
        let mut refused = false;
        for _ in 0..2_000 {
            refused = target.read_with_cookie(login.cookie()).await.code() == 401;
            if refused {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(refused, "{channel}");
    }
}

#[tokio::test]
async fn a_clients_own_token_can_be_ended_too() {
    for (model, channel) in variants() {
        let target = plan(model, channel).embedded().await;
        let secret = target.wiring.service_secret.expose().to_owned();
        let call = |path, parameters: &[(&str, &str)]| {
            form(&target.authorization.url, path, parameters).basic("service", &secret)
        };
        let issued = call("/token", &[("grant_type", "client_credentials")])
            .send()
            .await;
        let login = issued.login();
        let what = format!("{model} {channel}");
        assert_eq!(target.read(login.token()).await.code(), 200, "{what}");
        let revoked = call("/revoke", &[("token", login.token())]).send().await;
        assert_eq!(revoked.code(), 200, "{what}");
        until_refused(&target, &login, &what).await;
    }
}
