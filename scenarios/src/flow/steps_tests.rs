//! Whole flows against a scripted server on a real socket.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::flow::StepFailure;
use crate::flow::client::ExchangeError;
use crate::flow::point_request;
use crate::flow::scripted_server::{Answer, LONG, Server, response, run};

const FILE: &str = r#"
schema = "authbench.target/1"
name = "t"
model = "t"
[users]
count = 10
name = "u${number}"
password = "hunter2"
[[login]]
request = "POST http://HOST/login"
form = { username = "${user.name}" }
expect = 200
capture = { session = { cookie = "__Host-s" }, csrf = { header = "X-Csrf" } }
[[login]]
request = "POST http://HOST/token"
headers = { x-csrf = "${csrf}" }
expect = [200, 201]
capture = { token = { json = "/token" } }
[[logout]]
request = "POST http://HOST/logout"
expect = 204
[[point]]
name = "api"
request = "GET http://HOST/api"
cookies = { "__Host-s" = "${session}" }
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = 401 }
"#;

fn well_behaved(request: &str) -> String {
    match request.split(' ').nth(1) {
        Some("/login") => response(
            200,
            "Set-Cookie: __Host-s=s1; Secure; Path=/\r\nSet-Cookie: r=r1; Path=/token\r\nX-Csrf: c1\r\n",
            "",
        ),
        Some("/token") => response(201, "", r#"{"token":"e30.eyJleHAiOjEzMDB9.c2ln"}"#),
        Some("/logout") => response(
            204,
            "Set-Cookie: __Host-s=; Secure; Path=/; Max-Age=0\r\n",
            "",
        ),
        _ => response(404, "", ""),
    }
}

async fn login_error(answer: Answer, deadline: Duration) -> StepError {
    let server = Server::start(answer).await;
    let mut client = FlowClient::new(deadline);
    login(&mut client, &server.target(FILE), 0)
        .await
        .expect_err("a failed login")
}

#[test]
fn a_login_captures_and_keeps_cookies_where_they_belong() {
    run(async {
        let server = Server::start(well_behaved).await;
        let (target, mut client) = (server.target(FILE), FlowClient::new(LONG));
        let mut credential = login(&mut client, &target, 4).await.expect("a credential");
        assert_eq!(
            credential
                .account
                .as_ref()
                .map(|account| account.name.as_str()),
            Some("u4")
        );
        assert_eq!(
            (credential.captured("session"), credential.captured("csrf")),
            (Some("s1"), Some("c1"))
        );
        assert_eq!(credential.jwt.map(|times| times.expires_at), Some(1300));
        assert!(
            refresh(&mut client, &target, &mut credential)
                .await
                .expect("no steps")
                .is_none()
        );
        let acknowledged = logout(&mut client, &target, &mut credential)
            .await
            .expect("a logout")
            .expect("steps");
        assert_eq!(acknowledged.status, Some(204));
        assert!(
            acknowledged.sent <= acknowledged.done && acknowledged.started == acknowledged.sent
        );
        let seen = [
            "POST /login HTTP/1.1 -",
            "POST /token HTTP/1.1 Cookie: r=r1; __Host-s=s1",
            "POST /logout HTTP/1.1 Cookie: __Host-s=s1",
        ];
        assert_eq!(server.seen(), seen);
        assert_eq!(
            credential.jar().value("__Host-s"),
            None,
            "logout removed it"
        );

        let request = point_request(&target.flows.points[0], &credential).expect("a request");
        let text = String::from_utf8_lossy(request.bytes.as_bytes()).into_owned();
        assert!(
            text.contains("\r\nCookie: __Host-s=s1\r\n"),
            "pinned cookies outlive the jar's: {text}"
        );
        let shown = format!("{credential:?} {request:?} {client:?}");
        for secret in ["s1", "c1", "e30", "hunter2"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    });
}

#[test]
fn an_unexpected_status_is_shown_without_its_secrets() {
    fn answer(_: &str) -> String {
        response(403, "", "no: hunter2 is wrong, try 0123456789abcdef0123")
    }
    let error = run(login_error(answer, LONG));
    assert!(
        error
            .to_string()
            .ends_with(": expected status 200, got 403: no: [masked] is wrong, try [masked]"),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .starts_with("target t, login[0] (POST http://127.0.0.1:"),
        "{error}"
    );
    assert_eq!(
        (error.unexpected_status(), error.is_outcome_unknown()),
        (Some(403), false)
    );
}

#[test]
fn a_capture_that_fails_says_why() {
    fn no_header(_: &str) -> String {
        response(200, "Set-Cookie: __Host-s=1; Secure; Path=/\r\n", "")
    }
    fn bad_cookie(_: &str) -> String {
        response(200, "X-Csrf: c\r\nSet-Cookie: __Host-s=1; Path=/\r\n", "")
    }
    fn no_json(request: &str) -> String {
        if request.contains("/login") {
            well_behaved(request)
        } else {
            response(200, "", "<html>")
        }
    }
    fn no_member(request: &str) -> String {
        if request.contains("/login") {
            well_behaved(request)
        } else {
            response(200, "", r#"{"token":{}}"#)
        }
    }
    let cases: [(Answer, &str); 4] = [
        (
            no_header,
            "cannot capture csrf: the response has no header X-Csrf",
        ),
        (
            bad_cookie,
            "cannot capture session: the response sets no cookie __Host-s (cookie __Host-s breaks the rules of its prefix)",
        ),
        (no_json, "cannot capture token: the body is not JSON"),
        (
            no_member,
            "cannot capture token: /token in the body is neither a text nor a number",
        ),
    ];
    for (answer, expected) in cases {
        let error = run(login_error(answer, LONG)).to_string();
        assert!(error.ends_with(expected), "{error}");
    }
}

#[test]
fn no_answer_leaves_the_outcome_unknown_and_no_connection_does_not() {
    run(async {
        let closed = login_error(|_| String::new(), LONG).await;
        assert!(
            closed.is_outcome_unknown()
                && closed
                    .to_string()
                    .ends_with("connection closed before a response"),
            "{closed}"
        );
        let cut = login_error(
            |_| "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi".to_owned(),
            Duration::from_millis(200),
        )
        .await;
        assert!(
            cut.is_outcome_unknown() && cut.to_string().ends_with("no response within 200ms"),
            "{cut}"
        );

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = Server {
            address: listener.local_addr().expect("an address"),
            requests: Arc::default(),
        };
        drop(listener);
        let refused = login(&mut FlowClient::new(LONG), &server.target(FILE), 0)
            .await
            .expect_err("nobody listens");
        assert!(!refused.is_outcome_unknown());
        assert!(
            matches!(
                *refused.failure,
                StepFailure::Exchange(ExchangeError::Connect { .. })
            ),
            "{refused}"
        );
    });
}

#[test]
fn a_connection_that_the_server_closed_in_between_is_replaced() {
    run(async {
        // Says keep-alive by default, but closes after every answer.
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = Server {
            address: listener.local_addr().expect("an address"),
            requests: Arc::default(),
        };
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = vec![0; 8192];
                let length = stream.read(&mut buffer).await.expect("a request");
                let answer = well_behaved(&String::from_utf8_lossy(&buffer[..length]));
                stream
                    .write_all(answer.as_bytes())
                    .await
                    .expect("an answer");
            }
        });
        let mut client = FlowClient::new(LONG);
        let mut credential = login(&mut client, &server.target(FILE), 0)
            .await
            .expect("two steps, two connections");
        logout(&mut client, &server.target(FILE), &mut credential)
            .await
            .expect("a third");
    });
}
