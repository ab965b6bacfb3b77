//! What carries a credential, and what it carries: a JWT in a cookie, claims of any size, and the
//! ways to the store.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::SystemTime;

use authbench_scenarios::flow::Jar;
use authbench_scenarios::target::Origin;
use authbench_servers::entitlements::Entitlements;
use authbench_servers::model::{Model, Transport};
use authbench_servers::store::StoreKind;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::answer::{
    ACCEPTED, Answer, COOKIE_TOO_LARGE, CSRF, INVALID_SESSION_REQUEST, NO_SESSION, OK, Outcome,
    check,
};
use crate::call::Call;
use crate::credential::Login;
use crate::plan::Plan;
use crate::row::{AUTH, JWT, Row, SESSION, steps};
use crate::target::{ACCESS_TTL, Target, USER};

const PLAIN_JWT: &[Model] = &[Model::Jwt];
/// Every model that calls the store.
const STORED: &[Model] = &[Model::Session, Model::Opaque, Model::Hybrid, Model::Gateway];
/// Of a cookie, name and value together (RFC 6265bis §5.6).
const COOKIE_BYTES: usize = 4_096;

pub(crate) const ROWS: &[Row] = &[
    steps!("JWC/carried", PLAIN_JWT, a_jwt_in_a_cookie).with(in_a_cookie),
    steps!("JWC/csrf", PLAIN_JWT, its_changes_are_guarded).with(in_a_cookie),
    steps!("JWC/ended", PLAIN_JWT, it_ends_as_a_jwt_ends)
        .with(in_a_cookie)
        .not_met(PLAIN_JWT, "≤ access TTL + leeway"),
    steps!("JWC/cliff", PLAIN_JWT, the_cookie_cliff),
    steps!("CLM/size", AUTH, large_claims_are_carried).with(|plan| {
        plan.authorization.entitlements = Entitlements::of_size(8_192).expect("a size");
    }),
    steps!("CLM/session", SESSION, a_session_cookie_stays_small).with(|plan| {
        plan.authorization.entitlements = Entitlements::of_size(8_192).expect("a size");
    }),
    steps!("CLM/none", JWT, no_claims_unless_asked_for),
    steps!("STO/pool", STORED, the_store_is_reached)
        .on_every_store()
        .with(|plan| reach_by(plan, "pool=3")),
    steps!("STO/unix", STORED, the_store_is_reached_by_its_socket)
        .on_every_store()
        .with(|plan| reach_by(plan, "unix")),
];

fn in_a_cookie(plan: &mut Plan) {
    plan.authorization.transport = Transport::Cookie;
    plan.resource.transport = Transport::Cookie;
}

async fn a_jwt_in_a_cookie(target: &Target) -> Outcome {
    let answer = target.login(USER).send().await;
    let cookie = answer.header("set-cookie").unwrap_or_default().to_owned();
    let login = Login::of(answer.is(OK, "login")?);
    let attributes = "; Path=/; Secure; HttpOnly; SameSite=Lax";
    check(
        cookie == format!("__Host-access={}{attributes}", login.cookie_value()),
        &*cookie,
    )?;
    check(
        !answer.body.contains(login.cookie_value()),
        "it is in the body, too",
    )?;
    target.is_accepted(&login, "in its cookie").await?;
    let resource = || Call::get(&target.resource.url, "/resource");
    let in_header = resource().bearer(login.cookie_value()).send().await;
    in_header.is(NO_SESSION, "in the header")?;
    let two = format!("{}; __Host-access=x", login.cookie());
    let two = resource().cookie(&two).send().await;
    two.is(INVALID_SESSION_REQUEST, "two cookies")?;
    let other = format!("{}x", login.cookie());
    let other = resource().cookie(&other).send().await;
    other.is(target.refusal(), "spoilt").map(drop)
}

async fn its_changes_are_guarded(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let again = target.log_in(USER).await?;
    let post = |token: Option<&str>| {
        let call = Call::new("POST", &target.resource.url, "/resource");
        let call = target.present(call, &login).same_origin();
        token.map_or(call.clone(), |token| call.header("x-csrf-token", token))
    };
    post(None).send().await.is(CSRF, "no token")?;
    let foreign = post(again.csrf_token()).send().await;
    foreign.is(CSRF, "another login's")?;
    let own = post(login.csrf_token()).send().await;
    own.is(ACCEPTED, "its own").map(drop)
}

/// What carries it changes nothing about how it ends.
async fn it_ends_as_a_jwt_ends(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.log_out(&login).await?;
    target
        .is_accepted(&login, "copied before the logout")
        .await?;
    target.passes(ACCESS_TTL);
    target.is_refused(&login, "expired").await
}

/// Read by [`sized`], which cannot be given it.
static CLAIMS: AtomicUsize = AtomicUsize::new(0);

