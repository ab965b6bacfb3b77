//! The gateway: a session cookie in, an internal token out, and nothing else either way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use authbench_servers::clock::Clock;
use authbench_servers::gateway::{self, GatewaySettings, REVEALED, Route, RunningGateway};
use authbench_servers::http::Limits;
use authbench_servers::http::connection::{self, Handler, Listening};
use authbench_servers::http::reply::{self, Reply};
use authbench_servers::jwt::SigningAlgorithm;
use authbench_servers::model::Model;
use authbench_servers::revocation::{Revocation, RevocationSettings};
use authbench_servers::store::StartedStore;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, COOKIE, SET_COOKIE, WWW_AUTHENTICATE};
use hyper::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;

use crate::harness::{Call, Login, Plan, Target, counter, get};

const FAILURES: &str = "authbench_gateway_failures_total";

fn revealing() -> Plan {
    let mut plan = Plan::new(Model::Gateway);
    plan.gateway.reveal_internal_token = true;
    plan
}

/// The internal token that an answer of a gateway that reveals it was made with.
async fn stolen(target: &Target, login: &Login) -> String {
    let answer = target.read_with_cookie(login.cookie()).await;
    assert_eq!(answer.code(), 200, "{answer:?}");
    answer.header(&REVEALED).expect("revealed").to_owned()
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("JSON")
}

#[tokio::test]
async fn a_session_opens_the_services_through_the_gateway_and_an_internal_token_behind_it() {
    let target = revealing().embedded().await;
    let login = target.log_in("user-00001").await;
    let token = stolen(&target, &login).await;
    let said = claims(&token);
    let gateway = target.gateway.as_ref().expect("a gateway");
    assert_eq!(said["iss"], gateway.internal_url.as_str());
    assert_eq!(said["sub"], "user-00001");
    assert_eq!(said["roles"], serde_json::json!(["writer"]));
    // Directly at the service: the token opens it, the cookie and nothing at all do not.
    assert_eq!(target.read(&token).await.code(), 200);
    let direct = || get(&target.resource.url, "/resource");
    assert_eq!(direct().send().await.code(), 401);
    let with_cookie = direct().header("cookie", login.cookie()).send().await;
    assert_eq!(with_cookie.code(), 401);
    // At the gateway the token is nothing, beside a cookie or alone.
    let entrance = || get(target.entrance(), "/resource").bearer(&token);
    assert_eq!(entrance().send().await.code(), 401);
    let beside = entrance().header("cookie", login.cookie()).send().await;
    assert_eq!(beside.code(), 200);
}

#[tokio::test]
async fn a_logout_is_immediate_at_the_gateway_and_a_stolen_token_lives_for_its_ttl() {
    for kind in StartedStore::kinds_here() {
        let target = revealing().start(kind).await;
        let login = target.log_in("user-00001").await;
        let token = stolen(&target, &login).await;
        let expires_ms = claims(&token)["exp"].as_i64().expect("a number") * 1_000;
        let left_ms = expires_ms - target.clock.now_ms();
        assert!((1_000..=2_000).contains(&left_ms), "{left_ms}");
        target.log_out(login.cookie()).await;
        for path in ["/resource", "/1/resource"] {
            let answer = get(target.entrance(), path).header("cookie", login.cookie());
            assert_eq!(answer.send().await.code(), 401, "{path}");
        }
        let left = Duration::from_millis(left_ms.unsigned_abs());
        target.time.advance(left - Duration::from_millis(1));
        assert_eq!(target.read(&token).await.code(), 200);
        target.time.advance(Duration::from_millis(1));
        assert_eq!(target.read(&token).await.code(), 401);
    }
}

#[tokio::test]
async fn a_token_is_minted_once_and_renewed_before_it_expires() {
    let target = revealing().embedded().await;
    let login = target.log_in("user-00001").await;
    let minted = || counter(target.entrance(), "authbench_internal_tokens_total");
    let first = stolen(&target, &login).await;
    assert_eq!(stolen(&target, &login).await, first);
    assert_eq!(minted().await, 1);
    // Over ten lives, in steps in which it may not once be too old for the service.
    for _ in 0..200 {
        target.time.advance(Duration::from_millis(100));
        stolen(&target, &login).await;
    }
    let minted = minted().await;
    assert!((11..=41).contains(&minted), "{minted} for ten lives");
}

