//! Microbenchmarks: collected from criterion's files, written and read, cited by a run, and what they explain of it.

use crate::fixture;
use authbench_reports::microbenchmarks::attribution::{WAKING, attributions, operations};
use authbench_reports::microbenchmarks::{
    Citation, CollectError, MicrobenchmarksFile, Operation, SCHEMA, markdown, of_criterion, read,
    write,
};
use authbench_reports::render::{self, TextOptions};
use authbench_reports::summary::Summary;
use std::fs;
use std::path::Path;

/// Every operation that is named takes 1 µs; at the rate of a run 11 µs, of which waking up is 1 µs.
pub(crate) fn file() -> MicrobenchmarksFile {
    let limit = "verify/limit/RS256-small";
    let ids = operations().into_iter().chain([limit]);
    let mut operations: Vec<Operation> = ids.map(operation).collect();
    operations.sort_by(|one, other| one.id.cmp(&other.id));
    MicrobenchmarksFile {
        schema: SCHEMA.to_owned(),
        measured_at: "2026-11-21T09:00:00Z".to_owned(),
        manifest: fixture::manifest(),
        operations,
    }
}

fn operation(id: &str) -> Operation {
    let median_ns = match id {
        WAKING => 1_000.0,
        "verify/limit/RS256-small" => 800.0,
        _ if id.starts_with("paced/") => 11_000.0,
        _ => 1_000.0,
    };
    Operation {
        id: id.to_owned(),
        median_ns,
        low_ns: median_ns - 5.0,
        high_ns: median_ns + 5.0,
        sd_ns: 10.0,
        bytes: (id == "verify/access_token/RS256-small").then_some(700),
    }
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("made/on/the/way.json");
    write(&path, &file()).expect("writes");
    assert_eq!(read(&path).expect("reads").operations, file().operations);
    fs::write(&path, r#"{"schema": "authbench.run/1"}"#).expect("writes");
    let error = read(&path).expect_err("another format").to_string();
    assert!(error.contains("authbench.run/1"), "{error}");
    fs::write(&path, "{").expect("writes");
    assert!(
        read(&path)
            .expect_err("cut off")
            .to_string()
            .contains("line 1")
    );
}

#[test]
fn results_of_criterion_are_collected_and_baselines_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(matches!(
        of_criterion(folder.path()),
        Err(CollectError::Nothing(_))
    ));
    result(
        &folder.path().join("verify/ours/HS256/new"),
        "verify/ours/HS256",
        812.34,
    );
    result(
        &folder.path().join("verify/ours/HS256/base"),
        "verify/ours/HS256",
        1.0,
    );
    result(&folder.path().join("cache/new"), "cache/hit", 120.0);
    let (operations, _) = of_criterion(folder.path()).expect("two results");
    let seen: Vec<(&str, f64)> = operations
        .iter()
        .map(|operation| (operation.id.as_str(), operation.median_ns))
        .collect();
    // Four significant digits.
    assert_eq!(seen, [("cache/hit", 120.0), ("verify/ours/HS256", 812.3)]);
    assert_eq!(operations[0].bytes, Some(64));
    fs::write(folder.path().join("cache/new/estimates.json"), "{").expect("writes");
    let error = of_criterion(folder.path())
        .expect_err("cut off")
        .to_string();
    assert!(error.contains("estimates.json"), "{error}");
}

fn result(folder: &Path, id: &str, median: f64) {
    fs::create_dir_all(folder).expect("a folder");
    let estimate = format!(
        r#"{{"confidence_interval":{{"confidence_level":0.95,"lower_bound":{median},"upper_bound":{median}}},"point_estimate":{median},"standard_error":1.0}}"#
    );
    let estimates =
        format!(r#"{{"mean":{estimate},"median":{estimate},"std_dev":{estimate},"slope":null}}"#);
    let benchmark = format!(r#"{{"full_id":"{id}","throughput":{{"Bytes":64}}}}"#);
    fs::write(folder.join("estimates.json"), estimates).expect("writes");
    fs::write(folder.join("benchmark.json"), benchmark).expect("writes");
}

#[test]
fn the_table_holds_ours_against_the_limit() {
    let shown = markdown(&file());
    let line = |id: &str| {
        let cell = format!("| {} |", id.replace('_', "\\_"));
        shown
            .lines()
            .find(|line| line.starts_with(&cell))
            .expect("a row")
            .to_owned()
    };
    assert!(
        line("verify/access_token/RS256-small").ends_with("| 700 | 1.25 |"),
        "{shown}"
    );
    assert!(
        line("verify/limit/RS256-small").ends_with("| – | – |"),
        "{shown}"
    );
}

#[test]
fn a_run_cites_only_what_its_own_processor_measured() {
    let manifest = fixture::manifest();
    let cited = Citation::of(&file(), &manifest).expect("the same processor");
    assert!(cited.same_authbench);
    assert_eq!(
        cited.median_ns.len(),
        operations().len(),
        "the limit explains nothing"
    );
    let mut elsewhere = manifest.clone();
    elsewhere.cpu = "Another CPU".to_owned();
    assert_eq!(Citation::of(&file(), &elsewhere), None);
    let mut later = manifest;
    later.git_revision = Some("other".to_owned());
    assert!(
        !Citation::of(&file(), &later)
            .expect("the same processor")
            .same_authbench
    );
}

#[test]
fn extra_cpu_is_held_against_the_sum_of_operations() {
    let mut run = fixture::run();
    let summary = Summary::of(&run);
    assert!(
        !render::text(&run, &summary, TextOptions::default()).contains("Where the extra CPU goes")
    );
    let cited = Citation::of(&file(), &run.manifest).expect("the same processor");
    let found = attributions(&summary, &cited);
    let total = |name: &str| {
        let target = summary.targets.iter().find(|target| target.name == name);
        let load = target.and_then(|target| target.load.as_ref());
        load.and_then(|load| load.cpu_us_per_request)
            .expect("measured")
            .total
    };
    let session = found
        .iter()
        .find(|one| one.target == "session")
        .expect("session");
    assert!((session.extra_us - (total("session") - total("no_auth"))).abs() < 1e-9);
    // Five operations of 1 µs; one at the rate of a run of 11, less 1 for waking up.
    assert!((session.computing_us - 5.0).abs() < 1e-9);
    assert!((session.paced_us - 10.0).abs() < 1e-9);
    assert!((session.explained() - 10.0 / session.extra_us).abs() < 1e-9);
    assert!(found.iter().all(|one| one.target != "no_auth"));

    let mut without = cited.clone();
    without.median_ns.remove(WAKING);
    assert!(
        attributions(&summary, &without).is_empty(),
        "a sum that lacks a part is none"
    );

    run.manifest.microbenchmarks = Some(cited);
    for shown in [
        render::text(&run, &summary, TextOptions::default()),
        render::markdown(&run, &summary),
        render::html(&run, &summary),
    ] {
        assert!(shown.contains("Where the extra CPU goes"));
    }
}
