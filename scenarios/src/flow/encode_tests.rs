//! Where values land, and what they can and cannot do there.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::flow::jwt_times::JwtTimes;
use crate::target::{Members, RemoteTargets, Target, TargetFile};

/// A target whose one point is `point`, and which captures `x`.
fn target(point: &str) -> Target {
    let text = format!(
        r#"
schema = "authbench.target/1"
name = "t"
model = "t"
[users]
count = 10
name = "u&${{number}}"
password = "p w"
[[login]]
request = "POST http://127.0.0.1:1/login"
expect = 200
capture = {{ x = {{ json = "/x" }} }}
[[point]]
name = "api"
accept = {{ status = 200 }}
refuse = {{ status = 401 }}
{point}
"#
    );
    let file = TargetFile::parse("t.toml", &text, &BTreeMap::new()).expect("a target file");
    file.bind(&Members::new(), &RemoteTargets::refused())
        .expect("a target")
}

fn credential(target: &Target, x: &str) -> Credential {
    let users = target.about.users.as_ref().expect("users");
    let mut credential = Credential::of(Some(users.account(3)));
    credential.keep(target.presents("x"), "x", x.to_owned());
    credential
}

fn encoded(point: &str, x: &str) -> Result<String, EncodeError> {
    let target = target(point);
    let request = point_request(&target.flows.points[0], &credential(&target, x))?;
    Ok(String::from_utf8_lossy(request.bytes.as_bytes()).into_owned())
}

