use super::*;

fn row(quantity: &str, verdict: RowVerdict, ratio: f64) -> Row {
    Row {
        truth: "B is slower".to_owned(),
        group: Truth::PlantedCpu.name().to_owned(),
        quantity: quantity.to_owned(),
        expected: "slower".to_owned(),
        measured: String::new(),
        error: String::new(),
        tolerance: String::new(),
        verdict,
        note: (verdict != RowVerdict::Pass).then(|| "a reason".to_owned()),
        n: 30,
        figures: BTreeMap::from([("ratio".to_owned(), ratio)]),
    }
}

/// One repetition: found, and its size.
fn repetition(found: RowVerdict, size: RowVerdict, ratio: f64) -> Vec<Row> {
    vec![row("found", found, ratio), row("size", size, ratio)]
}

fn verdicts(repeated: &Repeated, wanted: u64) -> Vec<RowVerdict> {
    let rows = repeated.rows(Truth::PlantedCpuOften, wanted);
    rows.iter().map(|row| row.verdict).collect()
}

#[test]
fn found_every_time_or_it_has_failed() {
    use RowVerdict::{Fail, Pass};
    let mut repeated = Repeated::default();
    repeated.add(repetition(Pass, Pass, 1.09));
    repeated.add(repetition(Pass, Pass, 1.11));
    assert_eq!(verdicts(&repeated, 2), [Pass, Pass]);
    repeated.add(repetition(Pass, Fail, 1.2));
    assert_eq!(verdicts(&repeated, 3), [Pass, Fail]);
    let rows = repeated.rows(Truth::PlantedCpuOften, 3);
    assert_eq!((rows[0].measured.as_str(), rows[0].n), ("3 of 3", 3));
    assert_eq!(
        (rows[1].measured.as_str(), rows[1].error.as_str()),
        ("2 of 3", "1 wrong")
    );
    assert_eq!(rows[0].note.as_deref(), Some("+9.0 % to +20.0 %"));
    assert_eq!(rows[1].figures["most_ratio"], 1.2);
    assert_eq!(rows[1].group, "planted-cpu-often");
}

#[test]
fn what_was_not_judged_is_made_up_for_and_told_and_a_failure_is_never_left_aside() {
    use RowVerdict::{Fail, NotJudged, Pass};
    let mut repeated = Repeated::default();
    repeated.add(repetition(NotJudged, Pass, 1.5));
    assert_eq!(verdicts(&repeated, 1), [NotJudged, Pass]);
    repeated.add(repetition(Pass, Pass, 1.1));
    assert_eq!(verdicts(&repeated, 1), [Pass, Pass]);
    let note = repeated.rows(Truth::PlantedCpuOften, 1)[0].note.clone();
    assert_eq!(
        note.as_deref(),
        Some("+10.0 % to +10.0 %; 1 besides were not judged")
    );
    assert_eq!(verdicts(&repeated, 2), [NotJudged, Pass]);
    repeated.add(repetition(NotJudged, Fail, 1.3));
    assert_eq!(verdicts(&repeated, 2), [NotJudged, Fail]);
}

#[test]
fn nothing_measured_gives_no_row_and_what_was_skipped_is_no_pass() {
    assert!(verdicts(&Repeated::default(), 3).is_empty());
    let mut repeated = Repeated::default();
    repeated.add(vec![row("commands", RowVerdict::Skipped, 1.0)]);
    assert_eq!(verdicts(&repeated, 1), [RowVerdict::Skipped]);
}
