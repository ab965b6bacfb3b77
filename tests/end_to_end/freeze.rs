//! A target that freezes 100 ms in every second: whoever should have been answered meanwhile waited, the target's service did not get slower
//! for nearly all requests, and the instrument is not to blame.

use crate::program::{Workspace, json, stderr};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const FREEZE: Duration = Duration::from_millis(100);
const PERIOD: Duration = Duration::from_secs(1);

const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "freeze"
kind = "steady"
question = "Does a freeze show, and where?"
targets = ["no_auth"]
[load]
rate_per_s = 2000
connections_per_target = 4
credentials_per_target = 1
[profile.quick]
warm_up = "200ms"
rounds = 2
round = "3s"
[profile.standard]
warm_up = "200ms"
rounds = 2
round = "3s"
[profile.full]
warm_up = "200ms"
rounds = 2
round = "3s"
"#;

/// One thread per connection; all of them freeze together.
fn freezing_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = listener.local_addr().expect("has an address");
    let epoch = Instant::now();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            thread::spawn(move || serve(stream, epoch));
        }
    });
    address
}

fn serve(mut stream: TcpStream, epoch: Instant) {
    stream.set_nodelay(true).expect("a TCP socket");
    let mut buffer = [0; 1024];
    while matches!(stream.read(&mut buffer), Ok(1..)) {
        let into = Duration::from_nanos((epoch.elapsed().as_nanos() % PERIOD.as_nanos()) as u64);
        thread::sleep(FREEZE.saturating_sub(into));
        if stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .is_err()
        {
            return;
        }
    }
}

#[test]
fn a_freeze_is_charged_to_the_target_and_the_run_stays_valid() {
    let workspace = Workspace::new();
    let address = freezing_server();
    let target = workspace.write(
        "freezing.toml",
        &format!(
            "schema = \"authbench.target/1\"\nname = \"freezing\"\nmodel = \"mine\"\n[[point]]\nname = \"api\"\n\
             request = \"GET http://{address}/\"\naccept = {{ status = 200 }}\nrefuse = {{ status = 401 }}\n"
        ),
    );
    // Alone, at the whole rate: a scenario of its own list, without the control.
    let scenario = workspace.write(
        "freeze.toml",
        &SCENARIO.replace("\"no_auth\"", &format!("{target:?}")),
    );
    let output = workspace.run(&["run", "--scenario", &scenario, "--out", "run", "--quiet"]);
    let summary = json(&workspace.path("run/summary.json"));
    // A debug build calls itself degraded, and neighbours may disturb the machine. Nothing worse: the freeze is the target's own.
    let findings = summary["validity"]["findings"]
        .as_array()
        .expect("findings");
    let invalid = |finding: &&Value| finding["verdict"] == "invalid";
    let disturbed = |finding: &Value| {
        ["canary", "steal"]
            .iter()
            .any(|check| finding["check"] == *check)
    };
    let invalid: Vec<&Value> = findings.iter().filter(invalid).collect();
    assert!(
        invalid.iter().all(|finding| disturbed(finding)),
        "{invalid:#?}"
    );
    let expected = if invalid.is_empty() { 0 } else { 4 };
    assert_eq!(output.status.code(), Some(expected), "{}", stderr(&output));
    let freezing = &summary["targets"][0];
    assert_eq!(
        (&freezing["requests"], &freezing["unexpected"]),
        (&12_000.into(), &0.into())
    );
    // By construction a tenth of all starts wait up to 100 ms; only the four in flight are slow in service.
    let p99 = |key: &str| freezing[key]["p99"].as_f64().expect("enough samples");
    assert!(p99("response_ms") >= 60.0, "{freezing:#}");
    assert!(p99("service_ms") <= 20.0, "{freezing:#}");
    assert!(p99("connection_wait_ms") >= 60.0, "{freezing:#}");
}
