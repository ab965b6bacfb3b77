//! A run cites the self-test that came before it.

use crate::alone;
use crate::program::{Workspace, json, stderr};
use std::fs;

const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "short"
kind = "steady"
question = "Is the instrument cited?"
targets = ["no_auth"]
[load]
rate_per_s = 100
connections_per_target = 2
credentials_per_target = 1
[profile.quick]
warm_up = "100ms"
rounds = 1
round = "300ms"
[profile.standard]
warm_up = "100ms"
rounds = 1
round = "300ms"
[profile.full]
warm_up = "100ms"
rounds = 1
round = "300ms"
"#;

#[test]
fn a_run_cites_the_self_test_in_its_usual_place_and_says_where_there_is_none() {
    let (_alone, workspace) = (alone(), Workspace::new());
    let scenario = workspace.write("short.toml", SCENARIO);
    let report = |out: &str| {
        let output = workspace.run(&["run", "--scenario", &scenario, "--out", out, "--quiet"]);
        let run = json(&workspace.path(&format!("{out}/run.json")));
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        (run, told, stderr(&output))
    };
    let (run, told, _) = report("unchecked");
    assert!(run["manifest"].get("selftest").is_none());
    assert!(told.contains("instrument: not checked"), "{told}");

    workspace.run(&["selftest", "--quick", "--quiet", "--only", "expiry"]);
    let (run, told, _) = report("checked");
    let cited = &run["manifest"]["selftest"];
    let file = json(&workspace.path("authbench-runs/selftest.json"));
    assert_eq!(cited["verdict"], file["verdict"], "{cited:#}");
    let rows = file["rows"].as_array().expect("rows");
    for (count, verdict) in [
        ("passed", "pass"),
        ("failed", "fail"),
        ("not_judged", "not_judged"),
    ] {
        let of_that = rows.iter().filter(|row| row["verdict"] == verdict).count();
        assert_eq!(cited[count], of_that, "{count}: {cited:#}");
    }
    for same in ["same_machine", "same_kernel", "same_authbench"] {
        assert_eq!(cited[same], true, "{same}: {cited:#}");
    }
    assert!(
        told.contains("instrument: checked on this machine 20"),
        "{told}"
    );

    fs::write(workspace.path("authbench-runs/selftest.json"), "{").expect("writes");
    let (run, _, errors) = report("damaged");
    assert!(run["manifest"].get("selftest").is_none());
    assert!(errors.contains("the self-test is left aside"), "{errors}");
}
