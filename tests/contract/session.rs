//! The session cookie: random, in one place, dead when it is over, and of no use to other sites.

use std::time::{Duration, Instant};

use authbench_servers::namespace::{self, StoreAt};
use authbench_servers::secret::Fingerprint;
use authbench_servers::store::StoreUrl;

use crate::answer::{
    ACCEPTED, Answer, Expected, HEADER_TOO_LARGE, INVALID_SESSION, INVALID_SESSION_REQUEST,
    NO_SESSION, NOT_HTTP, Outcome, UNAVAILABLE, check,
};
use crate::call::Call;
use crate::credential::{Login, differ};
use crate::row::{AUTH, JWT, Row, SESSION, steps};
use crate::target::{Target, USER};
use crate::wire::{self, Connection};

pub(crate) const ROWS: &[Row] = &[
    steps!("SES-02", SESSION, sequential_ids),
    steps!("SES-03", SESSION, prefix_of_a_live_id),
    steps!("SES-05", SESSION, fixation_by_cookie).on_every_store(),
    steps!("SES-06", SESSION, id_in_the_url),
    steps!("SES-08", SESSION, logged_out).on_every_store(),
    steps!("SES-09", AUTH, logged_out_everywhere)
        .on_every_store()
        .not_met(JWT, "≤ access TTL + leeway"),
    steps!("SES-11", SESSION, absolute_time_out).on_every_store(),
    steps!("SES-12", SESSION, nothing_is_kept_in_the_process).on_every_store(),
    steps!("SES-14", SESSION, slow_store).on_every_store(),
    steps!("SES-15", SESSION, no_command_from_an_id).on_every_store(),
    steps!("SES-17", SESSION, good_then_bad),
    steps!("SES-18", SESSION, bad_then_good),
    steps!("SES-20", SESSION, tossed_cookie),
    steps!("SES-21", SESSION, host_prefix_attributes),
    steps!("SES-23", SESSION, prefix_in_another_case),
    steps!("SES-24", SESSION, quoted_value),
    steps!("SES-26", SESSION, oversize_cookie),
    steps!("SES-27", SESSION, three_hundred_cookies),
    steps!("SES-30", SESSION, control_bytes),
    steps!("SES-44", SESSION, ids_are_stored_hashed).on_every_store(),
];

/// `GET /resource` with this `Cookie` header.
async fn with_cookie(target: &Target, cookie: &str) -> Answer {
    Call::get(&target.resource.url, "/resource")
        .cookie(cookie)
        .send()
        .await
}

async fn sequential_ids(target: &Target) -> Outcome {
    target.log_in(USER).await?;
    let mut connection = Connection::open(&target.resource.url).await;
    for id in 1..=1_000 {
        let call =
            Call::get(&target.resource.url, "/resource").cookie(&format!("__Host-session={id}"));
        connection
            .exchange(&call.to_bytes())
            .await
            .is(INVALID_SESSION, "a number")?;
    }
    Ok(())
}

async fn prefix_of_a_live_id(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let cookie = login.cookie();
    for cut in [
        &cookie[..cookie.len() - 1],
        &format!("{cookie}A"),
        &cookie.to_lowercase(),
    ] {
        let answer = with_cookie(target, cut).await;
        check(answer.status == 401, format!("{cut}: {answer:?}"))?;
    }
    target.is_accepted(&login, "the whole id").await
}

async fn fixation_by_cookie(target: &Target) -> Outcome {
    let chosen = Login::made_up(&format!("__Host-session={}", "A".repeat(43)));
    let answer = target.login(USER).cookie(chosen.cookie()).send().await;
    let login = Login::of(&answer);
    differ(&login, &chosen)?;
    target
        .is_refused(&chosen, "the id that the attacker chose")
        .await?;
    target.is_accepted(&login, "the id of the login").await
}

async fn id_in_the_url(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for name in ["sid", "__Host-session", "session", ";jsessionid"] {
        let place = format!("/resource?{name}={}", login.cookie_value());
        let answer = Call::get(&target.resource.url, &place).send().await;
        answer.is(NO_SESSION, name)?;
    }
    Ok(())
}

async fn logged_out(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.is_accepted(&login, "before").await?;
    target.log_out(&login).await?;
    target.is_refused(&login, "after logout").await?;
    // Once more is no error, and brings nothing back.
    target.log_out(&login).await?;
    target.is_refused(&login, "after a second logout").await
}

async fn logged_out_everywhere(target: &Target) -> Outcome {
    let here = target.log_in(USER).await?;
    let there = target.log_in(USER).await?;
    let bystander = target.log_in("user-00002").await?;
    target.administers(USER, "end-sessions").await?;
    target.is_accepted(&bystander, "another user").await?;
    target.has_ended(&here).await?;
    target.is_refused(&there, "the other session").await
}

async fn absolute_time_out(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    // Twelve hours, in steps that the idle time-out would forgive.
    for _ in 0..47 {
        target.passes(Duration::from_secs(15 * 60));
        target.is_accepted(&login, "in constant use").await?;
    }
    target.passes(Duration::from_secs(15 * 60));
    target
        .is_refused(&login, "past the absolute time-out")
        .await
}

async fn nothing_is_kept_in_the_process(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.is_accepted(&login, "before").await?;
    let url = StoreUrl::new(&*target.tap.url);
    let store = namespace::connect(StoreAt::shared(&url), None, target.model).await;
    let store = store.map_err(|error| error.to_string())?;
    let key = format!(
        "record:{}",
        Fingerprint::of(login.cookie_value()).to_base64()
    );
    let deleted = store
        .delete(&[&key])
        .await
        .map_err(|error| error.to_string())?;
    check(deleted == 1, "the session is not where it should be")?;
    target.is_refused(&login, "deleted in the store").await
}