fn sized(plan: &mut Plan) {
    in_a_cookie(plan);
    // A name of one length, unlike an address with a port.
    plan.authorization.issuer = Some("https://issuer.test".to_owned());
    plan.resource.issuer = plan.authorization.issuer.clone();
    let size = CLAIMS.load(SeqCst);
    plan.authorization.entitlements = Entitlements::of_size(size).expect("a size");
}

async fn with_claims(bytes: usize) -> Target {
    CLAIMS.store(bytes, SeqCst);
    Target::start(Model::Jwt, StoreKind::Embedded, sized).await
}

/// On one side of the cliff the browser keeps the cookie, on the other the login says why not.
async fn the_cookie_cliff(_: &Target) -> Outcome {
    let small = with_claims(1_000).await.log_in(USER).await?;
    // Base64 makes four characters of three bytes.
    let most = 1_000 + (COOKIE_BYTES - small.cookie().len() + 1) * 3 / 4;
    let target = with_claims(most).await;
    let answer = target.login(USER).send().await;
    let login = Login::of(answer.is(OK, "below the cliff")?);
    // `=` stands between name and value.
    let size = login.cookie().len() - 1;
    check(
        (COOKIE_BYTES - 3..=COOKIE_BYTES).contains(&size),
        format!("a cookie of {size} bytes"),
    )?;
    check(kept_by_our_jar(&target, &answer)?, "our jar drops it")?;
    target.is_accepted(&login, "below the cliff").await?;
    let target = with_claims(most + 4).await;
    let answer = target.login(USER).send().await;
    answer.is(COOKIE_TOO_LARGE, "beyond the cliff")?;
    check(
        answer.header("set-cookie").is_none(),
        "it is sent all the same",
    )?;
    target.audit(&["cookie_too_large"]).await.map(drop)
}

fn kept_by_our_jar(target: &Target, answer: &Answer) -> Result<bool, String> {
    let authority = target.resource.url.trim_start_matches("http://");
    let address: SocketAddr = authority.parse().map_err(|error| format!("{error}"))?;
    let origin = Origin::from(address);
    let cookie = answer.header("set-cookie").unwrap_or_default();
    let received = Jar::default().receive(cookie, &origin, "/", SystemTime::now());
    Ok(received.is_ok())
}

/// The claims of a token, as it was issued.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let json = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or_default()
}

async fn large_claims_are_carried(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.is_accepted(&login, "with large claims").await?;
    let write = target.call("POST", &login).same_origin().send().await;
    write.is(ACCEPTED, "and roles beside them")?;
    let carried = match target.model {
        Model::Session | Model::Gateway => {
            return check(target.tap.heard("unit-200"), "not in the record");
        }
        Model::Opaque => target.introspect(login.token()).send().await.json(),
        _ => claims(login.token()),
    };
    let size = carried["entitlements"].to_string().len();
    check(size == 8_192, format!("{size} bytes"))?;
    if target.model == Model::Hybrid {
        check(
            !target.tap.heard("unit-200"),
            "the family carries them, too",
        )?;
        let next = target.renew(&login, "renewed").await?;
        target.is_accepted(&next, "renewed").await?;
    }
    Ok(())
}

async fn a_session_cookie_stays_small(target: &Target) -> Outcome {
    let answer = target.login(USER).send().await;
    let login = Login::of(answer.is(OK, "login")?);
    check(login.cookie().len() < 64, login.cookie())?;
    check(kept_by_our_jar(target, &answer)?, "our jar drops it")
}

async fn no_claims_unless_asked_for(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let claims = claims(login.token());
    check(
        claims["roles"] == serde_json::json!(["writer"]),
        claims.to_string(),
    )?;
    check(claims.get("entitlements").is_none(), claims.to_string())
}

fn reach_by(plan: &mut Plan, way: &str) {
    let way = way.parse().expect("a way");
    plan.authorization.store_connection = way;
    plan.resource.store_connection = way;
}

/// The same as over one connection, also when more is asked at once than there are connections.
async fn the_store_is_reached(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let calls = (0..24).map(|_| {
        let call = target.call("GET", &login);
        tokio::spawn(async move { call.send().await })
    });
    for call in calls.collect::<Vec<_>>() {
        let answer = call.await.map_err(|error| error.to_string())?;
        answer.is(ACCEPTED, "at once")?;
    }
    if target.model == Model::Hybrid {
        target.renew(&login, "renewed").await?;
    }
    target.administers(USER, "end-sessions").await?;
    target.has_ended(&login).await?;
    let metrics = Call::get(&target.authorization.url, "/metrics")
        .send()
        .await;
    check(metrics.status == 200, format!("{metrics:?}"))
}

async fn the_store_is_reached_by_its_socket(target: &Target) -> Outcome {
    the_store_is_reached(target).await?;
    check(!target.tap.heard("record:"), "it went by TCP")
}
