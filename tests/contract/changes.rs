//! Changing the resource: who may, and what a cookie needs besides.

use crate::answer::{
    ACCEPTED, CROSS_SITE, CSRF, DENIED_CROSS_SITE, DONE, NEEDS_WRITER, NO_TOKEN, OK, Outcome,
    WRITERS_ONLY, check,
};
use crate::call::Call;
use crate::credential::Login;
use crate::row::{AUTH, BEARER, EVERY, HYBRID, JWT, Row, SESSION, steps};
use crate::target::{Target, USER};

use authbench_servers::model::Model;

/// An account that was not seeded as a writer, unlike [`USER`].
const READER: &str = "user-00002";

pub(crate) const ROWS: &[Row] = &[
    steps!("SES-36", SESSION, token_of_another_session).on_every_store(),
    steps!("SES-38", SESSION, double_submit_with_a_tossed_cookie),
    // Beyond the list: roles, and what each model demands of a change.
    steps!("CHG/writer", AUTH, only_writers_change),
    steps!("CHG/control", EVERY, a_good_change_is_accepted),
    steps!("CHG/csrf", SESSION, a_change_by_cookie_needs_its_token),
    steps!("CHG/csrf-anew", SESSION, the_token_can_be_had_again),
    steps!("CHG/bearer", BEARER, a_bearer_needs_none_of_it),
    steps!(
        "CHG/refresh-cookie",
        HYBRID,
        the_refresh_cookie_opens_no_resource
    ),
    steps!("CHG/role-taken", AUTH, a_role_that_is_taken)
        .on_every_store()
        .not_met(JWT, "≤ access TTL + leeway"),
    steps!("CHG/role-given", AUTH, a_role_that_is_given).on_every_store(),
];

/// A change by a page of our own.
async fn post(target: &Target, login: &Login) -> crate::answer::Answer {
    target.call("POST", login).same_origin().send().await
}

async fn token_of_another_session(target: &Target) -> Outcome {
    let mine = target.log_in(USER).await?;
    let again = target.log_in(USER).await?;
    let theirs = target.log_in("user-00003").await?;
    for (other, whose) in [(&theirs, "another user's"), (&again, "another session's")] {
        let call = target.present(Call::new("POST", &target.resource.url, "/resource"), &mine);
        let token = other.csrf_token().ok_or("no token")?;
        let answer = call
            .header("x-csrf-token", token)
            .same_origin()
            .send()
            .await;
        answer.is(CSRF, whose)?;
    }
    post(target, &mine).await.is(ACCEPTED, "its own").map(drop)
}

/// A sibling host can plant a cookie of any name, and a form of its own can repeat what it planted.
/// A token that only has to equal a cookie would pass; ours has to belong to the session.
async fn double_submit_with_a_tossed_cookie(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let attacker = target.log_in("user-00003").await?;
    let planted = attacker.csrf_token().ok_or("no token")?;
    for name in ["csrf_token", "__Host-csrf", "x-csrf-token"] {
        let cookies = format!("{}; {name}={planted}", login.cookie());
        let call = Call::new("POST", &target.resource.url, "/resource").cookie(&cookies);
        let answer = call
            .header("x-csrf-token", planted)
            .same_origin()
            .send()
            .await;
        answer.is(CSRF, name)?;
    }
    post(target, &login)
        .await
        .is(ACCEPTED, "by our own page")
        .map(drop)
}

async fn only_writers_change(target: &Target) -> Outcome {
    let reader = target.log_in(READER).await?;
    target.is_accepted(&reader, "reading needs no role").await?;
    let expected = match target.model {
        Model::Session | Model::Gateway => WRITERS_ONLY,
        _ => NEEDS_WRITER,
    };
    post(target, &reader).await.is(expected, "not a writer")?;
    let log = target.audit(&["insufficient_role"]).await?;
    check(log.contains(READER), "the log does not say who")
}

async fn a_good_change_is_accepted(target: &Target) -> Outcome {
    let answer = target.login(USER).send().await;
    let login = Login::of(answer.is(OK, "login")?);
    post(target, &login)
        .await
        .is(ACCEPTED, "a writer")
        .map(drop)
}

async fn a_change_by_cookie_needs_its_token(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let token = login.csrf_token().ok_or("no token in the answer")?;
    let bare = || {
        let call = Call::new("POST", &target.resource.url, "/resource");
        target.present(call, &login).same_origin()
    };
    bare().send().await.is(CSRF, "without a token")?;
    for wrong in [
        &token[1..],
        &format!("{token}A"),
        login.cookie_value(),
        "x",
        "",
    ] {
        let answer = bare().header("x-csrf-token", wrong).send().await;
        answer.is(CSRF, wrong)?;
    }
    let twice = bare()
        .header("x-csrf-token", token)
        .header("x-csrf-token", token);
    twice.send().await.is(CSRF, "twice")?;
    let elsewhere = format!("/resource?x-csrf-token={token}");
    let call = Call::new("POST", &target.resource.url, &elsewhere);
    let answer = target.present(call, &login).same_origin().send().await;
    answer.is(CSRF, "in the query")?;
    // The token alone does not do, either.
    let unvouched = target.call("POST", &login).send().await;
    unvouched.is(CROSS_SITE, "no word of where it comes from")?;
    target.log_out(&login).await?;
    let after = post(target, &login).await;
    after.is(target.refusal(), "the session is over").map(drop)
}

