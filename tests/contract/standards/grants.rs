//! The token endpoint: who gets what (RFC 6749, RFC 9700).

use std::time::Duration;

use crate::answer::{
    INACTIVE, INVALID_CLIENT, INVALID_GRANT, INVALID_SCOPE, NEEDS_WRITE, OK, Outcome,
    UNSUPPORTED_GRANT, check,
};
use crate::call::Call;
use crate::credential::Login;
use crate::row::{AUTH, BEARER, EVERY, HYBRID, JWT, Row, steps};
use crate::target::{ACCESS_TTL, PASSWORD, SHORT_IDLE, Target, USER};

/// A family's longest life, and the time without a renewal that ends it, in the rows about them.
const ABSOLUTE: Duration = Duration::from_secs(1_000);

pub(crate) const ROWS: &[Row] = &[
    steps!("R01", AUTH, wrong_credentials_get_nothing),
    steps!("R02", BEARER, token_answers_are_not_stored),
    steps!("R03", HYBRID, a_refresh_token_is_its_clients),
    steps!("R04", HYBRID, a_refresh_may_not_widen).on_every_store(),
    steps!("R05", HYBRID, bad_refresh_tokens_are_invalid_grants).on_every_store(),
    steps!("R36", EVERY, implicit_and_password_are_off),
    steps!("R37", HYBRID, public_clients_tokens_rotate).on_every_store(),
    steps!("R38", HYBRID, a_replay_ends_all_of_the_grant).on_every_store(),
    steps!("R39", HYBRID, access_tokens_of_a_replayed_family)
        .on_every_store()
        .not_met(HYBRID, "≤ access TTL + leeway"),
    steps!("R40", HYBRID, rotation_does_not_extend)
        .on_every_store()
        .with(|plan| plan.authorization.refresh_absolute = ABSOLUTE),
    steps!("R41", HYBRID, inactivity_ends_the_family)
        .on_every_store()
        .with(|plan| plan.authorization.refresh_idle = SHORT_IDLE),
    steps!("R42", HYBRID, logout_ends_renewals).on_every_store(),
    steps!("R43", HYBRID, a_retry_succeeds).on_every_store(),
    // Beyond the list: what only a confidential client may have.
    steps!("R/client-credentials", BEARER, client_credentials),
    steps!("R/expired-logout", JWT, an_expired_token_still_logs_out),
];

async fn wrong_credentials_get_nothing(target: &Target) -> Outcome {
    let form = [("grant_type", "client_credentials")];
    let supported = !target.keeps_sessions();
    for (id, secret) in [
        ("service", "wrong"),
        ("service", ""),
        ("app", "x"),
        ("nobody", "x"),
    ] {
        let answer = target.post("/token", &form).basic(id, secret).send().await;
        let expected = if supported {
            INVALID_CLIENT
        } else {
            UNSUPPORTED_GRANT
        };
        answer.is(expected, id)?;
        check(answer.header("set-cookie").is_none(), "a cookie was set")?;
    }
    let revoke = target.post("/revoke", &[("token", "x")]);
    revoke
        .clone()
        .send()
        .await
        .is(INVALID_CLIENT, "revoke by nobody")?;
    revoke
        .basic("service", "wrong")
        .send()
        .await
        .is(INVALID_CLIENT, "revoke")
        .map(drop)
}

async fn token_answers_are_not_stored(target: &Target) -> Outcome {
    let login = target.login(USER).send().await;
    let form = [("grant_type", "client_credentials")];
    let secret = target.wiring.service_secret.expose();
    let token = target
        .post("/token", &form)
        .basic("service", secret)
        .send()
        .await;
    for answer in [login, token] {
        answer.is(OK, "a token answer")?;
        check(
            answer.header("cache-control") == Some("no-store"),
            "it may be stored",
        )?;
        check(
            answer.header("content-type") == Some("application/json"),
            "it is not JSON",
        )?;
        let json = answer.json();
        check(json["token_type"] == "Bearer", "no token_type")?;
        check(json["expires_in"] == ACCESS_TTL.as_secs(), "no expires_in")?;
    }
    Ok(())
}

/// A renewal by another client, whatever it claims to be.
async fn a_refresh_token_is_its_clients(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let token = ("refresh_token", login.cookie_value());
    let grant = ("grant_type", "refresh_token");
    let public = target.post("/token", &[grant, token, ("client_id", "app-2")]);
    public
        .send()
        .await
        .is(INVALID_GRANT, "another public client")?;
    let secret = target.wiring.service_secret.expose();
    let confidential = target
        .post("/token", &[grant, token])
        .basic("service", secret);
    confidential
        .send()
        .await
        .is(INVALID_GRANT, "a confidential client")?;
    let nobody = target.post("/token", &[grant, token]);
    nobody.send().await.is(INVALID_CLIENT, "nobody")?;
    target.renew(&login, "its own client").await.map(drop)
}

async fn a_refresh_may_not_widen(target: &Target) -> Outcome {
    let login = target.log_in_to_read().await?;
    let asking = |scope| {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "app"),
            ("scope", scope),
        ];
        target.post("/token", &form).cookie(login.cookie())
    };
    for scope in ["read write", "write", "admin"] {
        asking(scope).send().await.is(INVALID_SCOPE, scope)?;
    }
    let renewed = asking("read").send().await;
    renewed.is(OK, "read")?;
    check(
        renewed.json()["scope"] == "read",
        "the scope of the renewal",
    )
}

