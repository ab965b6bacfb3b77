//! HTTP itself, byte by byte: limits, places for credentials, connections.

use std::time::Duration;

use authbench_servers::http::connection;
use authbench_servers::model::Model;
use authbench_servers::resource;
use hyper::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Call, Plan, Target, form, get};

async fn target() -> Target {
    Plan::new(Model::Jwt).embedded().await
}

/// Sends `bytes` and reads until the server closes.
async fn exchange(url: &str, bytes: &[u8]) -> String {
    let authority = url.strip_prefix("http://").expect("http://");
    let mut stream = TcpStream::connect(authority).await.expect("a connection");
    // The server may answer and close before it has read everything; what it said counts.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("UTF-8")
}

/// The status of the answer to one request.
async fn status(url: &str, head: &str) -> String {
    let request = format!("{head}\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answer = exchange(url, request.as_bytes()).await;
    answer.get(9..12).unwrap_or("closed").to_owned()
}

#[tokio::test]
async fn the_token_has_one_place() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let (url, token) = (&target.resource.url, login.token());
    let with = |value: &str| get(url, "/resource").header("authorization", value);
    let none = Some("Bearer realm=\"authbench\"");
    let invalid = Some("Bearer error=\"invalid_request\"");
    let in_query = format!("/resource?access_token={token}");
    for (call, code, challenge) in [
        (with(&format!("bearer {token}")), 200, None),
        (with(&format!("BEARER   {token}")), 200, None),
        (with("Basic dTpw"), 401, none),
        (with(&format!("Bearer{token}")), 401, none),
        (with("Bearer "), 400, invalid),
        (
            with(&format!("Bearer {token}, Bearer {token}")),
            400,
            invalid,
        ),
        (with("Bearer bad").bearer(token), 400, invalid),
        (get(url, &in_query), 401, none),
        (get(url, &in_query).bearer(token), 400, invalid),
        (
            get(url, "/resource")
                .bearer(token)
                .header("connection", "authorization"),
            401,
            none,
        ),
        (
            form(url, "/resource", &[("access_token", token)]),
            401,
            none,
        ),
        (
            form(url, "/resource", &[("access_token", token)]).bearer(token),
            400,
            invalid,
        ),
        (
            form(url, "/resource", &[("a", "b")]).bearer(token),
            200,
            None,
        ),
        (
            get(url, "/resource")
                .bearer(token)
                .header("cookie", "__Host-session=x"),
            200,
            None,
        ),
    ] {
        let answer = call.send().await;
        assert_eq!(
            (answer.code(), answer.header("www-authenticate")),
            (code, challenge)
        );
    }
}

#[tokio::test]
async fn methods_are_kept_apart() {
    let target = target().await;
    let url = &target.resource.url;
    let send = |method: Method| Call::new(url, method, "/resource").send();
    let head = send(Method::HEAD).await;
    assert_eq!((head.code(), head.body.len()), (401, 0));
    let options = send(Method::OPTIONS).await;
    assert_eq!(
        (options.code(), options.header("allow")),
        (204, Some("GET, HEAD, POST, OPTIONS"))
    );
    assert_eq!(send(Method::DELETE).await.code(), 405);
    let login = target.log_in("user-00001").await;
    let overridden =
        Call::new(url, Method::POST, "/resource").header("x-http-method-override", "GET");
    assert_eq!(overridden.bearer(login.token()).send().await.code(), 200);
    assert_eq!(
        get(&target.authorization.url, "/login").send().await.code(),
        405
    );
    assert_eq!(get(url, "/healthz").send().await.code(), 200);
    assert_eq!(get(url, "/elsewhere").send().await.code(), 404);
}

#[tokio::test]
async fn malformed_requests_are_refused_by_the_parser() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let (url, token) = (&target.resource.url, login.token());
    let get = "GET /resource HTTP/1.1\r\nauthorization";
    for (head, expected) in [
        (format!("{get}: Bearer {token}"), "200"),
        (
            format!("GET http://other/resource HTTP/1.1\r\nauthorization: Bearer {token}"),
            "200",
        ),
        (format!("{get} : Bearer {token}"), "400"),
        (format!("{get}: Bearer\r\n {token}"), "400"),
        (format!("{get}: Bearer \0{token}"), "400"),
        (
            format!(
                "POST /resource HTTP/1.1\r\nauthorization: Bearer {token}\r\ncontent-length: 1\r\ncontent-length: 2"
            ),
            "400",
        ),
        (
            format!(
                "POST /resource HTTP/1.1\r\nauthorization: Bearer {token}\r\ntransfer-encoding: chunked, identity"
            ),
            "400",
        ),
        (format!("{get}: Bearer {}", "a".repeat(64 * 1024)), "431"),
        (
            format!("{get}: Bearer {token}{}", "\r\nx: y".repeat(100)),
            "431",
        ),
        (format!("{get}: Bearer {}", "a".repeat(15_000)), "401"),
    ] {
        assert_eq!(
            status(url, &head).await,
            expected,
            "{}",
            &head[..head.len().min(200)]
        );
    }
}