/// The session knows at once, so a token that still says otherwise is not used.
#[tokio::test]
async fn a_role_that_is_taken_away_is_gone_at_the_next_request() {
    let target = Plan::new(Model::Gateway).embedded().await;
    let login = target.log_in("user-00001").await;
    let post = || {
        Call::new(target.entrance(), Method::POST, "/resource")
            .header("cookie", login.cookie())
            .header("x-csrf-token", login.csrf_token.as_deref().expect("one"))
            .header("sec-fetch-site", "same-origin")
            .send()
    };
    assert_eq!(post().await.code(), 200);
    let taken = target.admin(Method::DELETE, "/accounts/user-00001/roles/writer");
    assert_eq!(taken.await.code(), 204);
    let refused = post().await;
    assert_eq!(refused.code(), 403);
    assert_eq!(refused.header(WWW_AUTHENTICATE), None);
    assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
}

#[tokio::test]
async fn another_site_cannot_change_anything_through_the_gateway() {
    let target = Plan::new(Model::Gateway).embedded().await;
    let login = target.log_in("user-00001").await;
    let post = |name: &str, value: &str| {
        Call::new(target.entrance(), Method::POST, "/1/resource")
            .header("cookie", login.cookie())
            .header("x-csrf-token", login.csrf_token.as_deref().expect("one"))
            .header(name, value)
    };
    assert_eq!(post("origin", "https://evil.test").send().await.code(), 403);
    let own = post("origin", target.entrance()).send().await;
    assert_eq!(own.code(), 200);
    let bare = Call::new(target.entrance(), Method::POST, "/1/resource")
        .header("cookie", login.cookie())
        .header("sec-fetch-site", "same-origin");
    assert_eq!(bare.send().await.code(), 403);
}

#[tokio::test]
async fn nothing_of_a_service_but_its_resource_can_be_reached() {
    let target = Plan::new(Model::Gateway).embedded().await;
    let login = target.log_in("user-00001").await;
    for path in [
        "/1/metrics",
        "/1/healthz",
        "/2/resource",
        "/1",
        "/jwks.json",
    ] {
        let answer = get(target.entrance(), path).header("cookie", login.cookie());
        assert_eq!(answer.send().await.code(), 404, "{path}");
    }
    let internal = &target.gateway.as_ref().expect("a gateway").internal_url;
    assert_eq!(get(internal, "/jwks.json").send().await.code(), 200);
    assert_eq!(get(internal, "/resource").send().await.code(), 404);
}

#[tokio::test]
async fn a_service_that_is_gone_is_an_error_and_never_a_refusal() {
    let target = Plan::new(Model::Gateway).embedded().await;
    let login = target.log_in("user-00001").await;
    let read = |cookie: &str| {
        get(target.entrance(), "/dead/resource")
            .header("cookie", cookie)
            .send()
    };
    assert_eq!(read(login.cookie()).await.code(), 502);
    // Without a session nobody learns of it.
    assert_eq!(read("a=b").await.code(), 401);
    let reason = format!("{FAILURES}{{reason=\"connection\"}}");
    assert_eq!(counter(target.entrance(), &reason).await, 1);
    assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
}

/// A service that answers what it is told, and remembers what it was sent.
struct FakeService {
    url: String,
    heard: Arc<Heard>,
    _listening: Listening,
}

#[derive(Default)]
struct Heard {
    requests: Mutex<Vec<(Method, String, HeaderMap)>>,
    answers: Mutex<Vec<u16>>,
}

struct Fake(Arc<Heard>);

impl Handler for Fake {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        let path = request.uri().to_string();
        let heard = (request.method().clone(), path, request.headers().clone());
        self.0.requests.lock().expect("not poisoned").push(heard);
        let next = self.0.answers.lock().expect("not poisoned").pop();
        let status = StatusCode::from_u16(next.unwrap_or(200)).expect("a status");
        let reply = reply::json_text(status, "{}");
        let reply = reply::with_header(
            reply,
            SET_COOKIE,
            "__Host-session=planted".parse().expect("ASCII"),
        );
        reply::with_header(reply, WWW_AUTHENTICATE, "Bearer".parse().expect("ASCII"))
    }
}

