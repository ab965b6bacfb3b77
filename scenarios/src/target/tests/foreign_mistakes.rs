//! Mistakes in what systems unlike ours need, with the exact message for each.

use super::assert_messages;

const REFRESH: &str = "[[refresh]]\nrequest = \"POST ${as.url}/token\"\nexpect = 200\n";

/// Messages about `[[refresh]]` with `keys` in place of its own; it begins on line 30.
fn refresh(cases: &[(&str, &str)]) {
    for (keys, expected) in cases {
        assert_messages(&[(REFRESH, &format!("[[refresh]]\n{keys}\n"), expected)]);
    }
}

#[test]
fn a_step_does_one_thing() {
    refresh(&[
        (
            "expect = 200",
            "30: refresh[0]: needs one thing to do (allowed: request = \"METHOD URL\", or command = [\"PROGRAM\", …])",
        ),
        (
            "request = \"GET ${as.url}\"\ncommand = [\"true\"]",
            "30: refresh[0]: needs one thing to do (allowed: request = \"METHOD URL\", or command = [\"PROGRAM\", …])",
        ),
        (
            "command = [\"true\"]\nexpect = 0",
            "32: refresh[0].expect: goes with a request",
        ),
        (
            "request = \"GET ${as.url}\"\nexpect = 200\nstdin = \"x\"",
            "33: refresh[0].stdin: goes with a command",
        ),
        (
            "command = []",
            "31: refresh[0].command: is empty (allowed: the program and its arguments, one text each)",
        ),
        (
            "command = [\"x\", \"${token}\"]",
            "31: refresh[0].command[1]: ${token} is a secret, and every user of the machine can read a command line; hand it over in stdin",
        ),
        (
            "command = [\"x\", \"${user.password}\"]",
            "31: refresh[0].command[1]: ${user.password} is a secret, and every user of the machine can read a command line; hand it over in stdin",
        ),
        (
            "command = [\"true\"]\nwithin = \"1h\"",
            "32: refresh[0].within: \"1h\" is not a time to wait (allowed: up to 10m: a whole number and a unit: ms, s, m, h or d, such as 150ms or 2s)",
        ),
        (
            "command = [\"true\"]\ncapture = { a = { header = \"x\" } }",
            "32: refresh[0].capture.a: a command has no response (allowed: json: what it prints)",
        ),
    ]);
}

