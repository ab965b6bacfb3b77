//! Clients that are no browsers: services, and a partner with a limit.

use std::num::NonZeroU32;
use std::time::Duration;

use authbench_servers::model::Model;

use crate::answer::{
    ACCEPTED, Answer, INVALID_CLIENT, INVALID_SCOPE, NEEDS_WRITE, OK, Outcome, RATE_LIMITED, check,
};
use crate::call::Call;
use crate::credential::Login;
use crate::row::{AUTH, BEARER, Row, steps};
use crate::target::{PASSWORD, Target, USER};

pub(crate) const ROWS: &[Row] = &[
    steps!("CLI/service", BEARER, a_service_acts_for_itself),
    steps!("CLI/partner", BEARER, a_partner_may_read),
    steps!(
        "CLI/service-account",
        AUTH,
        a_service_logs_in_with_an_account
    ),
    steps!("CLI/limit", AUTH, a_partner_is_limited).with(|plan| {
        plan.resource.partner_rate = NonZeroU32::new(10);
    }),
    steps!("CLI/no-limit", AUTH, without_a_limit_all_is_answered).with(|plan| {
        plan.resource.partner_rate = None;
    }),
];

fn secret<'t>(target: &'t Target, client: &str) -> &'t str {
    let partner = target.wiring.partner_secret.as_ref();
    match client {
        "partner" => partner.expect("a secret").expose(),
        _ => target.wiring.service_secret.expose(),
    }
}

async fn client_token(target: &Target, client: &str, scope: Option<&str>) -> Answer {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(scope.map(|scope| ("scope", scope)));
    let call = target.post("/token", &form);
    call.basic(client, secret(target, client)).send().await
}

/// A login of a confidential client with a service account.
async fn account_login(target: &Target, client: &str, secret: &str) -> Answer {
    let form = [("username", USER), ("password", PASSWORD)];
    target
        .post("/login", &form)
        .basic(client, secret)
        .send()
        .await
}

async fn a_service_acts_for_itself(target: &Target) -> Outcome {
    let answer = client_token(target, "service", None).await;
    let login = Login::of(answer.is(OK, "service")?);
    check(answer.header("set-cookie").is_none(), "a cookie")?;
    target.is_accepted(&login, "reading").await?;
    let write = target.call("POST", &login).send().await;
    write.is(ACCEPTED, "its role is its own")?;
    let said = target.introspect(login.token()).send().await.json();
    check(said["sub"] == "service", said.to_string())?;
    // It has no account, and so nothing to look after.
    let form = [
        ("current_password", PASSWORD),
        ("new_password", "x".repeat(12).leak()),
    ];
    let answer = target.own_form("/password", &form, &login).send().await;
    check(answer.status == 403, format!("{answer:?}"))
}

async fn a_partner_may_read(target: &Target) -> Outcome {
    let login = Login::of(
        client_token(target, "partner", None)
            .await
            .is(OK, "partner")?,
    );
    target.is_accepted(&login, "reading").await?;
    let write = target.call("POST", &login).send().await;
    write.is(NEEDS_WRITE, "writing")?;
    for scope in ["write", "read write"] {
        let answer = client_token(target, "partner", Some(scope)).await;
        answer.is(INVALID_SCOPE, scope)?;
    }
    let form = [("grant_type", "client_credentials")];
    let wrong = target.post("/token", &form).basic("partner", "wrong");
    wrong
        .send()
        .await
        .is(INVALID_CLIENT, "a wrong secret")
        .map(drop)
}

/// The one way in where the model has no client credentials, and a way in to all of them.
async fn a_service_logs_in_with_an_account(target: &Target) -> Outcome {
    let service = secret(target, "service");
    let answer = account_login(target, "service", service).await;
    let login = Login::of(answer.is(OK, "service")?);
    target.is_accepted(&login, "its session or token").await?;
    for (client, secret) in [("service", "wrong"), ("app", ""), ("nobody", "x")] {
        let answer = account_login(target, client, secret).await;
        answer.is(INVALID_CLIENT, client)?;
    }
    let only_introspects = target.wiring.introspection_secret.expose();
    let answer = account_login(target, "resource-server", only_introspects).await;
    check(
        answer.text("error").as_deref() == Some("unauthorized_client"),
        format!("{answer:?}"),
    )
}

async fn partner(target: &Target) -> Result<Login, String> {
    let answer = match target.model {
        Model::Session | Model::Gateway => {
            account_login(target, "partner", secret(target, "partner")).await
        }
        _ => client_token(target, "partner", None).await,
    };
    Ok(Login::of(answer.is(OK, "partner")?))
}

/// Ten a second, and bursts of a tenth of a second: one.
async fn a_partner_is_limited(target: &Target) -> Outcome {
    let login = partner(target).await?;
    let user = target.log_in(USER).await?;
    target.is_accepted(&login, "the first").await?;
    for _ in 0..3 {
        let answer = target.call("GET", &login).send().await;
        answer.is(RATE_LIMITED, "too soon")?;
        check(answer.header("retry-after") == Some("1"), "no Retry-After")?;
    }
    target.is_accepted(&user, "others have no limit").await?;
    target.passes(Duration::from_millis(100));
    target
        .is_accepted(&login, "a tenth of a second later")
        .await?;
    let again = target.call("GET", &login).send().await;
    again.is(RATE_LIMITED, "too soon again")?;
    let metrics = Call::get(&target.resource.url, "/metrics").send().await;
    let line = r#"authbench_requests_total{outcome="throttled",reason="rate_limited"} 4"#;
    check(metrics.body.contains(line), metrics.body)
}

async fn without_a_limit_all_is_answered(target: &Target) -> Outcome {
    let login = partner(target).await?;
    for _ in 0..100 {
        target.is_accepted(&login, "no limit").await?;
    }
    Ok(())
}
