//! However a run ends, no process outlives it and what was measured is kept.

use crate::program::{Workspace, at_work, descendants, json, still_running};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Long enough to be ended in the middle.
const LONG: &str = r#"
schema = "authbench.scenario/1"
name = "long"
kind = "steady"
question = "Does it end when told to?"
targets = ["no_auth", "session"]
[vars]
login_hash = "cheap"
[load]
rate_per_s = 200
connections_per_target = 2
credentials_per_target = 10
[profile.quick]
warm_up = "100ms"
rounds = 300
round = "500ms"
[profile.standard]
warm_up = "100ms"
rounds = 300
round = "500ms"
[profile.full]
warm_up = "100ms"
rounds = 300
round = "500ms"
"#;

/// Starts the long run and waits until at least two rounds have been measured.
fn started(workspace: &Workspace) -> Child {
    started_with(workspace, &[])
}

/// The same after other scenarios.
fn started_with(workspace: &Workspace, first: &[&str]) -> Child {
    let scenario = workspace.write("long.toml", LONG);
    let log = std::fs::File::create(workspace.path("stderr")).expect("a file");
    let mut command = workspace
        .authbench(&[&["run"], first, &["--scenario", &scenario, "--out", "run"]].concat());
    let mut child = command
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the program starts");
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let text = std::fs::read_to_string(workspace.path("stderr")).expect("is written");
        if text.contains("round 3 of 300") {
            return child;
        }
        assert!(
            child.try_wait().expect("can be asked").is_none(),
            "ended early: {text}"
        );
        assert!(
            Instant::now() < until,
            "no third round within a minute: {text}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).expect("it runs");
}

#[test]
fn ctrl_c_leaves_a_run_marked_interrupted_and_no_process() {
    let workspace = Workspace::new();
    let mut child = started(&workspace);
    let processes = descendants(child.id());
    // Two resource servers for each of two targets; an authorization server and a store for one.
    assert!(at_work(child.id()).len() >= 6, "{processes:?}");
    signal(&child, Signal::SIGINT);
    let status = child.wait().expect("ends");
    assert_eq!(status.code(), Some(130));
    assert_eq!(still_running(&processes, Duration::from_secs(5)), []);

    let run = json(&workspace.path("run/run.json"));
    assert_eq!(run["status"], "interrupted");
    let rounds = run["scenarios"][0]["steady"]["rounds"]
        .as_array()
        .expect("rounds")
        .len();
    assert!((2..300).contains(&rounds), "{rounds} rounds");
    assert_eq!(
        json(&workspace.path("run/summary.json"))["status"],
        "interrupted"
    );
    assert!(workspace.path("run/report.html").exists());
    assert!(!workspace.path("run/INCOMPLETE").exists());
}

/// One round, then there is something to keep.
const SHORT: &str = r#"
schema = "authbench.scenario/1"
name = "short"
kind = "steady"
question = "Is what was measured kept?"
targets = ["no_auth"]
[load]
rate_per_s = 200
connections_per_target = 2
credentials_per_target = 10
[profile.quick]
warm_up = "100ms"
rounds = 1
round = "500ms"
[profile.standard]
warm_up = "100ms"
rounds = 1
round = "500ms"
[profile.full]
warm_up = "100ms"
rounds = 1
round = "500ms"
"#;

#[test]
fn what_was_measured_before_a_process_died_is_kept() {
    let workspace = Workspace::new();
    let short = workspace.write("short.toml", SHORT);
    let mut child = started_with(&workspace, &["--scenario", &short]);
    let processes = descendants(child.id());
    let at_work = at_work(child.id());
    let (victim, _) = at_work.first().expect("it has children");
    kill(Pid::from_raw(*victim as i32), Signal::SIGKILL).expect("it runs");
    assert_eq!(child.wait().expect("ends").code(), Some(4));
    assert_eq!(still_running(&processes, Duration::from_secs(5)), []);
    let run = json(&workspace.path("run/run.json"));
    assert_eq!(run["status"], "failed");
    let scenarios: Vec<_> = run["scenarios"]
        .as_array()
        .expect("scenarios")
        .iter()
        .map(|s| s["name"].as_str())
        .collect();
    assert_eq!(scenarios, [Some("short")]);
    let text = std::fs::read_to_string(workspace.path("stderr")).expect("is written");
    assert!(
        text.contains("scenario long broke off") && text.contains("SIGKILL"),
        "{text}"
    );
}

/// A target whose second process never becomes ready.
const STUCK: &str = r#"
schema = "authbench.target/1"
name = "stuck"
model = "mine"
[[process]]
name = "store"
role = "store"
command = ["${authbench}", "serve", "store", "--wired"]
stdin = { store_url = "${run.store_url}", redis_server = "${run.redis_server}", require_real_redis = "${run.require_real_redis}" }
[[process]]
name = "never"
role = "other"
command = ["sleep", "60"]
[[point]]
name = "api"
request = "GET http://127.0.0.1:1/"
accept = { status = 200 }
refuse = { status = 401 }
"#;

#[test]
fn ctrl_c_is_heard_while_processes_are_being_started() {
    let workspace = Workspace::new();
    let (scenario, target) = (
        workspace.write("long.toml", LONG),
        workspace.write("stuck.toml", STUCK),
    );
    let mut command = workspace.authbench(&[
        "run",
        "--scenario",
        &scenario,
        "--target",
        &target,
        "--out",
        "run",
    ]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let until = Instant::now() + Duration::from_secs(20);
    // The control's two servers, the store's process and what waits beside it.
    while at_work(child.id()).len() < 4 {
        assert!(Instant::now() < until, "{:?}", at_work(child.id()));
        std::thread::sleep(Duration::from_millis(50));
    }
    let processes = descendants(child.id());
    signal(&child, Signal::SIGINT);
    assert_eq!(child.wait().expect("ends").code(), Some(130));
    assert_eq!(still_running(&processes, Duration::from_secs(5)), []);
    assert!(
        !workspace.path("run").exists(),
        "nothing was measured, so nothing stays"
    );
}

#[test]
fn a_parent_that_is_killed_takes_every_process_with_it() {
    let workspace = Workspace::new();
    let mut child = started(&workspace);
    let processes = descendants(child.id());
    assert!(at_work(child.id()).len() >= 6, "{processes:?}");
    signal(&child, Signal::SIGKILL);
    child.wait().expect("ends");
    assert_eq!(still_running(&processes, Duration::from_secs(10)), []);
    // What it left is not taken for a run.
    assert!(workspace.path("run/INCOMPLETE").exists());
    let report = workspace.run(&["report", "run"]);
    assert_eq!(report.status.code(), Some(2));
}
