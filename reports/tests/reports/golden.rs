//! Files as earlier builds wrote them, committed and never written anew: today's program reads each, and what it writes of it keeps the committed schema.
//!
//! A new version of a format adds a file here; the files of earlier versions stay. One that cannot be read any more is a break for everyone who has kept
//! such files: it takes a new version and a step of `authbench migrate`.

use crate::fixture;
use authbench_reports::check::TargetCheck;
use authbench_reports::comparison::file::ComparisonFile;
use authbench_reports::doctor::Diagnosis;
use authbench_reports::interleavings::InterleavingsFile;
use authbench_reports::microbenchmarks::MicrobenchmarksFile;
use authbench_reports::migrate;
use authbench_reports::requirement::{Choice, Requirement};
use authbench_reports::run_directory::{ReadRunError, read_run};
use authbench_reports::run_file::{RunFile, ScenarioRecord};
use authbench_reports::selftest::{Citation, SelftestFile};
use authbench_reports::summary::Summary;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reports/golden")
        .join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(golden(name)).expect(name)
}

/// Reads the file as `T`, writes it again, and holds that against the committed schema of the same name.
fn reads<T: DeserializeOwned + Serialize>(name: &str) -> T {
    let read: T = serde_json::from_str(&text(name)).expect(name);
    keeps_schema(name, &read);
    read
}

fn keeps_schema(name: &str, written: &impl Serialize) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schema")
        .join(name);
    let schema = fs::read_to_string(schema).expect("a schema of the same name");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let written = serde_json::to_value(written).expect("serializes");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator
        .iter_errors(&written)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

#[test]
fn every_format_has_a_file_of_each_version_and_it_is_read() {
    reads::<RunFile>("authbench.run-1.json");
    reads::<Summary>("authbench.summary-1.json");
    reads::<SelftestFile>("authbench.selftest-1.json");
    reads::<MicrobenchmarksFile>("authbench.microbenchmarks-1.json");
    reads::<Diagnosis>("authbench.doctor-1.json");
    reads::<TargetCheck>("authbench.check-1.json");
    reads::<InterleavingsFile>("authbench.interleavings-1.json");
    reads::<Choice>("authbench.choice-1.json");
    reads::<ComparisonFile>("authbench.comparison-1.json");
    let schemas = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema"));
    for schema in schemas.expect("a folder").flatten() {
        let name = schema.file_name().to_string_lossy().into_owned();
        assert!(golden(&name).exists(), "{name} has no golden file");
    }
}

#[test]
fn the_summary_of_a_kept_run_can_still_be_made() {
    let run = read_run(&golden("authbench.run-1.json")).expect("a run");
    let summary = Summary::of(&run);
    keeps_schema("authbench.summary-1.json", &summary);
    assert!(summary.targets.iter().any(|target| target.load.is_some()));
    assert!(
        summary
            .targets
            .iter()
            .any(|target| !target.revocation.is_empty())
    );
}

/// Version 1 as it was first written: what it lacks is optional today, so nothing has to be done.
#[test]
fn a_run_file_of_the_first_day_is_read_as_it_is() {
    let path = golden("early/without-renewals.json");
    let migrated = migrate::read(&path).expect("a run");
    assert!(migrated.steps.is_empty());
    keeps_schema("authbench.run-1.json", &migrated.run);
    let mut events = migrated.run.scenarios.iter();
    let background = events.find_map(|scenario| scenario.revocation.as_ref());
    assert_eq!(
        background.expect("revocations").background.renewals_per_s,
        None
    );
}

/// Written when runs began to cite self-tests, and did not say yet whether the processors were used likewise.
#[test]
fn a_run_file_of_the_first_days_is_migrated() {
    let path = golden("early/without-same-processors.json");
    assert!(
        matches!(read_run(&path), Err(ReadRunError::File(_))),
        "not as it is"
    );
    let migrated = migrate::read(&path).expect("a step leads from it");
    assert_eq!(migrated.steps.len(), 1);
    keeps_schema("authbench.run-1.json", &migrated.run);
    let citation = migrated
        .run
        .manifest
        .selftest
        .as_ref()
        .expect("it cites one");
    assert!(
        !citation.same_processors
            && citation
                .sentence()
                .contains("another use of the processors")
    );
    // Everything else is as it was.
    let mut early: Value =
        serde_json::from_str(&text("early/without-same-processors.json")).expect("JSON");
    early["manifest"]["selftest"]["same_processors"] = false.into();
    assert_eq!(
        serde_json::to_value(&migrated.run).expect("serializes"),
        early
    );
    let folder = tempfile::tempdir().expect("a folder");
    let written = folder.path().join("run.json");
    migrate::write_new(&written, &migrated.run).expect("written");
    assert!(migrate::read(&written).expect("reads").steps.is_empty());
    read_run(&written).expect("a run of today");
    let again = migrate::write_new(&written, &migrated.run).expect_err("never over another");
    assert!(again.to_string().contains("exists already"));
}

