//! The reference servers over TLS, and systems that do not speak it as their target file says.

use crate::program::{Workspace, json, stderr};
use crate::turns::my_turn;
use std::io::{Read, Write};
use std::net::TcpListener;

const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "secured"
kind = "revocation"
question = "Does everything go over TLS?"
targets = ["session", "jwt", "opaque", "hybrid"]
[vars]
tls = "on"
access_ttl = "2s"
login_hash = "cheap"
[load]
rate_per_s = 100
connections_per_target = 4
credentials_per_target = 10
[revocation]
events = ["logout", "account_disabled"]
probe_every = "10ms"
tail = "100ms"
slots_per_target = 4
[profile.quick]
warm_up = "200ms"
revocations = 4
[profile.standard]
warm_up = "200ms"
revocations = 4
[profile.full]
warm_up = "200ms"
revocations = 4
"#;

#[test]
fn every_model_is_loaded_and_revoked_over_tls() {
    let _turn = my_turn();
    let workspace = Workspace::new();
    let scenario = workspace.write("secured.toml", SCENARIO);
    let arguments = ["run", "--scenario", &scenario, "--out", "run", "--quiet"];
    let output = workspace
        .authbench(&arguments)
        .env("PATH", "/nonexistent")
        .output()
        .expect("the program starts");
    let text = stderr(&output);
    assert!(matches!(output.status.code(), Some(0 | 4)), "{text}");
    assert!(!text.contains("broke off"), "{text}");
    let run = json(&workspace.path("run/run.json"));
    let revocation = &run["scenarios"][0]["revocation"];
    let outcomes = revocation["background"]["outcomes"]
        .as_object()
        .expect("outcomes by target");
    assert_eq!(outcomes.len(), 4);
    for (target, outcomes) in outcomes {
        assert!(
            outcomes["expected"].as_u64() > Some(10),
            "{target}: {outcomes}"
        );
        assert_eq!(outcomes["broken"], 0, "{target}: {outcomes}");
    }
    let events = revocation["events"].as_array().expect("events");
    assert_eq!(events.len(), 8);
    for event in events {
        for trial in event["trials"].as_array().expect("trials") {
            assert_eq!(trial["acknowledgement"], "received", "{event:#}");
        }
    }
}

const BOTH: &str = r#"
schema = "authbench.scenario/1"
name = "both"
kind = "steady"
question = "What does TLS cost?"
targets = ["no_auth", "no_auth+tls", "jwt", "jwt+tls"]
[vars]
login_hash = "cheap"
[variant."no_auth+tls"]
target = "no_auth"
vars = { tls = "on" }
[variant."jwt+tls"]
target = "jwt"
vars = { tls = "on" }
[load]
rate_per_s = 400
connections_per_target = 4
credentials_per_target = 20
[profile.quick]
warm_up = "200ms"
rounds = 2
round = "1s"
[profile.standard]
warm_up = "200ms"
rounds = 2
round = "1s"
[profile.full]
warm_up = "200ms"
rounds = 2
round = "1s"
"#;

#[test]
fn tls_and_plain_http_are_measured_side_by_side() {
    let _turn = my_turn();
    let workspace = Workspace::new();
    let scenario = workspace.write("both.toml", BOTH);
    let arguments = ["run", "--scenario", &scenario, "--out", "run", "--quiet"];
    let output = workspace
        .authbench(&arguments)
        .env("PATH", "/nonexistent")
        .output()
        .expect("the program starts");
    let text = stderr(&output);
    assert!(matches!(output.status.code(), Some(0 | 4)), "{text}");
    assert!(!text.contains("broke off"), "{text}");
    let summary = json(&workspace.path("run/summary.json"));
    let targets = summary["targets"].as_array().expect("targets");
    let names: Vec<_> = targets.iter().map(|target| &target["name"]).collect();
    assert_eq!(names, ["no_auth", "no_auth+tls", "jwt", "jwt+tls"]);
    for target in targets {
        assert_eq!(target["unexpected"], 0, "{target:#}");
    }
    for (plain, secured) in [(&targets[0], &targets[1]), (&targets[2], &targets[3])] {
        assert!(plain.get("tls").is_none(), "{plain:#}");
        // Bytes are counted before encryption.
        assert_eq!(plain["model"], secured["model"]);
        assert_eq!(
            plain["wire_bytes_per_request"]["received"],
            secured["wire_bytes_per_request"]["received"]
        );
        let tls = &secured["tls"];
        assert_eq!(tls["without"], plain["name"], "{tls:#}");
        assert_eq!(tls["session"]["version"], "TLSv1_3", "{tls:#}");
        for figure in ["plain", "full", "resumed"] {
            assert!(tls["new_connection_cpu_us"][figure].is_number(), "{tls:#}");
        }
        assert!(tls["cpu_us_more"]["mean"].is_number(), "{tls:#}");
    }
    let run = json(&workspace.path("run/run.json"));
    assert_eq!(run["targets"][1]["variant"]["of"], "no_auth");
    assert_eq!(run["targets"][1]["variant"]["vars"]["tls"], "on");
    let page = std::fs::read_to_string(workspace.path("run/report.html")).expect("a report");
    assert!(page.contains("What TLS costs"));
}

/// A target file for a system that runs already, at `url`.
fn target(url: &str, tls: &str) -> String {
    format!(
        r#"
schema = "authbench.target/1"
name = "mine"
model = "session"
[users]
count = 5000
name = "u${{number}}"
password = "x"
[tls]
{tls}
[[login]]
request = "POST {url}/login"
expect = 200
capture = {{ token = {{ json = "/token" }} }}
[[point]]
name = "api"
request = "GET {url}/"
headers = {{ authorization = "Bearer ${{token}}" }}
accept = {{ status = 200 }}
refuse = {{ status = 401 }}
"#
    )
}

#[test]
fn a_server_without_tls_at_an_https_url_is_bad_input() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = listener.local_addr().expect("has an address");
    // Not joined: it waits for connections as long as the test runs.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut bytes = [0; 4096];
            let _ = stream.read(&mut bytes);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
            while matches!(stream.read(&mut bytes), Ok(1..)) {}
        }
    });
    let workspace = Workspace::new();
    let text = target(&format!("https://{address}"), "ca_file = []");
    let file = workspace.write("mine.toml", &text);
    let output = workspace.run(&["run", "--scenario", "steady", "--target", &file, "--quiet"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.matches("error: ").count(), 1, "{text}");
    for part in [
        "target mine",
        "login[0]",
        "no TLS with 127.0.0.1",
        "does not speak TLS",
    ] {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
}

#[test]
fn an_authority_that_is_not_there_is_named_with_file_and_line() {
    let workspace = Workspace::new();
    let file = workspace.write(
        "mine.toml",
        &target("https://127.0.0.1:1", "ca_file = \"nowhere.pem\""),
    );
    let output = workspace.run(&["run", "--scenario", "steady", "--target", &file]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for part in ["mine.toml:10: tls.ca_file", "nowhere.pem", "No such file"] {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
}
