//! The file of an exploration: written whole, judged and shown.

use authbench_reports::interleavings::{
    BrokenRecord, CastRecord, CurvePoint, HttpPoint, HttpRecord, InterleavingsFile, Kept,
    NoticedRecord, OutcomeRecord, SCHEMA, Share, StepRecord, TheftRecord, TimingRecord, html, knee,
    markdown, text, verdicts, write,
};
use std::fs;

pub(crate) fn file() -> InterleavingsFile {
    let curve: Vec<CurvePoint> = [
        (0.0, 460, 296, Some(121.0), 1.2),
        (2.0, 70, 294, Some(124.0), 1.2),
        (10.0, 14, 290, Some(130.0), 1.3),
        (60.0, 3, 240, Some(190.0), 1.9),
        (300.0, 0, 12, None, 6.4),
    ]
    .map(point)
    .to_vec();
    let mut file = InterleavingsFile {
        schema: SCHEMA.to_owned(),
        started_at: "2026-11-26T04:00:00Z".to_owned(),
        duration_s: 12.5,
        authbench_version: "0.1.0".to_owned(),
        build: "release".to_owned(),
        seed: 1,
        depth: 12,
        injected: None,
        explored: vec![cast(0.0), cast(10.0)],
        timing: timing(),
        knee_s: knee(&curve),
        curve,
        over_http: Some(HttpRecord {
            store: "redis 7.0.15".to_owned(),
            timing: timing(),
            points: vec![HttpPoint {
                grace_s: 0.25,
                requests: 1_900,
                logged_out: Share::of(21, 100),
                logged_out_predicted: Share::of(19, 100),
                detected: Share::of(70, 80),
                detected_predicted: Share::of(72, 81),
                broken: Vec::new(),
            }],
        }),
        verdicts: Vec::new(),
    };
    file.verdicts = verdicts(&file);
    file
}

fn point((grace_s, out, found, p50, stolen_mean): (f64, u64, u64, Option<f64>, f64)) -> CurvePoint {
    CurvePoint {
        grace_s,
        logged_out: Share::of(out, 1_000),
        theft: TheftRecord {
            detected: Share::of(found, 300),
            detected_p50_s: p50,
            detected_p90_s: p50.map(|p50| 2.0 * p50),
            stolen_mean,
            stolen_max: 9,
        },
        broken: 0,
    }
}

fn cast(grace_s: f64) -> CastRecord {
    let outcome = |orders, stolen, detected: bool, honest_out| OutcomeRecord {
        orders,
        thief_acted: stolen > 0,
        detected_at_step: detected.then_some(9),
        detected_at_ms: detected.then_some(5_000),
        stolen,
        honest_out,
    };
    CastRecord {
        cast: "thief".to_owned(),
        about: "two tabs, and a thief with a copy".to_owned(),
        grace_s,
        orders: 12_345,
        points: 210,
        cut: 40,
        longest: 15,
        outcomes: vec![
            outcome(10_000, 0, false, false),
            outcome(1_345, 1, true, true),
            outcome(1_000, 2, false, false),
        ],
        broken: Vec::new(),
    }
}

fn timing() -> TimingRecord {
    TimingRecord {
        period_s: 300.0,
        rounds: 12,
        gap_s: 2.0,
        one_way_s: 0.05,
        lost: 0.01,
        noticed: vec![
            NoticedRecord {
                how: "the connection breaks".to_owned(),
                share: 0.6,
                at_least_s: 0.0,
                then_s: 0.5,
            },
            NoticedRecord {
                how: "a time-out passes".to_owned(),
                share: 0.4,
                at_least_s: 3.0,
                then_s: 2.0,
            },
        ],
        theft_delay_s: 30.0,
    }
}

fn broken() -> InterleavingsFile {
    let mut file = file();
    let step = |who: &str, what: &str| StepRecord {
        at_ms: 0,
        who: who.to_owned(),
        what: what.to_owned(),
    };
    file.injected = Some("non-atomic".to_owned());
    file.explored[0].broken.push(BrokenRecord {
        invariant: "one_successor".to_owned(),
        says: "a used token is honoured again only within the grace".to_owned(),
        source: "RFC 9700 §4.14.2".to_owned(),
        orders: 77,
        shortest: vec![
            step("tab A", "reads token 0 from the jar and sends a renewal"),
            step("thief", "copies token 0 from the jar"),
        ],
    });
    file.verdicts = verdicts(&file);
    file
}

#[test]
fn text_of_an_exploration() {
    insta::assert_snapshot!(text(&file(), 120, false));
}

#[test]
fn markdown_of_an_exploration() {
    insta::assert_snapshot!(markdown(&file()));
}

#[test]
fn the_page_has_its_curves_and_the_knee() {
    let page = html(&file());
    for id in ["logged-out", "detected", "stolen"] {
        assert!(page.contains(&format!("id=\"{id}-title\"")), "{id}");
    }
    assert_eq!(page.matches(">knee<").count(), 3);
    assert!(page.contains("everything holds"));
    assert!(!page.contains("<script"));
}

#[test]
fn an_order_that_breaks_something_is_told_step_by_step_and_fails() {
    let file = broken();
    assert_eq!((file.exit_code(), self::file().exit_code()), (1, 0));
    let text = text(&file, 120, false);
    assert!(text.contains("BROKEN (RFC 9700 §4.14.2)"), "{text}");
    assert!(
        text.contains("   2.       0 ms  thief         copies token 0 from the jar"),
        "{text}"
    );
    assert!(html(&file).contains("copies token 0"));
    assert!(markdown(&file).contains("copies token 0"));
    let of_zero = file.verdicts.iter().find(|one| one.grace_s == 0.0);
    assert_eq!(of_zero.map(|one| one.kept), Some(Kept::NotMet));
}

#[test]
fn a_measurement_that_does_not_agree_fails() {
    let mut file = file();
    let http = file.over_http.as_mut().expect("measured");
    http.points[0].logged_out = Share::of(90, 100);
    assert_eq!(file.exit_code(), 1);
}

#[test]
fn without_a_grace_the_retry_rule_is_not_met_and_with_one_it_is_within_it() {
    let file = file();
    let retry = |grace_s| {
        let mut of_rule = file
            .verdicts
            .iter()
            .filter(|one| one.source.starts_with("FAPI"));
        of_rule
            .find(|one| one.grace_s == grace_s)
            .expect("a verdict")
            .kept
    };
    assert_eq!(retry(0.0), Kept::NotMet);
    assert_eq!(retry(10.0), Kept::MetBesidesTheGrace);
}

#[test]
fn a_file_is_written_whole_with_its_page_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/interleavings.json");
    let page = write(&path, &file()).expect("written");
    assert_eq!(page, folder.path().join("deep/interleavings.html"));
    let bytes = fs::read(&path).expect("a file");
    let again: InterleavingsFile = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(again, file());
    assert!(
        fs::read_to_string(page)
            .expect("a page")
            .starts_with("<!DOCTYPE html>")
    );
}
