//! Whatever becomes of a run, the users whom its events touched are brought back.

use crate::program::{Workspace, stderr};
use crate::stranger::{SECRETS, Stranger};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

/// Few revocations at a time, little load.
const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "undone"
kind = "revocation"
question = "Is everybody brought back?"
targets = ["session"]
[load]
rate_per_s = 20
connections_per_target = 2
credentials_per_target = 2
[revocation]
events = ["account_disabled"]
probe_every = "20ms"
tail = "TAIL"
slots_per_target = 3
[profile.quick]
revocations = 6
warm_up = "100ms"
[profile.standard]
revocations = 6
warm_up = "100ms"
[profile.full]
revocations = 6
warm_up = "100ms"
"#;

/// The files of a run; `tail` is how long each revocation is watched after it took effect.
fn files(workspace: &Workspace, stranger: &Stranger, tail: &str) -> [String; 2] {
    [
        workspace.write("undone.toml", &SCENARIO.replace("TAIL", tail)),
        workspace.write("stranger.toml", &stranger.target("0s", "")),
    ]
}

fn started(workspace: &Workspace, [scenario, target]: &[String; 2]) -> Child {
    let arguments = [
        "run",
        "--scenario",
        scenario,
        "--target",
        target,
        "--out",
        "run",
    ];
    let log = fs::File::create(workspace.path("stderr")).expect("a file");
    let mut command = workspace.authbench(&arguments);
    let command = command.stdout(Stdio::null()).stderr(log);
    command.spawn().expect("the program starts")
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).expect("it runs");
}

/// Every file under `directory`.
fn no_secret_in(directory: &Path) {
    for entry in fs::read_dir(directory).expect("a folder").flatten() {
        if entry.path().is_dir() {
            no_secret_in(&entry.path());
            continue;
        }
        let bytes = fs::read(entry.path()).expect("readable");
        let text = String::from_utf8_lossy(&bytes);
        for secret in SECRETS {
            assert!(
                !text.contains(secret),
                "{secret} in {}",
                entry.path().display()
            );
        }
    }
}

#[test]
fn everybody_is_brought_back_after_each_revocation() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    let mut child = started(&workspace, &files(&workspace, &stranger, "50ms"));
    let code = child.wait().expect("ends").code();
    assert!(code.is_some_and(|code| code != 2), "{code:?}");
    assert_eq!((stranger.enabled(), stranger.disabled().len()), (6, 0));
    no_secret_in(&workspace.path("run"));
}

#[test]
fn ctrl_c_in_the_middle_of_an_event_brings_everybody_back() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    // A minute of tail: without being cut short, no revocation would end in this test.
    let mut child = started(&workspace, &files(&workspace, &stranger, "60s"));
    stranger.wait_for_a_victim();
    signal(&child, Signal::SIGINT);
    assert_eq!(child.wait().expect("ends").code(), Some(130));
    assert_eq!(stranger.disabled().len(), 0);
    assert!(stranger.enabled() >= 1);
}

#[test]
fn after_ctrl_c_no_event_is_sent_that_was_waiting_for_its_turn() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    let limited = stranger.target("0s", "[limits]\nadmin_calls_per_s = 1");
    let crowd = SCENARIO
        .replace("TAIL", "60s")
        .replace("slots_per_target = 3", "slots_per_target = 20")
        .replace("revocations = 6", "revocations = 20");
    let files = [
        workspace.write("crowd.toml", &crowd),
        workspace.write("stranger.toml", &limited),
    ];
    let mut child = started(&workspace, &files);
    // A second after the first, and credentials are two seconds old at most: many wait by then.
    stranger.wait_for_victims(2);
    signal(&child, Signal::SIGINT);
    let sent = stranger.disabling();
    assert_eq!(child.wait().expect("ends").code(), Some(130));
    // One may have been on its way to the disk.
    assert!(
        stranger.disabling() <= sent + 1,
        "{} and then {}",
        sent,
        stranger.disabling()
    );
    assert_eq!(stranger.disabled().len(), 0);
}

#[test]
fn a_killed_run_leaves_a_journal_that_undo_works_off() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    let files = files(&workspace, &stranger, "60s");
    let mut child = started(&workspace, &files);
    stranger.wait_for_a_victim();
    signal(&child, Signal::SIGKILL);
    child.wait().expect("ends");
    let left = stranger.disabled();
    assert!(!left.is_empty());
    no_secret_in(&workspace.path("run"));
    let journal = fs::read_to_string(workspace.path("run/undo.journal")).expect("a journal");
    for user in &left {
        assert!(journal.contains(user), "{user} in {journal}");
    }

    // The next run beside it says so.
    let next = ["run", "--scenario", "nowhere.toml", "--out", "next"];
    let said = stderr(&workspace.run(&next));
    assert!(said.contains("authbench undo run"), "{said}");

    let undo = ["undo", "run", "--target", &files[1]];
    let output = workspace.run(&undo);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stranger.disabled().len(), 0);
    let again = workspace.run(&undo);
    let said = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(said.contains("nobody is left"), "{said}");
    let quiet = stderr(&workspace.run(&next));
    assert!(!quiet.contains("authbench undo"), "{quiet}");
}

