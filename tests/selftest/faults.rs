//! Every fault is found, and by its size: a verdict alone could have other reasons.

use crate::{figure, rows, selftest};
use serde_json::Value;

/// Rows of durations are not judged where the machine is not quiet; their errors stand in the file all the same.
fn is_beyond_tolerance(row: &Value) -> bool {
    figure(row, "error_ms").abs() > figure(row, "tolerance_ms")
}

#[test]
fn without_a_fault_every_interval_contains_its_truth() {
    let (_, file) = selftest("revocation-lag,expiry", None);
    let durations = |row: &&Value| row["figures"].get("error_ms").is_some();
    let (durations, certain): (Vec<_>, Vec<_>) = rows(&file, "").into_iter().partition(durations);
    assert_eq!((durations.len(), certain.len()), (3, 12), "{file:#}");
    for row in certain {
        assert_eq!(row["verdict"], "pass", "{row:#}");
    }
}

#[test]
fn a_clock_that_starts_at_send_does_not_see_a_stall() {
    let (code, file) = selftest("stall", Some("clock-at-send"));
    let p99 = rows(&file, "frozen")[0];
    assert_eq!(p99["quantity"], "p99");
    assert!(is_beyond_tolerance(p99), "{p99:#}");
    // Hardly anything is left of 900 ms, not merely 1 % too little.
    assert!(figure(p99, "error_ms") < -450.0, "{p99:#}");
    assert_ne!(code, 0);
    assert_eq!(file["injected"], "clock-at-send");
}

#[test]
fn tokios_timers_are_found_by_a_fixed_delay() {
    let (code, file) = selftest("fixed-delay", Some("tokio-sleep"));
    let row = rows(&file, "100 requests/s")[0];
    assert!(is_beyond_tolerance(row), "{row:#}");
    // Noise alone could take the median there, but no request is ever faster than the timer lets it be.
    let slowed_ms = figure(row, "fastest_ms") - 5.0;
    assert!(slowed_ms > figure(row, "tolerance_ms"), "{row:#}");
    assert_ne!(code, 0);
}

#[test]
fn the_first_refusal_is_not_the_end_of_a_lag() {
    let (code, file) = selftest("revocation-lag", Some("first-reject"));
    let flaps = rows(&file, "accepted again")[0];
    assert_eq!(figure(flaps, "wrong"), flaps["n"].as_f64().expect("trials"));
    assert_eq!((code, &flaps["verdict"]), (1, &"fail".into()));
}

#[test]
fn a_hidden_leeway_is_found_by_the_expiry_of_each_credential() {
    let (code, file) = selftest("expiry", Some("hidden-leeway"));
    let own = rows(&file, "until it expires")[0];
    assert!(figure(own, "wrong") > 0.0, "{own:#}");
    assert_eq!((code, &own["verdict"]), (1, &"fail".into()));
}