#[test]
fn values_are_encoded_for_where_they_land() {
    let url = r#"request = "GET http://127.0.0.1:1/u/${user.name}/${user.number:03}?x=${x}""#;
    let text = encoded(url, "a/b?c&d #é").expect("a request");
    assert!(
        text.starts_with("GET /u/u%263/003?x=a%2Fb%3Fc%26d%20%23%C3%A9 HTTP/1.1\r\n"),
        "{text}"
    );

    let form = "request = \"POST http://127.0.0.1:1/\"\nform = { n = \"${user.name}\", p = \"${user.password}\", x = \"1=${x}\" }";
    let text = encoded(form, "2&3").expect("a request");
    assert!(text.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\nHost: 127.0.0.1:1\r\nContent-Length: 25\r\n"), "{text}");
    assert!(
        text.ends_with("\r\n\r\nn=u%263&p=p+w&x=1%3D2%263"),
        "{text}"
    );

    let basic = "request = \"GET http://127.0.0.1:1/\"\nclient = { basic = [\"a:b\", \"${x}\"] }";
    let text = encoded(basic, "c d").expect("a request");
    assert!(
        text.contains(&format!(
            "Authorization: Basic {}\r\n",
            STANDARD.encode("a%3Ab:c+d")
        )),
        "{text}"
    );
}

#[test]
fn values_that_would_break_out_are_refused() {
    let header = "request = \"GET http://127.0.0.1:1/\"\nheaders = { a = \"${x}\" }";
    let refused = Err(EncodeError::Request(RequestError::HeaderValue("a".into())));
    for value in ["b\r\nEvil: 1", "b\n", "b\0"] {
        assert_eq!(encoded(header, value), refused, "{value:?}");
    }
    let cookie = "request = \"GET http://127.0.0.1:1/\"\ncookies = { s = \"${x}\" }";
    for value in ["1; t=2", "1 2", "1,2", "é", "1\r\n"] {
        assert_eq!(
            encoded(cookie, value),
            Err(EncodeError::Cookie("s".into())),
            "{value:?}"
        );
    }
}

#[test]
fn a_credential_of_another_target_lacks_what_is_needed() {
    let target = target(r#"request = "GET http://127.0.0.1:1/${x}""#);
    let error = point_request(&target.flows.points[0], &Credential::of(None)).expect_err("no x");
    assert_eq!(error, EncodeError::Missing("x".into()));
}

#[test]
fn cookies_come_from_the_jar_unless_they_are_pinned() {
    let cookie_line = |cookies: &str| {
        let target = target(&format!(
            "request = \"GET http://127.0.0.1:1/a\"\n{cookies}"
        ));
        let point = &target.flows.points[0];
        let mut credential = credential(&target, "pinned");
        let origin = &point.request.origin;
        credential
            .jar
            .receive("s=jar; Path=/", origin, "/", SystemTime::now())
            .expect("a cookie");
        let request = point_request(point, &credential).expect("a request");
        let text = String::from_utf8_lossy(request.bytes.as_bytes()).into_owned();
        text.lines()
            .find(|line| line.starts_with("Cookie"))
            .map(str::to_owned)
    };
    assert_eq!(cookie_line("").as_deref(), Some("Cookie: s=jar"));
    assert_eq!(
        cookie_line("cookies = { s = \"${x}\" }").as_deref(),
        Some("Cookie: s=pinned")
    );
    assert_eq!(cookie_line("cookies = {}"), None);
}

#[test]
fn uuids_are_random_and_well_formed() {
    let (one, two) = (random_uuid(), random_uuid());
    assert_ne!(one, two);
    let lengths: Vec<usize> = one.split('-').map(str::len).collect();
    assert_eq!((lengths, &one[14..15]), (vec![8, 4, 4, 4, 12], "4"));
    assert!("89ab".contains(&one[19..20]), "{one}");
}

#[test]
fn only_a_presented_value_sets_the_token_times() {
    let jwt = "e30.eyJleHAiOjEzMDB9.c2ln";
    let times = |point: &str| credential(&target(point), jwt).jwt;
    let presenting = times(
        "request = \"GET http://127.0.0.1:1/\"\nheaders = { authorization = \"Bearer ${x}\" }",
    );
    assert_eq!(
        presenting,
        Some(JwtTimes {
            issued_at: None,
            expires_at: 1300
        })
    );
    assert_eq!(times("request = \"GET http://127.0.0.1:1/\""), None);
}

proptest! {
    #[test]
    fn no_value_changes_the_shape_of_a_request(x in "\\PC{0,40}") {
        let url = encoded(r#"request = "GET http://127.0.0.1:1/a/${x}/b?c=${x}""#, &x).expect("a request");
        let (line, rest) = url.split_once("\r\n").expect("a request line");
        prop_assert_eq!((line.matches(' ').count(), line.matches(['/', '?', '#', '&']).count()), (2, 5));
        prop_assert_eq!(rest, "Host: 127.0.0.1:1\r\n\r\n");

        let form = encoded("request = \"POST http://127.0.0.1:1/\"\nform = { a = \"${x}\", b = \"c\" }", &x).expect("a request");
        let body = form.split_once("\r\n\r\n").expect("a body").1;
        let pairs: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
        prop_assert_eq!(pairs, [("a".into(), x.as_str().into()), ("b".into(), "c".into())]);
    }
}

/// What somebody without a login sends to `point`, for a user whose jar holds a cookie for it.
fn stranger(point: &str) -> Option<String> {
    let target = target(point);
    let mut credential = credential(&target, "the-token");
    let (origin, now) = (&target.flows.points[0].request.origin, SystemTime::now());
    let kept = credential.jar.receive("sid=the-cookie", origin, "/", now);
    kept.expect("a cookie for that host");
    let request = encode_without_login(&target.flows.points[0], &credential).expect("a request");
    request.map(|request| String::from_utf8_lossy(request.bytes.as_bytes()).into_owned())
}

#[test]
fn a_stranger_presents_nothing_of_a_login() {
    const GET: &str = "request = \"GET http://127.0.0.1:1/u/${user.name}\"\n";
    const POST: &str = "request = \"POST http://127.0.0.1:1/${x}\"\ncookies = {}\n";
    let cases = [
        (
            GET,
            "headers = { authorization = \"Bearer ${x}\", accept = \"a/b\" }",
        ),
        (GET, "cookies = { sid = \"${x}\", theme = \"a/b\" }"),
        (
            GET,
            "client = { basic = [\"${user.name}\", \"${user.password}\"] }\nheaders = { accept = \"a/b\" }",
        ),
        // The jar's own.
        (GET, "headers = { accept = \"a/b\" }"),
        (POST, "form = { token = \"${x}\", what = \"a/b\" }"),
        (POST, "json = { token = \"${x}\", what = \"a/b\" }"),
    ];
    for (request, rest) in cases {
        let sent = stranger(&format!("{request}{rest}")).expect(rest);
        for secret in ["the-token", "the-cookie", "Bearer", "sid", "Basic"] {
            assert!(!sent.contains(secret), "{secret} in {sent}");
        }
        assert!(sent.contains("a/b") || sent.contains("a%2Fb"), "{sent}");
    }
    let public = "cookies = {}\nheaders = { x-api-key = \"the-key-of-all\", id = \"${uuid}\" }";
    assert_eq!(stranger(&format!("{GET}{public}")), None);
}
