use super::*;
use authbench_reports::comparison::judge::judge;
use authbench_reports::comparison::series::Series;
use authbench_reports::comparison::suite::Comparison;

fn figure(alarms: u64, others: u64, noisy_alarms: u64) -> Figure {
    Figure {
        alarms,
        inconclusive: others,
        noisy_alarms,
        ..Figure::default()
    }
}

/// A comparison in which CPU differs by `ratio` and nothing else does.
fn brief(ratio: f64) -> Brief {
    let series = Quantity::ALL.map(|quantity| {
        let mut series = Series::new("arms", quantity);
        let differs = quantity == Quantity::CpuPerRequest;
        for round in 0..12 {
            let noise = if round % 2 == 0 { 1.001 } else { 0.999 };
            let b = if differs { ratio * noise } else { noise };
            series.push(1.0, b).expect("positive");
        }
        series
    });
    Brief {
        comparison: Comparison::of(judge(&series, 0.003)),
        same_bytes: true,
    }
}

fn verdicts(counted: &Counted) -> Vec<RowVerdict> {
    let rows = counted.rows(false);
    rows.iter().map(|row| row.verdict).collect()
}

#[test]
fn one_alarm_is_one_too_many_and_too_few_comparisons_are_no_pass() {
    use RowVerdict::{Fail, NotJudged, Pass};
    let verdict = |alarms, others, noisy| figure(alarms, others, noisy).verdict(300, false);
    assert_eq!(verdict(0, 300, 0), Pass);
    assert_eq!(verdict(1, 299, 0), Fail);
    assert_eq!(verdict(1, 2, 0), Fail);
    assert_eq!(verdict(0, 299, 0), NotJudged);
    assert_eq!(verdict(0, 0, 0), NotJudged);
    // What a noisy machine shows is no failure, and hides nothing.
    assert_eq!(verdict(0, 300, 1), NotJudged);
    assert_eq!(figure(1, 299, 0).verdict(300, true), NotJudged);
}

#[test]
fn three_hundred_without_an_alarm_bound_their_rate_by_one_percent() {
    assert!(figure(0, 300, 0).share().upper() < 0.01);
    assert_eq!(3 * ENOUGH, 300);
}

#[test]
fn a_false_alarm_is_counted_where_it_was_raised_and_over_all() {
    let mut counted = Counted::default();
    for _ in 1..ENOUGH {
        counted.add(&brief(1.0), true);
    }
    let mut faster = counted.figures[0];
    assert_eq!(faster.unchanged, ENOUGH - 1);
    faster.add(Verdict::Faster, 0.8, true);
    assert_eq!(faster.alarms, 1);
    counted.add(&brief(1.2), true);
    use RowVerdict::{Fail, Pass};
    assert_eq!(verdicts(&counted), [Fail, Pass, Pass, Fail, Pass]);
    let rows = counted.rows(false);
    assert_eq!(rows[0].measured, "1 of 100");
    assert_eq!((rows[3].n, rows[3].figures["alarms"]), (300, 1.0));
    assert!((rows[3].figures["furthest_ratio"] - 1.2).abs() < 0.01);
}

#[test]
fn comparisons_on_a_noisy_machine_are_told_and_not_counted() {
    let mut counted = Counted::default();
    counted.add(&brief(1.2), false);
    for _ in 0..ENOUGH {
        counted.add(&brief(1.0), true);
    }
    let rows = counted.rows(false);
    assert_eq!((rows[0].n, rows[0].verdict), (100, RowVerdict::NotJudged));
    let note = rows[0].note.as_deref().unwrap_or_default();
    assert!(note.contains("1 comparisons besides, 1 alarms"), "{note}");
    assert_eq!(rows[1].verdict, RowVerdict::Pass);
}

#[test]
fn bytes_are_counted_whatever_the_noise() {
    let mut counted = Counted::default();
    let other = Brief {
        same_bytes: false,
        ..brief(1.0)
    };
    counted.add(&other, false);
    let bytes = counted.rows(true).pop().expect("rows");
    assert_eq!((bytes.verdict, bytes.n), (RowVerdict::Fail, 1));
}
