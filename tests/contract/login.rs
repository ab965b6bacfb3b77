//! Logins: bounded, exact, and by a clock that may be wrong.

use std::time::Duration;

use authbench_servers::clock::Clock;
use authbench_servers::resource::{self, ResourceSettings, ResourceWiring};

use crate::answer::{
    ACCEPTED, Answer, Expected, INVALID_REQUEST, INVALID_TOKEN, LOGIN_FAILED, Outcome,
};
use crate::call::Call;
use crate::row::{AUTH, JWT, Row, steps};
use crate::target::{PASSWORD, START_MS, Target, USER};

pub(crate) const ROWS: &[Row] = &[
    steps!("LOG-02", AUTH, huge_password),
    steps!("LOG-03", AUTH, password_with_nul),
    steps!("LOG-05", JWT, clock_ahead),
    // Beyond the list: who is let in, and names with a second spelling.
    steps!("LOG/names", AUTH, other_names),
    steps!("LOG/twice", AUTH, two_passwords),
];

async fn log_in_with(target: &Target, user: &str, password: &str) -> Answer {
    target
        .post("/login", &[("username", user), ("password", password)])
        .send()
        .await
}

async fn huge_password(target: &Target) -> Outcome {
    let megabyte = log_in_with(target, USER, &"p".repeat(1 << 20)).await;
    megabyte.is(Expected::status(&[413, 0]), "a megabyte")?;
    let longer = format!("{PASSWORD}{}", "p".repeat(1_024));
    log_in_with(target, USER, &longer)
        .await
        .is(INVALID_REQUEST, "past the longest password")
        .map(drop)
}

async fn password_with_nul(target: &Target) -> Outcome {
    let (first, _) = PASSWORD.split_at(5);
    for password in [
        format!("{PASSWORD}\0"),
        format!("{PASSWORD}\0x"),
        format!("{first}\0"),
        first.into(),
    ] {
        log_in_with(target, USER, &password)
            .await
            .is(LOGIN_FAILED, "not the password")?;
    }
    Ok(())
}

/// A resource server whose clock is ahead by this, with this leeway, judges a token that has a
/// minute left.
async fn judged_ahead(target: &Target, ahead: u64, leeway: u64, expected: Expected) -> Outcome {
    let login = target.log_in(USER).await?;
    let now_ms = START_MS + (240 + ahead as i64) * 1_000;
    let settings = ResourceSettings {
        model: target.model,
        algorithm: authbench_servers::jwt::SigningAlgorithm::Es256,
        authorization_server: Some(target.authorization.url.clone()),
        leeway: Duration::from_secs(leeway),
        ..ResourceSettings::default()
    };
    let (clock, _) = Clock::manual(now_ms);
    let running = resource::start(settings, ResourceWiring::default(), clock).await;
    let running = running.map_err(|error| error.to_string())?;
    let answer = Call::get(&running.url, "/resource")
        .bearer(login.token())
        .send()
        .await;
    answer
        .is(expected, &format!("ahead by {ahead} s, leeway {leeway} s"))
        .map(drop)
}

async fn clock_ahead(target: &Target) -> Outcome {
    judged_ahead(target, 0, 0, ACCEPTED).await?;
    judged_ahead(target, 90, 0, INVALID_TOKEN).await?;
    judged_ahead(target, 90, 30, INVALID_TOKEN).await?;
    judged_ahead(target, 90, 31, ACCEPTED).await
}

async fn other_names(target: &Target) -> Outcome {
    for user in [
        "user-99999",
        "user-1",
        "USER-00001",
        "user-00001 ",
        "user-00001\0",
        "admin",
    ] {
        log_in_with(target, user, PASSWORD)
            .await
            .is(LOGIN_FAILED, user)?;
    }
    log_in_with(target, "", PASSWORD)
        .await
        .is(INVALID_REQUEST, "no name")
        .map(drop)
}

async fn two_passwords(target: &Target) -> Outcome {
    let form = [
        ("username", USER),
        ("password", "wrong"),
        ("password", PASSWORD),
    ];
    target
        .post("/login", &form)
        .send()
        .await
        .is(INVALID_REQUEST, "two passwords")
        .map(drop)
}
