//! Cross-site request forgery: what another site makes a browser send changes nothing.

use crate::answer::{ACCEPTED, CROSS_SITE, DENIED_CROSS_SITE, OK, Outcome, WRONG_METHOD, check};
use crate::call::Call;
use crate::row::{AUTH, HYBRID, Row, SESSION, steps};
use crate::target::{Target, USER};

pub(crate) const ROWS: &[Row] = &[
    steps!("SES-32", SESSION, null_origin),
    steps!("SES-33", SESSION, no_origin),
    steps!("SES-35", SESSION, cross_site_fetch),
    steps!("SES-39", AUTH, no_change_by_get),
    steps!("SES-41", AUTH, cross_site_login),
    steps!("SES-42", AUTH, no_cookie_for_all_sites),
    steps!("RFR-30", HYBRID, cross_site_refresh),
];

/// A change (`POST /resource`) by a browser that a page elsewhere made send it.
async fn is_forged(target: &Target, name: &str, value: &str) -> Outcome {
    let login = target.log_in(USER).await?;
    let post = target.call("POST", &login);
    post.clone()
        .header(name, value)
        .send()
        .await
        .is(CROSS_SITE, value)?;
    let leave = Call::new("POST", &target.authorization.url, "/logout").cookie(login.cookie());
    leave
        .header(name, value)
        .send()
        .await
        .is(DENIED_CROSS_SITE, value)?;
    post.same_origin()
        .send()
        .await
        .is(ACCEPTED, "by our own page")
        .map(drop)
}

async fn null_origin(target: &Target) -> Outcome {
    is_forged(target, "origin", "null").await?;
    is_forged(target, "origin", "https://evil.test").await?;
    let longer = format!("{}.evil.test", target.resource.url);
    is_forged(target, "origin", &longer).await
}

/// A browser of today says where a POST comes from. One that does not is not trusted with a change.
async fn no_origin(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target
        .call("POST", &login)
        .send()
        .await
        .is(CROSS_SITE, "no word of where it comes from")?;
    let fetched = target
        .call("POST", &login)
        .header("sec-fetch-site", "same-origin");
    fetched.send().await.is(ACCEPTED, "by our own page")?;
    target.is_accepted(&login, "reading needs none").await
}

async fn cross_site_fetch(target: &Target) -> Outcome {
    is_forged(target, "sec-fetch-site", "cross-site").await
}

async fn no_change_by_get(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for path in ["/login", "/logout", "/token", "/revoke", "/introspect"] {
        for method in ["GET", "HEAD"] {
            let call = Call::new(method, &target.authorization.url, path);
            let answer = target.present(call, &login).send().await;
            answer.is(WRONG_METHOD, path)?;
        }
    }
    let path = format!("/accounts/{USER}/disable");
    target
        .admin("GET", &path)
        .send()
        .await
        .is(WRONG_METHOD, &path)?;
    target.is_accepted(&login, "nothing has changed").await
}

async fn cross_site_login(target: &Target) -> Outcome {
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let answer = target.login(USER).header(name, value).send().await;
        answer.is(DENIED_CROSS_SITE, value)?;
        check(answer.header("set-cookie").is_none(), "a cookie was set")?;
    }
    Ok(())
}

async fn no_cookie_for_all_sites(target: &Target) -> Outcome {
    let answer = target.login(USER).send().await;
    let cookies = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    for (_, cookie) in cookies {
        let cookie = cookie.to_ascii_lowercase();
        check(!cookie.contains("samesite=none"), &*cookie)?;
        check(cookie.contains("; secure"), &*cookie)?;
        check(cookie.contains("samesite="), cookie)?;
    }
    Ok(())
}

async fn cross_site_refresh(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let call = target.refresh(&login).header(name, value);
        call.send().await.is(DENIED_CROSS_SITE, value)?;
    }
    let own = target.refresh(&login).same_origin();
    own.send().await.is(OK, "by our own page").map(drop)
}
