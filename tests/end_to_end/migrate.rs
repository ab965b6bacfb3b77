//! Run files of older versions: `authbench migrate`.

use crate::program::{Workspace, stderr};
use std::fs;
use std::path::Path;

fn golden(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/tests/reports/golden");
    folder.join(name).to_string_lossy().into_owned()
}

#[test]
fn an_early_run_is_written_anew_and_then_there_is_nothing_to_do() {
    let workspace = Workspace::new();
    let early = golden("early/without-same-processors.json");
    let unread = workspace.run(&["report", &early]);
    assert_eq!(unread.status.code(), Some(2), "{}", stderr(&unread));
    let arguments = ["migrate", &early, "--out", "run.json"];
    let migrated = workspace.run(&arguments);
    assert_eq!(migrated.status.code(), Some(0), "{}", stderr(&migrated));
    assert!(stderr(&migrated).contains("same_processors"));
    let again = workspace.run(&arguments);
    assert_eq!(again.status.code(), Some(2), "nothing is overwritten");
    assert!(stderr(&again).contains("run.json exists already"));
    let current = workspace.run(&["migrate", "run.json", "--out", "other.json"]);
    assert_eq!(current.status.code(), Some(0));
    assert!(stderr(&current).contains("is already authbench.run/1"));
    assert!(!workspace.path("other.json").exists());
    let report = workspace.run(&["report", "run.json"]);
    assert_ne!(report.status.code(), Some(2), "{}", stderr(&report));
}

#[test]
fn what_it_does_not_know_is_refused_and_leaves_nothing() {
    let workspace = Workspace::new();
    let text = fs::read_to_string(golden("authbench.run-1.json")).expect("a file");
    let newer = text.replacen("authbench.run/1", "authbench.run/9", 1);
    let newer = workspace.write("run.json", &newer);
    let output = workspace.run(&["migrate", &newer, "--out", "migrated.json"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.contains("authbench.run/9") && said.contains("authbench.run/1"),
        "{said}"
    );
    assert!(!workspace.path("migrated.json").exists());
}
