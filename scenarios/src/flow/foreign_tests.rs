//! Systems shaped unlike ours, through step lists alone.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::*;
use crate::flow::scripted_server::{LONG, Server, response, run};
use crate::flow::undo;

const HEAD: &str = r#"
schema = "authbench.target/1"
name = "t"
model = "t"
[users]
count = 10
name = "u${number}"
password = "p&w"
[[point]]
name = "api"
request = "GET http://HOST/api"
accept = { status = 200 }
refuse = { status = 401 }
"#;

fn file(steps: &str) -> String {
    format!("{HEAD}{steps}")
}

fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

fn redirect(to: &str, headers: &str) -> String {
    response(302, &format!("Location: {to}\r\n{headers}"), "")
}

#[test]
fn a_form_with_a_csrf_field_that_redirects_home() {
    fn answer(request: &str) -> String {
        match path(request) {
            "/login" if request.starts_with("GET") => response(
                200,
                "Set-Cookie: csrftoken=c1; Path=/\r\n",
                r#"<form><input type="hidden" name="csrf" value="a&amp;b"></form>"#,
            ),
            "/login" if body(request) == "csrf=a%26b&user=u3" => {
                redirect("/home", "Set-Cookie: sessionid=s1; Path=/\r\n")
            }
            "/home" => response(200, "", "welcome"),
            _ => response(403, "", ""),
        }
    }
    let steps = r#"
[[login]]
request = "GET http://HOST/login"
expect = 200
capture = { csrf = { html = "input[name=csrf]", attr = "value" } }
[[login]]
request = "POST http://HOST/login"
form = { user = "${user.name}", csrf = "${csrf}" }
follow = {}
expect = 200
capture = { session = { cookie = "sessionid" } }
"#;
    run(async {
        let server = Server::start(answer).await;
        let target = server.target(&file(steps));
        let mut client = FlowClient::new(LONG);
        let credential = login(&mut client, &target, 3).await.expect("a credential");
        assert_eq!(credential.captured("session"), Some("s1"));
        let seen = [
            "GET /login HTTP/1.1 -",
            "POST /login HTTP/1.1 Cookie: csrftoken=c1",
            "GET /home HTTP/1.1 Cookie: csrftoken=c1; sessionid=s1",
        ];
        assert_eq!(server.seen(), seen);
    });
}

#[test]
fn an_authorization_code_with_pkce_read_from_the_redirect_that_is_not_followed() {
    fn answer(request: &str) -> String {
        let path = path(request);
        match path.split('?').next() {
            Some("/authorize") => redirect("/consent?x=1", ""),
            Some("/consent") => redirect("http://app.invalid/cb?code=c%2F1&state=s", ""),
            Some("/token") => {
                let token = r#"{"access_token":"t1","expires_in":300}"#;
                response(200, "", token)
            }
            _ => response(404, "", ""),
        }
    }
    let steps = r#"
[[login]]
request = "GET http://HOST/authorize?challenge=${pkce.challenge}"
follow = { max = 3, stop = "http://app.invalid/cb" }
expect = 302
capture = { code = { header = "location", query = "code" } }
[[login]]
request = "POST http://HOST/token"
client = { post = ["app", "s&t"] }
form = { code = "${code}", code_verifier = "${pkce.verifier}" }
expect = 200
capture = { token = { json = "/access_token" } }
"#;
    run(async {
        let server = Server::start(answer).await;
        let presenting = file(steps).replace(
            "accept = {",
            "headers = { authorization = \"Bearer ${token}\" }\naccept = {",
        );
        let target = server.target(&presenting);
        let mut client = FlowClient::new(LONG);
        let credential = login(&mut client, &target, 0).await.expect("a credential");
        assert_eq!(credential.captured("code"), Some("c/1"));
        assert_eq!(credential.lifetime.map(|life| life.as_secs()), Some(300));
        let requests = server.requests();
        let challenge = path(&requests[0]).split_once('=').map(|(_, text)| text);
        let form: std::collections::BTreeMap<_, _> =
            form_urlencoded::parse(body(&requests[2]).as_bytes())
                .into_owned()
                .collect();
        assert_eq!(
            (form["client_id"].as_str(), form["client_secret"].as_str()),
            ("app", "s&t")
        );
        let verifier = form["code_verifier"].as_bytes();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier);
        use base64::Engine;
        let expected = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest);
        assert_eq!(challenge, Some(expected.as_str()), "one pair per walk");
        let named: Vec<_> = target.lifetimes.take().into_values().collect();
        assert_eq!((named.len(), named[0].n), (1, 1));
    });
}

