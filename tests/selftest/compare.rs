//! The error rates of comparisons: a mistake in their procedure shows in the counts, and few comparisons prove nothing.

use crate::program::{Workspace, json, stderr};
use crate::{alone, figure, rows, selftest_of};

const SYNTHETIC: &str = "synthetic-suites";
/// A few suites for each of the five kinds of machine.
const FEW: [&str; 3] = ["--compare", "--suites", "30"];

#[test]
fn a_threshold_on_single_rounds_raises_false_alarms_and_is_found_by_them() {
    let (code, file) = selftest_of(&FEW, SYNTHETIC, Some("one-round"));
    let equal = rows(&file, "equal arms")[0];
    assert!(figure(equal, "share_lower_95") > 0.5, "{equal:#}");
    assert_eq!((code, &equal["verdict"]), (1, &"fail".into()));
    assert_eq!(file["scope"], "compare");
}

/// A lag is an interval, on any machine and in any build.
#[test]
fn a_lifetime_that_is_twice_as_long_is_found_by_its_lags() {
    let one = ["--compare", "--plants", "1"];
    let (_, file) = selftest_of(&one, "doubled-lifetime-often", None);
    let rows = rows(&file, "twice as long");
    assert_eq!(rows.len(), 3, "{file:#}");
    assert_eq!(rows[0]["verdict"], "pass", "{:#}", rows[0]);
    for row in rows {
        assert_ne!(row["verdict"], "fail", "{row:#}");
    }
}

#[test]
fn one_comparison_of_identical_servers_has_all_rows_and_proves_nothing() {
    let (_alone, workspace) = (alone(), Workspace::new());
    let words = [
        "selftest",
        "--compare",
        "--quiet",
        "--aa",
        "1",
        "--only",
        "same-arms-often",
    ];
    let output = workspace.run(&words);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let file = json(&workspace.path("authbench-runs/selftest-compare.json"));
    let rows = rows(&file, "again and again");
    assert_eq!(rows.len(), 5, "{file:#}");
    let (bytes, figures) = rows.split_last().expect("rows");
    assert_eq!(
        (&bytes["verdict"], &bytes["n"]),
        (&"pass".into(), &1.into())
    );
    for row in figures {
        assert_eq!(row["verdict"], "not_judged", "{row:#}");
    }
    // It is not what a run cites, neither by itself nor when named.
    assert!(!workspace.path("authbench-runs/selftest.json").exists());
    let named = ["run", "--selftest", "authbench-runs/selftest-compare.json"];
    let output = workspace.run(&named);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("name one without it"),
        "{}",
        stderr(&output)
    );
}
