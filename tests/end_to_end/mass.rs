//! One event for many accounts, in small: what is reported, who is brought back, not how fast anything is.

use crate::program::{Workspace, json, stderr};
use crate::stranger::Stranger;
use crate::turns::my_turn;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs;
use std::process::Stdio;

const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "mass"
kind = "mass"
question = "Does the whole path work?"
targets = TARGETS
VARS
[load]
rate_per_s = 100
connections_per_target = 4
credentials_per_target = 4
[mass]
event = "account_disabled"
calls_at_once = 4
probes_per_s = 200
probe_connections = 4
probe_every = "5ms"
observe = "20s"
"#;

fn scenario(workspace: &Workspace, targets: &str, vars: &str, accounts: u32) -> String {
    let profiles = ["quick", "standard", "full"].map(|profile| {
        format!(
            "[profile.{profile}]\naccounts = {accounts}\nslice = \"500ms\"\nwarm_up = \"50ms\"\n"
        )
    });
    let text = SCENARIO.replace("TARGETS", targets).replace("VARS", vars);
    workspace.write("mass.toml", &format!("{text}{}", profiles.concat()))
}

fn size(mass: &Value, moment: &str, name: &str) -> u64 {
    let sizes = mass["sizes"].as_array().expect("sizes");
    let at = sizes.iter().find(|at| at["moment"] == moment);
    let size = at.and_then(|at| at["sizes"][name].as_u64());
    size.unwrap_or_else(|| panic!("no {name} at {moment} in {mass:#}"))
}

#[test]
fn many_accounts_are_disabled_and_each_is_seen_to_be_out() {
    let _turn = my_turn();
    const ACCOUNTS: u32 = 60;
    let workspace = Workspace::new();
    let vars = "[vars]\naccess_ttl = \"8s\"\nlogin_hash = \"cheap\"";
    let targets = r#"["jwt", "session", "jwt+denylist-push"]"#;
    let scenario = scenario(&workspace, targets, vars, ACCOUNTS);
    let output = workspace.run(&["run", "--scenario", &scenario, "--out", "run", "--quiet"]);
    assert!(
        matches!(output.status.code(), Some(0 | 4)),
        "{:?}: {}",
        output.status,
        stderr(&output)
    );
    let summary = json(&workspace.path("run/summary.json"));
    let targets = summary["targets"].as_array().expect("targets");
    assert_eq!(targets.len(), 3);
    for target in targets {
        let (mass, story) = (&target["mass"], format!("{target:#}"));
        assert_eq!(mass["acknowledged"], ACCOUNTS, "{story}");
        for nothing in [
            "not_acknowledged",
            "censored",
            "unknown",
            "flaps",
            "breaches",
        ] {
            assert_eq!(mass[nothing], 0, "{nothing}: {story}");
        }
        let last = |key: &str| mass["last_out_ms"][key].as_f64().expect("seen to be out");
        assert!(last("from") <= last("until"), "{story}");
        let parts: Vec<_> = mass["others"].as_array().expect("parts").iter().collect();
        let named: Vec<_> = parts.iter().map(|part| part["part"].as_str()).collect();
        assert_eq!(named, [Some("before"), Some("during"), Some("after")]);
        for part in parts {
            assert_eq!(part["unexpected"], 0, "nobody else is put out: {story}");
            assert!(part["requests"].as_u64() > Some(0), "{story}");
        }
        match target["name"].as_str() {
            // Nothing tells anybody: only expiry ends them.
            Some("jwt") => {
                assert_eq!(mass["never_accepted_after_ack"], 0, "{story}");
                assert!(last("until") > 2000.0, "{story}");
            }
            Some("session") => {
                assert_eq!(mass["never_accepted_after_ack"], ACCOUNTS, "{story}");
                let keys = |moment| size(mass, moment, "store_keys");
                assert!(keys("logged_in") >= keys("start") + u64::from(ACCOUNTS));
                assert!(keys("settled") > 0, "{story}");
            }
            _ => {
                assert!(last("until") < 5000.0, "{story}");
                let denied = size(mass, "settled", "denied_entries");
                assert!(denied >= u64::from(ACCOUNTS), "{story}");
                // The embedded store does not know the length of a stream.
                let real = summary["store"]["kind"] != "embedded";
                if real {
                    let announced = size(mass, "ended", "announced_entries");
                    assert!(announced >= u64::from(ACCOUNTS), "{story}");
                    assert!(size(mass, "ended", "store_bytes") > 0, "{story}");
                }
            }
        }
    }
    let page = fs::read_to_string(workspace.path("run/report.html")).expect("a page");
    assert!(page.contains("<h2>Many at once</h2>"));
}

#[test]
fn everybody_is_brought_back_afterwards() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    let scenario = scenario(&workspace, "[\"session\"]", "", 40);
    let target = workspace.write("stranger.toml", &stranger.target("1s", ""));
    let arguments = ["run", "--scenario", &scenario, "--target", &target];
    let output = workspace.run(&[&arguments[..], &["--out", "run", "--quiet"]].concat());
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 4)), "{code:?}: {}", stderr(&output));
    assert_eq!((stranger.disabling(), stranger.enabled()), (40, 40));
    assert!(stranger.disabled().is_empty());
    let run = json(&workspace.path("run/run.json"));
    let here = &run["scenarios"][0]["mass"]["targets"][0];
    assert_eq!(here["brought_back"], 40, "{here:#}");
}

#[test]
fn ctrl_c_in_the_midst_of_it_brings_back_whom_it_touched_and_nobody_else() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    let scenario = scenario(&workspace, "[\"session\"]", "", 200);
    let limited = stranger.target("1s", "[limits]\nadmin_calls_per_s = 20");
    let target = workspace.write("stranger.toml", &limited);
    let arguments = ["run", "--scenario", &scenario, "--target", &target];
    let mut command = workspace.authbench(&[&arguments[..], &["--out", "run"]].concat());
    let log = fs::File::create(workspace.path("stderr")).expect("a file");
    let mut child = command
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the program starts");
    stranger.wait_for_victims(5);
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("it runs");
    assert_eq!(child.wait().expect("ends").code(), Some(130));
    let touched = stranger.disabling();
    assert!((5..100).contains(&touched), "{touched}");
    assert_eq!(stranger.enabled(), touched);
    assert!(stranger.disabled().is_empty());
}

#[test]
fn a_second_one_in_the_same_run_is_refused_before_anything_is_started() {
    let workspace = Workspace::new();
    let one = scenario(&workspace, "[\"session\"]", "", 40);
    let text = fs::read_to_string(workspace.path("mass.toml")).expect("it was written");
    let other = text.replace("name = \"mass\"", "name = \"other\"");
    let other = workspace.write("other.toml", &other);
    let arguments = ["run", "--scenario", &one, "--scenario", &other];
    let output = workspace.run(&[&arguments[..], &["--out", "run", "--quiet"]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("scenarios mass and other"), "{said}");
    assert!(!workspace.path("run").exists());
}
