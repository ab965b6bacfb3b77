//! `authbench compare`: a service in a git repository of its own at two revisions, and stored runs.

use crate::program::{Workspace, json, stderr};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/published/quick-redis");

/// A repository with the service in it, as it was at first.
fn repository() -> Workspace {
    let workspace = Workspace::new();
    git(&workspace, &["init", "--quiet", "--initial-branch", "main"]);
    workspace.write("service.py", include_str!("service.py"));
    workspace.write("service.toml", include_str!("service.toml"));
    commit(&workspace);
    workspace
}

fn git(workspace: &Workspace, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
        .args(arguments)
        .current_dir(workspace.path("."))
        .status();
    assert!(status.expect("git").success(), "git {arguments:?}");
}

fn commit(workspace: &Workspace) {
    git(workspace, &["add", "."]);
    git(workspace, &["commit", "--quiet", "--message", "a change"]);
}

fn change(workspace: &Workspace, file: &str, old: &str, new: &str) {
    let text = fs::read_to_string(workspace.path(file)).expect("the file");
    assert!(text.contains(old));
    workspace.write(file, &text.replace(old, new));
}

fn compared(workspace: &Workspace, more: &[&str]) -> (Output, Value) {
    let fixed = [
        "compare",
        "--base",
        "HEAD~1",
        "--target",
        "service.toml",
        "--rounds",
        "12",
        "--out",
        "found",
        "--quiet",
    ];
    let output = workspace.run(&[&fixed, more].concat());
    let path = workspace.path("found/comparison.json");
    assert!(path.exists(), "{}", stderr(&output));
    (output, json(&path))
}

/// The verdicts about `measure`.
fn verdicts(comparison: &Value, measure: &str) -> Vec<String> {
    let rows = comparison["rows"].as_array().expect("rows");
    let about = rows.iter().filter(|row| row["measure"] == measure);
    about
        .map(|row| row["verdict"].as_str().expect("a verdict").to_owned())
        .collect()
}

/// What others build, start and measure is gated like our own: more bytes and a looser promise are found, whatever the machine does meanwhile.
#[test]
fn a_service_of_ones_own_that_became_worse_fails() {
    let workspace = repository();
    change(&workspace, "service.py", "PADDING = 0", "PADDING = 64");
    change(
        &workspace,
        "service.toml",
        "promised = \"0s\"",
        "promised = \"2s\"",
    );
    commit(&workspace);
    let (output, comparison) = compared(&workspace, &["--no-revocations", "--junit", "junit.xml"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(comparison["outcome"], "failed");
    assert_eq!(verdicts(&comparison, "wire_bytes_per_request"), ["worse"]);
    assert_eq!(verdicts(&comparison, "bound_ms"), ["loosened"]);
    assert_eq!(verdicts(&comparison, "fact_ms"), ["loosened"]);
    let bytes = &comparison["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["measure"] == "wire_bytes_per_request");
    let figure = |arm: &str| bytes.expect("bytes")[arm].as_f64().expect("a figure");
    // Sixty-four more, and a third digit in their `content-length`.
    assert!((figure("candidate") - figure("base") - 65.0).abs() < 1e-9);
    // CPU, p50 and p90: every one was timed.
    for measure in ["cpu_us_per_request", "response_p50_ms", "response_p90_ms"] {
        assert_eq!(verdicts(&comparison, measure).len(), 1, "{measure}");
    }
    assert!(workspace.path("found/shop/run.json").exists());
    let junit = fs::read_to_string(workspace.path("junit.xml")).expect("JUnit");
    assert!(junit.contains("<failure"), "{junit}");
    // Nothing is left in the repository.
    let worktrees = Command::new("git")
        .args(["worktree", "list"])
        .current_dir(workspace.path("."))
        .output();
    assert_eq!(
        String::from_utf8_lossy(&worktrees.expect("git").stdout)
            .lines()
            .count(),
        1
    );
}

/// The same thing twice: no promise, no count and no lag is worse. Timings are not judged here: this is no quiet machine.
#[test]
fn a_service_that_did_not_change_is_not_called_worse_by_what_has_no_noise() {
    let workspace = repository();
    workspace.write("README", "words");
    commit(&workspace);
    let (_, comparison) = compared(&workspace, &["--alternate"]);
    assert_eq!(comparison["method"], "alternating");
    assert_eq!(
        verdicts(&comparison, "wire_bytes_per_request"),
        ["unchanged"]
    );
    assert_eq!(verdicts(&comparison, "bound_ms").len(), 0);
    assert_eq!(verdicts(&comparison, "lag_p50_ms"), ["not_shown"]);
}

fn stored(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Workspace::new().run(&[&["compare"], arguments].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text, stderr(&output))
}

#[test]
fn a_stored_run_is_no_worse_than_itself_and_its_timings_are_for_reference() {
    let (code, text, error) = stored(&[SAMPLE, SAMPLE]);
    assert_eq!(code, Some(0), "{error}");
    assert!(text.contains("for reference"), "{text}");
    assert!(text.contains("two stored runs"), "{text}");
    let (code, text, _) = stored(&[SAMPLE, SAMPLE, "--format", "json"]);
    assert_eq!(code, Some(0));
    let comparison: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(comparison["schema"], "authbench.comparison/1");
    let (_, text, _) = stored(&[SAMPLE, SAMPLE, "--format", "md"]);
    assert!(text.starts_with("## authbench compare: passed"), "{text}");
}

#[test]
fn runs_that_do_not_measure_the_same_are_refused_or_said_to_be_for_reference() {
    let workspace = Workspace::new();
    let mut run = json(&Path::new(SAMPLE).join("run.json"));
    run["store"]["kind"] = "embedded".into();
    run["manifest"]["cores"] = 64.into();
    let other = workspace.write("run.json", &run.to_string());
    let (code, _, error) = stored(&[SAMPLE, &other]);
    assert_eq!(code, Some(2), "{error}");
    assert!(
        error.contains("kind of store: redis against embedded"),
        "{error}"
    );
    assert!(
        error.contains("number of processors: 2 against 64"),
        "{error}"
    );
    let (code, _, error) = stored(&[SAMPLE, &other, "--reference-only"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(error.starts_with("reference only: "), "{error}");
}

#[test]
fn what_cannot_be_compared_is_refused_before_anything_is_started() {
    let workspace = repository();
    for (arguments, expected) in [
        (&["compare"][..], "compare what with what?"),
        (&["compare", SAMPLE], "two runs, the base first"),
        (
            &["compare", SAMPLE, "nowhere"],
            "there is no run at nowhere",
        ),
        (
            &["compare", "--base", "nowhere", "--target", "service.toml"],
            "no revision \"nowhere\"",
        ),
        (
            &["compare", "--base", "main", "--target", "missing.toml"],
            "missing.toml",
        ),
        (
            &["compare", "--base", "main"],
            "scenarios/targets/no_auth.toml",
        ),
        (&["compare", "--base-target", "service.toml"], "--target"),
        (
            &["compare", "--base", "main", SAMPLE],
            "cannot be used with",
        ),
        (
            &[
                "compare",
                "--base",
                "main",
                "--target",
                "service.toml",
                "--rounds",
                "3",
            ],
            "3",
        ),
    ] {
        let output = workspace.run(arguments);
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
        assert_eq!(error.matches("error: ").count(), 1, "{error}");
    }
}
