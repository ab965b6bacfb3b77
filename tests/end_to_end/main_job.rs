//! The main job in small: every target, both scenarios, the embedded store and a real one.

use crate::program::{Workspace, json, stderr};
use crate::turns::my_turn;
use serde_json::Value;

const MODELS: [&str; 5] = ["no_auth", "session", "jwt", "opaque", "hybrid"];

/// The shape of `steady` and `revocation`, shortened: what is asserted here is what is reported, not how fast anything is.
const STEADY: &str = r#"
schema = "authbench.scenario/1"
name = "steady"
kind = "steady"
question = "Does the whole path work?"
targets = ["no_auth", "session", "jwt", "opaque", "hybrid"]
[vars]
login_hash = "cheap"
[load]
rate_per_s = 500
connections_per_target = 4
credentials_per_target = 40
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

const REVOCATION: &str = r#"
schema = "authbench.scenario/1"
name = "revocation"
kind = "revocation"
question = "Does the whole path work?"
targets = ["session", "jwt", "opaque", "hybrid"]
[vars]
access_ttl = "2s"
login_hash = "cheap"
[load]
rate_per_s = 50
connections_per_target = 2
credentials_per_target = 10
[revocation]
events = ["logout", "account_disabled"]
probe_every = "10ms"
tail = "100ms"
slots_per_target = 8
[profile.quick]
warm_up = "200ms"
revocations = 12
[profile.standard]
warm_up = "200ms"
revocations = 12
[profile.full]
warm_up = "200ms"
revocations = 12
"#;

/// Runs both scenarios; the summary.
fn measured(workspace: &Workspace, configure: impl FnOnce(&mut std::process::Command)) -> Value {
    let _turn = my_turn();
    let (steady, revocation) = (
        workspace.write("steady.toml", STEADY),
        workspace.write("revocation.toml", REVOCATION),
    );
    let mut command = workspace.authbench(&[
        "run",
        "--scenario",
        &steady,
        "--scenario",
        &revocation,
        "--out",
        "run",
        "--quiet",
    ]);
    configure(&mut command);
    let output = command.output().expect("the program starts");
    // 4: on a machine that does something else meanwhile a run may rightly call itself invalid. Never 1 or 2.
    assert!(
        matches!(output.status.code(), Some(0 | 4)),
        "{:?}: {}",
        output.status,
        stderr(&output)
    );
    // The same code says that a scenario broke off; then figures are missing, and the reason stands here.
    assert!(
        !stderr(&output).contains("broke off"),
        "{}",
        stderr(&output)
    );
    json(&workspace.path("run/summary.json"))
}

