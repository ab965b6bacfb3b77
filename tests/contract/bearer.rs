//! The one place of a bearer token (RFC 6750 §2, RFC 9110 §11).

use authbench_servers::model::Model;

use crate::answer::{
    ACCEPTED, Answer, Expected, INVALID_BEARER_REQUEST, INVALID_TOKEN, NO_TOKEN, Outcome, check,
};
use crate::call::Call;
use crate::credential::Login;
use crate::row::{AUTH, BEARER, Row, steps};
use crate::target::{Target, USER};

pub(crate) const ROWS: &[Row] = &[
    steps!("HTTP-02", BEARER, lower_case_scheme),
    steps!("HTTP-03", BEARER, upper_case_scheme),
    steps!("HTTP-05", BEARER, other_scheme),
    steps!("HTTP-06", BEARER, glued_scheme),
    steps!("HTTP-08", BEARER, many_spaces),
    steps!("HTTP-09", BEARER, two_tokens_in_a_list),
    steps!("HTTP-11", BEARER, two_lines),
    steps!("HTTP-12", BEARER, header_and_query),
    steps!("HTTP-14", BEARER, query_alone),
    steps!("HTTP-15", AUTH, bearer_and_cookie),
    steps!("HTTP-29", BEARER, hop_by_hop_authorization),
    steps!("HTTP/form", BEARER, form_token),
];

/// `GET /resource` with these values of `Authorization`.
async fn authorization(target: &Target, values: &[String]) -> Answer {
    let call = Call::get(&target.resource.url, "/resource");
    let call = values
        .iter()
        .fold(call, |call, value| call.header("authorization", value));
    call.send().await
}

/// A good token in an `Authorization` header of one's own making.
async fn presented_as(
    target: &Target,
    expected: Expected,
    form: fn(&str) -> Vec<String>,
) -> Outcome {
    let login = target.log_in(USER).await?;
    let values = form(login.token());
    let answer = authorization(target, &values).await;
    answer.is(expected, "GET /resource").map(drop)
}

async fn lower_case_scheme(target: &Target) -> Outcome {
    presented_as(target, ACCEPTED, |token| vec![format!("bearer {token}")]).await
}

async fn upper_case_scheme(target: &Target) -> Outcome {
    presented_as(target, ACCEPTED, |token| vec![format!("BEARER {token}")]).await
}

async fn other_scheme(target: &Target) -> Outcome {
    presented_as(target, NO_TOKEN, |_| vec!["Basic dTpw".into()]).await?;
    presented_as(target, NO_TOKEN, |token| vec![format!("DPoP {token}")]).await?;
    presented_as(target, NO_TOKEN, |token| vec![token.to_owned()]).await
}

async fn glued_scheme(target: &Target) -> Outcome {
    presented_as(target, NO_TOKEN, |token| vec![format!("Bearer{token}")]).await?;
    presented_as(target, NO_TOKEN, |token| vec![format!("Bearer:{token}")]).await
}

async fn many_spaces(target: &Target) -> Outcome {
    presented_as(target, ACCEPTED, |token| vec![format!("Bearer    {token}")]).await
}

async fn two_tokens_in_a_list(target: &Target) -> Outcome {
    let twice = |token: &str| vec![format!("Bearer {token}, Bearer {token}")];
    presented_as(target, INVALID_BEARER_REQUEST, twice).await
}

async fn two_lines(target: &Target) -> Outcome {
    let bad_first = |token: &str| vec!["Bearer bad".into(), format!("Bearer {token}")];
    presented_as(target, INVALID_BEARER_REQUEST, bad_first).await?;
    let other_scheme = |token: &str| vec![format!("Bearer {token}"), "Basic dTpw".into()];
    presented_as(target, INVALID_BEARER_REQUEST, other_scheme).await
}

async fn header_and_query(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for name in ["access_token", "access%5Ftoken"] {
        let place = format!("/resource?{name}={}", login.token());
        let call = Call::get(&target.resource.url, &place).bearer(login.token());
        call.send().await.is(INVALID_BEARER_REQUEST, name)?;
    }
    Ok(())
}

async fn query_alone(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for name in ["access_token", "token", "bearer_token"] {
        let place = format!("/resource?{name}={}", login.token());
        let answer = Call::get(&target.resource.url, &place).send().await;
        answer.is(NO_TOKEN, name)?;
    }
    Ok(())
}

/// The winner is the model's own credential, whoever else is there; nothing is added up.
async fn bearer_and_cookie(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let both = |method: &str, call: fn(Call) -> Call| {
        let with_own = target.present(Call::new(method, &target.resource.url, "/resource"), &login);
        call(with_own)
    };
    let other: fn(Call) -> Call = match target.model {
        Model::Session | Model::Gateway => |call| call.bearer("bad"),
        _ => |call| call.cookie("__Host-session=bad"),
    };
    both("GET", other)
        .send()
        .await
        .is(ACCEPTED, "a good one and a bad one of another model")?;
    let bare = other(Call::get(&target.resource.url, "/resource"))
        .send()
        .await;
    check(bare.status == 401, "the other model's credential alone")?;
    let bad = Login::made_up(&format!("__Host-session={}", "A".repeat(43)));
    let call = Call::get(&target.resource.url, "/resource");
    other(target.present(call, &bad))
        .send()
        .await
        .is(target.refusal(), "both bad")
        .map(drop)
}

async fn hop_by_hop_authorization(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for names in ["authorization", "keep-alive, Authorization"] {
        let call = target.call("GET", &login).header("connection", names);
        call.send().await.is(NO_TOKEN, names)?;
    }
    Ok(())
}

async fn form_token(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let form = || {
        Call::form(
            &target.resource.url,
            "/resource",
            &[("access_token", login.token())],
        )
    };
    form().send().await.is(NO_TOKEN, "in a form alone")?;
    let both = form().bearer(login.token()).send().await;
    both.is(INVALID_BEARER_REQUEST, "in a form and in the header")?;
    authorization(target, &["Bearer bad".into()])
        .await
        .is(INVALID_TOKEN, "a bad token")
        .map(drop)
}