async fn the_token_can_be_had_again(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let ask = |login: &Login| {
        let call = Call::get(&target.authorization.url, "/csrf-token");
        target.present(call, login)
    };
    let again = ask(&login).send().await;
    check(
        again.text("csrf_token").as_deref() == login.csrf_token(),
        format!("{again:?}"),
    )?;
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let answer = ask(&login).header(name, value).send().await;
        answer.is(DENIED_CROSS_SITE, value)?;
        check(
            answer.header("access-control-allow-origin").is_none(),
            "another site may read it",
        )?;
    }
    target.log_out(&login).await?;
    ask(&login)
        .send()
        .await
        .is(target.refusal(), "over")
        .map(drop)
}

/// No browser adds a bearer token by itself, so nobody can make one send it.
async fn a_bearer_needs_none_of_it(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    check(login.csrf_token().is_none(), "a token that nobody needs")?;
    let bare = target.call("POST", &login);
    bare.send().await.is(ACCEPTED, "nothing but the token")?;
    let from_afar = bare.header("origin", "https://evil.test");
    from_afar
        .send()
        .await
        .is(ACCEPTED, "from another origin")
        .map(drop)
}

/// What protects the one cookie of the hybrid: it goes to the token endpoint only (its path), not
/// with requests of other sites (`SameSite=Strict`, and the check of RFR-30), and what it buys is
/// in the body of an answer that other sites cannot read. No resource server looks at it.
async fn the_refresh_cookie_opens_no_resource(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for method in ["GET", "POST"] {
        let call = Call::new(method, &target.resource.url, "/resource").cookie(login.cookie());
        let answer = call.same_origin().send().await;
        answer.is(NO_TOKEN, method)?;
    }
    for (method, path) in [
        ("POST", "/logout"),
        ("GET", "/sessions"),
        ("POST", "/password"),
    ] {
        let call = Call::new(method, &target.authorization.url, path).cookie(login.cookie());
        let answer = call.same_origin().send().await;
        check(answer.status == 401, format!("{path}: {answer:?}"))?;
    }
    Ok(())
}

/// Takes or gives a role, which must succeed.
async fn role(target: &Target, method: &str, user: &str) -> Outcome {
    let path = format!("/accounts/{user}/roles/writer");
    target
        .admin(method, &path)
        .send()
        .await
        .is(DONE, method)
        .map(drop)
}

async fn a_role_that_is_taken(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    post(target, &login).await.is(ACCEPTED, "a writer")?;
    role(target, "DELETE", USER).await?;
    if target.is_self_contained() {
        let still = post(target, &login).await;
        still.is(ACCEPTED, "what it says was true when it was issued")?;
    } else {
        let expected = match target.model {
            Model::Session | Model::Gateway => WRITERS_ONLY,
            _ => NEEDS_WRITER,
        };
        post(target, &login)
            .await
            .is(expected, "no writer any more")?;
        target.is_accepted(&login, "still signed in").await?;
    }
    let next = match target.model {
        Model::Hybrid => target.renew(&login, "renewed").await?,
        _ => target.log_in(USER).await?,
    };
    let answer = post(target, &next).await;
    check(answer.status == 403, format!("the next one: {answer:?}"))?;
    if !target.keeps_sessions() {
        let said = target.introspect(login.token()).send().await.json();
        check(said["active"] == true, said.to_string())?;
        check(said["roles"].is_null(), said.to_string())?;
    }
    // Given back, it is as before.
    role(target, "PUT", USER).await?;
    let again = target.log_in(USER).await?;
    post(target, &again)
        .await
        .is(ACCEPTED, "given back")
        .map(drop)
}

async fn a_role_that_is_given(target: &Target) -> Outcome {
    let before = target.log_in(READER).await?;
    role(target, "PUT", READER).await?;
    let after = target.log_in(READER).await?;
    post(target, &after)
        .await
        .is(ACCEPTED, "a login after it")?;
    let answer = post(target, &before).await;
    let expected = if target.is_self_contained() { 403 } else { 200 };
    check(
        answer.status == expected,
        format!("a login before it: {answer:?}"),
    )?;
    let view = target
        .admin("GET", &format!("/accounts/{READER}"))
        .send()
        .await;
    check(
        view.json()["roles"] == serde_json::json!(["writer"]),
        format!("{view:?}"),
    )
}
