//! Target and scenario files as people have written them for each version, committed and never changed: today's program reads each.

use authbench_scenarios::scenario_file::Scenario;
use authbench_scenarios::target::TargetFile;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn files(version: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(version);
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let paths = entries.map(|entry| entry.path());
    let paths = paths.filter(|path| path.extension().is_some_and(|kind| kind == "toml"));
    paths
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a file");
            (path, text)
        })
        .collect()
}

#[test]
fn scenario_files_of_version_1_are_read() {
    let files = files("scenario-1");
    for (path, text) in &files {
        let name = path.to_string_lossy();
        let scenario = Scenario::parse(&name, text).unwrap_or_else(|error| panic!("{error}"));
        assert!(!scenario.targets.is_empty(), "{name}");
    }
    assert_eq!(files.len(), 8, "one for each kind, and one with thresholds");
}

#[test]
fn target_files_of_version_1_are_read_and_keep_the_schema() {
    let schema = include_str!("../schema/authbench.target-1.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    // In place of environment variables that some of them name.
    let vars = [("password".to_owned(), "example".to_owned())].into();
    let files = files("target-1");
    for (path, text) in &files {
        let name = path.to_string_lossy();
        let table: toml::Table = toml::from_str(text).expect("TOML");
        let json = serde_json::to_value(table).expect("JSON");
        let problems: Vec<String> = validator
            .iter_errors(&json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{name}: {problems:#?}");
        TargetFile::load(&name, &vars).unwrap_or_else(|error| panic!("{error}"));
    }
    assert_eq!(files.len(), 4);
}
