//! The revocation matrix in small: every event at variants of every model, on a real Redis.

use crate::program::{Workspace, json, stderr};
use serde_json::Value;
use std::collections::BTreeSet;

const REVOCATIONS: u64 = 4;

const MATRIX: &str = r#"
schema = "authbench.scenario/1"
name = "matrix"
kind = "revocation"
question = "Does every event put out whom it says?"
targets = ["session", "session+local-cache", "jwt", "jwt+no-exp", "opaque+cache", "hybrid", "gateway"]
[vars]
access_ttl = "2s"
login_hash = "cheap"
[load]
rate_per_s = 60
connections_per_target = 1
credentials_per_target = 3
[revocation]
events = [
    "logout", "logout_everywhere", "session_ended_by_admin", "account_disabled", "account_deleted", "role_removed", "scope_reduced",
    "password_changed", "refresh_replayed", "consent_withdrawn", "client_disabled", "key_compromised", "global_cut_off",
]
occurrences = 2
probe_every = "10ms"
resolution = 0.05
tail = "100ms"
slots_per_target = 16
together = 4
[steady]
question = "What does each cost?"
targets = ["no_auth", "session", "jwt", "gateway"]
vars = { access_ttl = "300s" }
rate_per_s = 200
connections_per_target = 2
credentials_per_target = 5
[profile.quick]
warm_up = "200ms"
rounds = 2
round = "1s"
revocations = 4
[profile.standard]
warm_up = "200ms"
rounds = 2
round = "1s"
revocations = 4
[profile.full]
warm_up = "200ms"
rounds = 2
round = "1s"
revocations = 4
"#;

#[test]
fn every_event_puts_out_whom_it_says_and_nobody_else() {
    let workspace = Workspace::new();
    let scenario = workspace.write("matrix.toml", MATRIX);
    let output = workspace.run(&[
        "run",
        "--scenario",
        &scenario,
        "--require-real-redis",
        "--out",
        "run",
        "--quiet",
    ]);
    // 4: on a machine that does something else meanwhile a run may rightly call itself invalid. Never 1 or 2.
    assert!(
        matches!(output.status.code(), Some(0 | 4)),
        "{:?}: {}",
        output.status,
        stderr(&output)
    );
    let run = json(&workspace.path("run/run.json"));
    let scenarios = run["scenarios"].as_array().expect("scenarios");
    let names: Vec<_> = scenarios.iter().map(|part| part["name"].as_str()).collect();
    assert_eq!(
        names,
        [Some("matrix-cost"), Some("matrix-1"), Some("matrix-2")]
    );
    let events: Vec<&Value> = scenarios
        .iter()
        .filter_map(|part| part["revocation"]["events"].as_array())
        .flatten()
        .collect();
    every_event_was_made(&events);
    occurrences_are_shared(&events);
    nobody_else_was_put_out(&events);
    bounds_are_kept_but_by_the_negative_control(&workspace, &run);
}

fn trials(event: &Value) -> &[Value] {
    event["trials"].as_array().expect("trials")
}

fn every_event_was_made(events: &[&Value]) {
    let at = |target: &str| -> BTreeSet<&str> {
        let there = events.iter().filter(|event| event["target"] == target);
        there.filter_map(|event| event["event"].as_str()).collect()
    };
    // A session has no keys and nothing to refresh, a plain JWT no session that could be ended, and only a hybrid refreshes.
    assert_eq!(
        [
            at("session").len(),
            at("jwt").len(),
            at("opaque+cache").len()
        ],
        [11, 11, 11]
    );
    assert_eq!([at("hybrid").len(), at("gateway").len()], [13, 11]);
    for event in events {
        assert_eq!(
            trials(event).len() as u64,
            REVOCATIONS,
            "{}",
            event["event"]
        );
        // On a machine that does something else meanwhile a token may have expired before its owner asks, or a store not answer in time.
        let acknowledged = |trial: &&Value| trial["acknowledgement"] == "received";
        let received = trials(event).iter().filter(acknowledged).count() as u64;
        assert!(
            received * 2 >= REVOCATIONS,
            "{} of {}: {received} acknowledged",
            event["event"],
            event["target"]
        );
    }
}

fn occurrences_are_shared(events: &[&Value]) {
    for event in events {
        let many = ["client", "everyone"]
            .map(Value::from)
            .contains(&event["reach"]);
        let numbers: BTreeSet<Option<u64>> = trials(event)
            .iter()
            .map(|trial| trial["occurrence"].as_u64())
            .collect();
        let expected = match many {
            true => BTreeSet::from([Some(0), Some(1)]),
            false => BTreeSet::from([None]),
        };
        assert_eq!(
            numbers, expected,
            "{} of {}",
            event["event"], event["target"]
        );
    }
}

fn nobody_else_was_put_out(events: &[&Value]) {
    let mut heard = 0;
    for event in events {
        for witness in trials(event)
            .iter()
            .filter_map(|trial| trial["witnesses"].as_array())
            .flatten()
        {
            let place = format!("{} of {}: {witness}", event["event"], event["target"]);
            assert_ne!(witness["verdict"], "refused", "{place}");
            heard += 1;
        }
    }
    assert!(heard > 100, "{heard} answers about those who are to stay");
}

fn bounds_are_kept_but_by_the_negative_control(workspace: &Workspace, run: &Value) {
    let controls: Vec<_> = run["targets"]
        .as_array()
        .expect("targets")
        .iter()
        .filter(|target| target.get("control").is_some())
        .map(|target| target["name"].as_str())
        .collect();
    assert_eq!(controls, [Some("jwt+no-exp")]);
    let summary = json(&workspace.path("run/summary.json"));
    for target in summary["targets"].as_array().expect("targets") {
        let rows = target["revocation"].as_array().into_iter().flatten();
        for row in rows {
            let place = format!(
                "{}, {} at {}: {row:#}",
                target["name"], row["event"], row["point"]
            );
            assert_eq!(row["flaps"], 0, "{place}");
            if target["name"] != "jwt+no-exp" {
                assert_eq!(row["breaches"], 0, "{place}");
            } else if row["event"] == "logout" && row["point"] == "resource-1" {
                let count = |key: &str| row[key].as_u64().expect("a count");
                assert_eq!(count("censored") + count("unknown"), REVOCATIONS, "{place}");
                assert_eq!(row["breaches"], row["censored"], "{place}");
                assert!(count("censored") > 0, "{place}");
            }
        }
    }
}
