//! `authbench doctor` on this machine, whatever it is.

use crate::program::{Workspace, descendants, stderr, still_running};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn every_subject_is_looked_at_and_nothing_is_left_behind() {
    let workspace = Workspace::new();
    let mut command = workspace.authbench(&["doctor", "--format", "json"]);
    let mut doctor = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut seen = BTreeSet::new();
    while doctor.try_wait().expect("it can be waited for").is_none() {
        seen.extend(descendants(doctor.id()));
        std::thread::sleep(Duration::from_millis(100));
    }
    let output = doctor.wait_with_output().expect("its output");
    // A machine that runs tests may well be unfit.
    assert!(
        matches!(output.status.code(), Some(0 | 4)),
        "{:?}: {}",
        output.status,
        stderr(&output)
    );
    assert!(seen.len() >= 2, "two servers were to be loaded: {seen:?}");
    assert_eq!(still_running(&seen, Duration::from_secs(5)), []);

    let diagnosis: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let unfit = diagnosis["fitness"] == "unfit";
    assert_eq!(output.status.code(), Some(if unfit { 4 } else { 0 }));
    let schema = include_str!("../../reports/schema/authbench.doctor-1.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &diagnosis), "{diagnosis:#}");
    let examination = &diagnosis["examination"];
    assert_eq!(examination["loopback"]["failed"], 0, "{examination:#}");
    assert!(examination["loopback"]["answered"].as_u64() > Some(100));
    let rounds = examination["noise_floor"]["log_ratios"]["cpu"].as_array();
    assert_eq!(rounds.map(Vec::len), Some(12));
    assert!(
        examination["duration_s"]
            .as_f64()
            .is_some_and(|took| took < 60.0),
        "{examination:#}"
    );
}
