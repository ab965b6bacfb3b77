//! What ends a credential, and when it has ended (RFC 7009, ASVS 7.4).

use crate::answer::{
    DONE, Expected, INACTIVE, INVALID_CLIENT, INVALID_GRANT, LOGIN_FAILED, OK, Outcome,
    UNAVAILABLE, UNSUPPORTED_TOKEN, check,
};
use crate::call::Call;
use crate::credential::Login;
use crate::row::{AUTH, BEARER, EVERY, HYBRID, JWT, OPAQUE, Row, steps};
use crate::session::recovers;
use crate::target::{Target, USER};

use authbench_servers::model::Model;

/// How long a self-contained credential outlives its end.
const BOUND: &str = "≤ access TTL + leeway";

pub(crate) const ROWS: &[Row] = &[
    steps!("R11", BEARER, another_clients_token_stays).on_every_store(),
    steps!("R12", EVERY, revoking_what_is_not_there),
    steps!("R13", BEARER, revoked_and_not_accepted_again)
        .on_every_store()
        .not_met(JWT, BOUND),
    steps!("R14", HYBRID, revoking_a_family_ends_its_access_tokens)
        .on_every_store()
        .not_met(HYBRID, BOUND),
    steps!("R15", BEARER, hints_and_kinds).on_every_store(),
    steps!(
        "R16",
        &[Model::Opaque, Model::Hybrid],
        revoking_without_the_store
    )
    .on_every_store(),
    steps!("R53", AUTH, logout_ends_it)
        .on_every_store()
        .not_met(JWT, BOUND),
    steps!("R54", AUTH, disabling_ends_it)
        .on_every_store()
        .not_met(JWT, BOUND),
    steps!("R56", AUTH, an_administrator_ends_it)
        .on_every_store()
        .not_met(JWT, BOUND),
    // Beyond the list: the admin surface itself, and a revocation by somebody who is nobody.
    steps!("R/admin", AUTH, the_admin_surface_needs_its_secret),
    steps!("R/revoked-by", OPAQUE, only_the_client_revokes),
];

async fn another_clients_token_stays(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for secret in login.secrets() {
        let answer = target.revoke("app-2", secret).send().await;
        answer.is(INVALID_GRANT, "by another client")?;
    }
    // By effect, not by status.
    target.is_accepted(&login, "still").await?;
    if target.model == Model::Hybrid {
        target.renew(&login, "still").await?;
    }
    Ok(())
}

async fn revoking_what_is_not_there(target: &Target) -> Outcome {
    for token in ["x", "a.b.c", &"A".repeat(43), "é"] {
        target.revoke("app", token).send().await.is(OK, token)?;
    }
    Ok(())
}

/// An opaque token is gone at once. A JWT cannot be revoked, and the answer says so.
async fn revoked_and_not_accepted_again(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.is_accepted(&login, "before").await?;
    let expected = match target.is_self_contained() {
        true => UNSUPPORTED_TOKEN,
        false => OK,
    };
    target
        .revoke("app", login.token())
        .send()
        .await
        .is(expected, "revoke")?;
    target.has_ended(&login).await
}

async fn revoking_a_family_ends_its_access_tokens(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target
        .revoke("app", login.cookie_value())
        .send()
        .await
        .is(OK, "revoke")?;
    target.cannot_renew(&login, "revoked").await?;
    let said = target.introspect(login.token()).send().await;
    said.is(INACTIVE, "to those who ask")?;
    target.has_ended(&login).await
}

async fn hints_and_kinds(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let (token, hint, expected) = match target.model {
        Model::Opaque => (login.token(), "refresh_token", OK),
        Model::Hybrid => (login.cookie_value(), "access_token", OK),
        _ => (login.token(), "refresh_token", UNSUPPORTED_TOKEN),
    };
    let form = [
        ("client_id", "app"),
        ("token", token),
        ("token_type_hint", hint),
    ];
    target
        .post("/revoke", &form)
        .send()
        .await
        .is(expected, "with a wrong hint")?;
    match target.model {
        Model::Opaque => target.is_refused(&login, "found in spite of it").await,
        Model::Hybrid => target.cannot_renew(&login, "found in spite of it").await,
        _ => target.is_accepted(&login, "not revoked").await,
    }
}