fn target<'a>(summary: &'a Value, name: &str) -> &'a Value {
    let targets = summary["targets"].as_array().expect("targets");
    targets
        .iter()
        .find(|target| target["name"] == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

/// What must hold of a run on any store.
fn check(summary: &Value) {
    let names: Vec<_> = summary["targets"]
        .as_array()
        .expect("targets")
        .iter()
        .map(|t| t["name"].as_str())
        .collect();
    assert_eq!(names, MODELS.map(Some), "the control first");
    for name in MODELS {
        let target = target(summary, name);
        assert_eq!(target["unexpected"], 0, "{name}: {target:#}");
        assert!(
            target["requests"].as_u64().is_some_and(|n| n > 100),
            "{name}"
        );
        for key in [
            "response_ms",
            "cpu_us_per_request",
            "wire_bytes_per_request",
            "round_trips_per_request",
            "settings",
        ] {
            assert!(target.get(key).is_some(), "{name} has no {key}");
        }
        // Absent, not zero: nobody can revoke what was never asked for.
        assert_eq!(
            target.get("revocation").is_none(),
            name == "no_auth",
            "{name}"
        );
    }
    check_work(summary);
    check_revocations(summary);
}

/// Exact counts: what each model asks of the store and of introspection per request.
fn check_work(summary: &Value) {
    let expected = [
        ("no_auth", 0.0, 0.0),
        ("session", 1.0, 1.0),
        ("jwt", 0.0, 0.0),
        ("opaque", 1.0, 2.0),
        ("hybrid", 0.0, 0.0),
    ];
    for (name, commands, round_trips) in expected {
        let target = target(summary, name);
        let count = |key: &str| target[key].as_f64().unwrap_or(0.0);
        assert!(
            (count("store_commands_per_request") - commands).abs() < 0.01,
            "{name}: {target:#}"
        );
        assert!(
            (count("round_trips_per_request") - round_trips).abs() < 0.01,
            "{name}: {target:#}"
        );
    }
}

fn check_revocations(summary: &Value) {
    for name in ["session", "jwt", "opaque", "hybrid"] {
        let rows = target(summary, name)["revocation"]
            .as_array()
            .expect("rows");
        for row in rows {
            let place = format!("{name} {} at {}: {row:#}", row["event"], row["point"]);
            assert_eq!(
                (&row["n"], &row["censored"]),
                (&12.into(), &0.into()),
                "{place}"
            );
            // Where others are at work a token of two seconds may expire before its turn has come: it shows nothing then, and is said to.
            assert!(row["unknown"].as_u64() <= Some(2), "{place}");
            assert_eq!(
                (&row["breaches"], &row["flaps"]),
                (&0.into(), &0.into()),
                "{place}"
            );
            let is_resource = row["point"]
                .as_str()
                .is_some_and(|point| point.starts_with("resource"));
            let counted = |key: &str| row[key].as_u64().expect("a count");
            let accepted_after = 12 - counted("never_accepted_after_ack") - counted("unknown");
            match name {
                // A stream that is open already goes on until it is checked again.
                "session" | "opaque" if row["point"] == "events-1" => {}
                "session" | "opaque" => assert_eq!(accepted_after, 0, "{place}"),
                // Of twelve tokens revoked at random ages, hardly any is in the last hundredth of its life.
                _ if is_resource => assert!(accepted_after >= 6, "{place}"),
                _ => {}
            }
            if name == "hybrid" {
                // A call that was not acknowledged promises nothing: its points are unknown, and no refresh is tried.
                let after = |key: &str| row["refresh_after"][key].as_u64().expect("a count");
                assert!(after("refused") + counted("unknown") >= 12, "{place}");
                assert_eq!((after("worked"), after("unknown")), (0, 0), "{place}");
            }
        }
        assert!(
            rows.iter().filter(|row| row["event"] == "logout").count() >= 2,
            "two resource servers: {name}"
        );
    }
}

/// What a run says of the conditions it was measured under, so that its validity can be judged, and judged again.
fn check_conditions(run: &Value) {
    let scenario = |name: &str| {
        let scenarios = run["scenarios"].as_array().expect("scenarios");
        let found = scenarios.iter().find(|scenario| scenario["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}"))
    };
    let rounds = scenario("steady")["steady"]["rounds"]
        .as_array()
        .expect("rounds");
    assert_eq!(rounds.len(), 2);
    for round in rounds {
        let readings = round["canary"].as_array().expect("readings");
        assert_eq!(readings.len(), 2, "before and after: {readings:?}");
        assert!(
            readings
                .iter()
                .all(|reading| reading["median_ns"].as_u64() > Some(1000))
        );
        assert_eq!(
            round["clocks"]["suspended_ns"]
                .as_u64()
                .map(|ns| ns < 10_000_000),
            Some(true)
        );
        for part in round["targets"].as_array().expect("targets") {
            assert_eq!(part["reconnects"], 0, "{}", part["target"]);
            let evictions = &part["counters"]["store_evictions"];
            // The control has no store that could tell.
            assert_eq!(
                evictions.is_null(),
                part["target"] == "no_auth",
                "{}",
                part["target"]
            );
            assert!(evictions.is_null() || evictions == 0);
        }
    }
    let background = &scenario("revocation")["revocation"]["background"];
    assert!(background["clocks"].is_object());
    assert_eq!(background["counters"]["session"]["store_evictions"], 0);
}

#[test]
fn on_the_embedded_store_where_there_is_no_redis() {
    let workspace = Workspace::new();
    let summary = measured(&workspace, |command| {
        command.env("PATH", "/nonexistent");
    });
    check(&summary);
    check_conditions(&json(&workspace.path("run/run.json")));
    assert_eq!(summary["store"]["kind"], "embedded");
    for report in ["report.md", "report.html"] {
        let text = std::fs::read_to_string(workspace.path("run").join(report)).expect("a report");
        assert!(text.contains("embedded (not Redis)"), "{report}");
    }
}

#[test]
fn on_a_real_redis_that_it_starts_itself() {
    if !redis_is_here() {
        return;
    }
    let workspace = Workspace::new();
    let summary = measured(&workspace, |command| {
        command.arg("--require-real-redis");
    });
    check(&summary);
    check_conditions(&json(&workspace.path("run/run.json")));
    assert!(
        matches!(summary["store"]["kind"].as_str(), Some("redis" | "valkey")),
        "{}",
        summary["store"]
    );
}

/// Whether a real store can be started; panics where the environment demands one.
fn redis_is_here() -> bool {
    let found = ["valkey-server", "redis-server"].iter().any(|program| {
        std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|folder| folder.join(program).exists())
        })
    });
    let required = std::env::var("AUTHBENCH_REQUIRE_REDIS").is_ok_and(|value| value == "1");
    assert!(
        found || !required,
        "AUTHBENCH_REQUIRE_REDIS=1, but there is no redis-server or valkey-server on PATH"
    );
    if !found {
        eprintln!("skipped: no redis-server or valkey-server on PATH");
    }
    found
}
