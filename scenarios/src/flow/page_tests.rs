//! What a page of another origin asks, and what it makes of the answer.

use super::*;
use crate::flow::scripted_server::{LONG, Server, response, run};
use crate::flow::{StepFailure, login, present};

const PAGE: &str = "http://app.test:3000";

fn request(method: &str, headers: &[(&str, &str)]) -> Rendered {
    let headers = headers.iter();
    Rendered {
        method: method.to_owned(),
        target: "/x?y=1".to_owned(),
        headers: headers
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        cookies: None,
        body: Vec::new(),
    }
}

fn somewhere() -> Origin {
    Origin::from(std::net::SocketAddr::from(([127, 0, 0, 1], 8080)))
}

#[test]
fn a_simple_request_is_sent_unasked_and_no_other() {
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let text = ("content-type", "text/plain; charset=utf-8");
    let site = ("Sec-Fetch-Site", "same-origin");
    let asked = |method: &str, headers: &[(&str, &str)]| {
        let due = Page::of(PAGE).due(&request(method, headers), &somewhere(), false);
        due.map(|permission| permission.headers.join(","))
    };
    assert_eq!(asked("GET", &[("Accept", "*/*"), ("Origin", PAGE)]), None);
    assert_eq!(asked("POST", &[form, site]), None);
    assert_eq!(asked("POST", &[text]), None);
    let json = ("Content-Type", "application/json");
    for (method, headers, expected) in [
        ("GET", &[("Authorization", "Bearer t")][..], "authorization"),
        ("POST", &[json], "content-type"),
        (
            "POST",
            &[form, ("X-CSRF-Token", "c"), ("A", "b")],
            "a,x-csrf-token",
        ),
        ("DELETE", &[], ""),
        ("PUT", &[form], ""),
    ] {
        assert_eq!(asked(method, headers).as_deref(), Some(expected));
    }
}

#[test]
fn the_browser_says_where_a_request_comes_from_whatever_the_file_says() {
    let mut foreign = request(
        "POST",
        &[("origin", "http://me"), ("sec-fetch-site", "same-origin")],
    );
    Page::of(PAGE).mark(&mut foreign, &somewhere());
    let expected = [("sec-fetch-site", "cross-site"), ("Origin", PAGE)];
    assert_eq!(foreign.headers, request("POST", &expected).headers);
    let mut near = request("GET", &[("sec-fetch-site", "same-origin")]);
    Page::of("http://127.0.0.1:3000").mark(&mut near, &somewhere());
    assert_eq!(near.headers[0].1, "same-site");
    assert!(Page::of("http://127.0.0.1:8080").is_at_home(&somewhere()));
    assert!(!Page::of("https://127.0.0.1:8080").is_at_home(&somewhere()));
}

async fn granted(
    headers: &[&str],
    with_cookies: bool,
    answer: &str,
) -> Result<Duration, &'static str> {
    let permission = Permission {
        url: "http://127.0.0.1:8080/x".to_owned(),
        method: "PUT".to_owned(),
        headers: headers.iter().map(|name| (*name).to_owned()).collect(),
        with_cookies,
    };
    let text = format!("HTTP/1.1 204 X\r\n{answer}\r\n");
    let mut reader = ResponseReader::new(4096);
    let head = reader.read(&mut text.as_bytes()).await.expect("a response");
    permission.granted(PAGE, head.status, &reader)
}

#[tokio::test]
async fn an_answer_grants_what_it_names() {
    let own = format!("Access-Control-Allow-Origin: {PAGE}\r\n");
    let star = "Access-Control-Allow-Origin: *\r\n";
    let put = "Access-Control-Allow-Methods: GET, PUT\r\n";
    let any = "Access-Control-Allow-Methods: *\r\nAccess-Control-Allow-Headers: *\r\n";
    let named = "Access-Control-Allow-Headers: X-A, authorization\r\n";
    let cookies = "Access-Control-Allow-Credentials: true\r\n";
    let age = |age: &str| format!("{own}{put}Access-Control-Max-Age: {age}\r\n");
    let seconds = Duration::from_secs;
    for (headers, with_cookies, answer, expected) in [
        (&[][..], false, format!("{own}{put}"), Ok(UNSAID)),
        (&[], false, age("600"), Ok(seconds(600))),
        (&[], false, age("-1"), Ok(Duration::ZERO)),
        (&[], false, age("86400"), Ok(AT_MOST)),
        (
            &["authorization", "x-a"],
            false,
            format!("{own}{put}{named}"),
            Ok(UNSAID),
        ),
        (&["x-b"], false, format!("{star}{any}"), Ok(UNSAID)),
        (
            &["x-a"],
            true,
            format!("{own}{put}{named}{cookies}"),
            Ok(UNSAID),
        ),
        (&[], false, put.to_owned(), Err("Allow-Origin")),
        (
            &[],
            false,
            format!("Access-Control-Allow-Origin: http://other\r\n{put}"),
            Err("Allow-Origin"),
        ),
        (
            &[],
            true,
            format!("{star}{put}{cookies}"),
            Err("Allow-Origin"),
        ),
        (&[], true, format!("{own}{put}"), Err("Allow-Credentials")),
        (&[], false, own.clone(), Err("Allow-Methods")),
        (
            &["x-b"],
            false,
            format!("{own}{put}{named}"),
            Err("Allow-Headers"),
        ),
        // A star is not for this one.
        (
            &["authorization"],
            false,
            format!("{own}{any}"),
            Err("Allow-Headers"),
        ),
    ] {
        let got = granted(headers, with_cookies, &answer).await;
        match expected {
            Ok(_) => assert_eq!(got, expected, "{answer}"),
            Err(part) => assert!(got.is_err_and(|why| why.contains(part)), "{answer}"),
        }
    }
}

