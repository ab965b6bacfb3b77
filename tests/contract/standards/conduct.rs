//! Conduct: what is logged, and what happens when the store or the authorization server is out
//! (ASVS 16).

use std::time::{Duration, Instant};

use authbench_servers::model::Model;

use crate::answer::{ACCEPTED, INVALID_CLIENT, LOGIN_FAILED, Outcome, UNAVAILABLE, check};
use crate::credential::Login;
use crate::row::{AUTH, Row, steps};
use crate::session::recovers;
use crate::target::{PASSWORD, Target, USER};

pub(crate) const ROWS: &[Row] = &[
    steps!("R61", AUTH, credentials_are_not_logged).on_every_store(),
    steps!("R62", AUTH, what_is_decided_is_logged),
    steps!("R63", AUTH, a_silent_store_lets_nobody_in)
        .on_every_store()
        .with(|plan| {
            plan.resource.upstream_deadline = Duration::from_secs(4);
        }),
    steps!("R63", AUTH, a_stopped_store_lets_nobody_in).on_every_store(),
];

/// Something of everything that is logged, good and bad.
async fn everything_happens(target: &Target) -> Result<Vec<Login>, String> {
    let mut logins = vec![target.log_in(USER).await?];
    let wrong = [("username", USER), ("password", "a-wrong-password")];
    target
        .post("/login", &wrong)
        .send()
        .await
        .is(LOGIN_FAILED, "login")?;
    target.is_accepted(&logins[0], "GET").await?;
    let bad = Login::made_up(&format!("__Host-session={}", "Q".repeat(43)));
    target.is_refused(&bad, "GET").await?;
    let nobody = target
        .post("/introspect", &[("token", "x")])
        .basic("resource-server", "a-wrong-secret");
    nobody.send().await.is(INVALID_CLIENT, "introspect")?;
    if target.model == Model::Hybrid {
        let renewed = target.renew(&logins[0], "renewal").await?;
        target.renew(&renewed, "renewal").await?;
        target.cannot_renew(&logins[0], "replay").await?;
        logins.push(renewed);
    }
    target.log_out(&logins[0]).await?;
    target.administers(USER, "disable").await?;
    logins.push(bad);
    Ok(logins)
}

async fn credentials_are_not_logged(target: &Target) -> Outcome {
    let logins = everything_happens(target).await?;
    let log = target
        .audit(&["account_disabled", "request_refused"])
        .await?;
    let wiring = &target.wiring;
    let mut secrets: Vec<&str> = logins.iter().flat_map(Login::secrets).collect();
    secrets.extend([
        PASSWORD,
        "a-wrong-password",
        "a-wrong-secret",
        wiring.admin_secret.expose(),
    ]);
    secrets.extend([
        wiring.introspection_secret.expose(),
        wiring.service_secret.expose(),
    ]);
    let logged = secrets.iter().find(|secret| log.contains(**secret));
    check(logged.is_none(), format!("{logged:?} is in the log"))?;
    check(
        log.contains("\"credential\""),
        "no credential is named at all",
    )
}

async fn what_is_decided_is_logged(target: &Target) -> Outcome {
    everything_happens(target).await?;
    let mut events = vec![
        "login_ok",
        "login_failed",
        "request_refused",
        "client_refused",
        "logout",
        "account_disabled",
    ];
    if target.model == Model::Hybrid {
        events.extend(["token_issued", "refresh_replay"]);
    }
    let log = target.audit(&events).await?;
    let refused = log.matches("request_refused").count();
    check(
        refused == 1,
        format!("{refused} refusals in the log, and one request was"),
    )?;
    for line in log.lines() {
        let line: serde_json::Value =
            serde_json::from_str(line).map_err(|error| error.to_string())?;
        let time = line["time"].as_str().unwrap_or_default();
        // The clock of the test stands still, at 2027-01-15T08:00:00Z.
        check(
            time.starts_with("2027-01-15T08:00:00") && time.ends_with('Z'),
            line.to_string(),
        )?;
    }
    Ok(())
}

async fn a_silent_store_lets_nobody_in(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.tap.hold();
    without_the_store(target, &login).await?;
    target.tap.release();
    recovers(target, &login).await
}

async fn a_stopped_store_lets_nobody_in(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.store.borrow_mut().stop();
    without_the_store(target, &login).await
}

/// 503 where the store has to be asked, soon; what needs no store goes on.
async fn without_the_store(target: &Target, login: &Login) -> Outcome {
    let started = Instant::now();
    let answer = target.call("GET", login).send().await;
    if target.is_self_contained() {
        answer.is(ACCEPTED, "a JWT needs no store")?;
    } else {
        answer.is(UNAVAILABLE, "GET")?;
        check(answer.header("retry-after").is_some(), "no Retry-After")?;
    }
    target.login(USER).send().await.is(UNAVAILABLE, "login")?;
    if target.model == Model::Hybrid {
        target
            .refresh(login)
            .send()
            .await
            .is(UNAVAILABLE, "renewal")?;
    }
    if !target.keeps_sessions() {
        target
            .introspect(login.token())
            .send()
            .await
            .is(UNAVAILABLE, "introspection")?;
    }
    check(started.elapsed() < Duration::from_secs(20), "it hung")
}
