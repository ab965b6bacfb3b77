//! A cached opaque token, and what is pushed: an end is known at once, the cache saves the round
//! trips, and without word from the channel every request asks.

use std::time::Duration;

use authbench_servers::model::Model;
use authbench_servers::resource::{self, ResourceSettings, ResourceWiring, RunningResourceServer};
use authbench_servers::revocation::{PushFail, Revocation, RevocationSettings};
use authbench_servers::store::StartedStore;
use hyper::{Method, StatusCode};
use tokio::time::{Instant, sleep};

use crate::fakes::FakeServer;
use crate::harness::{Call, Login, Plan, Target, counter, get};

const CACHE: Duration = Duration::from_secs(3_600);
const INTROSPECTIONS: &str = "authbench_introspections_total";
const ENTRIES: &str = "authbench_denials_entries";

fn plan() -> Plan {
    let mut plan = Plan::new(Model::Opaque);
    let revocation = RevocationSettings {
        channel: Revocation::DenylistPush,
        // A test machine may stall; what happens without word is a test of its own.
        staleness: Duration::from_secs(30),
        ..RevocationSettings::default()
    };
    plan.authorization.revocation = revocation;
    plan.authorization.access_ttl = CACHE;
    plan.resource.revocation = revocation;
    plan.resource.introspection_cache = CACHE;
    plan
}

async fn is_good(target: &Target, login: &Login) -> bool {
    match target.read(login.token()).await.code() {
        200 => true,
        401 => false,
        code => panic!("neither accepted nor refused: {code}"),
    }
}

