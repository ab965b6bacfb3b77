//! `authbench report RUN --revoke-within`, on the committed sample run.

use crate::program::{Workspace, stderr};
use serde_json::Value;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/published/quick-redis");

fn asked(arguments: &[&str]) -> (Option<i32>, String, String) {
    let arguments = [&["report", SAMPLE], arguments].concat();
    let output = Workspace::new().run(&arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text, stderr(&output))
}

#[test]
fn a_target_is_named_with_its_cores_in_words_and_as_json() {
    let (code, text, _) = asked(&["--revoke-within", "5s", "--rate", "10000"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("The cheapest that has a revoked caller out within 5 s is `session`"),
        "{text}"
    );
    assert!(text.contains("at 10,000 requests/s keeps"), "{text}");
    assert!(text.contains("Who does not, and why"), "{text}");
    let (_, json, _) = asked(&["--revoke-within", "5s", "--format", "json"]);
    let choice: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(choice["schema"], "authbench.choice/1");
    assert_eq!(choice["winner"], "session");
    assert_eq!(choice["candidates"][0]["cores"], Value::Null);
}

#[test]
fn input_that_makes_no_sense_is_refused() {
    for arguments in [
        &["--revoke-within", "5"][..],
        &["--revoke-within", "soon"],
        &["--revoke-within", "5s", "--rate", "0"],
        &["--rate", "10000"],
        &["--revoke-within", "5s", "--format", "html"],
    ] {
        let (code, _, error) = asked(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert_eq!(error.matches("error: ").count(), 1, "{error}");
    }
}