impl FakeService {
    /// Answers with these statuses, then with 200.
    async fn start(answers: &[u16]) -> Self {
        let listener = connection::bind(([127, 0, 0, 1], 0).into())
            .await
            .expect("a port");
        let url = connection::url_of(&listener, None).expect("bound");
        let heard = Arc::new(Heard::default());
        let answers = answers.iter().rev().copied().collect();
        *heard.answers.lock().expect("not poisoned") = answers;
        let handler = Arc::new(Fake(Arc::clone(&heard)));
        let listening = connection::serve(listener, handler, &Limits::default(), None);
        Self {
            url,
            heard,
            _listening: listening.expect("serves"),
        }
    }

    fn requests(&self) -> Vec<(Method, String, HeaderMap)> {
        self.heard.requests.lock().expect("not poisoned").clone()
    }
}

/// A gateway of its own before `service`, for the sessions of `target`.
async fn before(target: &Target, service: &FakeService) -> RunningGateway {
    let route: Route = format!("/={}", service.url).parse().expect("a route");
    let settings = GatewaySettings {
        services: vec![route],
        algorithm: SigningAlgorithm::Es256,
        ..GatewaySettings::default()
    };
    let wiring = authbench_servers::gateway::GatewayWiring {
        store_url: target.wiring.store_url.clone(),
        store_unix_url: None,
        signing_secret: None,
        csrf_key: target.wiring.csrf_key.clone(),
        namespace: None,
    };
    let started = gateway::start(settings, wiring, target.clock.clone()).await;
    started.expect("a gateway")
}

#[tokio::test]
async fn neither_cookies_nor_smuggled_credentials_reach_a_service() {
    let target = Plan::new(Model::Gateway).embedded().await;
    let login = target.log_in("user-00001").await;
    let service = FakeService::start(&[]).await;
    let gateway = before(&target, &service).await;
    let answer = get(&gateway.url, "/resource?page=2")
        .header("cookie", login.cookie())
        .header("authorization", "Bearer smuggled")
        .header("x-internal-user", "admin")
        .header("x-forwarded-for", "10.0.0.1")
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("accept", "application/json")
        .send()
        .await;
    assert_eq!(answer.code(), 200);
    assert_eq!(answer.header(SET_COOKIE), None);
    assert_eq!(answer.header(WWW_AUTHENTICATE), None);
    assert_eq!(answer.header(&REVEALED), None);
    assert_eq!(answer.header(CONTENT_TYPE), Some("application/json"));
    let (method, uri, fields) = service.requests().remove(0);
    assert_eq!((method, uri.as_str()), (Method::GET, "/resource?page=2"));
    for name in ["x-internal-user", "x-forwarded-for", "x-hop"] {
        assert!(!fields.contains_key(name), "{name}");
    }
    assert!(!fields.contains_key(COOKIE) && !fields.contains_key(CONNECTION));
    let all: Vec<_> = fields.get_all("authorization").iter().collect();
    let token = all[0].to_str().expect("ASCII").strip_prefix("Bearer ");
    assert_eq!(all.len(), 1);
    assert_eq!(claims(token.expect("a bearer token"))["sub"], "user-00001");
    assert_eq!(fields["accept"], "application/json");
    assert_eq!(fields["host"], service.url["http://".len()..]);
}

#[tokio::test]
async fn a_refused_internal_token_is_tried_anew_once_and_never_blamed_on_the_caller() {
    let target = Plan::new(Model::Gateway).embedded().await;
    let login = target.log_in("user-00001").await;
    let service = FakeService::start(&[401, 200, 401, 401]).await;
    let gateway = before(&target, &service).await;
    let read = || {
        get(&gateway.url, "/resource")
            .header("cookie", login.cookie())
            .send()
    };
    assert_eq!(read().await.code(), 200);
    let tokens = counter(&gateway.url, "authbench_internal_tokens_total");
    assert_eq!(tokens.await, 2);
    assert_eq!(read().await.code(), 502);
    let reason = format!("{FAILURES}{{reason=\"token_refused\"}}");
    assert_eq!(counter(&gateway.url, &reason).await, 1);
    assert_eq!(service.requests().len(), 4);
    // Where the session has ended meanwhile, the caller is told.
    service
        .heard
        .answers
        .lock()
        .expect("not poisoned")
        .push(401);
    target.log_out(login.cookie()).await;
    assert_eq!(read().await.code(), 401);
}

