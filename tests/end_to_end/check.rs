//! `authbench check` of our own servers, through target files alone.

use crate::program::{Workspace, stderr};
use crate::stranger::Stranger;
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
    assert_eq!(verdicts(&session, "after login"), ["accepted"; 4]);
    assert_eq!(verdicts(&session, "without a credential"), ["refused"; 4]);
    assert_eq!(
        verdicts(&session, "with a changed credential"),
        ["refused"; 4]
    );
    assert_eq!(verdicts(&session, "after account_disabled"), ["refused"; 4]);
    let jwt = checked("jwt");
    assert_eq!(jwt["outcome"], "fine");
    assert_eq!(
        verdicts(&jwt, "after account_disabled"),
        ["accepted", "accepted", "refused", "accepted", "accepted"]
    );
    assert_eq!(jwt["events"][0]["lags"][0]["kept"], "not_observed");
}

#[test]
fn a_renewed_credential_is_accepted() {
    let hybrid = checked("hybrid");
    assert_eq!(verdicts(&hybrid, "after refresh"), ["accepted"; 5]);
    assert_eq!(hybrid["events"][0]["refresh"], "refused");
}

#[test]
fn the_control_lets_everybody_in_and_that_is_what_its_file_says() {
    let control = checked("no_auth");
    assert_eq!(control["outcome"], "fine");
    assert_eq!(control["findings"][0]["about"], "login");
}

#[test]
fn without_a_spare_user_an_event_that_may_end_an_account_is_left_out() {
    let (workspace, stranger) = (Workspace::new(), Stranger::start());
    let text = stranger.target("0s", "");
    let (without_undo, _) = text.split_once("[[event.undo]]").expect("an undo");
    let target = |count: u32| {
        let count = format!("count = {count}\n");
        workspace.write(
            "stranger.toml",
            &without_undo.replace("count = 1000\n", &count),
        )
    };
    for (count, user) in [(1, "0"), (3, "2")] {
        let target = target(count);
        let check = [
            "check", "--target", &target, "--user", user, "--format", "json",
        ];
        let output = workspace.run(&check);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(stranger.disabling(), 0);
        let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let findings = said["findings"].as_array().expect("findings");
        let about = |finding: &&Value| finding["about"] == "event.account_disabled";
        let found = findings.iter().find(about).expect("a finding");
        assert_eq!(found["severity"], "warning", "{found}");
        assert_eq!(said["events"], serde_json::json!([]));
    }
    let check = ["check", "--target", &target(3), "--user", "1"];
    workspace.run(&check);
    assert_eq!(
        stranger.disabled().into_iter().collect::<Vec<_>>(),
        ["person-0002"]
    );
}

#[test]
fn what_is_asked_for_must_be_in_the_file() {
    let workspace = Workspace::new();
    let output = workspace.run(&["check", "--target", "session", "--event", "lgout"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("it has: logout, "));
}
