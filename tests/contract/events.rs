//! Events that end more than one credential, or less than all of one: what is over, what goes on.

use std::time::Duration;

use authbench_servers::model::Model;

use crate::answer::{
    ADMIN_FORBIDDEN, DONE, Expected, INACTIVE, INVALID_CLIENT, INVALID_SCOPE, INVALID_TOKEN,
    LOGIN_FAILED, NEEDS_WRITE, OK, Outcome, WRITERS_ONLY, check,
};
use crate::call::Call;
use crate::credential::Login;
use crate::row::{AUTH, JWT, Row, steps};
use crate::target::{ACCESS_TTL, PASSWORD, Target, USER};

const OTHER: &str = "user-00003";
/// How long a self-contained credential outlives its end.
const BOUND: &str = "≤ access TTL + leeway";
const NOT_FOUND: Expected = Expected::status(&[404]);
/// Shorter than a token lives, so that one is still good when the key set is looked at again.
const KEYS_TTL: Duration = Duration::from_secs(60);

pub(crate) const ROWS: &[Row] = &[
    steps!("R54", AUTH, a_deleted_account_has_nothing)
        .on_every_store()
        .not_met(JWT, BOUND),
    steps!("R01", AUTH, a_disabled_client_is_nobody)
        .on_every_store()
        .not_met(JWT, BOUND),
    steps!("R08", AUTH, a_reduced_scope_allows_less).on_every_store(),
    steps!("R32", JWT, a_key_is_replaced).with(|plan| plan.resource.jwks_ttl = KEYS_TTL),
    // Beyond the list.
    steps!("EVT/consent", AUTH, consent_is_withdrawn_from_one_client)
        .on_every_store()
        .not_met(JWT, BOUND),
    steps!("EVT/cut-off", AUTH, everything_until_now_is_over)
        .on_every_store()
        .not_met(JWT, BOUND),
    steps!("EVT/logged", AUTH, operators_only_and_on_the_record),
];

async fn log_in_at(target: &Target, user: &str, client: &str) -> crate::answer::Answer {
    let form = [
        ("username", user),
        ("password", PASSWORD),
        ("client_id", client),
    ];
    target.post("/login", &form).send().await
}

async fn opened_at(target: &Target, user: &str, client: &str) -> Result<Login, String> {
    let answer = log_in_at(target, user, client).await;
    Ok(Login::of(answer.is(OK, client)?))
}

async fn does(target: &Target, method: &str, path: &str) -> Outcome {
    let answer = target.admin(method, path).send().await;
    answer.is(DONE, path).map(drop)
}

/// What those say who are asked about a token.
async fn is_said_to_be_over(target: &Target, login: &Login) -> Outcome {
    if target.keeps_sessions() {
        return Ok(());
    }
    let said = target.introspect(login.token()).send().await;
    said.is(INACTIVE, "introspection").map(drop)
}

async fn a_deleted_account_has_nothing(target: &Target) -> Outcome {
    let path = format!("/accounts/{USER}");
    let login = target.log_in(USER).await?;
    let bystander = target.log_in(OTHER).await?;
    does(target, "DELETE", &path).await?;
    does(target, "DELETE", &path).await?;
    let again = target.login(USER).send().await;
    again.is(LOGIN_FAILED, "a login")?;
    let view = target.admin("GET", &path).send().await;
    view.is(NOT_FOUND, "nobody has that name")?;
    is_said_to_be_over(target, &login).await?;
    if target.model == Model::Hybrid {
        target.cannot_renew(&login, "deleted").await?;
    }
    target.is_accepted(&bystander, "another user").await?;
    target.has_ended(&login).await
}

async fn a_disabled_client_is_nobody(target: &Target) -> Outcome {
    let login = opened_at(target, USER, "app-2").await?;
    let elsewhere = target.log_in(USER).await?;
    does(target, "POST", "/clients/app-2/disable").await?;
    let refused = log_in_at(target, USER, "app-2").await;
    refused.is(INVALID_CLIENT, "a login")?;
    if target.model == Model::Hybrid {
        let form = [("grant_type", "refresh_token"), ("client_id", "app-2")];
        let renewal = target.post("/token", &form).cookie(login.cookie());
        renewal.send().await.is(INVALID_CLIENT, "a renewal")?;
        target.renew(&elsewhere, "another client's family").await?;
    }
    is_said_to_be_over(target, &login).await?;
    target.is_accepted(&elsewhere, "another client").await?;
    target.has_ended(&login).await?;
    does(target, "POST", "/clients/app-2/enable").await?;
    target.is_refused(&login, "what ended stays ended").await?;
    let again = opened_at(target, USER, "app-2").await?;
    target.is_accepted(&again, "enabled").await
}