async fn bad_refresh_tokens_are_invalid_grants(target: &Target) -> Outcome {
    let revoked = target.log_in(USER).await?;
    target
        .revoke("app", revoked.cookie_value())
        .send()
        .await
        .is(OK, "revoke")?;
    target.cannot_renew(&revoked, "revoked").await?;
    let logged_out = target.log_in(USER).await?;
    target.log_out(&logged_out).await?;
    target.cannot_renew(&logged_out, "logged out").await?;
    let unknown = Login::made_up("__Secure-refresh=unknown");
    target.cannot_renew(&unknown, "unknown").await
}

async fn implicit_and_password_are_off(target: &Target) -> Outcome {
    let password = [
        ("grant_type", "password"),
        ("client_id", "app"),
        ("username", USER),
        ("password", PASSWORD),
    ];
    target
        .post("/token", &password)
        .send()
        .await
        .is(UNSUPPORTED_GRANT, "password")?;
    for grant in [
        "implicit",
        "authorization_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ] {
        let form = [("grant_type", grant), ("client_id", "app")];
        target
            .post("/token", &form)
            .send()
            .await
            .is(UNSUPPORTED_GRANT, grant)?;
    }
    let query = "/authorize?response_type=token&client_id=app";
    let authorize = Call::get(&target.authorization.url, query).send().await;
    check(authorize.status == 404, format!("{authorize:?}"))
}

async fn public_clients_tokens_rotate(target: &Target) -> Outcome {
    let first = target.log_in(USER).await?;
    let second = target.renew(&first, "first").await?;
    let third = target.renew(&second, "second").await?;
    let tokens = [first.cookie(), second.cookie(), third.cookie()];
    check(
        tokens[0] != tokens[1] && tokens[1] != tokens[2],
        "the same token again",
    )?;
    target.cannot_renew(&first, "used long ago").await
}

async fn a_replay_ends_all_of_the_grant(target: &Target) -> Outcome {
    let first = target.log_in(USER).await?;
    let elsewhere = target.log_in(USER).await?;
    let second = target.renew(&first, "first").await?;
    let third = target.renew(&second, "second").await?;
    target.cannot_renew(&first, "replayed").await?;
    target.cannot_renew(&third, "the active one").await?;
    target
        .renew(&elsewhere, "another authorization of the same user")
        .await
        .map(drop)
}

/// The resource server asks nobody: an access token of the family lives on until it expires.
async fn access_tokens_of_a_replayed_family(target: &Target) -> Outcome {
    let first = target.log_in(USER).await?;
    let second = target.renew(&first, "first").await?;
    let third = target.renew(&second, "second").await?;
    target.cannot_renew(&first, "replayed").await?;
    let said = target.introspect(third.token()).send().await;
    said.is(INACTIVE, "to those who ask")?;
    target.has_ended(&third).await
}

async fn rotation_does_not_extend(target: &Target) -> Outcome {
    let mut login = target.log_in(USER).await?;
    for _ in 0..9 {
        target.passes(ABSOLUTE / 10);
        login = target.renew(&login, "in time").await?;
    }
    target.passes(ABSOLUTE / 10 - Duration::from_millis(1));
    let last = target.renew(&login, "at the last moment").await?;
    target.passes(Duration::from_millis(1));
    target
        .cannot_renew(&last, "past the lifetime set at login")
        .await
}

async fn inactivity_ends_the_family(target: &Target) -> Outcome {
    let mut login = target.log_in(USER).await?;
    // Renewals move it on: together they take longer than one idle time.
    for _ in 0..2 {
        tokio::time::sleep(SHORT_IDLE * 6 / 10).await;
        login = target.renew(&login, "in use").await?;
    }
    tokio::time::sleep(SHORT_IDLE + Duration::from_millis(100)).await;
    target.cannot_renew(&login, "out of use").await
}

async fn logout_ends_renewals(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let next = target.renew(&login, "before").await?;
    target.log_out(&next).await?;
    target.cannot_renew(&next, "after logout").await?;
    target.cannot_renew(&login, "nor within the grace").await
}

async fn a_retry_succeeds(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let first = target.renew(&login, "first").await?;
    let retried = target.renew(&login, "retried").await?;
    check(first.cookie() == retried.cookie(), "another successor")
}

async fn client_credentials(target: &Target) -> Outcome {
    let form = [("grant_type", "client_credentials"), ("scope", "read")];
    let secret = target.wiring.service_secret.expose();
    let answer = target
        .post("/token", &form)
        .basic("service", secret)
        .send()
        .await;
    let login = Login::of(answer.is(OK, "service")?);
    check(
        answer.json().get("refresh_token").is_none(),
        "a refresh token",
    )?;
    target.is_accepted(&login, "its token").await?;
    target
        .call("POST", &login)
        .send()
        .await
        .is(NEEDS_WRITE, "its scope")?;
    let form = [("grant_type", "client_credentials"), ("client_id", "app")];
    let public = target.post("/token", &form).send().await;
    check(
        public.text("error").as_deref() == Some("unauthorized_client"),
        "a public client",
    )
}

async fn an_expired_token_still_logs_out(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.passes(ACCESS_TTL);
    target.is_refused(&login, "expired").await?;
    target.log_out(&login).await
}
