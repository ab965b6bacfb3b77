//! HTTP around the credential: its one place, and requests that two readers would read differently.

use std::time::{Duration, Instant};

use authbench_servers::model::Model;

use crate::answer::{
    ACCEPTED, Answer, Expected, HEADER_TOO_LARGE, NEEDS_WRITE, NOT_HTTP, Outcome, WRONG_METHOD,
    check,
};
use crate::call::Call;
use crate::credential::Login;
use crate::row::{AUTH, BEARER, EVERY, Row, steps};
use crate::target::{Target, USER};
use crate::wire::{self, Connection};

pub(crate) const ROWS: &[Row] = &[
    steps!("HTTP-17", EVERY, folded_line),
    steps!("HTTP-18", EVERY, space_before_colon),
    steps!("HTTP-20", EVERY, two_lengths),
    steps!("HTTP-21", EVERY, obscure_transfer_encoding),
    steps!("HTTP-23", EVERY, chunk_extension),
    steps!("HTTP-24", AUTH, absolute_form),
    steps!("HTTP-26", BEARER, method_override),
    steps!("HTTP-27", AUTH, without_credentials),
    steps!("HTTP-30", EVERY, hundred_lines),
    steps!("HTTP-32", EVERY, slow_body).with(|plan| {
        plan.authorization.limits.body_timeout = Duration::from_millis(200);
    }),
    steps!("HTTP-33", AUTH, pipelined),
    steps!("HTTP-38", AUTH, no_cache_keeps_it),
    steps!("HTTP-39", AUTH, refusals_look_alike),
    steps!("HTTP/methods", EVERY, other_methods),
    steps!("HTTP/preface", EVERY, http_2_is_not_spoken),
    steps!("HTTP/lines", EVERY, smuggled_line_ends),
];

/// Sends a request whose bytes after the request line are these.
async fn raw(target: &Target, line: &str, rest: &str) -> Answer {
    let request = format!("{line} HTTP/1.1\r\nhost: x\r\n{rest}");
    wire::exchange(&target.resource.url, request.as_bytes()).await
}

async fn folded_line(target: &Target) -> Outcome {
    let folded = "authorization: Bearer\r\n abc\r\n\r\n";
    raw(target, "GET /resource", folded)
        .await
        .is(NOT_HTTP, "a folded line")
        .map(drop)
}

async fn space_before_colon(target: &Target) -> Outcome {
    let spaced = "authorization : Bearer x\r\n\r\n";
    raw(target, "GET /resource", spaced)
        .await
        .is(NOT_HTTP, "a space before the colon")
        .map(drop)
}

async fn two_lengths(target: &Target) -> Outcome {
    for (first, second) in [
        ("1", "2"),
        ("0", "5"),
        ("5", "0"),
        ("+1", "1"),
        ("1, 2", "1"),
    ] {
        let lengths = format!("content-length: {first}\r\ncontent-length: {second}\r\n\r\naGET /");
        is_refused_and_closed(target, &lengths).await?;
    }
    is_refused_and_closed(target, "content-length: -1\r\n\r\n").await
}

async fn obscure_transfer_encoding(target: &Target) -> Outcome {
    for encoding in [
        "xchunked",
        "chunked, identity",
        "chunked, gzip",
        "identity",
        "\"chunked\"",
    ] {
        let encoded = format!("transfer-encoding: {encoding}\r\n\r\n0\r\n\r\n");
        is_refused_and_closed(target, &encoded).await?;
    }
    is_refused_and_closed(target, "transfer-encoding: chunked\r\n\r\nz\r\n\r\n").await
}

/// A request that cannot be delimited: what follows it must not be taken for another one.
async fn is_refused_and_closed(target: &Target, rest: &str) -> Outcome {
    let request = format!("POST /resource HTTP/1.1\r\nhost: x\r\n{rest}");
    let mut connection = Connection::open(&target.resource.url).await;
    let answer = connection.exchange(request.as_bytes()).await;
    answer.is(Expected::status(&[400, 501, 0]), rest)?;
    let second = connection.next_answer().await;
    check(
        second == Answer::closed(),
        format!("{rest}: kept open, {second:?}"),
    )
}

async fn chunk_extension(target: &Target) -> Outcome {
    let extension = "x".repeat(100_000);
    let body = format!("transfer-encoding: chunked\r\n\r\n1;a={extension}\r\na\r\n0\r\n\r\n");
    let answer = raw(target, "POST /resource", &body).await;
    answer
        .is(Expected::status(&[400, 413, 0]), "a long chunk extension")
        .map(drop)
}

async fn absolute_form(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let elsewhere = || Call::get(&target.resource.url, "http://other/resource");
    target
        .present(elsewhere(), &login)
        .send()
        .await
        .is(ACCEPTED, "a good credential")?;
    let answer = elsewhere().send().await;
    check(answer.status == 401, "without a credential")
}