async fn slow_store(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.tap.hold();
    let started = Instant::now();
    let calls = (0..50).map(|_| {
        let call = target.call("GET", &login);
        tokio::spawn(async move { call.send().await })
    });
    for call in calls.collect::<Vec<_>>() {
        let answer = call.await.map_err(|error| error.to_string())?;
        answer.is(UNAVAILABLE, "while the store is silent")?;
        check(answer.header("retry-after").is_some(), "no Retry-After")?;
    }
    // A machine under load is slow; a request that waits for the store never ends.
    check(
        started.elapsed() < Duration::from_secs(20),
        "it waited for the store",
    )?;
    target.tap.release();
    recovers(target, &login).await
}

/// The session is good again, soon after the store is.
pub(crate) async fn recovers(target: &Target, login: &Login) -> Outcome {
    for _ in 0..100 {
        if target.is_accepted(login, "again").await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    target
        .is_accepted(login, "after the store has come back")
        .await
}

async fn no_command_from_an_id(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let request =
        "GET /resource HTTP/1.1\r\nhost: x\r\ncookie: __Host-session=a\r\nFLUSHALL\r\n\r\n";
    let answer = wire::exchange(&target.resource.url, request.as_bytes()).await;
    answer.is(NOT_HTTP, "a line break in a cookie")?;
    for id in [
        "a%0d%0aFLUSHALL",
        "*1$8FLUSHALL",
        "a\tFLUSHALL",
        "../*",
        "{a}:*",
    ] {
        let answer = with_cookie(target, &format!("__Host-session={id}")).await;
        check(answer.status == 401, format!("{id}: {answer:?}"))?;
    }
    check(!target.tap.heard("FLUSHALL"), "it reached the store")?;
    target.is_accepted(&login, "after all").await
}

async fn two_cookies(target: &Target, order: fn(&str, &str) -> String) -> Outcome {
    let login = target.log_in(USER).await?;
    let bad = format!("__Host-session={}", "A".repeat(43));
    let answer = with_cookie(target, &order(login.cookie(), &bad)).await;
    answer
        .is(INVALID_SESSION_REQUEST, "two session cookies")
        .map(drop)
}

async fn good_then_bad(target: &Target) -> Outcome {
    two_cookies(target, |good, bad| format!("{good}; {bad}")).await?;
    two_cookies(target, |good, bad| format!("{good}\r\ncookie: {bad}")).await
}

async fn bad_then_good(target: &Target) -> Outcome {
    two_cookies(target, |good, bad| format!("{bad}; {good}")).await?;
    two_cookies(target, |good, bad| format!("{bad}\r\ncookie: {good}")).await
}

async fn tossed_cookie(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let value = login.cookie_value();
    // Names that a sibling host can set.
    for name in ["session", "sid", "__Secure-session", "Host-session"] {
        with_cookie(target, &format!("{name}={value}"))
            .await
            .is(NO_SESSION, name)?;
        let beside = format!("{name}=attacker; {}", login.cookie());
        with_cookie(target, &beside).await.is(ACCEPTED, name)?;
    }
    Ok(())
}

async fn host_prefix_attributes(target: &Target) -> Outcome {
    let answer = target.login(USER).send().await;
    let cookie = answer.header("set-cookie").unwrap_or_default();
    let (pair, attributes) = cookie.split_once("; ").unwrap_or_default();
    check(pair.starts_with("__Host-session="), pair)?;
    check(
        attributes == "Path=/; Secure; HttpOnly; SameSite=Lax",
        attributes,
    )
}

async fn prefix_in_another_case(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for name in ["__HoSt-session", "__host-session", "__Host-Session"] {
        let answer = with_cookie(target, &format!("{name}={}", login.cookie_value())).await;
        answer.is(NO_SESSION, name)?;
    }
    Ok(())
}

/// The quotes belong to the value, which is then no id: one reading, whatever the browser did.
async fn quoted_value(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let answer = with_cookie(
        target,
        &format!("__Host-session=\"{}\"", login.cookie_value()),
    )
    .await;
    answer.is(INVALID_SESSION, "quoted").map(drop)
}

async fn oversize_cookie(target: &Target) -> Outcome {
    let answer = with_cookie(target, &format!("__Host-session={}", "A".repeat(16 << 10))).await;
    answer.is(HEADER_TOO_LARGE, "16 KiB").map(drop)
}

async fn three_hundred_cookies(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let jar = |size: usize| -> String {
        (0..300)
            .map(|number| format!("c{number}={}; ", "x".repeat(size)))
            .collect()
    };
    let small = format!("{}{}", jar(8), login.cookie());
    with_cookie(target, &small)
        .await
        .is(ACCEPTED, "300 small ones and ours")?;
    with_cookie(target, &jar(100))
        .await
        .is(HEADER_TOO_LARGE, "300 large ones")
        .map(drop)
}

async fn control_bytes(target: &Target) -> Outcome {
    for byte in ["\x01", "\x7f", "\x1b"] {
        let answer = with_cookie(target, &format!("__Host-session=a{byte}b")).await;
        answer.is(Expected::status(&[400, 0]), "a control byte")?;
    }
    Ok(())
}

async fn ids_are_stored_hashed(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.is_accepted(&login, "before").await?;
    check(
        !target.tap.heard(login.cookie_value()),
        "the id itself reached the store",
    )?;
    let stored = Fingerprint::of(login.cookie_value()).to_base64();
    check(target.tap.heard(&stored), "its hash did not")?;
    let replayed = Login::made_up(&format!("__Host-session={stored}"));
    target
        .is_refused(&replayed, "what the store knows it by")
        .await
}