async fn a_reduced_scope_allows_less(target: &Target) -> Outcome {
    let path = format!("/accounts/{USER}/scope");
    let login = target.log_in(USER).await?;
    let reduce = |scope: &str| {
        let form = Call::form(&target.authorization.admin_url, &path, &[("scope", scope)]);
        let secret = target.wiring.admin_secret.expose();
        form.by("PUT").bearer(secret)
    };
    reduce("read").send().await.is(DONE, "reduced")?;
    reduce("root").send().await.is(INVALID_SCOPE, "no scope")?;
    let login = match target.model {
        Model::Hybrid => target.renew(&login, "narrowed, not ended").await?,
        // Until a new login, by design.
        Model::Jwt => target.log_in(USER).await?,
        _ => login,
    };
    target.is_accepted(&login, "it may still read").await?;
    let expected = match target.by_cookie {
        true => WRITERS_ONLY,
        false => NEEDS_WRITE,
    };
    let change = target.call("POST", &login).same_origin().send().await;
    change.is(expected, "a change").map(drop)
}

async fn a_key_is_replaced(target: &Target) -> Outcome {
    let compromised = target.log_in(USER).await?;
    does(target, "POST", "/keys/rotate").await?;
    is_said_to_be_over(target, &compromised).await?;
    target.passes(KEYS_TTL);
    target.is_refused(&compromised, "withdrawn").await?;
    let due = match target.model {
        Model::Hybrid => target.renew(&compromised, "by the refresh token").await?,
        _ => target.log_in(USER).await?,
    };
    let url = &target.authorization.admin_url;
    let secret = target.wiring.admin_secret.expose();
    let rotate = Call::form(url, "/keys/rotate", &[("graceful", "true")]).bearer(secret);
    rotate.send().await.is(DONE, "gracefully")?;
    target.passes(KEYS_TTL);
    let new = target.log_in(USER).await?;
    target.is_accepted(&new, "the new key").await?;
    target.is_accepted(&due, "the old one overlaps").await?;
    target.passes(ACCESS_TTL);
    let jwks = Call::get(&target.authorization.url, "/jwks.json")
        .send()
        .await;
    let keys = jwks.json()["keys"].as_array().map_or(0, Vec::len);
    check(keys == 1, format!("{keys} keys published"))?;
    target
        .call("GET", &due)
        .send()
        .await
        .is(INVALID_TOKEN, "over")
        .map(drop)
}

async fn consent_is_withdrawn_from_one_client(target: &Target) -> Outcome {
    let login = opened_at(target, USER, "app-2").await?;
    let here = target.log_in(USER).await?;
    let bystander = opened_at(target, OTHER, "app-2").await?;
    for (path, expected) in [
        ("/consents/app-2", DONE),
        ("/consents/app-2", DONE),
        ("/consents/nobody", NOT_FOUND),
    ] {
        let answer = target.own("DELETE", path, &here).send().await;
        answer.is(expected, path)?;
    }
    is_said_to_be_over(target, &login).await?;
    target.is_accepted(&here, "the client that asked").await?;
    target.is_accepted(&bystander, "another user").await?;
    let again = opened_at(target, USER, "app-2").await?;
    target.is_accepted(&again, "consent given anew").await?;
    target.has_ended(&login).await
}

async fn everything_until_now_is_over(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let elsewhere = opened_at(target, OTHER, "app-2").await?;
    does(target, "POST", "/cut-off").await?;
    is_said_to_be_over(target, &login).await?;
    let again = target.log_in(USER).await?;
    if target.model == Model::Hybrid {
        target.cannot_renew(&login, "cut off").await?;
        target.renew(&again, "after the cut-off").await?;
    }
    target.is_accepted(&again, "after the cut-off").await?;
    target.has_ended(&login).await?;
    target
        .is_refused(&elsewhere, "every user, every client")
        .await
}

async fn operators_only_and_on_the_record(target: &Target) -> Outcome {
    let auditor = target.wiring.auditor_secret.as_ref().ok_or("no secret")?;
    let calls = [
        ("POST", "/clients/app-2/disable"),
        ("POST", "/clients/app-2/enable"),
        ("POST", "/cut-off"),
        ("POST", "/keys/rotate"),
        ("DELETE", "/accounts/user-00002/consents/app"),
        ("DELETE", "/accounts/user-00002"),
        ("PUT", "/accounts/user-00002"),
    ];
    for (method, path) in calls {
        let call = Call::new(method, &target.authorization.admin_url, path);
        let answer = call.bearer(auditor.expose()).send().await;
        answer.is(ADMIN_FORBIDDEN, path)?;
        does(target, method, path).await?;
    }
    for (method, path) in [
        ("POST", "/clients/nobody/disable"),
        ("DELETE", "/accounts/nobody"),
        ("DELETE", "/accounts/user-00002/consents/nobody"),
        ("POST", "/keys"),
    ] {
        let answer = target.admin(method, path).send().await;
        answer.is(NOT_FOUND, path)?;
    }
    let log = target
        .audit(&[
            "client_disabled",
            "client_enabled",
            "cut_off",
            "key_rotated",
            "consent_withdrawn",
            "account_deleted",
            "account_restored",
        ])
        .await?;
    let by_operator = log.matches(r#""actor":"operator""#).count();
    check(by_operator == calls.len(), format!("{by_operator}: {log}"))
}
