//! `authbench check` of our own servers, through target files alone.

use crate::program::{Workspace, stderr};
use serde_json::Value;

fn checked(target: &str) -> Value {
    let workspace = Workspace::new();
    let output = workspace.run(&["check", "--target", target, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What each point said at a moment.
fn verdicts(check: &Value, moment: &str) -> Vec<String> {
    let moments = check["moments"].as_array().expect("moments");
    let found = moments.iter().find(|found| found["name"] == moment);
    let answers = found.unwrap_or_else(|| panic!("no {moment}"))["answers"].as_array();
    let answers = answers.expect("answers").iter();
    answers
        .map(|answer| answer["verdict"].as_str().expect("a verdict").to_owned())
        .collect()
}

#[test]
fn sessions_end_with_the_logout_and_tokens_do_not() {
    let session = checked("session");
    assert_eq!(session["outcome"], "fine");
    assert_eq!(verdicts(&session, "after login"), ["accepted"; 2]);
    assert_eq!(verdicts(&session, "without a credential"), ["refused"; 2]);
    assert_eq!(
        verdicts(&session, "with a changed credential"),
        ["refused"; 2]
    );
    assert_eq!(verdicts(&session, "after account_disabled"), ["refused"; 2]);
    let jwt = checked("jwt");
    assert_eq!(jwt["outcome"], "fine");
    assert_eq!(
        verdicts(&jwt, "after account_disabled"),
        ["accepted", "accepted", "refused"]
    );
    assert_eq!(jwt["events"][0]["lags"][0]["kept"], "not_observed");
}

#[test]
fn a_renewed_credential_is_accepted() {
    let hybrid = checked("hybrid");
    assert_eq!(verdicts(&hybrid, "after refresh"), ["accepted"; 3]);
    assert_eq!(hybrid["events"][0]["refresh"], "refused");
}

#[test]
fn the_control_lets_everybody_in_and_that_is_what_its_file_says() {
    let control = checked("no_auth");
    assert_eq!(control["outcome"], "fine");
    assert_eq!(control["findings"][0]["about"], "login");
}

#[test]
fn what_is_asked_for_must_be_in_the_file() {
    let workspace = Workspace::new();
    let output = workspace.run(&["check", "--target", "session", "--event", "lgout"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("it has: logout, account_disabled"));
}
