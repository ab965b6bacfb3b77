//! Models with a revocation channel, over real sockets: who is out, who is not, and what happens when nobody can say.

use std::time::Duration;

use authbench_servers::jwt::SigningAlgorithm;
use authbench_servers::model::{Model, Transport};
use authbench_servers::revocation::{PushFail, Revocation};
use authbench_servers::store::{StartedStore, StoreKind};
use authbench_servers::{authorization, clock::Clock, resource};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use serde_json::Value;

use crate::harness::{Call, Login, PASSWORD, Plan, Target, counter, form, get};

const DENYLISTS: [(Model, Revocation); 4] = [
    (Model::Jwt, Revocation::Denylist),
    (Model::Jwt, Revocation::DenylistPush),
    (Model::Hybrid, Revocation::Denylist),
    (Model::Hybrid, Revocation::DenylistPush),
];
const OF_JWT: [Revocation; 4] = [
    Revocation::Denylist,
    Revocation::DenylistPush,
    Revocation::Epoch,
    Revocation::StatusList,
];

fn plan(model: Model, channel: Revocation) -> Plan {
    let mut plan = Plan::new(model);
    for revocation in [
        &mut plan.authorization.revocation,
        &mut plan.resource.revocation,
    ] {
        revocation.channel = channel;
        revocation.status_list_ttl = Duration::from_millis(50);
        // A busy machine must not be taken for a silent channel.
        revocation.staleness = Duration::from_secs(20);
    }
    plan
}

/// Every variant there is.
fn variants() -> Vec<(Model, Revocation)> {
    let others = [Revocation::Epoch, Revocation::StatusList].map(|channel| (Model::Jwt, channel));
    DENYLISTS.into_iter().chain(others).collect()
}

/// Waits until the resource server refuses the token; how long that takes is measured elsewhere.
async fn until_refused(target: &Target, login: &Login, what: &str) {
    for _ in 0..2_000 {
        match target.read(login.token()).await.code() {
            401 => return,
            200 => tokio::time::sleep(Duration::from_millis(5)).await,
            other => panic!("{what}: {other}"),
        }
    }
    panic!("{what}: still accepted");
}

fn own(target: &Target, method: Method, path: &str, login: &Login) -> Call {
    Call::new(&target.authorization.url, method, path).bearer(login.token())
}