const FILE: &str = r#"
schema = "authbench.target/1"
name = "t"
model = "t"
[users]
count = 1
name = "u"
password = "p"
[[login]]
request = "POST http://HOST/login"
form = { username = "${user.name}" }
expect = 200
capture = { token = { json = "/token" } }
[[point]]
name = "api"
request = "GET http://HOST/PATH"
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = 401 }
"#;

fn answer(request: &str) -> String {
    let allowed = format!(
        "Access-Control-Allow-Origin: {PAGE}\r\nAccess-Control-Allow-Headers: authorization\r\n"
    );
    let mut words = request.split(' ');
    match (words.next(), words.next()) {
        (Some("POST"), _) => response(200, "", r#"{"token":"t"}"#),
        (Some("OPTIONS"), Some("/refused")) => response(403, &allowed, ""),
        (Some("OPTIONS"), Some("/forgotten")) => {
            response(204, &format!("{allowed}Access-Control-Max-Age: 0\r\n"), "")
        }
        (Some("OPTIONS"), _) => response(204, &allowed, ""),
        _ => response(200, "", ""),
    }
}

/// What is sent, and counted, when a page presents a credential at `path` so often.
fn sent(path: &str, times: usize, forgets: bool) -> (Vec<String>, u64, Option<StepFailure>) {
    run(async {
        let server = Server::start(answer).await;
        let target = server.target(&FILE.replace("PATH", path));
        let page = Page::of(PAGE);
        let mut client = FlowClient::new(LONG).of_page(Some(page.clone()));
        let credential = login(&mut client, &target, 0).await.expect("a credential");
        let mut failed = None;
        for _ in 0..times {
            let point = &target.flows.points[0];
            failed = present(&mut client, &target, point, &credential)
                .await
                .err();
            if forgets {
                page.forget();
            }
        }
        let methods = server.requests().into_iter();
        let methods = methods.map(|request| request.split(' ').next().unwrap_or("").to_owned());
        (
            methods.collect(),
            client.take_traffic().preflights.count,
            failed,
        )
    })
}

#[test]
fn a_browser_asks_once_and_again_when_the_answer_no_longer_holds() {
    let (methods, preflights, failed) = sent("kept", 2, false);
    assert_eq!(methods, ["POST", "OPTIONS", "GET", "GET"]);
    assert!(preflights == 1 && failed.is_none());
    let asked_again = ["POST", "OPTIONS", "GET", "OPTIONS", "GET"];
    assert_eq!(sent("forgotten", 2, false).0, asked_again);
    assert_eq!(sent("kept", 2, true).0, asked_again, "another browser");
}

#[test]
fn what_was_refused_is_not_sent_and_is_no_refusal_of_the_credential() {
    let (methods, preflights, failed) = sent("refused", 1, false);
    assert_eq!(
        (methods.join(" ").as_str(), preflights),
        ("POST OPTIONS", 1)
    );
    let failed = failed.expect("not sent");
    assert_eq!(failed.outcome(), Outcome::Unexpected(403));
    assert!(failed.to_string().contains(PAGE), "{failed}");
    let step = crate::flow::StepError {
        target: "t".to_owned(),
        step: "s".to_owned(),
        failure: Box::new(failed),
    };
    assert!(!step.is_refusal() && !step.is_outcome_unknown());
}

#[test]
fn a_preflight_says_what_is_to_be_sent() {
    let permission = Page::of(PAGE)
        .due(&request("PUT", &[("X-A", "1")]), &somewhere(), false)
        .expect("asks");
    let bytes = permission
        .preflight(PAGE, "/x?y=1", &somewhere())
        .expect("a request");
    let text = String::from_utf8_lossy(bytes.as_bytes()).into_owned();
    assert_eq!(
        text,
        "OPTIONS /x?y=1 HTTP/1.1\r\nOrigin: http://app.test:3000\r\nAccess-Control-Request-Method: PUT\r\n\
         Access-Control-Request-Headers: x-a\r\nHost: 127.0.0.1:8080\r\n\r\n"
    );
}
