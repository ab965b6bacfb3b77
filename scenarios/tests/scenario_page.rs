//! What `docs/scenarios.md` says of scenario files: its example is one, and no key that a file of ours uses is missing.

use authbench_scenarios::scenario_file::{Plan, Profile, Scenario};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use toml::{Table, Value};

const PAGE: &str = include_str!("../../docs/scenarios.md");

#[test]
fn the_whole_file_of_the_documentation_is_read_and_has_its_targets() {
    let (_, section) = PAGE.split_once("## A whole file").expect("the section");
    let (_, whole) = section.split_once("```toml\n").expect("a block");
    let whole = whole.split("```").next().expect("a block");
    let scenario = Scenario::parse("page.toml", whole).expect("a scenario");
    let targets = scenario.load_targets().expect("its targets");
    assert_eq!(targets.len(), 3);
    assert!(matches!(scenario.plan(Profile::Full), Plan::Steady(_)));
}

/// Every key, but those that are names of somebody's own: variables, variants, targets.
fn keys(table: &Table, into: &mut BTreeSet<String>) {
    for (key, value) in table {
        into.insert(key.clone());
        let own = matches!(key.as_str(), "vars" | "thresholds");
        match value {
            Value::Table(named) if key == "variant" => {
                let variants = named.values().filter_map(Value::as_table);
                variants.for_each(|variant| keys(variant, into));
            }
            Value::Table(inner) if !own => keys(inner, into),
            Value::Array(items) => {
                let tables = items.iter().filter_map(Value::as_table);
                tables.for_each(|table| keys(table, into));
            }
            _ => {}
        }
    }
}

#[test]
fn every_key_of_our_scenarios_is_on_the_page() {
    let mut used = BTreeSet::new();
    let mut files = 0;
    for folder in [".", "examples", "tests/golden/scenario-1"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            if text.contains("schema = \"authbench.scenario/1\"") {
                keys(&text.parse().expect("TOML"), &mut used);
                files += 1;
            }
        }
    }
    assert!(files >= 15, "{files} files");
    let said = |key: &String| {
        let forms = [
            format!("`{key}`"),
            format!("[{key}]`"),
            format!("[{key}]]`"),
            format!(".{key}]`"),
            format!("`[{key}."),
        ];
        forms.iter().any(|form| PAGE.contains(form))
    };
    let missing: Vec<&String> = used.iter().filter(|key| !said(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
