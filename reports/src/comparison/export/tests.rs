//! What each format must hold, on one comparison with a line of every kind.

use super::super::file::{Arm, ComparisonFile, Method, Outcome, SCHEMA, Subject};
use super::super::render::{markdown, text};
use super::super::rows::{Measure, Ratio, Row, Verdict};
use super::*;
use crate::run_file::Manifest;
use serde_json::Value;
use std::collections::BTreeMap;

pub(crate) fn comparison() -> ComparisonFile {
    let timed = |measure, estimate: f64, verdict| Row {
        ratio: Some(Ratio {
            estimate,
            lower: estimate - 0.02,
            upper: estimate + 0.02,
        }),
        margin: Some(0.03),
        n: 40,
        minimum_detectable: Some(0.061),
        verdict,
        ..Row::new("jwt", measure).with(Some(60.0), Some(60.0 * estimate))
    };
    ComparisonFile {
        schema: SCHEMA.to_owned(),
        started_at: "2026-01-01T00:00:00Z".to_owned(),
        duration_s: 93.5,
        seed: 7,
        manifest: manifest(),
        method: Method::Mixed,
        base: Arm {
            what: "main (0123abc)".to_owned(),
            revision: Some("0123abc".to_owned()),
        },
        candidate: Arm {
            what: "the working tree".to_owned(),
            revision: None,
        },
        store: None,
        subjects: vec![Subject {
            name: "jwt".to_owned(),
            offered_per_s: Some(2000.0),
            planned_rounds: Some(60),
            rounds: 40,
            spawns: Some(6),
            contradiction: None,
        }],
        findings: Vec::new(),
        rows: vec![
            timed(Measure::ResponseP50Ms, 1.0, Verdict::Unchanged),
            timed(Measure::ResponseP90Ms, 1.04, Verdict::Inconclusive),
            Row {
                to_pass: Some("61.8 µs or less".to_owned()),
                ..timed(Measure::CpuUsPerRequest, 1.1, Verdict::Worse)
            },
            Row {
                verdict: Verdict::Loosened,
                to_pass: Some("2000 ms or less".to_owned()),
                ..Row::new("jwt", Measure::BoundMs)
                    .of("logout at \"a\", <b> | c")
                    .with(Some(2000.0), None)
            },
            Row::new("jwt", Measure::ResponseP99Ms).with(Some(1.0), Some(2.0)),
        ],
        outcome: Outcome::Inconclusive,
        looser_bounds_accepted: false,
        reproduce: "authbench compare --base main".to_owned(),
    }
    .concluded()
}

fn manifest() -> Manifest {
    Manifest {
        authbench_version: "0.1.0".to_owned(),
        git_revision: None,
        rustc: "rustc 1.95.0".to_owned(),
        build: "release".to_owned(),
        libraries: BTreeMap::new(),
        kernel: "Linux".to_owned(),
        cpu: "a processor".to_owned(),
        cores: 2,
        memory_bytes: 1 << 34,
        generator_cpus: vec![0],
        target_cpus: vec![1],
        pacer: "timerfd".to_owned(),
        kept_awake: Some(true),
        command: vec!["authbench".to_owned(), "compare".to_owned()],
        selftest: None,
        microbenchmarks: None,
    }
}

#[test]
fn the_worst_line_is_first_and_tells_what_would_pass() {
    let told = text(&comparison());
    assert!(told.starts_with("failed: 2 of 5 figures\n"), "{told}");
    let table = told
        .lines()
        .skip_while(|line| !line.starts_with("verdict"))
        .nth(1);
    assert!(
        table.is_some_and(|line| line.starts_with("loosened")),
        "{told}"
    );
    assert!(told.contains("To pass: 61.8 µs or less."), "{told}");
    assert!(told.contains("every change of 6.1 %"), "{told}");
    assert!(
        told.contains("Again: authbench compare --base main"),
        "{told}"
    );
}

#[test]
fn no_cell_of_the_markdown_ends_early() {
    let told = markdown(&comparison());
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let table: Vec<&str> = told.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(table.len(), 7, "{told}");
    assert!(table.iter().all(|line| cells(line) == 9), "{told}");
}

#[test]
fn junit_has_a_case_for_each_conclusion() {
    let report = quick_junit::Report::deserialize_from_str(&junit(&comparison())).expect("JUnit");
    let [suite] = report.test_suites.as_slice() else {
        panic!("one suite");
    };
    assert_eq!(suite.name.as_str(), "jwt");
    // The p99 concludes nothing.
    assert_eq!(suite.test_cases.len(), 4);
    assert_eq!((report.failures, report.errors), (2, 0));
    let hostile = suite
        .test_cases
        .iter()
        .any(|case| case.name.as_str().contains("\"a\", <b> | c"));
    assert!(hostile, "escaped and read back");
}

#[test]
fn accepted_bounds_are_no_failures() {
    let accepted = ComparisonFile {
        looser_bounds_accepted: true,
        ..comparison()
    };
    let report = quick_junit::Report::deserialize_from_str(&junit(&accepted)).expect("JUnit");
    assert_eq!(report.failures, 1);
}

#[test]
fn the_benchmark_action_gets_numbers_with_names_and_units() {
    let entries: Vec<Value> = serde_json::from_str(&benchmark_action(&comparison())).expect("JSON");
    // A bound that is gone has no figure.
    assert_eq!(entries.len(), 4);
    for entry in &entries {
        assert!(
            entry["name"].is_string() && entry["unit"].is_string() && entry["value"].is_number()
        );
    }
    let cpu = &entries[0];
    assert_eq!(cpu["name"], "jwt/cpu_us_per_request");
    assert_eq!(cpu["range"], "± 1.2000");
}

#[test]
fn bencher_gets_bounds_around_the_value() {
    let told: Value = serde_json::from_str(&bencher(&comparison())).expect("JSON");
    let cpu = &told["jwt"]["cpu_us_per_request"];
    let number = |name: &str| cpu[name].as_f64().expect("a number");
    assert!(number("lower_value") < number("value") && number("value") < number("upper_value"));
    assert!(told["jwt"]["response_p99_ms"].get("lower_value").is_none());
}

#[test]
fn openmetrics_ends_as_it_must_and_has_one_state() {
    let told = openmetrics(&comparison());
    assert!(told.ends_with("# EOF\n"));
    assert!(
        told.contains("of=\"logout at \\\"a\\\", <b> | c\""),
        "{told}"
    );
    let states: Vec<&str> = told
        .lines()
        .filter(|line| line.starts_with("authbench_comparison_outcome{"))
        .collect();
    assert_eq!(states.len(), 4);
    assert_eq!(states.iter().filter(|line| line.ends_with(" 1")).count(), 1);
    assert!(states.iter().any(|line| line.contains("\"failed\"} 1")));
}

#[test]
fn the_table_is_read_back_as_it_was() {
    let told = csv(&comparison());
    let mut reader = ::csv::Reader::from_reader(told.as_bytes());
    let records: Vec<::csv::StringRecord> = reader
        .records()
        .map(|record| record.expect("a record"))
        .collect();
    assert_eq!(records.len(), 5);
    assert_eq!(&records[0][2], "logout at \"a\", <b> | c");
    assert_eq!(&records[0][5], "");
    assert_eq!(&records[1][12], "worse");
}