/// Refused soon after the acknowledgement: the announcement has to come in first. The cache would
/// keep it good for an hour.
async fn is_out(target: &Target, login: &Login) {
    let since = Instant::now();
    while is_good(target, login).await {
        assert!(since.elapsed() < Duration::from_secs(20), "still in");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn introspections(target: &Target) -> u64 {
    counter(&target.resource.url, INTROSPECTIONS).await
}

async fn log_out(target: &Target, login: &Login) {
    let logout = Call::new(&target.authorization.url, Method::POST, "/logout");
    let answer = logout.bearer(login.token()).send().await;
    assert_eq!(answer.code(), 204);
}

#[tokio::test]
async fn whatever_ends_a_token_ends_it_in_the_cache_and_nobody_elses() {
    for kind in StartedStore::kinds_here() {
        let target = plan().start(kind).await;
        let mut logins = Vec::new();
        for user in [
            "user-00001",
            "user-00003",
            "user-00005",
            "user-00007",
            "user-00009",
        ] {
            let login = target.log_in(user).await;
            assert!(is_good(&target, &login).await);
            logins.push(login);
        }
        let [logged_out, revoked, ended, disabled, bystander] = &logins[..] else {
            unreachable!("five logins")
        };
        log_out(&target, logged_out).await;
        is_out(&target, logged_out).await;
        let by_client = [("token", revoked.token()), ("client_id", "app")];
        assert_eq!(target.form("/revoke", &by_client).send().await.code(), 200);
        is_out(&target, revoked).await;
        let path = "/accounts/user-00005/end-sessions";
        assert!(target.admin(Method::POST, path).await.status.is_success());
        is_out(&target, ended).await;
        target.disable("user-00007").await;
        is_out(&target, disabled).await;
        let asked = introspections(&target).await;
        assert!(is_good(&target, bystander).await);
        assert_eq!(introspections(&target).await, asked, "from the cache");
    }
}

#[tokio::test]
async fn whoever_logs_in_again_is_in_and_the_cache_goes_on_saving_round_trips() {
    let target = plan().embedded().await;
    let first = target.log_in("user-00001").await;
    assert!(is_good(&target, &first).await);
    let path = "/accounts/user-00001/end-sessions";
    assert!(target.admin(Method::POST, path).await.status.is_success());
    is_out(&target, &first).await;
    let again = target.log_in("user-00001").await;
    assert!(is_good(&target, &again).await);
    // The next second: what was issued in the second of a cut-off is asked about.
    target.time.advance(Duration::from_secs(1));
    let later = target.log_in("user-00001").await;
    assert!(is_good(&target, &later).await);
    let asked = introspections(&target).await;
    for _ in 0..5 {
        assert!(is_good(&target, &later).await);
    }
    assert_eq!(introspections(&target).await, asked);
}

/// A token that has ended is refused from memory: the authorization server is not asked.
#[tokio::test]
async fn an_announced_token_is_refused_without_asking() {
    let target = plan().embedded().await;
    let login = target.log_in("user-00001").await;
    assert!(is_good(&target, &login).await);
    log_out(&target, &login).await;
    is_out(&target, &login).await;
    let asked = introspections(&target).await;
    for _ in 0..5 {
        assert!(!is_good(&target, &login).await);
    }
    assert_eq!(introspections(&target).await, asked);
}

#[tokio::test]
async fn a_role_that_is_taken_away_is_gone_though_the_token_lives_on() {
    let target = plan().embedded().await;
    let login = target.log_in("user-00001").await;
    let post = || Call::new(&target.resource.url, Method::POST, "/resource").bearer(login.token());
    assert_eq!(post().send().await.code(), 200);
    let taken = target.admin(Method::DELETE, "/accounts/user-00001/roles/writer");
    assert_eq!(taken.await.code(), 204);
    let since = Instant::now();
    while post().send().await.code() != 403 {
        assert!(since.elapsed() < Duration::from_secs(20), "still a writer");
        sleep(Duration::from_millis(5)).await;
    }
    assert!(is_good(&target, &login).await);
}

/// A resource server that asks `authorization`, and follows the channel of `namespace`.
async fn resource_server(
    target: &Target,
    authorization: &str,
    namespace: Option<&str>,
    fail: PushFail,
) -> RunningResourceServer {
    let settings = ResourceSettings {
        authorization_server: Some(authorization.to_owned()),
        revocation: RevocationSettings {
            fail,
            ..plan().resource.revocation
        },
        ..plan().resource
    };
    let wiring = ResourceWiring {
        store_url: Some(target.wiring.store_url.clone()),
        introspection_secret: Some(target.wiring.introspection_secret.clone()),
        namespace: namespace.map(str::to_owned),
        ..ResourceWiring::default()
    };
    let started = resource::start(settings, wiring, target.clock.clone()).await;
    started.expect("a resource server")
}

/// Without word the cache is not used, so that nobody stays in whose end is not known here; and
/// nobody is kept out.
#[tokio::test]
async fn without_word_a_server_that_fails_closed_asks_about_every_token() {
    for (fail, asks) in [(PushFail::Closed, true), (PushFail::Open, false)] {
        let target = plan().embedded().await;
        let url = &target.authorization.url;
        // Nobody announces anything there.
        let deaf = resource_server(&target, url, Some("elsewhere"), fail).await;
        let login = target.log_in("user-00001").await;
        let read = || get(&deaf.url, "/resource").bearer(login.token()).send();
        let asked = || counter(&deaf.url, INTROSPECTIONS);
        assert_eq!(read().await.code(), 200);
        let before = asked().await;
        for _ in 0..4 {
            assert_eq!(read().await.code(), 200);
        }
        let expected = if asks { 4 } else { 0 };
        assert_eq!(asked().await - before, expected, "{fail}");
        log_out(&target, &login).await;
        let expected = if asks { 401 } else { 200 };
        assert_eq!(read().await.code(), expected, "{fail}");
    }
}

/// How much is denied at a resource server, once it is more than `entries`.
async fn learns_more_than(url: &str, entries: u64) -> u64 {
    let since = Instant::now();
    loop {
        let known = counter(url, ENTRIES).await;
        if known > entries {
            return known;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "no news");
        sleep(Duration::from_millis(5)).await;
    }
}

/// The announcement overtakes an answer that says otherwise: the answer must not be kept, or it would
/// be good for an hour.
#[tokio::test]
async fn an_answer_that_was_under_way_when_the_end_was_announced_is_not_kept() {
    for by_account in [false, true] {
        let target = plan().embedded().await;
        let login = target.log_in("user-00001").await;
        let issued = target.clock.now_ms() / 1_000 - 10;
        let active = format!(
            r#"{{"active":true,"sub":"user-00001","client_id":"app","scope":"read","iat":{issued}}}"#
        );
        let slow = FakeServer::start(&active, Duration::from_secs(2)).await;
        let server = resource_server(&target, &slow.url, None, PushFail::Closed).await;
        let known = counter(&server.url, ENTRIES).await;
        let under_way = {
            let read = get(&server.url, "/resource").bearer(login.token());
            tokio::spawn(read.send())
        };
        while slow.count() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        if by_account {
            let path = "/accounts/user-00001/end-sessions";
            assert!(target.admin(Method::POST, path).await.status.is_success());
        } else {
            log_out(&target, &login).await;
        }
        learns_more_than(&server.url, known).await;
        assert_eq!(slow.count(), 1, "the answer came before the announcement");
        // Of an account the authorization server has the last word: it was asked before, and answers
        // as it would have without a cache.
        let expected = if by_account { 200 } else { 401 };
        assert_eq!(under_way.await.expect("no panic").code(), expected);
        slow.answer(StatusCode::OK, r#"{"active":false}"#);
        let read = get(&server.url, "/resource").bearer(login.token());
        assert_eq!(read.send().await.code(), 401);
        let asked = if by_account { 2 } else { 1 };
        assert_eq!(slow.count(), asked);
    }
}

#[tokio::test]
async fn what_remembers_nothing_has_nothing_to_be_told() {
    let target = plan().embedded().await;
    let settings = ResourceSettings {
        introspection_cache: Duration::ZERO,
        authorization_server: Some(target.authorization.url.clone()),
        ..plan().resource
    };
    let wiring = ResourceWiring::default();
    let started = resource::start(settings, wiring, target.clock.clone()).await;
    let told = started.expect_err("no cache").to_string();
    assert!(told.contains("--introspection-cache"), "{told}");
}
