//! However a self-test ends: no process left, no file taken for a whole one, one clear error.

use crate::program::{Workspace, at_work, json, stderr, still_running};
use crate::{alone, rows};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn ctrl_c_ends_it_with_130_and_leaves_nothing_behind() {
    let (_alone, workspace) = (alone(), Workspace::new());
    let arguments = [
        "selftest", "--quick", "--only", "stall", "--out", "out.json",
    ];
    let child = workspace
        .authbench(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let until = Instant::now() + Duration::from_secs(20);
    let started = loop {
        let started = at_work(child.id());
        if !started.is_empty() || Instant::now() > until {
            break started;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(started.len(), 1, "one truth server");
    // In the middle of the stream, users and all.
    std::thread::sleep(Duration::from_secs(2));
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("it runs");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("interrupted"),
        "{}",
        stderr(&output)
    );
    assert!(still_running(&started, Duration::from_secs(3)).is_empty());
    assert!(!workspace.path("out.json").exists());
}

/// wrk2 calls itself wrk, and refuses to start without a rate.
#[test]
fn a_tool_that_fails_costs_its_own_row_and_no_other() {
    let (_alone, workspace) = (alone(), Workspace::new());
    let wrk2 = "#!/bin/sh\n[ \"$1\" = -v ] && echo 'wrk 4.0.0 [epoll]' && exit 1\necho 'Throughput MUST be specified' >&2\nexit 1\n";
    let program = workspace.write("wrk", wrk2);
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("its own file");
    let arguments = [
        "selftest",
        "--quick",
        "--quiet",
        "--only",
        "generator-cost,expiry",
        "--out",
        "out.json",
    ];
    let output = workspace
        .authbench(&arguments)
        .env("PATH", workspace.path(""))
        .output()
        .expect("the program starts");
    let file = workspace.path("out.json");
    assert!(file.exists(), "{}", stderr(&output));
    let file = json(&file);
    let of = |group: &str| {
        let rows = rows(&file, "").into_iter();
        rows.filter(|row| row["group"] == group).collect::<Vec<_>>()
    };
    let [wrk, oha] = of("generator-cost")[..] else {
        panic!("a row for each tool: {file:#}");
    };
    assert_eq!(wrk["verdict"], "not_judged");
    assert_eq!(wrk["note"], "wrk failed: Throughput MUST be specified");
    assert_eq!(oha["verdict"], "skipped");
    assert!(!of("expiry").is_empty(), "{file:#}");
}

#[test]
fn bad_input_is_named_with_what_would_be_right() {
    let workspace = Workspace::new();
    let cases: [(&[&str], &str); 6] = [
        (
            &["selftest", "--only", "stal"],
            "no group of truths is called \"stal\" (there are stall, fixed-delay",
        ),
        (
            &["selftest", "--inject", "luck"],
            "no fault is called \"luck\" (there are tokio-sleep, clock-at-send",
        ),
        (
            &["selftest", "--only", "synthetic-suites"],
            "--only synthetic-suites: that group belongs to --compare (those that can be asked for here are stall, fixed-delay",
        ),
        (
            &["selftest", "--compare", "--only", "stall"],
            "does not belong to --compare (those that can be asked for here are synthetic-suites, same-arms-often",
        ),
        (&["selftest", "--aa", "5"], "--compare"),
        (
            &["run", "--selftest", "absent.json"],
            "could not read absent.json",
        ),
    ];
    for (arguments, message) in cases {
        let output = workspace.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }
    assert!(
        !workspace.path("authbench-runs").exists(),
        "nothing was begun"
    );
}