#[test]
fn a_request_has_one_body_and_one_client() {
    let request = |keys: &str| format!("request = \"POST ${{as.url}}\"\nexpect = 200\n{keys}");
    let cases = [
        (
            "form = { a = \"b\" }\njson = { a = \"b\" }",
            "34: refresh[0].json: is a second body (allowed: one of form, json, body)",
        ),
        (
            "json = \"text\"",
            "33: refresh[0].json: is not a JSON body (allowed: a table or an array)",
        ),
        (
            "json = { a = [2020-01-01] }",
            "33: refresh[0].json.a[0]: has no JSON form (allowed: texts, finite numbers, true, false, tables and arrays)",
        ),
        (
            "json = { a = { b = \"${tokem}\" } }",
            "33: refresh[0].json.a.b: unknown ${tokem} (allowed: ${as.…}, ${env.…}, ${pkce.challenge}, ${pkce.verifier}, ${store.…}, ${token}, ${user.name}, ${user.number}, ${user.password}, ${uuid}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
        (
            "basic = { username = \"a\", password = \"b\" }",
            "33: refresh[0].basic: is no key any more (allowed: client = { basic = [\"ID\", \"SECRET\"] })",
        ),
        (
            "client = { basic = [\"a\"] }",
            "33: refresh[0].client.basic: is not a pair (allowed: [\"ID\", \"SECRET\"])",
        ),
        (
            "client = {}",
            "33: refresh[0].client: needs one way to authenticate (allowed: { basic = [\"ID\", \"SECRET\"] } or { post = [\"ID\", \"SECRET\"] })",
        ),
        (
            "client = { post = [\"a\", \"b\"] }\njson = {}",
            "33: refresh[0].client: goes into a form, and this body is none (allowed: a form, or none; or client = { basic = … })",
        ),
        (
            "client = { basic = [\"a\", \"b\"] }\nheaders = { Authorization = \"x\" }",
            "34: refresh[0].headers.Authorization: is written from another key (allowed: either client.basic or this header)",
        ),
        (
            "cookies = {}\nfollow = {}",
            "34: refresh[0].follow: needs the jar: cookies change from answer to answer (allowed: a step without cookies = { … })",
        ),
        (
            "follow = { max = 21 }",
            "33: refresh[0].follow.max: 21 is out of range (allowed: 1 to 20)",
        ),
        (
            "follow = { stop = \"${token\" }",
            "33: refresh[0].follow.stop: has a ${ without its }",
        ),
    ];
    for (keys, expected) in cases {
        refresh(&[(&request(keys), expected)]);
    }
}

#[test]
fn a_capture_knows_what_to_take() {
    const ALLOWED: &str = "(allowed: exactly one of json, cookie, header, html; with header or html: query or regex; with html: attr; with json: of_first)";
    let capture = |from: &str| {
        format!("request = \"GET ${{as.url}}\"\nexpect = 200\ncapture = {{ a = {{ {from} }} }}")
    };
    let cases = [
        (
            "query = \"code\"",
            format!("33: refresh[0].capture.a: needs one place to capture from {ALLOWED}"),
        ),
        (
            "json = \"/a\", query = \"code\"",
            format!("33: refresh[0].capture.a: does not know what to take {ALLOWED}"),
        ),
        (
            "header = \"location\", query = \"a\", regex = \"(b)\"",
            format!("33: refresh[0].capture.a: does not know what to take {ALLOWED}"),
        ),
        (
            "cookie = \"s\", attr = \"value\"",
            format!("33: refresh[0].capture.a: does not know what to take {ALLOWED}"),
        ),
        (
            "header = \"location\", regex = \"code=.*\"",
            "33: refresh[0].capture.a.regex: has no group to capture (allowed: a regular expression with a group, such as \"code=([^&]+)\")".to_owned(),
        ),
        (
            "header = \"location\", regex = \"(\"",
            "33: refresh[0].capture.a.regex: \"(\" is not a regular expression: unclosed group (allowed: the syntax of the Rust crate regex)".to_owned(),
        ),
        (
            "html = \"input[\"",
            "33: refresh[0].capture.a.html: \"input[\" is not a CSS selector (allowed: such as input[name=csrf] or #login form)".to_owned(),
        ),
    ];
    for (from, expected) in &cases {
        refresh(&[(&capture(from), expected)]);
    }
}

#[test]
fn what_belongs_elsewhere_is_said_to() {
    assert_messages(&[
        (
            "Bearer ${token}",
            "Bearer ${pkce.verifier}",
            "36: point.api.headers.authorization: ${pkce.verifier} belongs to one walk through a step list",
        ),
        (
            "refuse = { status = [401, 403] }",
            "refuse = { status = [401, 429] }",
            "38: point.api.refuse.status: 429 is throttling: it says nothing about a credential (allowed: statuses that accept or refuse one)",
        ),
        (
            "refuse = { status = [401, 403] }",
            "refuse = { status = 401, header = { name = \"x\" } }",
            "38: point.api.refuse.header: needs one test (allowed: exactly one of contains, regex)",
        ),
        (
            "[[event.step]]\nrequest = \"POST ${as.url}/logout\"\nexpect = 204\n",
            "[[event.step]]\nrequest = \"POST ${as.url}/logout\"\nexpect = 204\n[[event.undo]]\nrequest = \"POST ${as.url}/${token}\"\nexpect = 204\n",
            "47: event.logout.undo[0].request: unknown ${token} (allowed: ${as.…}, ${env.…}, ${pkce.challenge}, ${pkce.verifier}, ${store.…}, ${user.name}, ${user.number}, ${user.password}, ${uuid}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
        (
            "[[login]]\n",
            "[[admin_login]]\nrequest = \"POST ${as.url}/${user.name}\"\nexpect = 200\n[[login]]\n",
            "26: admin_login[0].request: unknown ${user.name} (allowed: ${as.…}, ${env.…}, ${pkce.challenge}, ${pkce.verifier}, ${store.…}, ${uuid}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
        (
            "Bearer ${token}",
            "Bearer ${admin.token}",
            "36: point.api.headers.authorization: unknown ${admin.token} (allowed: ${as.…}, ${env.…}, ${store.…}, ${token}, ${user.name}, ${user.number}, ${user.password}, ${uuid}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
    ]);
}
