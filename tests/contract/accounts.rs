//! One's own account: sessions seen and ended, passwords changed.

use authbench_servers::model::Model;
use serde_json::Value;

use crate::answer::{
    CROSS_SITE, CSRF, DENIED_CROSS_SITE, DONE, Expected, INVALID_REQUEST, LOGIN_FAILED, OK,
    Outcome, WRONG_METHOD, WRONG_PASSWORD, check,
};
use crate::call::Call;
use crate::credential::{Login, differ};
use crate::row::{AUTH, JWT, Row, SESSION, steps};
use crate::target::{PASSWORD, Target, USER};

const OTHER: &str = "user-00003";
const NEW_PASSWORD: &str = "another horse, another staple";
/// How long a self-contained credential outlives its end.
const BOUND: &str = "≤ access TTL + leeway";
const NOTHING_KEPT: &str = "nothing is kept that could be listed; a token ends at its expiry";
/// The models that keep something for each login.
pub(crate) const KEPT: &[Model] = &[Model::Session, Model::Opaque, Model::Hybrid, Model::Gateway];
const PLAIN_JWT: &[Model] = &[Model::Jwt];
const NOT_FOUND: Expected = Expected::status(&[404]);

pub(crate) const ROWS: &[Row] = &[
    steps!("R55", AUTH, a_new_password_ends_other_sessions)
        .on_every_store()
        .not_met(JWT, BOUND),
    steps!("R57", AUTH, users_see_and_end_their_own)
        .on_every_store()
        .not_met(PLAIN_JWT, NOTHING_KEPT),
    // Beyond the list.
    steps!("ACC/password", AUTH, what_a_new_password_needs),
    steps!("ACC/others", KEPT, nobody_ends_anothers),
    steps!("ACC/everywhere", AUTH, logged_out_everywhere_by_oneself)
        .on_every_store()
        .not_met(JWT, BOUND),
    steps!("ACC/cross-site", SESSION, changes_by_cookie_are_guarded),
    steps!("ACC/methods", AUTH, no_change_by_get),
    steps!("ACC/nobody", AUTH, nobody_has_no_account),
];

/// The list of sessions in an answer.
pub(crate) fn listed(answer: &crate::answer::Answer) -> Result<Vec<Value>, String> {
    let list = answer.is(OK, "the list")?.json();
    list.as_array().cloned().ok_or_else(|| list.to_string())
}

pub(crate) async fn own_sessions(target: &Target, login: &Login) -> Result<Vec<Value>, String> {
    listed(&target.own("GET", "/sessions", login).send().await)
}

/// The handle of the one session for which `current` is this.
pub(crate) fn handle(sessions: &[Value], current: bool) -> Result<String, String> {
    let found = sessions.iter().find(|entry| entry["current"] == current);
    let handle = found.and_then(|entry| entry["handle"].as_str());
    handle
        .map(str::to_owned)
        .ok_or_else(|| format!("none is current = {current}: {sessions:?}"))
}

fn new_password<'a>(current: &'a str, new: &'a str) -> [(&'static str, &'a str); 2] {
    [("current_password", current), ("new_password", new)]
}

async fn log_in_with(target: &Target, password: &str) -> crate::answer::Answer {
    let form = [("username", USER), ("password", password)];
    target.post("/login", &form).send().await
}

async fn a_new_password_ends_other_sessions(target: &Target) -> Outcome {
    let here = target.log_in(USER).await?;
    let there = target.log_in(USER).await?;
    let bystander = target.log_in(OTHER).await?;
    let form = new_password(PASSWORD, NEW_PASSWORD);
    let answer = target.own_form("/password", &form, &here).send().await;
    let renewed = Login::of(answer.is(OK, "a new password")?);
    differ(&renewed, &here)?;
    target
        .is_accepted(&renewed, "this session, opened anew")
        .await?;
    target.is_accepted(&bystander, "another user").await?;
    if target.model == Model::Hybrid {
        target.cannot_renew(&here, "the family of before").await?;
        target.cannot_renew(&there, "the other family").await?;
        target.renew(&renewed, "the new family").await?;
    }
    log_in_with(target, PASSWORD)
        .await
        .is(LOGIN_FAILED, "with the old password")?;
    log_in_with(target, NEW_PASSWORD)
        .await
        .is(OK, "with the new one")?;
    target.has_ended(&there).await?;
    target.is_refused(&here, "the id of before").await
}

async fn what_a_new_password_needs(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let change = |form: &[(&str, &str)]| target.own_form("/password", form, &login);
    let wrong = change(&new_password("not the password", NEW_PASSWORD));
    wrong.send().await.is(WRONG_PASSWORD, "a wrong one")?;
    let huge = "p".repeat(1_025);
    for (form, what) in [
        (new_password(PASSWORD, "short"), "too short"),
        (new_password(PASSWORD, &huge), "too long"),
        (new_password(PASSWORD, PASSWORD), "the same"),
        (new_password(PASSWORD, ""), "none"),
        (new_password("", NEW_PASSWORD), "no current one"),
        (new_password(&huge, NEW_PASSWORD), "a huge current one"),
    ] {
        change(&form).send().await.is(INVALID_REQUEST, what)?;
    }
    target.is_accepted(&login, "nothing has changed").await?;
    log_in_with(target, PASSWORD)
        .await
        .is(OK, "nor the password")?;
    let log = target.audit(&["wrong_current_password"]).await?;
    check(!log.contains("not the password"), "it is in the log")
}

