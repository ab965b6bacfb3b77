//! Cross-origin requests of a single-page application: what its browser may ask and read.

use authbench_servers::http::origins::Origins;
use authbench_servers::model::Model;

use crate::answer::{
    ACCEPTED, Answer, CROSS_SITE, CSRF, DENIED_CROSS_SITE, LOGIN_FAILED, OK, Outcome, check,
};
use crate::call::Call;
use crate::plan::Plan;
use crate::row::{AUTH, EVERY, HYBRID, Row, SESSION, steps};
use crate::target::{Target, USER};

const SPA: &str = "http://spa.test:3000";
const NOT_ALLOWED: [&str; 5] = [
    "https://evil.test",
    "null",
    "http://spa.test:3001",
    "https://spa.test:3000",
    "http://spa.test:3000.evil.test",
];

pub(crate) const ROWS: &[Row] = &[
    steps!("COR/preflight", EVERY, preflights_are_answered_and_counted).with(allow_the_spa),
    steps!("COR/foreign", EVERY, other_origins_get_nothing).with(allow_the_spa),
    steps!("COR/off", EVERY, without_a_list_there_is_nothing),
    steps!("COR/errors", AUTH, errors_are_readable).with(allow_the_spa),
    steps!("COR/credentials", AUTH, cookies_only_where_there_are_any).with(allow_the_spa),
    steps!("COR/login", AUTH, the_spa_logs_in).with(allow_the_spa),
    steps!("COR/change", SESSION, a_change_by_the_spa).with(allow_the_spa),
    steps!("COR/renewal", HYBRID, a_renewal_by_the_spa).with(allow_the_spa),
];

fn allow_the_spa(plan: &mut Plan) {
    let origins = Origins::new(&[SPA.parse().expect("an origin")]);
    plan.authorization.origins = origins.clone();
    plan.resource.origins = origins;
}