#[test]
fn a_variant_with_variables_of_the_scenario_is_brought_back() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    // As it stands the file names nobody who exists, and no administrator.
    let text = stranger
        .target("0s", "")
        .replace(
            "admin = \"canary-admin-1\"",
            "admin = \"nobody\"\nkind = \"ghost\"",
        )
        .replace("person-${number:04}", "${vars.kind}-${number:04}")
        .replace("[users]", "[settings]\nkind = \"${vars.kind}\"\n[users]");
    let target = workspace.write("stranger.toml", &text);
    let variant = format!(
        "[vars]\nadmin = \"canary-admin-1\"\n[variant.theirs]\ntarget = {target:?}\nvars = {{ kind = \"person\" }}\n"
    );
    let scenario = SCENARIO
        .replace("TAIL", "60s")
        .replace("[\"session\"]", "[\"theirs\"]");
    let scenario = workspace.write("variant.toml", &(scenario + &variant));
    let mut child = started(&workspace, &[scenario.clone(), "theirs".to_owned()]);
    stranger.wait_for_a_victim();
    signal(&child, Signal::SIGKILL);
    child.wait().expect("ends");
    no_secret_in(&workspace.path("run"));
    assert!(!stranger.disabled().is_empty());

    let undo = ["undo", "run", "--target", &target];
    let output = workspace.run(&undo);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("set admin") && said.contains("--scenario"),
        "{said}"
    );
    let output = workspace.run(&[&undo[..], &["--scenario", &scenario]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stranger.disabled().len(), 0);
}

#[test]
fn users_of_another_target_are_not_passed_over() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    let target = workspace.write("stranger.toml", &stranger.target("0s", ""));
    fs::create_dir(workspace.path("killed")).expect("a folder");
    workspace.write(
        "killed/undo.journal",
        "{\"schema\":\"authbench.undo/1\"}\n\
         {\"touched\":{\"id\":1,\"what\":{\"target\":\"other\",\"event\":\"account_disabled\",\"user\":\"u\",\"number\":0}}}\n",
    );
    let output = workspace.run(&["undo", "killed", "--target", &target]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("target other"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn who_cannot_be_brought_back_is_named_and_can_be_later() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    stranger.can_enable(false);
    let files = files(&workspace, &stranger, "50ms");
    let mut child = started(&workspace, &files);
    let code = child.wait().expect("ends").code();
    assert!(code.is_some_and(|code| code != 0), "{code:?}");
    let said = fs::read_to_string(workspace.path("stderr")).expect("is written");
    assert!(
        said.contains("could not be undone") && said.contains("authbench undo run"),
        "{said}"
    );
    assert_eq!(stranger.disabled().len(), 6);
    let undo = ["undo", "run", "--target", &files[1]];
    let output = workspace.run(&undo);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    stranger.can_enable(true);
    assert_eq!(workspace.run(&undo).status.code(), Some(0));
    assert_eq!(stranger.disabled().len(), 0);
}

#[test]
fn a_check_undoes_what_it_did() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    let [_, target] = files(&workspace, &stranger, "1s");
    let output = workspace.run(&["check", "--target", &target, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!((stranger.enabled(), stranger.disabled().len()), (1, 0));
    let check: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let event = &check["events"][0];
    assert_eq!(
        (&event["undone"], &event["logs_in_again"]),
        (&true.into(), &true.into())
    );
    assert_eq!(event["user"], "person-0000");
    for secret in SECRETS {
        assert!(!String::from_utf8_lossy(&output.stdout).contains(secret));
    }
    assert!(
        !workspace.path("authbench-runs").exists(),
        "nothing is left of it"
    );
}

#[test]
fn ctrl_c_during_a_check_undoes_the_event() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    // Otherwise the check would be over at once: it watches until each point has refused.
    stranger.api_goes_on();
    let target = workspace.write("stranger.toml", &stranger.target("5s", ""));
    let mut command = workspace.authbench(&["check", "--target", &target]);
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    stranger.wait_for_a_victim();
    signal(&child, Signal::SIGINT);
    assert_eq!(child.wait().expect("ends").code(), Some(130));
    assert_eq!((stranger.enabled(), stranger.disabled().len()), (1, 0));
}

#[test]
fn a_killed_check_leaves_a_journal_too() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    stranger.api_goes_on();
    let target = workspace.write("stranger.toml", &stranger.target("5s", ""));
    let mut command = workspace.authbench(&["check", "--target", &target]);
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    stranger.wait_for_a_victim();
    signal(&child, Signal::SIGKILL);
    child.wait().expect("ends");
    let runs = fs::read_dir(workspace.path("authbench-runs")).expect("a folder");
    let left = runs.flatten().next().expect("a journal's folder").path();
    let left = left.to_string_lossy().into_owned();
    let output = workspace.run(&["undo", &left, "--target", &target]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stranger.disabled().len(), 0);
}