async fn method_override(target: &Target) -> Outcome {
    let login = target.log_in_to_read().await?;
    for name in [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
    ] {
        let post = target.call("POST", &login).header(name, "GET");
        post.send().await.is(NEEDS_WRITE, name)?;
        let get = target.call("GET", &login).header(name, "POST");
        get.send().await.is(ACCEPTED, name)?;
    }
    Ok(())
}

async fn without_credentials(target: &Target) -> Outcome {
    let bare = |method| Call::new(method, &target.resource.url, "/resource");
    let head = bare("HEAD").send().await;
    check(
        head.status == 401 && head.body.is_empty(),
        format!("HEAD: {head:?}"),
    )?;
    let options = bare("OPTIONS").header("origin", "https://evil.test");
    let options = options
        .header("access-control-request-method", "GET")
        .send()
        .await;
    let permissive = options
        .headers
        .iter()
        .any(|(name, _)| name.starts_with("access-control-"));
    check(
        options.status == 204 && options.body.is_empty() && !permissive,
        format!("OPTIONS: {options:?}"),
    )
}

async fn hundred_lines(target: &Target) -> Outcome {
    let lines = |count: usize| "x: y\r\n".repeat(count);
    let many = raw(target, "GET /healthz", &format!("{}\r\n", lines(90))).await;
    check(many.status == 200, "90 lines")?;
    for count in [100, 1_000] {
        let past = raw(target, "GET /resource", &format!("{}\r\n", lines(count))).await;
        past.is(HEADER_TOO_LARGE, "100 lines beside the host")?;
    }
    Ok(())
}

async fn slow_body(target: &Target) -> Outcome {
    let head = b"POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nusername=";
    let started = Instant::now();
    let mut connection = Connection::open(&target.authorization.url).await;
    let answer = connection.exchange(head).await;
    answer.is(Expected::status(&[408, 0]), "a body that does not come")?;
    check(
        started.elapsed() < Duration::from_secs(30),
        "it waited for the body",
    )?;
    check(
        connection.next_answer().await == Answer::closed(),
        "kept open",
    )
}

async fn pipelined(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let bare = Call::get(&target.resource.url, "/resource").to_bytes();
    let good = target.call("GET", &login).to_bytes();
    let mut connection = Connection::open(&target.resource.url).await;
    let first = connection
        .exchange(&[&bare[..], &good, &bare].concat())
        .await;
    let second = connection.next_answer().await;
    let third = connection.next_answer().await;
    second.is(ACCEPTED, "between two without credentials")?;
    let statuses = (first.status, third.status);
    check(statuses == (401, 401), format!("{statuses:?}"))
}

async fn no_cache_keeps_it(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let answer = target.call("GET", &login).send().await;
    answer.is(ACCEPTED, "GET /resource")?;
    let credential = match target.model {
        Model::Session | Model::Gateway => "cookie",
        _ => "authorization",
    };
    let vary = answer
        .header("vary")
        .unwrap_or_default()
        .to_ascii_lowercase();
    check(
        vary.split(", ").any(|name| name == credential),
        format!("vary: {vary}"),
    )
}

/// Nothing in a refusal says whether a credential is unknown, ended or malformed.
async fn refusals_look_alike(target: &Target) -> Outcome {
    let ended = target.log_in(USER).await?;
    target.log_out(&ended).await?;
    target.passes(Duration::from_secs(13 * 3_600));
    let made_up = |value: &str| Login::made_up(&format!("__Host-session={value}"));
    let shapes = [
        made_up(&"A".repeat(43)),
        made_up("malformed"),
        made_up("a.b.c"),
        ended,
    ];
    let mut answers = Vec::new();
    for login in &shapes {
        let answer = target.call("GET", login).send().await;
        let headers = answer
            .headers
            .into_iter()
            .filter(|(name, _)| name != "date");
        answers.push((answer.status, headers.collect::<Vec<_>>(), answer.body));
    }
    let alike = answers.iter().all(|answer| *answer == answers[0]);
    check(alike, format!("told apart: {answers:?}"))
}

async fn other_methods(target: &Target) -> Outcome {
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "get"] {
        let answer = Call::new(method, &target.resource.url, "/resource")
            .send()
            .await;
        answer.is(WRONG_METHOD, method)?;
    }
    for path in [
        "/",
        "/resource/",
        "//resource",
        "/RESOURCE",
        "/resource;x",
        "/%72esource",
    ] {
        let answer = Call::get(&target.resource.url, path).send().await;
        check(answer.status == 404, format!("{path}: {answer:?}"))?;
    }
    Ok(())
}

async fn http_2_is_not_spoken(target: &Target) -> Outcome {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let answer = wire::exchange(&target.resource.url, preface).await;
    answer
        .is(Expected::status(&[400, 505, 0]), "an HTTP/2 preface")
        .map(drop)
}

async fn smuggled_line_ends(target: &Target) -> Outcome {
    for rest in [
        "x: a\rb\r\n\r\n",
        "x\r\n\r\n",
        "x: \x01\r\n\r\n",
        ": y\r\n\r\n",
    ] {
        let answer = raw(target, "GET /healthz", rest).await;
        answer.is(NOT_HTTP, rest)?;
    }
    Ok(())
}