async fn revoking_without_the_store(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let secret = match target.model {
        Model::Hybrid => login.cookie_value(),
        _ => login.token(),
    };
    target.tap.hold();
    let answer = target.revoke("app", secret).send().await;
    answer.is(UNAVAILABLE, "while the store is silent")?;
    check(answer.header("retry-after").is_some(), "no Retry-After")?;
    target.tap.release();
    recovers(target, &login).await?;
    target.revoke("app", secret).send().await.is(OK, "again")?;
    match target.model {
        Model::Hybrid => target.cannot_renew(&login, "revoked").await,
        _ => target.is_refused(&login, "revoked").await,
    }
}

async fn logout_ends_it(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let elsewhere = target.log_in(USER).await?;
    target.log_out(&login).await?;
    target
        .is_accepted(&elsewhere, "the same user elsewhere")
        .await?;
    if target.model == Model::Hybrid {
        target.cannot_renew(&login, "after logout").await?;
    }
    target.has_ended(&login).await
}

async fn disabling_ends_it(target: &Target) -> Outcome {
    let logins = [target.log_in(USER).await?, target.log_in(USER).await?];
    target.administers(USER, "disable").await?;
    target
        .login(USER)
        .send()
        .await
        .is(LOGIN_FAILED, "disabled")?;
    for login in &logins {
        if target.model == Model::Hybrid {
            target.cannot_renew(login, "disabled").await?;
        }
        if !target.keeps_sessions() {
            target
                .introspect(login.token())
                .send()
                .await
                .is(INACTIVE, "disabled")?;
        }
    }
    target.has_ended(&logins[0]).await?;
    target.is_refused(&logins[1], "the other session").await?;
    target.administers(USER, "enable").await?;
    target
        .is_refused(&logins[0], "what was ended stays ended")
        .await?;
    target.log_in(USER).await.map(drop)
}

async fn an_administrator_ends_it(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let bystander = target.log_in("user-00002").await?;
    target.administers(USER, "end-sessions").await?;
    if target.model == Model::Hybrid {
        target.cannot_renew(&login, "ended").await?;
    }
    target.is_accepted(&bystander, "another user").await?;
    target.has_ended(&login).await?;
    // Unlike disabling, it leaves the account as it is.
    target.log_in(USER).await.map(drop)
}

async fn the_admin_surface_needs_its_secret(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let path = format!("/accounts/{USER}/disable");
    let at = |url: &str| Call::new("POST", url, &path);
    let admin = &target.authorization.admin_url;
    for (call, who) in [
        (at(admin), "nobody"),
        (at(admin).bearer("wrong"), "a wrong secret"),
        (at(admin).bearer(login.secrets()[0]), "a user"),
    ] {
        let answer = call.send().await;
        check(answer.status == 401, format!("{who}: {answer:?}"))?;
    }
    let secret = target.wiring.admin_secret.expose();
    let public = at(&target.authorization.url).bearer(secret).send().await;
    public.is(Expected::status(&[404]), "on the public surface")?;
    let unknown = target
        .admin("POST", "/accounts/nobody/disable")
        .send()
        .await;
    unknown.is(Expected::status(&[404]), "an unknown account")?;
    target.is_accepted(&login, "nothing has changed").await?;
    target
        .admin("POST", &path)
        .send()
        .await
        .is(DONE, "the administrator")
        .map(drop)
}

async fn only_the_client_revokes(target: &Target) -> Outcome {
    let login: Login = target.log_in(USER).await?;
    let form = [("token", login.token())];
    target
        .post("/revoke", &form)
        .send()
        .await
        .is(INVALID_CLIENT, "nobody")?;
    target
        .revoke("service", login.token())
        .send()
        .await
        .is(INVALID_CLIENT, "without its secret")?;
    target.is_accepted(&login, "still").await
}
