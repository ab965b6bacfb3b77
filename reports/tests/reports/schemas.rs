//! The committed JSON Schemas are those of the code, and what is written keeps them.

use crate::fixture;
use crate::selftest::selftest;
use authbench_reports::check::TargetCheck;
use authbench_reports::comparison::file::ComparisonFile;
use authbench_reports::doctor::Diagnosis;
use authbench_reports::interleavings::InterleavingsFile;
use authbench_reports::microbenchmarks::{Citation, MicrobenchmarksFile};
use authbench_reports::requirement::{Choice, Requirement};
use authbench_reports::run_file::RunFile;
use authbench_reports::selftest::SelftestFile;
use authbench_reports::summary::Summary;
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::Value;
use std::fs;
use std::path::Path;

#[test]
fn run_files_keep_their_schema() {
    let schema = committed::<RunFile>("authbench.run-1.json");
    accepts(&schema, &fixture::run());
    accepts(&schema, &fixture::alone());
    accepts(&schema, &fixture::sessions());
    accepts(&schema, &fixture::storms());
    accepts(&schema, &fixture::mass());
    accepts(&schema, &fixture::lifetimes());
    let mut stranger = serde_json::to_value(fixture::run()).expect("serializes");
    stranger["surprise"] = Value::Null;
    assert!(!jsonschema::is_valid(&schema, &stranger));
}

#[test]
fn summaries_keep_their_schema() {
    let schema = committed::<Summary>("authbench.summary-1.json");
    accepts(&schema, &Summary::of(&fixture::run()));
    accepts(&schema, &Summary::of(&fixture::alone()));
    accepts(&schema, &Summary::of(&fixture::sessions()));
    accepts(&schema, &Summary::of(&fixture::storms()));
    accepts(&schema, &Summary::of(&fixture::mass()));
    accepts(&schema, &Summary::of(&fixture::lifetimes()));
    accepts(&schema, crate::matrix::spoiled_summary());
    let mut without_stream = fixture::run();
    without_stream.scenarios.remove(0);
    accepts(&schema, &Summary::of(&without_stream));
    let mut stranger = serde_json::to_value(Summary::of(&fixture::run())).expect("serializes");
    stranger["validity"]["verdict"] = "splendid".into();
    assert!(!jsonschema::is_valid(&schema, &stranger));
}

#[test]
fn choices_keep_their_schema() {
    let schema = committed::<Choice>("authbench.choice-1.json");
    for within_ms in [10.0, 5000.0] {
        let requirement = Requirement {
            within_ms,
            rate_per_s: None,
        };
        accepts(
            &schema,
            &Choice::of(crate::matrix::spoiled_summary(), requirement),
        );
    }
}

#[test]
fn self_tests_keep_their_schema() {
    let schema = committed::<SelftestFile>("authbench.selftest-1.json");
    accepts(&schema, &selftest());
    let mut stranger = serde_json::to_value(selftest()).expect("serializes");
    stranger["rows"][0]["verdict"] = "splendid".into();
    assert!(!jsonschema::is_valid(&schema, &stranger));
}

#[test]
fn microbenchmarks_keep_their_schema() {
    let schema = committed::<MicrobenchmarksFile>("authbench.microbenchmarks-1.json");
    let file = crate::microbenchmarks::file();
    accepts(&schema, &file);
    let mut citing = fixture::run();
    citing.manifest.microbenchmarks = Citation::of(&file, &citing.manifest);
    accepts(&committed::<RunFile>("authbench.run-1.json"), &citing);
    let mut stranger = serde_json::to_value(file).expect("serializes");
    stranger["operations"][0]["mean"] = 1.into();
    assert!(!jsonschema::is_valid(&schema, &stranger));
}

#[test]
fn comparisons_keep_their_schema() {
    let schema = committed::<ComparisonFile>("authbench.comparison-1.json");
    accepts(&schema, &crate::comparison::comparison());
    let mut stranger = serde_json::to_value(crate::comparison::comparison()).expect("serializes");
    stranger["outcome"] = "splendid".into();
    assert!(!jsonschema::is_valid(&schema, &stranger));
}

#[test]
fn diagnoses_keep_their_schema() {
    let schema = committed::<Diagnosis>("authbench.doctor-1.json");
    accepts(&schema, &Diagnosis::of(crate::doctor::fit()));
}

#[test]
fn checks_keep_their_schema() {
    let schema = committed::<TargetCheck>("authbench.check-1.json");
    accepts(&schema, &crate::check::check());
}

#[test]
fn explorations_keep_their_schema() {
    let schema = committed::<InterleavingsFile>("authbench.interleavings-1.json");
    accepts(&schema, &crate::interleavings::file());
    let mut stranger = serde_json::to_value(crate::interleavings::file()).expect("serializes");
    stranger["verdicts"][0]["kept"] = "splendid".into();
    assert!(!jsonschema::is_valid(&schema, &stranger));
}

/// The committed schema; `UPDATE_SCHEMAS=1 cargo test -p authbench-reports` writes it anew.
fn committed<T: JsonSchema>(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schema")
        .join(name);
    let mut generated = serde_json::to_string_pretty(&schema_for!(T)).expect("serializes");
    generated.push('\n');
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, &generated).expect("writes the schema");
    }
    let committed = fs::read_to_string(&path).expect("the schema is committed");
    assert!(
        committed == generated,
        "{name} is not what the code generates: run this test with UPDATE_SCHEMAS=1 and look at the difference"
    );
    serde_json::from_str(&committed).expect("JSON")
}

fn accepts(schema: &Value, value: &impl Serialize) {
    let value = serde_json::to_value(value).expect("serializes");
    let validator = jsonschema::validator_for(schema).expect("a schema");
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}
