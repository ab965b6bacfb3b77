//! What is on disk, and when.

use crate::fixture;
use authbench_reports::run_directory::{
    CreateRunError, MARKER_FILE, RUN_FILE, ReadRunError, RunDirectory, SUMMARY_FILE, read_run,
};
use authbench_reports::summary::Summary;
use authbench_reports::versioned::ReadError;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().expect("a directory");
    let path = parent.path().join("runs").join("one");
    (parent, path)
}

#[test]
fn a_run_is_written_whole_and_reads_back() {
    let (_parent, path) = place();
    let directory = RunDirectory::create(&path).expect("new");
    assert!(path.join(MARKER_FILE).exists());
    let run = fixture::run();
    let written = directory.write(&run).expect("writes");
    let mut names: Vec<String> = fs::read_dir(&path)
        .expect("readable")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "frontier.svg",
            "report.html",
            "report.md",
            "run.json",
            "steady-hybrid.hlog",
            "steady-jwt.hlog",
            "steady-no_auth.hlog",
            "steady-opaque.hlog",
            "steady-session.hlog",
            "summary.json",
        ]
    );
    assert_eq!(written.files.last(), Some(&path.join(RUN_FILE)));
    let back = read_run(&path).expect("reads");
    assert_eq!(Summary::of(&back), written.summary);
    let summary = fs::read(path.join(SUMMARY_FILE)).expect("reads");
    let summary: Summary = serde_json::from_slice(&summary).expect("parses");
    assert_eq!(summary, written.summary);
}

#[test]
fn an_existing_directory_is_never_written_into() {
    let (parent, path) = place();
    RunDirectory::create(&path).expect("new");
    let error = RunDirectory::create(&path).expect_err("exists");
    assert!(matches!(error, CreateRunError::Exists { .. }));
    let said = error.to_string();
    assert!(
        said.contains(&path.display().to_string()) && said.contains("--out"),
        "{said}"
    );
    drop(parent);
}

#[test]
fn the_logs_are_what_hdrhistogram_reads() {
    let (_parent, path) = place();
    let directory = RunDirectory::create(&path).expect("new");
    let run = fixture::run();
    directory.write(&run).expect("writes");
    let log = fs::read(path.join("steady-jwt.hlog")).expect("reads");
    assert!(log.starts_with(b"#[Histogram log format version 1.3]\n"));
    let mut tags = Vec::new();
    let mut requests = 0;
    for entry in IntervalLogIterator::new(&log) {
        if let LogEntry::Interval(interval) = entry.expect("a well-formed line") {
            let tag = interval.tag().map(|tag| tag.as_str().to_owned());
            if tag.as_deref() == Some("response") {
                requests += decoded(interval.encoded_histogram()).len();
            }
            tags.push(tag.unwrap_or_default());
        }
    }
    assert_eq!(tags.len(), 3 * fixture::ROUNDS);
    assert_eq!(tags[..3], ["response", "service", "send_lag"]);
    assert_eq!(requests, 12_000);
}

fn decoded(base64: &str) -> hdrhistogram::Histogram<u64> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(base64)
        .expect("base64");
    Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .expect("a histogram")
}

#[test]
fn reading_says_what_is_wrong() {
    let (_parent, path) = place();
    let error = read_run(&path).expect_err("nothing there");
    assert!(matches!(error, ReadRunError::NotFound { .. }));

    let directory = RunDirectory::create(&path).expect("new");
    let error = read_run(&path).expect_err("not written yet");
    assert!(matches!(error, ReadRunError::Incomplete { .. }));

    directory.write(&fixture::run()).expect("writes");
    let whole = fs::read_to_string(path.join(RUN_FILE)).expect("reads");
    let cut = path.join("cut.json");
    fs::write(&cut, &whole[..whole.len() / 2]).expect("writes");
    let said = read_run(&cut).expect_err("cut off").to_string();
    assert!(
        said.contains("cut.json") && said.contains("line "),
        "{said}"
    );

    let other = path.join("other.json");
    fs::write(
        &other,
        whole.replacen("authbench.run/1", "authbench.run/2", 1),
    )
    .expect("writes");
    let error = read_run(&other).expect_err("another version");
    assert!(
        matches!(&error, ReadRunError::File(ReadError::Schema { found, .. }) if found == "authbench.run/2")
    );

    let unknown = path.join("unknown.json");
    fs::write(&unknown, whole.replacen("\"seed\"", "\"sed\"", 1)).expect("writes");
    let said = read_run(&unknown).expect_err("unknown key").to_string();
    assert!(said.contains("`sed`") && said.contains("column"), "{said}");
}
