//! Streams of events: connections that are open already when a credential ends.

use std::time::Duration;

use authbench_servers::model::{MODELS, Model};
use authbench_servers::revocation::Revocation;
use authbench_servers::store::StartedStore;
use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;

use crate::harness::{Call, Login, Plan, Target, counter, get};

const USER: &str = "user-00001";
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Many events, and often judged again, so that a test is short.
fn plan(model: Model) -> Plan {
    let mut plan = Plan::new(model);
    plan.resource.streams.every = Duration::from_millis(5);
    let recheck = Some(Duration::from_millis(50));
    match model {
        // An internal token expires while its session goes on.
        Model::Gateway => plan.resource.streams.recheck = None,
        _ => plan.resource.streams.recheck = recheck,
    }
    plan.gateway.streams.recheck = recheck;
    plan
}

fn call(target: &Target, login: &Login) -> Call {
    let call = get(target.entrance(), "/events");
    match (&login.access_token, &login.cookie) {
        (None, None) => call,
        _ => target.present(call, login),
    }
}

/// A stream that must be opened.
async fn open(target: &Target, login: &Login) -> Incoming {
    let answer = call(target, login).begin().await;
    assert_eq!(answer.status(), 200);
    let headers = answer.headers();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-store");
    answer.into_body()
}

/// What comes next; `None` at the end.
async fn next(stream: &mut Incoming) -> Option<String> {
    let frame = tokio::time::timeout(PATIENCE, stream.frame());
    let frame = frame.await.expect("an event or an end")?;
    let data = frame.expect("unbroken").into_data().expect("data");
    Some(String::from_utf8(data.to_vec()).expect("UTF-8"))
}

/// All that comes until the end.
async fn rest(mut stream: Incoming) -> String {
    let mut text = String::new();
    while let Some(more) = next(&mut stream).await {
        text.push_str(&more);
    }
    text
}

async fn closed(target: &Target, reason: &str) -> u64 {
    let name = format!("authbench_streams_closed_total{{reason=\"{reason}\"}}");
    counter(target.entrance(), &name).await
}

#[tokio::test]
async fn a_stream_ends_when_its_credential_is_judged_again() {
    for kind in StartedStore::kinds_here() {
        for model in MODELS.into_iter().filter(|model| *model != Model::NoAuth) {
            let target = plan(model).start(kind).await;
            let login = target.log_in(USER).await;
            let bystander = target.log_in("user-00002").await;
            let mut stream = open(&target, &login).await;
            let mut other = open(&target, &bystander).await;
            let first = next(&mut stream).await.expect("an event");
            assert!(first.starts_with("data: 0\n\n"), "{first}");
            target.disable(USER).await;
            if matches!(model, Model::Jwt | Model::Hybrid) {
                for _ in 0..20 {
                    next(&mut stream).await.expect("good until it expires");
                }
                target.time.advance(Duration::from_secs(300));
            }
            let text = rest(stream).await;
            assert!(
                text.ends_with("event: revoked\ndata: revoked\n\n"),
                "{text}"
            );
            assert!(closed(&target, "revoked").await >= 1, "{model}");
            if !matches!(model, Model::Jwt | Model::Hybrid) {
                for _ in 0..20 {
                    next(&mut other).await.expect("left alone");
                }
            }
        }
    }
}

/// Though it is never judged again at intervals.
#[tokio::test]
async fn a_pushed_announcement_ends_a_stream_at_once() {
    for kind in StartedStore::kinds_here() {
        for model in [Model::Jwt, Model::Hybrid] {
            let mut plan = plan(model);
            plan.resource.streams.recheck = None;
            plan.authorization.revocation.channel = Revocation::DenylistPush;
            plan.resource.revocation.channel = Revocation::DenylistPush;
            let target = plan.start(kind).await;
            let login = target.log_in(USER).await;
            let bystander = target.log_in("user-00002").await;
            let stream = open(&target, &login).await;
            let mut other = open(&target, &bystander).await;
            target.disable(USER).await;
            let text = rest(stream).await;
            assert!(
                text.ends_with("event: revoked\ndata: revoked\n\n"),
                "{text}"
            );
            for _ in 0..20 {
                next(&mut other).await.expect("left alone");
            }
            target.change(Method::POST, "/keys/rotate", &[]).await;
            let text = rest(other).await;
            assert!(
                text.ends_with("event: revoked\ndata: revoked\n\n"),
                "{text}"
            );
        }
    }
}

/// The negative control.
#[tokio::test]
async fn a_stream_that_is_never_judged_again_outlives_its_credential() {
    for model in MODELS.into_iter().filter(|model| *model != Model::NoAuth) {
        let mut plan = plan(model);
        plan.resource.streams.recheck = None;
        plan.gateway.streams.recheck = None;
        let target = plan.embedded().await;
        let login = target.log_in(USER).await;
        let mut stream = open(&target, &login).await;
        target.disable(USER).await;
        target.time.advance(Duration::from_secs(24 * 3_600));
        assert_eq!(target.reads(&login).await, 401, "{model}");
        for _ in 0..50 {
            let event = next(&mut stream).await.expect("it goes on");
            assert!(event.starts_with("data: "), "{model}: {event}");
        }
    }
}

