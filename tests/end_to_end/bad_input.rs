//! Bad input: one clear error that says what, where and what would be right, and exit code 2.

use crate::program::{Workspace, stderr};
use std::net::TcpListener;

/// Asserts exit code 2, exactly one error, and that it contains each of `expected`.
fn refused(workspace: &Workspace, arguments: &[&str], expected: &[&str]) {
    let output = workspace.run(arguments);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.matches("error: ").count(), 1, "{text}");
    for part in expected {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
}

/// A port on which nobody listens.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    listener.local_addr().expect("has an address").port()
}

#[test]
fn a_store_that_cannot_be_reached_is_never_replaced() {
    let workspace = Workspace::new();
    let address = format!("127.0.0.1:{}", free_port());
    let url = format!("redis://:canary-password@{address}/0");
    let arguments = [
        "run",
        "--scenario",
        "revocation",
        "--store-url",
        &url,
        "--out",
        "run",
    ];
    let output = workspace.run(&arguments);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains(&address), "{text}");
    assert!(!text.contains("canary-password"), "{text}");
    assert!(
        !workspace.path("run").exists(),
        "nothing was measured, so nothing stays"
    );
}

#[test]
fn an_unknown_key_is_named_with_file_and_line() {
    let workspace = Workspace::new();
    let target = workspace.write(
        "mine.toml",
        "schema = \"authbench.target/1\"\nname = \"mine\"\nmodle = \"jwt\"\n",
    );
    refused(
        &workspace,
        &["run", "--scenario", "steady", "--target", &target],
        &["mine.toml", "3", "modle", "model"],
    );
}

#[test]
fn a_scenario_with_an_unknown_key_is_refused_too() {
    let workspace = Workspace::new();
    let scenario = workspace.write(
        "mine.toml",
        "schema = \"authbench.scenario/1\"\nname = \"mine\"\nkindd = \"steady\"\n",
    );
    refused(
        &workspace,
        &["run", "--scenario", &scenario],
        &["mine.toml", "3", "kindd", "kind"],
    );
}

#[test]
fn an_unknown_scenario_lists_those_that_exist() {
    refused(
        &Workspace::new(),
        &["run", "--scenario", "stedy"],
        &["stedy", "steady", "revocation"],
    );
}

#[test]
fn results_are_never_overwritten() {
    let workspace = Workspace::new();
    std::fs::create_dir(workspace.path("kept")).expect("a folder");
    refused(&workspace, &["run", "--out", "kept"], &["kept", "exists"]);
    assert_eq!(
        std::fs::read_dir(workspace.path("kept"))
            .expect("still there")
            .count(),
        0
    );
}

#[test]
fn a_busy_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = taken.local_addr().expect("has an address").to_string();
    let arguments = [
        "serve",
        "resource-server",
        "--model",
        "no_auth",
        "--listen",
        &address,
    ];
    refused(&Workspace::new(), &arguments, &[&address]);
}

#[test]
fn a_remote_target_is_refused_before_anything_is_sent() {
    let workspace = Workspace::new();
    // TEST-NET-1 (RFC 5737): an address that belongs to nobody.
    let target = workspace.write(
        "remote.toml",
        "schema = \"authbench.target/1\"\nname = \"remote\"\nmodel = \"mine\"\n[[point]]\nname = \"api\"\nrequest = \"GET http://192.0.2.1/\"\n\
         accept = { status = 200 }\nrefuse = { status = 401 }\n",
    );
    refused(
        &workspace,
        &["run", "--scenario", "steady", "--target", &target],
        &["192.0.2.1", "allow"],
    );
}

#[test]
fn a_run_that_is_not_there_or_not_whole_is_not_reported() {
    let workspace = Workspace::new();
    refused(&workspace, &["report", "nowhere"], &["nowhere"]);
    std::fs::create_dir(workspace.path("half")).expect("a folder");
    workspace.write(
        "half/run.json",
        "{\"schema\": \"authbench.run/1\", \"run_id\": ",
    );
    refused(&workspace, &["report", "half"], &["run.json", "line"]);
    workspace.write("half/run.json", "{\"schema\": \"authbench.run/9\"}");
    refused(
        &workspace,
        &["report", "half"],
        &["authbench.run/9", "authbench.run/1"],
    );
}

#[test]
fn there_is_nothing_to_undo_without_a_journal() {
    refused(
        &Workspace::new(),
        &["undo", "nowhere", "--target", "session"],
        &["nowhere/undo.journal is not there"],
    );
}