/// Whoever asks for a stream, and whatever a service makes of it: the rules are those of any request.
#[tokio::test]
async fn an_answer_that_is_no_stream_is_relayed_as_any_other() {
    let target = Plan::new(Model::Gateway).embedded().await;
    let login = target.log_in("user-00001").await;
    let service = FakeService::start(&[429, 401, 200, 401, 401]).await;
    let gateway = before(&target, &service).await;
    let events = || {
        get(&gateway.url, "/events")
            .header("cookie", login.cookie())
            .header("authorization", "Bearer smuggled")
            .send()
    };
    let answer = events().await;
    assert_eq!((answer.code(), answer.header(SET_COOKIE)), (429, None));
    // Refused once, it is asked with another token; refused twice, the session is still good.
    assert_eq!(events().await.code(), 200);
    assert_eq!(events().await.code(), 502);
    for (_, path, fields) in service.requests() {
        assert_eq!(path, "/events");
        assert!(!fields.contains_key(COOKIE));
        assert_ne!(fields["authorization"], "Bearer smuggled");
    }
    assert_eq!(counter(&gateway.url, "authbench_streams_open").await, 0);
}

#[tokio::test]
async fn connections_to_a_service_are_kept_and_one_that_was_closed_is_replaced() {
    let target = Plan::new(Model::Gateway).embedded().await;
    let login = target.log_in("user-00001").await;
    let service = FakeService::start(&[]).await;
    let gateway = before(&target, &service).await;
    for _ in 0..20 {
        let read = get(&gateway.url, "/resource").header("cookie", login.cookie());
        assert_eq!(read.send().await.code(), 200);
    }
    assert_eq!(service.requests().len(), 20);
}

#[tokio::test]
async fn what_a_gateway_needs_is_said_at_the_start() {
    let target = Plan::new(Model::Gateway).embedded().await;
    let start = async |change: fn(&mut GatewaySettings)| {
        let mut settings = GatewaySettings {
            services: vec!["/1=http://127.0.0.1:1".parse().expect("a route")],
            algorithm: SigningAlgorithm::Es256,
            ..GatewaySettings::default()
        };
        change(&mut settings);
        let wiring = authbench_servers::gateway::GatewayWiring {
            store_url: target.wiring.store_url.clone(),
            store_unix_url: None,
            signing_secret: None,
            csrf_key: target.wiring.csrf_key.clone(),
            namespace: None,
        };
        let started = gateway::start(settings, wiring, Clock::system()).await;
        started.expect_err("not possible").to_string()
    };
    let told = start(|settings| settings.services.clear()).await;
    assert!(told.contains("--service"), "{told}");
    let told = start(|settings| settings.services.push(settings.services[0].clone())).await;
    assert!(told.contains("two services at `/1`"), "{told}");
    let told = start(|settings| settings.internal_ttl = Duration::from_secs(1)).await;
    assert!(told.contains("at least 2 s"), "{told}");
    let told = start(|settings| settings.local_cache = settings.session_idle).await;
    assert!(told.contains("shorter than the idle time-out"), "{told}");
}

/// With a revocation channel the services are told, and a stolen internal token ends with its
/// session. The clock stands still, so that nothing ends by itself.
#[tokio::test]
async fn services_that_are_told_refuse_a_stolen_token_of_a_session_that_has_ended() {
    for kind in StartedStore::kinds_here() {
        let mut plan = revealing();
        let revocation = RevocationSettings {
            channel: Revocation::DenylistPush,
            staleness: Duration::from_secs(30),
            ..RevocationSettings::default()
        };
        plan.authorization.revocation = revocation;
        plan.resource.revocation = revocation;
        let target = plan.start(kind).await;
        let (login, other) = (
            target.log_in("user-00001").await,
            target.log_in("user-00001").await,
        );
        let bystander = target.log_in("user-00003").await;
        let (first, second) = (stolen(&target, &login).await, stolen(&target, &other).await);
        target.log_out(login.cookie()).await;
        is_refused_soon(&target, &first).await;
        assert_eq!(target.read(&second).await.code(), 200);
        let everywhere = target.admin(Method::POST, "/accounts/user-00001/end-sessions");
        assert!(everywhere.await.status.is_success());
        is_refused_soon(&target, &second).await;
        // In the same millisecond, as far as the clock knows.
        let again = target.log_in("user-00001").await;
        for login in [&again, &bystander] {
            assert_eq!(target.read_with_cookie(login.cookie()).await.code(), 200);
        }
    }
}

async fn is_refused_soon(target: &Target, token: &str) {
    for _ in 0..4_000 {
        if target.read(token).await.code() == 401 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("still accepted");
}
