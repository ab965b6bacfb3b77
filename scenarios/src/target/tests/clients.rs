//! `[[client]]`: step lists of a client type's own.

use super::{FILE, read};
use crate::target::Step;

const SERVICE: &str = r#"
[[client]]
name = "service"
[[client.login]]
request = "POST ${as.url}/token"
form = { grant_type = "client_credentials" }
expect = 200
capture = { token = { json = "/access" } }
"#;

fn labels<R>(steps: &[Step<R>]) -> Vec<&str> {
    steps.iter().map(|step| step.label.as_str()).collect()
}

#[test]
fn a_client_type_has_its_own_steps_and_others_the_targets() {
    let file = read(&format!("{FILE}{SERVICE}"), &[]).expect("a target");
    let flows = &file.flows;
    assert_eq!(
        labels(flows.login_of("service")),
        ["client.service.login[0] (POST ${as.url}/token)"]
    );
    assert_eq!(labels(flows.login_of("spa")), labels(&flows.login));
    // What the target's refresh renews is not what this login gives.
    assert!(flows.refresh_of("service").is_empty());
    assert_eq!(labels(flows.refresh_of("spa")), labels(&flows.refresh));
    assert!(flows.write_of("service").is_empty() && flows.write_of("spa").is_empty());
}

#[test]
fn a_list_that_is_not_there_is_the_targets() {
    let write = "[[client]]\nname = \"browser\"\n[[client.write]]\nrequest = \"POST ${as.url}/x\"\n\
        headers = { x-token = \"${token}\" }\nexpect = 200\n";
    let file = read(&format!("{FILE}{write}"), &[]).expect("a target");
    let flows = &file.flows;
    assert_eq!(labels(flows.login_of("browser")), labels(&flows.login));
    assert_eq!(labels(flows.refresh_of("browser")), labels(&flows.refresh));
    assert_eq!(flows.write_of("browser").len(), 1);
}

#[test]
fn a_page_has_an_origin_or_none() {
    let page = |origin: &str| {
        let client = format!("[[client]]\nname = \"spa\"\norigin = \"{origin}\"\n");
        read(&format!("{FILE}{client}"), &[])
    };
    let of = |origin: &str| {
        let file = page(origin).expect(origin);
        file.flows.page_of("spa").map(str::to_owned)
    };
    assert_eq!(of("none"), None);
    for origin in ["https://app.example", "http://127.0.0.1:3000"] {
        assert_eq!(of(origin).as_deref(), Some(origin));
    }
    for wrong in [
        "*",
        "https://app.example/",
        "https://APP.example",
        "app.example",
        "file:///x",
    ] {
        let message = page(wrong).expect_err(wrong);
        let expected = format!("client.spa.origin: {wrong:?} is no origin");
        assert!(message.contains(&expected), "{message}");
    }
    let message = page("${vars.key}").expect_err("a secret");
    assert!(message.contains("is a secret"), "{message}");
}

#[test]
fn mistakes_in_clients() {
    let mistake = |from: &str, to: &str| {
        assert!(SERVICE.contains(from), "{from}");
        let text = format!("{FILE}{}", SERVICE.replacen(from, to, 1));
        read(&text, &[]).expect_err(to)
    };
    let message = mistake("capture = { token", "capture = { tokan");
    let expected = "client.service.login: captures no token, which point api presents";
    assert!(message.contains(expected), "{message}");
    let message = mistake("[[client.login]]", "[[client.logon]]");
    assert!(message.contains("unknown field `logon`"), "{message}");
    let twice = format!("{FILE}{SERVICE}{SERVICE}");
    let message = read(&twice, &[]).expect_err("two of one name");
    assert!(
        message.contains("client.name: \"service\" is taken"),
        "{message}"
    );
}