#[tokio::test]
async fn pipelined_requests_are_judged_one_by_one() {
    let target = target().await;
    let login = target.log_in("user-00001").await;
    let request = |token: &str, connection: &str| {
        format!(
            "GET /resource HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: {connection}\r\n\r\n"
        )
    };
    let both = request("bad", "keep-alive") + &request(login.token(), "close");
    let answers = exchange(&target.resource.url, both.as_bytes()).await;
    let statuses: Vec<&str> = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| &answer[..3])
        .collect();
    assert_eq!(statuses, ["401", "200"]);
}

#[tokio::test]
async fn bodies_are_bounded_in_size_and_time() {
    let mut plan = Plan::new(Model::Session);
    plan.authorization.limits.body_timeout = Duration::from_millis(100);
    let target = plan.embedded().await;
    let head =
        "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    for (rest, expected) in [
        ("content-length: 16385\r\n\r\n".to_owned(), "413"),
        (
            format!(
                "transfer-encoding: chunked\r\n\r\n8000\r\n{}\r\n0\r\n\r\n",
                "a".repeat(0x8000)
            ),
            "413",
        ),
        ("content-length: 100\r\n\r\nusername=".to_owned(), "408"),
        (
            "transfer-encoding: chunked\r\n\r\nxyz\r\n".to_owned(),
            "400",
        ),
    ] {
        let answer = exchange(
            &target.authorization.url,
            format!("{head}{rest}").as_bytes(),
        )
        .await;
        assert_eq!(answer.get(9..12), Some(expected), "{answer}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_order() {
    let mut plan = Plan::new(Model::NoAuth);
    plan.resource.limits.keep_alive_idle = Duration::from_millis(200);
    let target = plan.embedded().await;
    let answer = exchange(
        &target.resource.url,
        b"GET /resource HTTP/1.1\r\nhost: x\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_header_that_never_ends_is_cut() {
    let mut plan = Plan::new(Model::NoAuth);
    plan.resource.limits.keep_alive_idle = Duration::from_millis(100);
    plan.resource.limits.header_timeout = Duration::from_millis(150);
    let target = plan.embedded().await;
    for begun in ["", "GET /resource HTTP/1.1\r\nhost"] {
        assert_eq!(exchange(&target.resource.url, begun.as_bytes()).await, "");
    }
}

#[tokio::test]
async fn no_auth_lets_everybody_do_everything() {
    let target = Plan::new(Model::NoAuth).embedded().await;
    let url = &target.resource.url;
    let answer = get(url, "/resource").send().await;
    assert_eq!((answer.code(), answer.text()), (200, r#"{"ok":true}"#));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        Call::new(url, Method::POST, "/resource")
            .send()
            .await
            .code(),
        200
    );
    assert_eq!(target.log_in("user-00001").await.access_token, None);
}

#[tokio::test]
async fn a_busy_port_is_named() {
    let target = target().await;
    let address = target
        .resource
        .url
        .strip_prefix("http://")
        .expect("http://")
        .parse()
        .expect("an address");
    let settings = resource::ResourceSettings {
        listen: address,
        ..Default::default()
    };
    let error = resource::start(settings, Default::default(), target.clock.clone())
        .await
        .expect_err("taken");
    assert_eq!(
        error.to_string(),
        format!("listen on {address}: the address is already in use")
    );
    assert!(matches!(
        error,
        resource::StartResourceError::Bind(connection::BindError::InUse { .. })
    ));
}

#[tokio::test]
async fn requests_in_progress_end_before_the_server_does() {
    let target = target().await;
    let authority = target
        .resource
        .url
        .strip_prefix("http://")
        .expect("http://")
        .to_owned();
    let mut idle = TcpStream::connect(&authority).await.expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("sent");
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.expect("an answer");
    target.resource.shut_down().await;
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.expect("closed in order");
    assert!(TcpStream::connect(&authority).await.is_err());
}