#[test]
fn a_redirect_to_a_host_that_nobody_named_is_not_followed() {
    fn answer(_: &str) -> String {
        redirect("http://192.0.2.1/steal", "")
    }
    fn round(_: &str) -> String {
        redirect("/again", "")
    }
    let steps = "[[login]]\nrequest = \"GET http://HOST/\"\nfollow = { max = 2 }\nexpect = 200\n";
    run(async {
        type Answering = fn(&str) -> String;
        let cases: [(Answering, &str); 2] = [
            (
                answer,
                "redirected to 192.0.2.1, which is neither on this machine nor named by a request of the file",
            ),
            (round, "redirected more than 2 times"),
        ];
        for (answer, expected) in cases {
            let server = Server::start(answer).await;
            let target = server.target(&file(steps));
            let error = login(&mut FlowClient::new(LONG), &target, 0)
                .await
                .expect_err(expected);
            assert!(error.to_string().ends_with(expected), "{error}");
            assert!(error.is_outcome_unknown(), "the first request was answered");
        }
    });
}

#[test]
fn a_json_body_is_escaped_and_says_what_it_is() {
    fn answer(_: &str) -> String {
        response(200, "", r#"{"token":"t1"}"#)
    }
    let steps = r#"
[[login]]
request = "POST http://HOST/login"
json = { user = "${user.name}", "say \"hi\"" = ["${user.password}\"\n", 1, true], n = { deep = "x${user.number}" } }
expect = 200
[[login]]
request = "POST http://HOST/login"
headers = { content-type = "text/xml" }
body = "<u>${user.name}</u>"
expect = 200
"#;
    run(async {
        let server = Server::start(answer).await;
        let target = server.target(&file(steps));
        login(&mut FlowClient::new(LONG), &target, 1)
            .await
            .expect("a credential");
        let requests = server.requests();
        let json: serde_json::Value = serde_json::from_str(body(&requests[0])).expect("JSON");
        assert_eq!(
            json,
            serde_json::json!({"user": "u1", "say \"hi\"": ["p&w\"\n", 1, true], "n": {"deep": "x1"}})
        );
        assert!(requests[0].contains("Content-Type: application/json\r\n"));
        assert!(requests[1].contains("content-type: text/xml\r\n"));
        assert_eq!(body(&requests[1]), "<u>u1</u>");
    });
}

const ADMIN: &str = r#"
[[admin_login]]
request = "POST http://HOST/admin/login"
expect = 200
capture = { token = { json = "/token" } }
[[login]]
request = "POST http://HOST/login"
expect = 200
[[event]]
name = "disabled"
[[event.step]]
request = "POST http://HOST/disable/${user.name}"
headers = { authorization = "Bearer ${admin.token}" }
cookies = {}
expect = 204
[[event.undo]]
request = "POST http://HOST/enable/${user.name}"
headers = { authorization = "Bearer ${admin.token}" }
cookies = {}
expect = 204
"#;

#[test]
fn the_administrator_logs_in_once_for_all_and_again_when_refused() {
    static LOGINS: AtomicUsize = AtomicUsize::new(0);
    fn answer(request: &str) -> String {
        match path(request) {
            "/admin/login" => {
                let number = LOGINS.fetch_add(1, Ordering::Relaxed) + 1;
                response(200, "", &format!(r#"{{"token":"a{number}"}}"#))
            }
            // The first session ends, as sessions do, when the second is there.
            "/disable/u9" if request.contains("Bearer a1") => response(401, "", ""),
            _ => response(204, "", ""),
        }
    }
    run(async {
        let server = Server::start(answer).await;
        let target = std::sync::Arc::new(server.target(&file(ADMIN)));
        let make = |user: u32| {
            let target = std::sync::Arc::clone(&target);
            async move {
                let account = target.about.users.as_ref().map(|users| users.account(user));
                let (mut client, mut credential) = (FlowClient::new(LONG), Credential::of(account));
                let steps = &target.flows.events[0].steps;
                run_steps(&mut client, &target, steps, &mut credential)
                    .await
                    .expect("an acknowledgement")
            }
        };
        let mut together: JoinSet<_> = (0..5).map(make).collect();
        while together.join_next().await.is_some() {}
        assert_eq!(LOGINS.load(Ordering::Relaxed), 1, "one login for all five");
        let acknowledged = make(9).await.expect("steps");
        assert_eq!(LOGINS.load(Ordering::Relaxed), 2, "refused, so once more");
        assert_eq!(acknowledged.status, Some(204));
        let mut client = FlowClient::new(LONG);
        undo(&mut client, &target, &target.flows.events[0], 9)
            .await
            .expect("an undo")
            .expect("steps");
        let last = server.requests().pop().expect("a request");
        assert!(
            last.starts_with("POST /enable/u9 ") && last.contains("Bearer a2"),
            "{last}"
        );
        assert_eq!(LOGINS.load(Ordering::Relaxed), 2);
        let shown = format!("{target:?}");
        assert!(!shown.contains("a2"), "{shown}");
    });
}

#[test]
fn an_administrator_whose_token_is_about_to_expire_logs_in_again() {
    static LOGINS: AtomicUsize = AtomicUsize::new(0);
    fn answer(request: &str) -> String {
        if path(request) == "/admin/login" {
            LOGINS.fetch_add(1, Ordering::Relaxed);
            return response(200, "", r#"{"token":"a","expires_in":0}"#);
        }
        response(204, "", "")
    }
    run(async {
        let server = Server::start(answer).await;
        let target = server.target(&file(ADMIN));
        let mut client = FlowClient::new(LONG);
        for user in 0..2 {
            undo(&mut client, &target, &target.flows.events[0], user)
                .await
                .expect("an undo");
        }
        assert_eq!(LOGINS.load(Ordering::Relaxed), 2);
        assert!(target.lifetimes.take().is_empty(), "no user's token");
    });
}

#[test]
fn a_command_brings_what_a_request_presents_and_takes_its_time() {
    fn answer(request: &str) -> String {
        let is_right = request.contains("X-Code: 1-u2-p&w-p&w");
        response(if is_right { 200 } else { 403 }, "", "")
    }
    let steps = r#"
[[login]]
command = ["sh", "-c", 'read line; echo "{\"n\":1,\"code\":\"$1-$SECRET-$line\"}"', "sh", "${user.name}"]
env = { SECRET = "${user.password}" }
stdin = "${user.password}\n"
capture = { code = { json = "/code" }, n = { json = "/n" } }
[[login]]
request = "GET http://HOST/"
headers = { X-Code = "${n}-${code}" }
expect = 200
[[logout]]
command = ["true"]
"#;
    run(async {
        let server = Server::start(answer).await;
        let target = server.target(&file(steps));
        let mut client = FlowClient::new(LONG);
        let mut credential = login(&mut client, &target, 2).await.expect("a credential");
        let ended = logout(&mut client, &target, &mut credential).await;
        let ended = ended.expect("a logout").expect("steps");
        assert_eq!((ended.status, ended.not_before), (None, ended.started));
        assert!(
            ended.not_before < ended.done,
            "acknowledged somewhere between"
        );
    });
}

#[test]
fn a_command_that_leaves_something_running_has_ended_when_it_exits() {
    let steps = r#"
[[login]]
command = ["sh", "-c", 'sleep 20 & echo "{\"n\":1}"']
within = "15s"
capture = { n = { json = "/n" } }
"#;
    run(async {
        let server = Server::start(|_| String::new()).await;
        let target = server.target(&file(steps));
        // The sleep holds its output open for longer than the command may take.
        let outcome = login(&mut FlowClient::new(LONG), &target, 0).await;
        outcome.expect("what it printed before its exit");
    });
}

#[test]
fn a_command_that_fails_fails_the_step_and_shows_no_secret() {
    let fails = |command: &str| {
        let steps = format!("[[login]]\n{command}\n");
        run(async {
            let server = Server::start(|_| String::new()).await;
            let target = server.target(&file(&steps));
            login(&mut FlowClient::new(LONG), &target, 0)
                .await
                .expect_err("a failed login")
        })
    };
    let error = fails(
        "command = [\"sh\", \"-c\", \"echo 'denied: '$S >&2; exit 3\"]\nenv = { S = \"${user.password}\" }",
    );
    let text = error.to_string();
    assert!(text.contains("login[0] (command sh)"), "{text}");
    assert!(text.ends_with("exit status: 3: denied: [masked]"), "{text}");
    assert!(error.is_outcome_unknown(), "it may have done its work");
    let late = fails("command = [\"sleep\", \"30\"]\nwithin = \"50ms\"").to_string();
    assert!(late.ends_with("not done within 50ms"), "{late}");
    let missing = fails("command = [\"/no/such/program\"]");
    assert!(!missing.is_outcome_unknown(), "{missing}");
    let silent = fails("command = [\"true\"]\ncapture = { a = { json = \"/a\" } }").to_string();
    assert!(
        silent.ends_with("cannot capture a: the body is not JSON"),
        "{silent}"
    );
}

#[test]
fn throttling_says_for_how_long() {
    fn answer(_: &str) -> String {
        response(429, "Retry-After: 7\r\n", "")
    }
    let steps = "[[login]]\nrequest = \"GET http://HOST/\"\nexpect = 200\n";
    run(async {
        let server = Server::start(answer).await;
        let target = server.target(&file(steps));
        let error = login(&mut FlowClient::new(LONG), &target, 0)
            .await
            .expect_err("throttled");
        let asked = error.throttled_for().map(|time| time.as_secs());
        assert_eq!((asked, error.unexpected_status()), (Some(7), Some(429)));
    });
}
