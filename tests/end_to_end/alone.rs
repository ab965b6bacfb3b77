//! Capacity and sweep in small: the whole path from the scenario file to the report. How much is held is not asserted: that is the
//! machine's.

use crate::program::{Workspace, descendants, json, stderr, still_running};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

const HEAD: &str = r#"
schema = "authbench.scenario/1"
question = "Does the whole path work?"
targets = ["no_auth", "session"]
[vars]
login_hash = "cheap"
[load]
connections_per_target = 4
credentials_per_target = 20
[slo]
p99 = "5ms"
unexpected = 0
achieved = 0.9
[slo.session]
p99 = "4ms"
"#;

/// A scenario of `kind` with its own table, and `rounds` of short slices in every profile.
fn scenario(kind: &str, table: &str, rounds: u32) -> String {
    let profiles = ["quick", "standard", "full"].map(|profile| {
        format!("[profile.{profile}]\nrounds = {rounds}\nslice = \"50ms\"\nwarm_up = \"50ms\"\n")
    });
    let kind = format!("name = {kind:?}\nkind = {kind:?}\n");
    let head = HEAD.replacen("question", &format!("{kind}question"), 1);
    format!("{head}{table}{}", profiles.concat())
}

const SEARCH: &str = "[capacity]\nstart_per_s = 1000\nresolution = 0.5\n";

fn searches(run: &Value) -> &Vec<Value> {
    let searches = &run["scenarios"][0]["capacity"]["searches"];
    searches.as_array().expect("searches")
}

#[test]
fn targets_alone_are_searched_and_led_up_a_ladder() {
    let workspace = Workspace::new();
    let capacity = workspace.write("capacity.toml", &scenario("capacity", SEARCH, 2));
    let ladder = "[sweep]\nrates = [1000, 2000, 3000]\n";
    let sweep = workspace.write("sweep.toml", &scenario("sweep", ladder, 2));
    let output = workspace.run(&[
        "run",
        "--scenario",
        &capacity,
        "--scenario",
        &sweep,
        "--out",
        "run",
        "--quiet",
    ]);
    // 4: a machine that does something else meanwhile may let no rate be held. Never 1 or 2.
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
    let mut searched: Vec<_> = searches(&run)
        .iter()
        .map(|search| (search["round"].as_u64(), search["target"].as_str()))
        .collect();
    searched.sort_unstable();
    let each = [1, 2].map(|round| ["no_auth", "session"].map(|name| (Some(round), Some(name))));
    assert_eq!(searched, each.concat());
    for search in searches(&run) {
        check_search(search);
    }
    let steps = run["scenarios"][1]["sweep"]["steps"].as_array();
    assert_eq!(steps.map(Vec::len), Some(12));
    let steps = steps.into_iter().flatten();
    steps.for_each(|step| check_conditions(&step["probe"]));
    for target in summary["targets"].as_array().expect("targets") {
        assert_eq!(target["capacity"]["repeats"], 2, "{target:#}");
        assert_eq!(target["sweep"]["steps"].as_array().map(Vec::len), Some(3));
        // A number only where it is the target's own.
        let own = target["capacity"]["at_least"] == false;
        let per_s = own.then(|| target["capacity"].get("per_s")).flatten();
        assert_eq!(target.get("capacity_per_s"), per_s);
    }
    assert_eq!(summary["targets"][1]["capacity"]["slo"]["p99_ms"], 4.0);
    let page = std::fs::read_to_string(workspace.path("run/report.html")).expect("a page");
    assert!(page.contains("<h2>Capacity</h2>") && page.contains("<h2>Curves</h2>"));
}

/// Every probe is there with what it was judged by, each failure was tried again, and the one bracket is what they say.
fn check_search(search: &Value) {
    let probes = search["probes"].as_array().expect("probes");
    let rate = |probe: &Value| probe["rate_per_s"].as_f64().expect("a rate");
    let held = |probe: &Value| probe["unmet"].as_array().expect("a verdict").is_empty();
    for probe in probes {
        assert!(probe["intended"].as_u64() > Some(0), "{probe:#}");
        assert!(probe["generator_cpu_ns"].as_u64() > Some(0));
        assert!(!probe["processes"].as_array().expect("processes").is_empty());
        check_conditions(probe);
        assert!(probe["counters"].is_object() || search["target"] == "no_auth");
    }
    let highest = probes.iter().filter(|probe| held(probe)).map(rate);
    assert_eq!(search["held_per_s"].as_f64(), highest.reduce(f64::max));
    for pair in probes
        .windows(2)
        .filter(|pair| rate(&pair[0]) == rate(&pair[1]))
    {
        assert!(!held(&pair[0]), "only a failure is tried again: {search:#}");
    }
    assert_ne!(search["end"], "interrupted");
}

/// The processor's speed before and after, the clocks and the connections: what a run is audited by.
fn check_conditions(probe: &Value) {
    assert_eq!(probe["canary"].as_array().map(Vec::len), Some(2));
    assert!(probe["clocks"]["suspended_ns"].is_u64(), "{probe:#}");
    assert!(probe["reconnects"].is_u64(), "{probe:#}");
}

#[test]
fn ctrl_c_keeps_the_probes_that_were_completed() {
    let workspace = Workspace::new();
    let capacity = workspace.write("capacity.toml", &scenario("capacity", SEARCH, 300));
    let log = std::fs::File::create(workspace.path("stderr")).expect("a file");
    let mut command = workspace.authbench(&["run", "--scenario", &capacity, "--out", "run"]);
    let started = command.stdout(Stdio::null()).stderr(log).spawn();
    let mut child = started.expect("the program starts");
    let until = Instant::now() + Duration::from_secs(120);
    while !std::fs::read_to_string(workspace.path("stderr"))
        .expect("is written")
        .contains("round 2 of 300")
    {
        assert!(
            child.try_wait().expect("can be asked").is_none(),
            "ended early"
        );
        assert!(Instant::now() < until, "no second round within two minutes");
        std::thread::sleep(Duration::from_millis(20));
    }
    let processes = descendants(child.id());
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("it runs");
    assert_eq!(child.wait().expect("ends").code(), Some(130));
    assert_eq!(still_running(&processes, Duration::from_secs(5)), []);

    let run = json(&workspace.path("run/run.json"));
    assert_eq!(run["status"], "interrupted");
    let complete = |search: &&Value| search["end"] != "interrupted";
    assert!(searches(&run).iter().filter(complete).count() >= 2);
    let last = searches(&run).last().expect("a search");
    assert_eq!(last["end"], "interrupted");
    let summary = json(&workspace.path("run/summary.json"));
    assert!(summary["targets"][0]["capacity"]["repeats"].as_u64() >= Some(1));
}

#[test]
fn both_are_listed_and_run_by_name_only() {
    let workspace = Workspace::new();
    let listed = workspace.run(&["list"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for name in ["steady", "revocation", "capacity", "sweep"] {
        assert!(listed.contains(&format!("\n  {name} ")), "{listed}");
    }
    let help = workspace.run(&["run", "--help"]);
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    // As wide as it likes.
    let words: Vec<&str> = help.split_whitespace().collect();
    assert!(
        words.join(" ").contains("steady, then revocation"),
        "{help}"
    );
}