async fn is_active(target: &Target, login: &Login) -> bool {
    target.introspect(login.token()).await.json()["active"] == true
}

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
        let target = std::sync::Arc::new(plan(model, channel).embedded().await);
        let mut logins = tokio::task::JoinSet::new();
        for _ in 0..30 {
            let target = std::sync::Arc::clone(&target);
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
async fn without_the_store_nobody_is_judged_and_nothing_is_acknowledged() {
    for channel in [
        Revocation::Denylist,
        Revocation::DenylistPush,
        Revocation::Epoch,
    ] {
        for fail in [PushFail::Closed, PushFail::Open] {
            let mut plan = plan(Model::Jwt, channel);
            plan.resource.revocation.staleness = Duration::from_millis(400);
            plan.resource.revocation.fail = fail;
            let mut target = plan.embedded().await;
            let login = target.log_in("user-00001").await;
            target.store.stop();
            let logout = own(&target, Method::POST, "/logout", &login).send().await;
            assert_eq!(logout.code(), 503, "{channel}");
            if channel == Revocation::DenylistPush && fail == PushFail::Open {
                tokio::time::sleep(Duration::from_millis(800)).await;
                assert_eq!(target.read(login.token()).await.code(), 200);
                continue;
            }
            for turn in 0.. {
                let read = target.read(login.token()).await.code();
                if read == 503 {
                    break;
                }
                // In memory, what is known is good for as long as was stated.
                let may_go_on = channel == Revocation::DenylistPush && turn < 2_000;
                assert!(read == 200 && may_go_on, "{channel} {read}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

#[tokio::test]
async fn an_epoch_that_was_lost_is_no_epoch() {
    let mut target = plan(Model::Jwt, Revocation::Epoch).embedded().await;
    let (ended, lives) = (
        target.log_in("user-00001").await,
        target.log_in("user-00002").await,
    );
    target.disable("user-00001").await;
    target.store.start_again().expect("started again");
    // It cannot be known whether they have ended: neither comes back to life.
    for login in [&ended, &lives] {
        for _ in 0..2_000 {
            match target.read(login.token()).await.code() {
                503 => tokio::time::sleep(Duration::from_millis(5)).await,
                code => {
                    assert_eq!(code, 401);
                    break;
                }
            }
        }
    }
    let again = target.log_in("user-00002").await;
    assert_eq!(target.read(again.token()).await.code(), 200);
}

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
async fn without_its_status_list_a_resource_server_fails_as_declared() {
    for (fail, expected) in [(PushFail::Closed, 503), (PushFail::Open, 200)] {
        let mut plan = plan(Model::Jwt, Revocation::StatusList);
        plan.resource.revocation.staleness = Duration::from_millis(100);
        plan.resource.revocation.fail = fail;
        let target = plan.embedded().await;
        let login = target.log_in("user-00001").await;
        let Target {
            authorization,
            resource,
            ..
        } = target;
        authorization.shut_down().await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        let read = get(&resource.url, "/resource")
            .bearer(login.token())
            .send()
            .await;
        assert_eq!(read.code(), expected, "{fail}");
    }
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

#[tokio::test]
async fn combinations_that_make_no_sense_are_refused_at_the_start() {
    let store = StartedStore::start(StoreKind::Embedded).expect("a store");
    for (model, channel, algorithm, no_exp, told) in [
        (
            Model::Session,
            Revocation::Denylist,
            "ES256",
            false,
            "denylist goes with jwt and hybrid",
        ),
        (
            Model::Hybrid,
            Revocation::Epoch,
            "ES256",
            false,
            "epoch and status-list with jwt",
        ),
        (
            Model::Jwt,
            Revocation::StatusList,
            "HS256",
            false,
            "resource servers share that secret",
        ),
        (
            Model::Jwt,
            Revocation::Denylist,
            "ES256",
            true,
            "--revocation none",
        ),
        (
            Model::Opaque,
            Revocation::None,
            "ES256",
            true,
            "--no-exp on goes with jwt",
        ),
    ] {
        let mut plan = plan(model, channel);
        let algorithm: SigningAlgorithm = algorithm.parse().expect("an algorithm");
        plan.authorization.algorithm = algorithm;
        plan.resource.algorithm = algorithm;
        plan.authorization.revocation.no_exp = no_exp;
        plan.resource.revocation.no_exp = no_exp;
        let wiring = crate::harness::wiring(&store);
        let started = authorization::start(plan.authorization, wiring, Clock::system()).await;
        let error = started.err().expect("refused").to_string();
        assert!(error.contains(told), "{error}");
        let wiring = resource::ResourceWiring::default();
        let started = resource::start(plan.resource, wiring, Clock::system()).await;
        let error = started.err().expect("refused").to_string();
        assert!(error.contains(told), "{error}");
    }
    let mut plan = plan(Model::Jwt, Revocation::Denylist);
    plan.resource.leeway = Duration::from_secs(61);
    let wiring = resource::ResourceWiring::default();
    let started = resource::start(plan.resource, wiring, Clock::system()).await;
    let error = started.err().expect("refused").to_string();
    assert!(error.contains("--leeway can be 60s at most"), "{error}");
}

/// A segment of a token, as JSON.
fn part(token: &str, index: usize) -> Value {
    let segment = token.split('.').nth(index).expect("a segment");
    let json = URL_SAFE_NO_PAD.decode(segment).expect("base64url");
    serde_json::from_slice(&json).expect("JSON")
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
