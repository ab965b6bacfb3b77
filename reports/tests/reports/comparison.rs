//! Two arms in one run, and two runs, held against each other.

use crate::fixture;
use authbench_reports::comparison::arms::Arms;
use authbench_reports::comparison::file::{self, ComparisonFile, Method, Outcome};
use authbench_reports::comparison::lags;
use authbench_reports::comparison::rows::{Measure, Row, Verdict};
use authbench_reports::comparison::stored::{compare, differences};
use authbench_reports::run_file::{RunFile, SteadyRecord, TargetRound};

pub(crate) fn comparison() -> ComparisonFile {
    stored(&fixture::run(), &fixture::run())
}

fn stored(base: &RunFile, candidate: &RunFile) -> ComparisonFile {
    compare(base, candidate, false, "authbench compare a b".to_owned())
}

/// The control of the fixture's stream once more, under another name, as `change` leaves it.
fn beside(change: impl Fn(&mut TargetRound)) -> SteadyRecord {
    let mut run = fixture::run();
    let stream = fixture::stream(&mut run);
    for round in &mut stream.rounds {
        let mut other = round.targets[0].clone();
        other.target = "candidate".to_owned();
        change(&mut other);
        round.targets.push(other);
    }
    stream.clone()
}

fn of(rows: &[Row], measure: Measure) -> Option<&Row> {
    rows.iter().find(|row| row.measure == measure)
}

fn base() -> String {
    fixture::stream(&mut fixture::run()).rounds[0].targets[0]
        .target
        .clone()
}

#[test]
fn two_arms_that_are_the_same_differ_in_nothing() {
    let stream = beside(|_| ());
    let name = base();
    let arms = Arms::of(&[&stream], &name, "candidate");
    assert_eq!(arms.rounds(), stream.rounds.len());
    for series in arms.series("subject").expect("ratios") {
        assert!(series.log_ratios().iter().all(|x| *x == 0.0));
    }
    let rows = arms.other_rows("subject");
    let bytes = of(&rows, Measure::WireBytesPerRequest).expect("bytes");
    assert_eq!(bytes.verdict, Verdict::Unchanged);
    assert_eq!(
        of(&rows, Measure::ResponseP99Ms).map(|row| row.verdict),
        Some(Verdict::Reference)
    );
    assert!(of(&rows, Measure::Unexpected).is_none());
}

#[test]
fn sixty_four_more_bytes_and_wrong_answers_are_worse() {
    let stream = beside(|round| {
        round.bytes_received += 64 * round.outcomes.total();
        round.outcomes.broken += 1;
    });
    let name = base();
    let rows = Arms::of(&[&stream], &name, "candidate").other_rows("subject");
    let mistakes = of(&rows, Measure::Unexpected).expect("mistakes");
    assert_eq!(mistakes.verdict, Verdict::Worse);
    let swapped = Arms::of(&[&stream], "candidate", &name).other_rows("subject");
    assert_eq!(
        of(&swapped, Measure::Unexpected).map(|row| row.verdict),
        Some(Verdict::Reference)
    );
    let bytes_alone = beside(|round| round.bytes_received += 64 * round.outcomes.total());
    let rows = Arms::of(&[&bytes_alone], &name, "candidate").other_rows("subject");
    let bytes = of(&rows, Measure::WireBytesPerRequest).expect("bytes");
    // Exactly, where every round counts the same; otherwise shown.
    assert!(matches!(bytes.verdict, Verdict::Worse | Verdict::Reference));
    let difference = bytes
        .candidate
        .zip(bytes.base)
        .map(|(candidate, base)| candidate - base);
    assert!(difference.is_some_and(|more| (more - 64.0).abs() < 1e-6));
}

#[test]
fn streams_that_alternate_are_paired_in_order() {
    let (one, other) = (beside(|_| ()), beside(|round| round.bytes_sent *= 2));
    let name = base();
    let arms = Arms::of(&[&one, &other], &name, "candidate");
    assert_eq!(arms.rounds(), one.rounds.len() + other.rounds.len());
    let nobody = Arms::of(&[&one], &name, "nobody");
    assert_eq!(nobody.rounds(), 0);
    assert!(nobody.series("subject").expect("none").is_empty());
}

#[test]
fn a_run_beside_itself_passes_and_times_nothing() {
    let comparison = comparison();
    assert_eq!(comparison.method, Method::Stored);
    assert!(differences(&fixture::run(), &fixture::run()).is_empty());
    let timed = comparison.rows.iter().filter(|row| row.ratio.is_some());
    for row in timed {
        assert_eq!(row.verdict, Verdict::Reference, "{row:?}");
        let ratio = row.ratio.expect("a ratio");
        assert!((ratio.estimate - 1.0).abs() < 1e-12 && ratio.lower <= 1.0 && ratio.upper >= 1.0);
    }
    assert!(
        !comparison
            .rows
            .iter()
            .any(|row| row.verdict == Verdict::Loosened)
    );
}

#[test]
fn a_bound_that_grew_between_two_runs_fails_and_can_be_accepted() {
    let (base, mut candidate) = (fixture::run(), fixture::run());
    let mut grown = 0;
    for event in &mut fixture::revocations(&mut candidate).events {
        for bound in event.bounds_ms.values_mut().flatten() {
            *bound += 60_000.0;
            grown += 1;
        }
    }
    let comparison = stored(&base, &candidate);
    let loosened = comparison
        .rows
        .iter()
        .filter(|row| row.verdict == Verdict::Loosened);
    assert_eq!(loosened.count(), grown);
    assert!(grown > 0);
    assert_eq!(comparison.outcome, Outcome::Failed);
    let accepted = compare(&base, &candidate, true, String::new());
    assert_ne!(accepted.outcome, Outcome::Failed);
}

#[test]
fn lags_of_two_targets_are_held_against_each_other_by_event_and_point() {
    let mut run = fixture::run();
    let record = fixture::revocations(&mut run);
    let mut doubled = record.events[0].clone();
    doubled.target = "candidate".to_owned();
    let (name, points) = (record.events[0].target.clone(), doubled.bounds_ms.len());
    record.events.push(doubled);
    let rows = lags::rows("subject", record, &name, "candidate");
    assert_eq!(rows.len(), points);
    assert!(
        rows.iter()
            .all(|row| !matches!(row.verdict, Verdict::Worse | Verdict::Better))
    );
    assert!(lags::rows("subject", record, &name, "nobody").is_empty());
}

#[test]
fn what_was_written_is_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("comparison.json");
    file::write(&path, &comparison()).expect("written");
    let read = file::read(&path).expect("read");
    assert_eq!(read.rows, comparison().rows);
}
