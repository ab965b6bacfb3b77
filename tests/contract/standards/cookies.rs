//! Cookies and sessions (RFC 6265bis, ASVS 7, NIST SP 800-63B).

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use authbench_scenarios::flow::Jar;
use authbench_scenarios::target::Origin;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::answer::{Answer, OK, Outcome, check};
use crate::call::Call;
use crate::credential::{Login, differ};
use crate::row::{AUTH, HYBRID, Row, SESSION, steps};
use crate::target::{SHORT_IDLE, Target, USER};

use authbench_servers::model::Model;

const COOKIES: &[Model] = &[Model::Session, Model::Hybrid, Model::Gateway];

pub(crate) const ROWS: &[Row] = &[
    steps!("R46", COOKIES, attributes).not_met(
        HYBRID,
        "a `__Secure-` name, because the cookie goes to one path",
    ),
    steps!("R49", SESSION, our_jar_drops_broken_prefixes),
    steps!("R51", AUTH, ids_are_random_and_unique),
    steps!("R52", SESSION, a_login_has_a_new_id).on_every_store(),
    steps!("R58", SESSION, inactivity)
        .on_every_store()
        .with(|plan| {
            plan.authorization.session_idle = SHORT_IDLE;
            plan.resource.session_idle = SHORT_IDLE;
        }),
    steps!("R58", SESSION, sliding_never_passes_absolute).on_every_store(),
    steps!("R60", COOKIES, the_cookie_is_no_clock),
];

fn set_cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap_or_default().to_owned()
}

async fn attributes(target: &Target) -> Outcome {
    let answer = target.login(USER).send().await;
    let cookie = set_cookie(answer.is(OK, "login")?);
    let login = Login::of(&answer);
    let (name, attributes) = match target.model {
        Model::Session | Model::Gateway => {
            ("__Host-session", "Path=/; Secure; HttpOnly; SameSite=Lax")
        }
        _ => (
            "__Secure-refresh",
            "Path=/token; Secure; HttpOnly; SameSite=Strict",
        ),
    };
    check(
        cookie == format!("{name}={}; {attributes}", login.cookie_value()),
        &*cookie,
    )?;
    check(
        !answer.body.contains(login.cookie_value()),
        "the cookie is in the body",
    )?;
    let leave = Call::new("POST", &target.authorization.url, "/logout");
    let left = target.present(leave, &login).send().await;
    let removed = set_cookie(&left);
    check(
        removed == format!("{name}=; {attributes}; Max-Age=0"),
        removed,
    )
}

async fn our_jar_drops_broken_prefixes(target: &Target) -> Outcome {
    let authority = target.resource.url.trim_start_matches("http://");
    let address: SocketAddr = authority.parse().map_err(|error| format!("{error}"))?;
    let origin = Origin::from(address);
    let mut jar = Jar::default();
    let mut kept = |header: &str| jar.receive(header, &origin, "/", SystemTime::now()).is_ok();
    for broken in [
        "__Host-session=x; Path=/",
        "__Host-session=x; Path=/; Secure; Domain=127.0.0.1",
        "__Host-session=x; Path=/app; Secure",
        "__Host-session=x; Secure; Path=app",
        "__HoSt-session=x; Path=/",
        "__hOST-session=x; Path=/app; Secure",
        "__Secure-refresh=x; Path=/",
        "__SECURE-refresh=x; Path=/",
    ] {
        check(!kept(broken), format!("kept: {broken}"))?;
    }
    let ours = set_cookie(&target.login(USER).send().await);
    check(kept(&ours), format!("dropped: {ours}"))
}

/// The random part of what a login hands out.
fn random_part(target: &Target, login: &Login) -> String {
    match target.model {
        Model::Session | Model::Gateway => login.cookie_value().to_owned(),
        Model::Hybrid => login
            .cookie_value()
            .split('.')
            .next()
            .unwrap_or_default()
            .to_owned(),
        Model::Opaque => login.token().to_owned(),
        // The identifier of a JWT; its signature is what cannot be guessed.
        _ => {
            let payload = login.token().split('.').nth(1).unwrap_or_default();
            let claims = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
            let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap_or_default();
            claims["jti"].as_str().unwrap_or_default().to_owned()
        }
    }
}

async fn ids_are_random_and_unique(target: &Target) -> Outcome {
    let mut seen = HashSet::new();
    let mut ones = 0;
    for _ in 0..200 {
        let id = random_part(target, &target.log_in(USER).await?);
        let bytes = URL_SAFE_NO_PAD
            .decode(&id)
            .map_err(|error| format!("{id}: {error}"))?;
        check(bytes.len() * 8 >= 128, format!("{} bits", bytes.len() * 8))?;
        ones += bytes
            .iter()
            .take(16)
            .map(|byte| byte.count_ones())
            .sum::<u32>();
        check(seen.insert(id), "the same id twice")?;
    }
    // 25,600 fair bits: eight standard deviations around the half.
    check(
        (12_160..13_440).contains(&ones),
        format!("{ones} ones in 25,600 bits"),
    )
}

async fn a_login_has_a_new_id(target: &Target) -> Outcome {
    let first = target.log_in(USER).await?;
    let again = target.login(USER).cookie(first.cookie()).send().await;
    let second = Login::of(again.is(OK, "a second login")?);
    differ(&first, &second)?;
    target.is_refused(&first, "the id from before").await?;
    target.is_accepted(&second, "the new id").await
}

/// The store's own clock decides here, so this one waits.
async fn inactivity(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for _ in 0..2 {
        tokio::time::sleep(SHORT_IDLE * 6 / 10).await;
        target.is_accepted(&login, "in use").await?;
    }
    tokio::time::sleep(SHORT_IDLE + Duration::from_millis(100)).await;
    target.is_refused(&login, "out of use").await
}

async fn sliding_never_passes_absolute(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let twelve_hours = Duration::from_secs(12 * 3_600);
    target.passes(twelve_hours - Duration::from_millis(1));
    target.is_accepted(&login, "at the last moment").await?;
    target.passes(Duration::from_millis(1));
    target.is_refused(&login, "a moment later").await?;
    target.is_refused(&login, "and again").await
}

/// A cookie that lives on in a browser opens nothing: the server is the clock.
async fn the_cookie_is_no_clock(target: &Target) -> Outcome {
    let answer = target.login(USER).send().await;
    let cookie = set_cookie(&answer).to_ascii_lowercase();
    check(
        !cookie.contains("max-age") && !cookie.contains("expires"),
        &*cookie,
    )?;
    check(cookie.contains("httponly"), &*cookie)?;
    let login = Login::of(&answer);
    target.passes(Duration::from_secs(31 * 86_400));
    match target.model {
        Model::Hybrid => target.cannot_renew(&login, "a month later").await,
        _ => target.is_refused(&login, "a month later").await,
    }
}
