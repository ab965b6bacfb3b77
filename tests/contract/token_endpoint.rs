//! What the token endpoint takes for a refresh token, and what not (RFC 6749 §3.2, §5.2).

use crate::answer::{Answer, INVALID_CLIENT, INVALID_GRANT, INVALID_REQUEST, OK, Outcome, check};
use crate::credential::Login;
use crate::row::{HYBRID, Row, steps};
use crate::target::{Target, USER};

pub(crate) const ROWS: &[Row] = &[
    steps!("RFR-11", HYBRID, access_token_as_refresh_token),
    steps!("RFR-14", HYBRID, made_up_tokens),
    steps!("RFR-15", HYBRID, missing_grant_type),
    steps!("RFR-17", HYBRID, bad_client_secret),
    steps!("RFR-18", HYBRID, two_refresh_tokens),
    steps!("RFR-23", HYBRID, revoking_nothing),
    steps!("RFR/spliced", HYBRID, parts_of_two_tokens),
    steps!("RFR/body", HYBRID, token_as_parameter).on_every_store(),
];

/// A renewal with a token in the form.
async fn given(target: &Target, token: &str) -> Answer {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("refresh_token", token),
    ];
    target.post("/token", &form).send().await
}

async fn access_token_as_refresh_token(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    given(target, login.token())
        .await
        .is(INVALID_GRANT, "an access token")
        .map(drop)
}

async fn made_up_tokens(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let token = login.cookie_value();
    let unknown = format!("{}.0.{}", "A".repeat(43), "A".repeat(43));
    let ahead = token.replacen(".0.", ".1.", 1);
    for made_up in [
        &unknown,
        &token[..token.len() - 1],
        &format!("{token}A"),
        &ahead,
        "..",
        "x",
    ] {
        given(target, made_up).await.is(INVALID_GRANT, made_up)?;
    }
    given(target, "").await.is(INVALID_REQUEST, "empty")?;
    let empty = Login::made_up("__Secure-refresh=");
    target
        .refresh(&empty)
        .send()
        .await
        .is(INVALID_REQUEST, "an empty cookie")?;
    target.renew(&login, "the good one").await.map(drop)
}

async fn missing_grant_type(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let bare = target
        .post("/token", &[("client_id", "app")])
        .cookie(login.cookie());
    bare.send().await.is(INVALID_REQUEST, "no grant_type")?;
    let empty = [("client_id", "app"), ("grant_type", "")];
    let empty = target.post("/token", &empty).cookie(login.cookie());
    empty
        .send()
        .await
        .is(INVALID_REQUEST, "an empty grant_type")
        .map(drop)
}

async fn bad_client_secret(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let form = [("grant_type", "refresh_token")];
    for (id, secret) in [("service", "wrong"), ("app", ""), ("nobody", "x")] {
        let call = target
            .post("/token", &form)
            .cookie(login.cookie())
            .basic(id, secret);
        call.send().await.is(INVALID_CLIENT, id)?;
    }
    target.renew(&login, "it was not used up").await.map(drop)
}

async fn two_refresh_tokens(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let token = login.cookie_value();
    let once = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("refresh_token", token),
    ];
    let twice = [&once[..], &[("refresh_token", token)]].concat();
    target
        .post("/token", &twice)
        .send()
        .await
        .is(INVALID_REQUEST, "twice in the form")?;
    let both = target.post("/token", &once).cookie(login.cookie());
    both.send().await.is(INVALID_REQUEST, "form and cookie")?;
    let tossed = format!("{}; __Secure-refresh=tossed", login.cookie());
    let tossed = target.refresh(&Login::made_up(&tossed));
    tossed.send().await.is(INVALID_REQUEST, "two cookies")?;
    target.renew(&login, "it was not used up").await.map(drop)
}

async fn revoking_nothing(target: &Target) -> Outcome {
    for token in ["x", "a.b.c", &"A".repeat(43)] {
        target.revoke("app", token).send().await.is(OK, token)?;
    }
    Ok(())
}

async fn parts_of_two_tokens(target: &Target) -> Outcome {
    let one = target.log_in(USER).await?;
    let other = target.log_in("user-00002").await?;
    let parts = |login: &Login| -> Vec<String> {
        login.cookie_value().split('.').map(str::to_owned).collect()
    };
    let (one, other) = (parts(&one), parts(&other));
    let spliced = format!("{}.{}.{}", one[0], one[1], other[2]);
    given(target, &spliced)
        .await
        .is(INVALID_GRANT, "the tag of another")
        .map(drop)
}

async fn token_as_parameter(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let answer = given(target, login.cookie_value()).await;
    answer.is(OK, "in the form")?;
    check(
        answer.header("set-cookie").is_none(),
        "answered in a cookie",
    )?;
    let next = answer.text("refresh_token").unwrap_or_default();
    given(target, &next).await.is(OK, "the successor").map(drop)
}
