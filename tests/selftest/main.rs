//! The self-test is itself tested: it measures the truth without a fault, finds each fault that is put into it, and leaves nothing behind.
//!
//! Nothing here depends on how fast or quiet the machine is: rows of durations are looked at only where the error is larger than noise could
//! ever take back.

mod citation;
mod compare;
mod endings;
mod faults;
#[path = "../end_to_end/program.rs"]
mod program;

use program::{Workspace, json, stderr};
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One self-test at a time: they would measure each other.
static MACHINE: Mutex<()> = Mutex::new(());

/// Holds off every other self-test.
fn alone() -> MutexGuard<'static, ()> {
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a quick self-test of `only` these groups says, with `fault` put into it; its exit code and its file.
fn selftest(only: &str, fault: Option<&str>) -> (i32, Value) {
    selftest_of(&["--quick"], only, fault)
}

/// The same of another scope, named by `options`.
fn selftest_of(options: &[&str], only: &str, fault: Option<&str>) -> (i32, Value) {
    let (_alone, workspace) = (alone(), Workspace::new());
    let mut words = vec!["selftest", "--quiet", "--only", only, "--out", "out.json"];
    words.extend(options);
    words.extend(fault.iter().flat_map(|fault| ["--inject", fault]));
    let output = workspace.run(&words);
    let file = workspace.path("out.json");
    assert!(file.exists(), "{}", stderr(&output));
    (output.status.code().unwrap_or(-1), json(&file))
}

/// The rows whose truth contains `truth`.
fn rows<'a>(file: &'a Value, truth: &str) -> Vec<&'a Value> {
    let all = file["rows"].as_array().expect("rows").iter();
    let found: Vec<&Value> = all
        .filter(|row| {
            row["truth"]
                .as_str()
                .is_some_and(|told| told.contains(truth))
        })
        .collect();
    assert!(!found.is_empty(), "no row about {truth:?} in {file:#}");
    found
}

/// A figure of a row.
fn figure(row: &Value, name: &str) -> f64 {
    row["figures"][name]
        .as_f64()
        .unwrap_or_else(|| panic!("no {name} in {row:#}"))
}