fn preflight(url: &str, path: &str, origin: &str) -> Call {
    Call::new("OPTIONS", url, path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization")
}

/// The answer may be read by pages of the SPA, and with cookies only if `credentials`.
fn is_open(answer: &Answer, credentials: bool, what: &str) -> Outcome {
    let with_cookies = answer.header("access-control-allow-credentials");
    let expected = credentials.then_some("true");
    check(
        answer.header("access-control-allow-origin") == Some(SPA),
        format!("{what}: it cannot be read: {answer:?}"),
    )?;
    check(with_cookies == expected, format!("{what}: {answer:?}"))?;
    varies(answer, what)
}

fn varies(answer: &Answer, what: &str) -> Outcome {
    let by_origin = ("vary".to_owned(), "origin".to_owned());
    check(
        answer.headers.contains(&by_origin),
        format!("{what}: a cache may mix origins up: {answer:?}"),
    )
}

fn is_closed(answer: &Answer, what: &str) -> Outcome {
    let names = answer.headers.iter().map(|(name, _)| name);
    let told: Vec<_> = names.filter(|name| name.starts_with("access-")).collect();
    check(told.is_empty(), format!("{what}: {told:?}"))
}

async fn counted(url: &str) -> Result<u64, String> {
    let metrics = Call::get(url, "/metrics").send().await;
    let line = metrics
        .body
        .lines()
        .find_map(|line| line.strip_prefix("authbench_preflights_total "));
    line.and_then(|count| count.parse().ok())
        .ok_or_else(|| "no such counter".to_owned())
}

async fn preflights_are_answered_and_counted(target: &Target) -> Outcome {
    for (url, path) in [
        (&target.resource.url, "/resource"),
        (&target.authorization.url, "/login"),
        (&target.authorization.url, "/token"),
    ] {
        let before = counted(url).await?;
        let answer = preflight(url, path, SPA).send().await;
        check(answer.status == 204, format!("{path}: {answer:?}"))?;
        let told = |name| answer.header(name).unwrap_or_default().to_owned();
        check(told("access-control-allow-origin") == SPA, path)?;
        check(told("access-control-max-age") == "600", path)?;
        for method in ["GET", "POST", "DELETE"] {
            check(
                told("access-control-allow-methods").contains(method),
                method,
            )?;
        }
        for header in ["authorization", "content-type", "x-csrf-token"] {
            check(
                told("access-control-allow-headers").contains(header),
                header,
            )?;
        }
        varies(&answer, path)?;
        preflight(url, path, "https://evil.test").send().await;
        let asked = counted(url).await? - before;
        check(asked == 2, format!("{asked} of 2 are counted"))?;
    }
    Ok(())
}

async fn other_origins_get_nothing(target: &Target) -> Outcome {
    for origin in NOT_ALLOWED {
        let answer = preflight(&target.resource.url, "/resource", origin);
        let answer = answer.send().await;
        check(answer.status == 403, format!("{origin}: {answer:?}"))?;
        is_closed(&answer, origin)?;
        let read = Call::get(&target.resource.url, "/resource").header("origin", origin);
        let answer = read.send().await;
        is_closed(&answer, origin)?;
        varies(&answer, origin)?;
    }
    let bare = Call::get(&target.resource.url, "/resource").send().await;
    is_closed(&bare, "no origin")?;
    varies(&bare, "no origin")?;
    let admin = preflight(&target.authorization.admin_url, "/accounts/x", SPA);
    is_closed(&admin.send().await, "the admin surface")
}

async fn without_a_list_there_is_nothing(target: &Target) -> Outcome {
    for url in [&target.resource.url, &target.authorization.url] {
        for path in ["/resource", "/login"] {
            is_closed(&preflight(url, path, SPA).send().await, path)?;
            let read = Call::get(url, path).header("origin", SPA);
            is_closed(&read.send().await, path)?;
        }
    }
    Ok(())
}

/// Or an application could not tell a 401 from a network that is down.
async fn errors_are_readable(target: &Target) -> Outcome {
    let by_cookie = target.by_cookie;
    for (method, path, status) in [
        ("GET", "/resource", 401),
        ("PATCH", "/resource", 405),
        ("GET", "/nowhere", 404),
    ] {
        let call = Call::new(method, &target.resource.url, path).header("origin", SPA);
        let answer = call.send().await;
        check(answer.status == status, format!("{path}: {answer:?}"))?;
        is_open(&answer, by_cookie, path)?;
    }
    let form = [("username", USER), ("password", "wrong")];
    let failed = target.post("/login", &form).header("origin", SPA);
    let failed = failed.send().await;
    failed.is(LOGIN_FAILED, "login")?;
    is_open(&failed, by_cookie || target.model == Model::Hybrid, "login")?;
    target.store.borrow_mut().stop();
    let answer = target.login(USER).header("origin", SPA).send().await;
    check(answer.status == 503, format!("{answer:?}"))?;
    is_open(&answer, by_cookie || target.model == Model::Hybrid, "503")
}

async fn cookies_only_where_there_are_any(target: &Target) -> Outcome {
    let login = target.login(USER).header("origin", SPA).send().await;
    let login = login.is(OK, "login")?;
    is_open(login, login.header("set-cookie").is_some(), "login")?;
    let login = crate::credential::Login::of(login);
    let read = target
        .call("GET", &login)
        .header("origin", SPA)
        .send()
        .await;
    read.is(ACCEPTED, "reading")?;
    is_open(&read, target.keeps_sessions(), "reading")
}

/// From another site altogether: the list says that it may.
async fn the_spa_logs_in(target: &Target) -> Outcome {
    let from = |origin: &'static str| {
        let call = target.login(USER).header("origin", origin);
        call.header("sec-fetch-site", "cross-site")
    };
    from(SPA).send().await.is(OK, "the SPA")?;
    for origin in NOT_ALLOWED {
        let answer = from(origin).send().await;
        answer.is(DENIED_CROSS_SITE, origin)?;
    }
    let twice = from(SPA).header("origin", "https://evil.test").send().await;
    twice.is(DENIED_CROSS_SITE, "two origins").map(drop)
}

async fn a_change_by_the_spa(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let change = |origin: &'static str| target.call("POST", &login).header("origin", origin);
    change(SPA).send().await.is(ACCEPTED, "the SPA")?;
    for origin in NOT_ALLOWED {
        change(origin).send().await.is(CROSS_SITE, origin)?;
    }
    let call = Call::new("POST", &target.resource.url, "/resource");
    let bare = target.present(call, &login).header("origin", SPA);
    bare.send().await.is(CSRF, "without its token").map(drop)
}

async fn a_renewal_by_the_spa(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let renewal = |origin: &'static str| target.refresh(&login).header("origin", origin);
    for origin in NOT_ALLOWED {
        renewal(origin).send().await.is(DENIED_CROSS_SITE, origin)?;
    }
    let answer = renewal(SPA).send().await;
    answer.is(OK, "the SPA")?;
    is_open(&answer, true, "the SPA")
}
