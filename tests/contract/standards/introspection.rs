//! Introspection (RFC 7662): who may ask, and what is said.

use std::time::Duration;

use authbench_servers::authorization::AUDIENCE;
use authbench_servers::jwt::SigningAlgorithm::Hs256;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::answer::{INACTIVE, INVALID_CLIENT, OK, Outcome, WRONG_METHOD, check};
use crate::call::Call;
use crate::forge::Draft;
use crate::forge::keys::signed_by_secret;
use crate::plan::Plan;
use crate::row::{AUTH, BEARER, JWT, OPAQUE, Row, steps};
use crate::target::{ACCESS_TTL, START_MS, Target, USER};

pub(crate) const ROWS: &[Row] = &[
    steps!("R17", AUTH, only_the_resource_server_asks),
    steps!("R18", BEARER, inactive_says_nothing_else).on_every_store(),
    steps!("R19", BEARER, active_is_all_of_it).on_every_store(),
    steps!("R19", JWT, forged_tokens_are_inactive).with(shared_secret),
    steps!("R20", OPAQUE, an_answer_is_not_kept_past_expiry).with(|plan| {
        plan.resource.introspection_cache = Duration::from_secs(3_600);
    }),
    steps!("R21", BEARER, by_post_and_never_logged),
];

/// With HS256 the test holds the secret, and can make tokens that the issuer's own key has signed.
fn shared_secret(plan: &mut Plan) {
    plan.authorization.algorithm = Hs256;
    plan.resource.algorithm = Hs256;
}

async fn only_the_resource_server_asks(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let form = [("token", login.secrets()[0])];
    let bare = target.post("/introspect", &form);
    bare.clone().send().await.is(INVALID_CLIENT, "nobody")?;
    bare.clone()
        .basic("resource-server", "wrong")
        .send()
        .await
        .is(INVALID_CLIENT, "a wrong secret")?;
    let secret = target.wiring.service_secret.expose();
    let service = bare.basic("service", secret).send().await;
    check(
        service.status == 403 && !service.body.contains("active"),
        format!("{service:?}"),
    )
}

async fn inactive_says_nothing_else(target: &Target) -> Outcome {
    let ended = target.log_in(USER).await?;
    target.administers(USER, "disable").await?;
    let other = target.log_in("user-00002").await?;
    target.passes(ACCESS_TTL);
    for (token, why) in [
        (ended.token(), "of a disabled account"),
        (other.token(), "expired"),
        ("unknown", "unknown"),
        (
            target.wiring.introspection_secret.expose(),
            "no token at all",
        ),
    ] {
        target.introspect(token).send().await.is(INACTIVE, why)?;
    }
    Ok(())
}

async fn active_is_all_of_it(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let said = target.introspect(login.token()).send().await;
    said.is(OK, "a live token")?;
    let (iat, exp) = (START_MS / 1_000, START_MS / 1_000 + 300);
    let expected = json!({
        "active": true, "scope": "read write", "roles": ["writer"], "client_id": "app", "token_type": "Bearer", "sub": USER,
        "aud": AUDIENCE, "iss": target.authorization.url, "iat": iat, "iat_ms": START_MS, "exp": exp,
    });
    check(said.json() == expected, format!("{said:?}"))?;
    target.passes(ACCESS_TTL - Duration::from_millis(1));
    target
        .introspect(login.token())
        .send()
        .await
        .is(OK, "at its last moment")?;
    target.passes(Duration::from_millis(1));
    target
        .introspect(login.token())
        .send()
        .await
        .is(INACTIVE, "at its expiry")
        .map(drop)
}

async fn forged_tokens_are_inactive(target: &Target) -> Outcome {
    let secret = target
        .wiring
        .signing_secret
        .as_ref()
        .map(|secret| secret.expose());
    let secret = URL_SAFE_NO_PAD
        .decode(secret.unwrap_or_default())
        .unwrap_or_default();
    let now = START_MS / 1_000;
    let draft = || Draft::new("HS256", "shared", &target.authorization.url, now);
    let own = |draft: Draft| signed_by_secret(&draft, &secret);
    let said = target.introspect(&own(draft())).send().await;
    check(
        said.json()["active"] == true,
        format!("the control: {said:?}"),
    )?;
    for (token, why) in [
        (own(draft().claim("nbf", now + 60)), "not valid yet"),
        (own(draft().claim("exp", now)), "expired"),
        (
            own(draft().claim("aud", "https://other.test")),
            "for another audience",
        ),
        (
            own(draft().claim("iss", "https://other.test")),
            "by another issuer",
        ),
        (own(draft().claim("client_id", "nobody")), "of no client"),
        (own(draft().header("alg", "none")), "of another algorithm"),
        (signed_by_secret(&draft(), b"guessed"), "of a bad signature"),
    ] {
        target.introspect(&token).send().await.is(INACTIVE, why)?;
    }
    Ok(())
}

async fn an_answer_is_not_kept_past_expiry(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.is_accepted(&login, "fresh").await?;
    target.passes(ACCESS_TTL - Duration::from_millis(1));
    target.is_accepted(&login, "kept").await?;
    target.passes(Duration::from_millis(1));
    target.is_refused(&login, "expired, whatever is kept").await
}

async fn by_post_and_never_logged(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let place = format!("/introspect?token={}", login.token());
    let get = Call::get(&target.authorization.url, &place);
    let secret = target.wiring.introspection_secret.expose();
    get.basic("resource-server", secret)
        .send()
        .await
        .is(WRONG_METHOD, "GET")?;
    target
        .introspect(login.token())
        .send()
        .await
        .is(OK, "POST")?;
    let log = target.audit(&["login_ok"]).await?;
    check(!log.contains(login.token()), "the token is in the log")
}
