//! The file of a self-test: written whole, read back, shown, and cited by a run.

use crate::fixture;
use authbench_reports::render;
use authbench_reports::run_file::Manifest;
use authbench_reports::selftest::{
    Citation, Noise, Overall, Row, RowVerdict, SCHEMA, SHARE_OF_TOLERANCE, Scope, SelftestFile,
    markdown, read, text, write,
};
use authbench_reports::summary::Summary;
use std::collections::BTreeMap;
use std::fs;

pub(crate) fn selftest() -> SelftestFile {
    let rows = vec![
        row(
            "stall",
            "every response frozen 1 s in each 10 s",
            "p99",
            (900.0, 903.9, 9.0),
        ),
        row(
            "stall",
            "every response frozen 1 s in each 10 s",
            "p99.9",
            (990.0, 990.4, 9.9),
        ),
        Row {
            verdict: RowVerdict::NotJudged,
            note: Some("canary CV 7.2 % (≤ 5 % is quiet), steal 0.3 % (≤ 2 %)".to_owned()),
            ..row(
                "fixed-delay",
                "a delay of 5 ms at 100 requests/s",
                "p50",
                (5.07, 5.62, 0.25),
            )
        },
    ];
    SelftestFile {
        schema: SCHEMA.to_owned(),
        started_at: "2026-11-21T09:00:00Z".to_owned(),
        duration_s: 43.25,
        manifest: fixture::manifest(),
        scope: Scope::Quick,
        seed: 1,
        only: Vec::new(),
        injected: None,
        noise: vec![Noise {
            around: "fixed-delay".to_owned(),
            canary_cv_before: 0.072,
            canary_cv_after: 0.01,
            preempted_share: None,
            steal_share: Some(0.003),
        }],
        quiet: false,
        verdict: Overall::of(&rows),
        rows,
    }
}

fn row(group: &str, truth: &str, quantity: &str, (is, said, may): (f64, f64, f64)) -> Row {
    Row {
        truth: truth.to_owned(),
        group: group.to_owned(),
        quantity: quantity.to_owned(),
        expected: format!("{is} ms"),
        measured: format!("{said} ms"),
        error: format!("{:+.2} ms", said - is),
        tolerance: format!("{may} ms"),
        verdict: RowVerdict::Pass,
        note: None,
        n: 20_000,
        figures: BTreeMap::from([(SHARE_OF_TOLERANCE.to_owned(), (said - is) / may)]),
    }
}

#[test]
fn what_is_written_is_read_back_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("made/on/the/way.json");
    for seed in [1, 2] {
        let written = SelftestFile { seed, ..selftest() };
        write(&path, &written).expect("writes, also in place of the last one");
        let back = read(&path).expect("reads");
        assert_eq!((back.seed, &back.rows), (seed, &written.rows));
    }
    let beside = fs::read_dir(path.parent().expect("a folder")).expect("lists");
    assert_eq!(beside.count(), 1, "no partial file");
}

#[test]
fn another_format_and_a_cut_file_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("selftest.json");
    fs::write(&path, r#"{"schema": "authbench.run/1"}"#).expect("writes");
    let error = read(&path).expect_err("a run file").to_string();
    assert!(
        error.ends_with("is `authbench.run/1`; this build reads `authbench.selftest/1`"),
        "{error}"
    );
    fs::write(&path, r#"{"schema": "authbench.selftest/1", "#).expect("writes");
    let error = read(&path).expect_err("a cut file").to_string();
    assert!(
        error.contains("is not a whole file of the format `authbench.selftest/1`"),
        "{error}"
    );
}

#[test]
fn text_and_markdown_show_every_row_and_why_one_was_not_judged() {
    insta::assert_snapshot!("text_of_a_self_test", text(&selftest(), 100, false));
    insta::assert_snapshot!("markdown_of_a_self_test", markdown(&selftest()));
}

#[test]
fn a_run_cites_the_worst_judged_errors_and_where_they_were_measured() {
    let cited = Citation::of(&selftest(), &fixture::manifest());
    assert_eq!((cited.passed, cited.failed, cited.not_judged), (2, 0, 1));
    let sentence = cited.sentence();
    assert_eq!(
        sentence,
        "checked on this machine 2026-11-21T09:00:00Z, quick self-test: not judged (2 passed, 0 failed, 1 not judged); largest errors: \
         every response frozen 1 s in each 10 s p99 +3.90 ms (of 9 ms), every response frozen 1 s in each 10 s p99.9 +0.40 ms (of 9.9 ms)"
    );
    let moved = Manifest {
        kernel: "Linux 6.2.0".to_owned(),
        git_revision: Some("1111111".to_owned()),
        ..fixture::manifest()
    };
    let sentence = Citation::of(&selftest(), &moved).sentence();
    assert!(
        sentence.starts_with("checked on another kernel and another version of authbench 2026-"),
        "{sentence}"
    );
}

#[test]
fn a_self_test_with_an_injected_fault_proves_nothing() {
    let faulty = SelftestFile {
        injected: Some("clock-at-send".to_owned()),
        ..selftest()
    };
    let sentence = Citation::of(&faulty, &fixture::manifest()).sentence();
    assert!(sentence.starts_with("not checked: "), "{sentence}");
}

#[test]
fn the_report_of_a_run_says_whether_the_instrument_was_checked() {
    let mut run = fixture::run();
    let shown = |run: &_| render::markdown(run, &Summary::of(run));
    assert!(shown(&run).contains("instrument: not checked"));
    run.manifest.selftest = Some(Citation::of(&selftest(), &run.manifest));
    assert!(shown(&run).contains("instrument: checked on this machine 2026-11-21T09:00:00Z"));
}