async fn users_see_and_end_their_own(target: &Target) -> Outcome {
    let here = target.log_in(USER).await?;
    let there = target.log_in(USER).await?;
    target.log_in(OTHER).await?;
    let sessions = own_sessions(target, &here).await?;
    if target.model == Model::Jwt {
        return check(sessions.is_empty(), format!("{sessions:?}"));
    }
    check(sessions.len() == 2, format!("{sessions:?}"))?;
    let secrets = [here.secrets(), there.secrets()].concat();
    let text = format!("{sessions:?}");
    check(
        !secrets.iter().any(|secret| text.contains(secret)),
        "a credential is in the list",
    )?;
    let other = format!("/sessions/{}", handle(&sessions, false)?);
    target
        .own("DELETE", &other, &here)
        .send()
        .await
        .is(DONE, "the other session")?;
    target
        .own("DELETE", &other, &here)
        .send()
        .await
        .is(NOT_FOUND, "once more")?;
    target.is_accepted(&here, "this one goes on").await?;
    check(own_sessions(target, &here).await?.len() == 1, "one is left")?;
    let own = format!("/sessions/{}", handle(&sessions, true)?);
    target
        .own("DELETE", &own, &here)
        .send()
        .await
        .is(DONE, "this one")?;
    if target.model == Model::Hybrid {
        target.cannot_renew(&there, "ended").await?;
        target.cannot_renew(&here, "ended").await?;
    }
    target.has_ended(&there).await?;
    target.is_refused(&here, "this one").await
}

async fn nobody_ends_anothers(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let other = target.log_in(OTHER).await?;
    let theirs = own_sessions(target, &other).await?;
    let theirs = handle(&theirs, true)?;
    for guess in [theirs.as_str(), "x", "", "../sessions", &"A".repeat(43)] {
        let path = format!("/sessions/{guess}");
        let answer = target.own("DELETE", &path, &login).send().await;
        answer.is(NOT_FOUND, guess)?;
        let path = format!("/accounts/{USER}/sessions/{guess}");
        let answer = target.admin("DELETE", &path).send().await;
        answer.is(NOT_FOUND, "not of that account")?;
    }
    target.is_accepted(&other, "still").await?;
    check(
        own_sessions(target, &other).await?.len() == 1,
        "still there",
    )
}

async fn logged_out_everywhere_by_oneself(target: &Target) -> Outcome {
    let here = target.log_in(USER).await?;
    let there = target.log_in(USER).await?;
    let bystander = target.log_in(OTHER).await?;
    let answer = target.own("POST", "/logout-everywhere", &here).send().await;
    answer.is(DONE, "everywhere")?;
    if target.model == Model::Hybrid {
        target.cannot_renew(&here, "here").await?;
        target.cannot_renew(&there, "there").await?;
    }
    target.is_accepted(&bystander, "another user").await?;
    target.has_ended(&here).await?;
    target.is_refused(&there, "there").await
}

async fn changes_by_cookie_are_guarded(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let own = handle(&own_sessions(target, &login).await?, true)?;
    let single = format!("/sessions/{own}");
    for (method, path) in [
        ("POST", "/password"),
        ("POST", "/logout-everywhere"),
        ("DELETE", single.as_str()),
    ] {
        let bare = || target.present(Call::new(method, &target.authorization.url, path), &login);
        let token = login.csrf_token().ok_or("no token")?;
        let unvouched = bare().header("x-csrf-token", token).send().await;
        unvouched.is(CROSS_SITE, "no word of where it comes from")?;
        bare().same_origin().send().await.is(CSRF, "no token")?;
        let forged = bare().header("x-csrf-token", token);
        let forged = forged.header("origin", "https://evil.test").send().await;
        forged.is(DENIED_CROSS_SITE, "another origin")?;
    }
    target.is_accepted(&login, "nothing has changed").await
}

async fn no_change_by_get(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for path in ["/password", "/logout-everywhere", "/sessions/x"] {
        let answer = target.own("GET", path, &login).send().await;
        answer.is(WRONG_METHOD, path)?;
    }
    for path in ["roles/writer", "sessions/x", "end-sessions"] {
        let path = format!("/accounts/{USER}/{path}");
        target
            .admin("GET", &path)
            .send()
            .await
            .is(WRONG_METHOD, &path)?;
    }
    target.is_accepted(&login, "nothing has changed").await
}

async fn nobody_has_no_account(target: &Target) -> Outcome {
    target.log_in(USER).await?;
    let bad = Login::made_up(&format!("__Host-session={}", "A".repeat(43)));
    for (method, path) in [
        ("GET", "/sessions"),
        ("GET", "/csrf-token"),
        ("DELETE", "/sessions/x"),
        ("POST", "/password"),
        ("POST", "/logout-everywhere"),
    ] {
        let bare = Call::new(method, &target.authorization.url, path);
        let bare = bare.same_origin().send().await;
        check(bare.status == 401, format!("{path}: {bare:?}"))?;
        let answer = target.own(method, path, &bad).send().await;
        let refused = matches!(answer.status, 401 | 403);
        check(refused, format!("{path}: {answer:?}"))?;
    }
    Ok(())
}
