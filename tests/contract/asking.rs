//! Asking about tokens: the authorization server's side of introspection (RFC 7662 §2).

use authbench_servers::secret::random_id;

use crate::answer::{INACTIVE, INVALID_CLIENT, INVALID_REQUEST, INVALID_TOKEN, OK, Outcome, check};
use crate::call::Call;
use crate::row::{AUTH, BEARER, OPAQUE, Row, steps};
use crate::target::{ACCESS_TTL, Target, USER};
use crate::wire::Connection;

pub(crate) const ROWS: &[Row] = &[
    steps!("OPQ-01", AUTH, asking_needs_a_client),
    steps!("OPQ-03", BEARER, scanning_finds_nothing),
    steps!("OPQ-04", BEARER, an_ended_token_has_no_details),
    steps!("OPQ-07", BEARER, hints_do_not_matter),
    steps!("OPQ-09", AUTH, two_tokens_are_none),
    steps!("OPQ-10", AUTH, an_empty_token_is_none),
    steps!("OPQ-25", OPAQUE, other_shapes_cost_no_look_up),
];

async fn asking_needs_a_client(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let secrets = login.secrets();
    let form = [("token", secrets[0])];
    let bare = || target.post("/introspect", &form);
    let named = target.post("/introspect", &[form[0], ("client_id", "app")]);
    let posted = [
        form[0],
        ("client_id", "resource-server"),
        ("client_secret", "x"),
    ];
    for (call, who) in [
        (bare(), "nobody"),
        (bare().basic("resource-server", "wrong"), "a wrong secret"),
        (bare().basic("nobody", ""), "an unknown client"),
        (bare().bearer(secrets[0]), "the token itself"),
        (named, "a public client"),
        (target.post("/introspect", &posted), "a secret in the form"),
    ] {
        let answer = call.send().await;
        answer.is(INVALID_CLIENT, who)?;
        check(!answer.body.contains("active"), answer.body)?;
    }
    Ok(())
}

/// Guessing is hopeless, and is not slowed down: every guess at a resource server becomes a
/// question of the one client that may ask, so that a limit on its wrong guesses would shut all
/// callers out.
async fn scanning_finds_nothing(target: &Target) -> Outcome {
    target.log_in(USER).await?;
    let mut connection = Connection::open(&target.authorization.url).await;
    for _ in 0..10_000 {
        let call = target.introspect(&random_id());
        connection
            .exchange(&call.to_bytes())
            .await
            .is(INACTIVE, "a random token")?;
    }
    Ok(())
}

async fn an_ended_token_has_no_details(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target
        .introspect(login.token())
        .send()
        .await
        .is(OK, "a live token")?;
    target.passes(ACCESS_TTL);
    target
        .introspect(login.token())
        .send()
        .await
        .is(INACTIVE, "expired")
        .map(drop)
}

async fn hints_do_not_matter(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let plain = target.introspect(login.token()).send().await;
    check(plain.json()["active"] == true, format!("{plain:?}"))?;
    for hint in ["refresh_token", "access_token", "unheard-of"] {
        let form = [("token", login.token()), ("token_type_hint", hint)];
        let hinted = target.ask(&form).send().await;
        check(hinted.body == plain.body, format!("{hint}: {hinted:?}"))?;
    }
    Ok(())
}

async fn two_tokens_are_none(target: &Target) -> Outcome {
    let twice = target.ask(&[("token", "a"), ("token", "b")]).send().await;
    twice.is(INVALID_REQUEST, "two tokens")?;
    let hints = [
        ("token", "a"),
        ("token_type_hint", "x"),
        ("token_type_hint", "x"),
    ];
    target
        .ask(&hints)
        .send()
        .await
        .is(INVALID_REQUEST, "two hints")
        .map(drop)
}

async fn an_empty_token_is_none(target: &Target) -> Outcome {
    target
        .ask(&[("token", "")])
        .send()
        .await
        .is(INVALID_REQUEST, "empty")?;
    target
        .ask(&[])
        .send()
        .await
        .is(INVALID_REQUEST, "absent")
        .map(drop)
}

/// Our tokens carry no checksum; what has not their shape is refused before the store is asked.
async fn other_shapes_cost_no_look_up(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let commands = store_commands(target).await?;
    let token = login.token();
    for other in [&token[1..], &format!("{token}A"), "ab_0123456789", "é"] {
        let answer = Call::get(&target.resource.url, "/resource")
            .bearer(other)
            .send()
            .await;
        answer.is(INVALID_TOKEN, other)?;
    }
    check(
        store_commands(target).await? == commands,
        "the store was asked",
    )
}

async fn store_commands(target: &Target) -> Result<String, String> {
    let metrics = Call::get(&target.authorization.url, "/metrics")
        .send()
        .await;
    let line = metrics
        .body
        .lines()
        .find(|line| line.starts_with("authbench_store_commands_total "));
    line.map(str::to_owned)
        .ok_or_else(|| "no such counter".to_owned())
}
