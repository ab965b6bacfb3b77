//! A login storm in small, with the real hash: what is reported, not how fast anything is.

use crate::program::{Workspace, json, stderr};
use serde_json::Value;

const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "login"
kind = "login"
question = "Does the whole path work?"
targets = ["session", "jwt"]
[vars]
login_hash = "owasp"
[load]
rate_per_s = 100
connections_per_target = 4
credentials_per_target = 4
[login]
rates = [4, 100]
connections = 16
"#;

fn points(target: &Value) -> &Vec<Value> {
    target["login"]["rates"].as_array().expect("rates")
}

#[test]
fn a_storm_is_measured_beside_the_other_routes() {
    let workspace = Workspace::new();
    let profiles = ["quick", "standard", "full"].map(|profile| {
        format!("[profile.{profile}]\nrounds = 1\nslice = \"1s\"\nwarm_up = \"50ms\"\n")
    });
    let text = format!("{SCENARIO}{}", profiles.concat());
    let scenario = workspace.write("login.toml", &text);
    let output = workspace.run(&["run", "--scenario", &scenario, "--out", "run", "--quiet"]);
    assert!(
        matches!(output.status.code(), Some(0 | 4)),
        "{:?}: {}",
        output.status,
        stderr(&output)
    );
    let (run, summary) = (
        json(&workspace.path("run/run.json")),
        json(&workspace.path("run/summary.json")),
    );
    let slices = run["scenarios"][0]["login"]["slices"].as_array();
    assert_eq!(slices.map(Vec::len), Some(6));
    for target in summary["targets"].as_array().expect("targets") {
        let story = format!("{target:#}");
        assert_eq!(target["login"]["quiet"]["requests"], 100, "{story}");
        let asked: Vec<_> = points(target)
            .iter()
            .map(|point| point["asked_per_s"].as_f64())
            .collect();
        assert_eq!(asked, [Some(4.0), Some(100.0)], "{story}");
        for point in points(target) {
            let of = |key: &str| point[key].as_u64().expect("a count");
            let ends = of("succeeded") + of("turned_away") + of("failed") + of("unsent");
            assert_eq!(Some(ends as f64), point["asked_per_s"].as_f64(), "{story}");
            assert!(of("succeeded") > 0, "{story}");
            // Whoever is turned away is told when to come back.
            assert_eq!(of("told_when"), of("turned_away"), "{story}");
            assert_eq!(point["others"]["requests"], 100, "{story}");
            let cpu = &point["cpu_us_per_login"]["authorization_server"];
            assert!(cpu.as_f64() > Some(1000.0), "a real hash: {story}");
        }
        // Hashes take their time: with sixteen connections, the others wait.
        let wait = &points(target)[1]["connection_wait_ms"]["max"];
        assert!(wait.as_f64() > Some(1.0), "{story}");
    }
    let page = std::fs::read_to_string(workspace.path("run/report.html")).expect("a page");
    assert!(page.contains("<h2>Login storm</h2>"));
}