#[tokio::test]
async fn a_stream_is_opened_as_the_resource_is_read() {
    for model in MODELS {
        let target = plan(model).embedded().await;
        let login = target.log_in(USER).await;
        let bare = get(target.entrance(), "/events").begin().await;
        let expected = if model == Model::NoAuth { 200 } else { 401 };
        assert_eq!(bare.status(), expected, "{model}");
        for method in [Method::POST, Method::HEAD, Method::DELETE] {
            let other = Call::new(target.entrance(), method, "/events");
            assert_eq!(other.send().await.code(), 405, "{model}");
        }
        let mut stream = open(&target, &login).await;
        next(&mut stream).await.expect("an event");
    }
}

#[tokio::test]
async fn a_credential_that_cannot_be_judged_keeps_its_stream_for_a_while_only() {
    let target = plan(Model::Opaque).embedded().await;
    let login = target.log_in(USER).await;
    let mut stream = open(&target, &login).await;
    next(&mut stream).await.expect("an event");
    let url = target.resource.url.clone();
    target.authorization.shut_down().await;
    let text = rest(stream).await;
    let last = "event: unavailable\ndata: unavailable\n\n";
    assert!(text.ends_with(last), "{text}");
    let name = "authbench_streams_closed_total{reason=\"unavailable\"}";
    assert_eq!(counter(&url, name).await, 1);
}

/// As with anything else behind a gateway: the internal token that opened the stream is long gone.
#[tokio::test]
async fn a_relayed_stream_outlives_its_internal_token_and_not_its_session() {
    let target = plan(Model::Gateway).embedded().await;
    let (login, other) = (target.log_in(USER).await, target.log_in(USER).await);
    let mut stream = open(&target, &login).await;
    let mut bystander = open(&target, &other).await;
    target.time.advance(Duration::from_secs(60));
    for _ in 0..50 {
        next(&mut stream).await.expect("the session is good");
    }
    target.log_out(login.cookie()).await;
    let text = rest(stream).await;
    assert!(
        text.ends_with("event: revoked\ndata: revoked\n\n"),
        "{text}"
    );
    for _ in 0..20 {
        next(&mut bystander).await.expect("left alone");
    }
    // The service has noticed that nobody reads there any more.
    while counter(&target.resource.url, "authbench_streams_open").await > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(
        counter(target.entrance(), "authbench_streams_open").await,
        1
    );
}

#[tokio::test]
async fn a_reader_that_leaves_a_relayed_stream_leaves_the_service_too() {
    let target = plan(Model::Gateway).embedded().await;
    let login = target.log_in(USER).await;
    let mut stream = open(&target, &login).await;
    next(&mut stream).await.expect("an event");
    drop(stream);
    for url in [target.entrance(), target.resource.url.as_str()] {
        while counter(url, "authbench_streams_open").await > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    assert_eq!(closed(&target, "reader_gone").await, 1);
}

#[tokio::test]
async fn a_relayed_stream_ends_with_its_service_and_with_its_gateway() {
    for ends in ["service", "gateway"] {
        let mut plan = plan(Model::Gateway);
        plan.gateway.limits.drain = PATIENCE;
        plan.resource.limits.drain = PATIENCE;
        let target = plan.embedded().await;
        let login = target.log_in(USER).await;
        let mut stream = open(&target, &login).await;
        next(&mut stream).await.expect("an event");
        let end = async {
            match ends {
                "service" => target.resource.shut_down().await,
                _ => target.gateway.expect("a gateway").shut_down().await,
            }
        };
        let (text, ()) = tokio::join!(rest(stream), end);
        let last = "event: shutdown\ndata: shutdown\n\n";
        assert!(text.ends_with(last), "{ends}: {text}");
        assert_eq!(text.matches("event: ").count(), 1, "{ends}: {text}");
    }
}

#[tokio::test]
async fn a_server_that_ends_tells_its_streams() {
    let mut plan = plan(Model::NoAuth);
    plan.resource.limits.drain = PATIENCE;
    let target = plan.embedded().await;
    let mut stream = open(&target, &Login::default()).await;
    next(&mut stream).await.expect("an event");
    let (text, ()) = tokio::join!(rest(stream), target.resource.shut_down());
    assert!(
        text.ends_with("event: shutdown\ndata: shutdown\n\n"),
        "{text}"
    );
}

#[tokio::test]
async fn so_many_streams_are_open_at_most_and_readers_that_leave_are_noticed() {
    let mut plan = plan(Model::NoAuth);
    plan.resource.streams.most = 1;
    let target = plan.embedded().await;
    let first = open(&target, &Login::default()).await;
    let second = call(&target, &Login::default()).begin().await;
    assert_eq!(second.status(), 503);
    let url = &target.resource.url;
    assert_eq!(counter(url, "authbench_streams_open").await, 1);
    assert_eq!(counter(url, "authbench_streams_turned_away_total").await, 1);
    drop(first);
    while counter(url, "authbench_streams_open").await > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(closed(&target, "reader_gone").await, 1);
    let mut third = open(&target, &Login::default()).await;
    next(&mut third).await.expect("an event");
}
