//! `authbench explore refresh`: what it writes, prints and answers.

use crate::program::{Workspace, json, stderr};
use serde_json::Value;

/// As small as it may be.
const BRIEF: [&str; 10] = [
    "explore",
    "refresh",
    "--depth",
    "4",
    "--grace",
    "0s,10s,1s",
    "--sessions",
    "40",
    "--out",
    "explored/refresh.json",
];

#[test]
fn it_writes_the_file_and_the_page_and_says_what_follows() {
    let workspace = Workspace::new();
    let output = workspace.run(&BRIEF);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    for part in [
        "everything holds",
        "By grace window",
        "RFC 9700",
        "FAPI 2.0",
        "Timing model",
    ] {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
    let file = json(&workspace.path("explored/refresh.json"));
    let schema = include_str!("../../reports/schema/authbench.interleavings-1.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &file), "{file:#}");
    let graces: Vec<f64> = file["curve"]
        .as_array()
        .expect("a curve")
        .iter()
        .filter_map(|point| point["grace_s"].as_f64())
        .collect();
    assert_eq!(graces, [0.0, 1.0, 10.0]);
    let page = std::fs::read_to_string(workspace.path("explored/refresh.html"));
    assert!(page.expect("a page").contains("<svg"));
}

#[test]
fn a_planted_mistake_is_told_step_by_step_and_exits_1() {
    let workspace = Workspace::new();
    for (mistake, source) in [
        ("non-atomic", "RFC 9700"),
        ("family-not-ended", "RFC 9700"),
        ("grace-for-another-client", "RFC 6749"),
    ] {
        let mut arguments = BRIEF.to_vec();
        arguments[3] = "6";
        arguments.extend(["--inject", mistake]);
        let output = workspace.run(&arguments);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{mistake}: {}",
            stderr(&output)
        );
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains(&format!("BROKEN ({source}")),
            "{mistake}: {text}"
        );
        assert!(text.contains("   1.       0 ms"), "{mistake}: {text}");
    }
}

#[test]
fn bad_input_is_one_clear_error() {
    let workspace = Workspace::new();
    for (arguments, expected) in [
        (["--grace", "5"], "unit"),
        (["--depth", "0"], "1..=40"),
        (["--out", "page.html"], "interleavings.json"),
    ] {
        let mut all = vec!["explore", "refresh"];
        all.extend(arguments);
        let output = workspace.run(&all);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(expected), "no {expected:?} in: {text}");
    }
}