#[test]
fn what_no_step_leads_from_is_refused_with_its_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.json");
    let message = |text: &str| {
        fs::write(&path, text).expect("written");
        migrate::read(&path).expect_err(text).to_string()
    };
    let newer = text("authbench.run-1.json").replacen("authbench.run/1", "authbench.run/9", 1);
    assert!(message(&newer).contains("is `authbench.run/9`; this build reads `authbench.run/1`"));
    assert!(message(&text("authbench.summary-1.json")).contains("is `authbench.summary/1`"));
    assert!(message("{}").contains("of no stated format"));
    let half = &newer[..newer.len() / 2];
    assert!(
        message(half).contains("is not a whole file"),
        "{}",
        message(half)
    );
    let missing = migrate::read(&folder.path().join("nothing.json")).expect_err("none");
    assert!(missing.to_string().contains("there is no run at"));
}

/// `WRITE_GOLDEN=1 cargo test -p authbench-reports -- golden` writes those that are missing, of what the fixtures are today; it overwrites none.
#[test]
fn missing_golden_files_are_written_when_asked_for() {
    if std::env::var_os("WRITE_GOLDEN").is_none() {
        return;
    }
    let run = small_run();
    let summary = Summary::of(&run);
    write_missing("authbench.run-1.json", &run);
    write_missing("authbench.summary-1.json", &summary);
    write_missing("authbench.selftest-1.json", &crate::selftest::selftest());
    write_missing(
        "authbench.microbenchmarks-1.json",
        &crate::microbenchmarks::file(),
    );
    write_missing(
        "authbench.doctor-1.json",
        &Diagnosis::of(crate::doctor::fit()),
    );
    write_missing("authbench.check-1.json", &crate::check::check());
    write_missing(
        "authbench.interleavings-1.json",
        &crate::interleavings::file(),
    );
    let requirement = Requirement {
        within_ms: 5000.0,
        rate_per_s: Some(1000.0),
    };
    write_missing(
        "authbench.choice-1.json",
        &Choice::of(&summary, requirement),
    );
}

fn write_missing(name: &str, value: &impl Serialize) {
    let path = golden(name);
    if !path.exists() {
        let text = serde_json::to_string_pretty(value).expect("serializes");
        fs::write(&path, text + "\n").expect("written");
    }
}

/// A scenario of every kind, each with as little as it can have.
fn small_run() -> RunFile {
    let mut run = fixture::only(&["no_auth", "jwt"]);
    run.manifest.selftest = Some(Citation::of(&crate::selftest::selftest(), &run.manifest));
    run.scenarios[0].resolved["thresholds"] = json!(["p99 < 10ms", "unexpected == 0"]);
    fixture::stream(&mut run).rounds.truncate(2);
    for event in &mut fixture::revocations(&mut run).events {
        event.trials.truncate(3);
    }
    for more in [fixture::alone(), fixture::sessions(), fixture::storms()] {
        run.scenarios
            .extend(more.scenarios.into_iter().map(smallest));
    }
    run
}

fn smallest(mut scenario: ScenarioRecord) -> ScenarioRecord {
    if let Some(capacity) = &mut scenario.capacity {
        capacity.searches.truncate(1);
        capacity.searches[0].probes.truncate(2);
    }
    if let Some(sweep) = &mut scenario.sweep {
        sweep.steps.truncate(1);
        sweep.searches.clear();
    }
    if let Some(journey) = &mut scenario.journey {
        journey.slices.truncate(1);
    }
    if let Some(login) = &mut scenario.login {
        login.slices.truncate(1);
    }
    scenario
}
