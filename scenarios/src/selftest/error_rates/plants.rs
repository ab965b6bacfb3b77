//! Differences that were planted, each measured several times with other seeds: found every time, with their size and sign.

use super::{Left, seed, spares};
use crate::selftest::{Bench, SelftestError, Truth, arms};
use authbench_reports::number::count;
use authbench_reports::selftest::{Row, RowVerdict};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// About how long one measurement takes.
const ONE: Duration = arms::TAKE;

/// Measures the pair of arms that `once` names as often as is asked for; the rows are those of `truth`.
pub(super) async fn measure(
    bench: &Bench,
    truth: Truth,
    once: Truth,
    left: &Left<'_>,
) -> Result<Vec<Row>, SelftestError> {
    let wanted = bench.repetitions.plants;
    let began = Instant::now();
    let mut repeated = Repeated::default();
    for index in 0..wanted + spares(wanted, wanted / 2) {
        if repeated.judged.len() as u64 == wanted {
            break;
        }
        if index > 0 {
            left(takes(bench).saturating_sub(began.elapsed()));
        }
        repeated.add(arms::measure(bench, once, seed(bench, index)).await?);
    }
    Ok(repeated.rows(truth, wanted))
}

/// About how long it takes.
pub(super) fn takes(bench: &Bench) -> Duration {
    ONE * u32::try_from(bench.repetitions.plants).unwrap_or(u32::MAX)
}

/// The rows of each repetition.
#[derive(Debug, Default)]
struct Repeated {
    judged: Vec<Vec<Row>>,
    /// Of which some row was not judged, and none failed.
    left_aside: Vec<Vec<Row>>,
}

impl Repeated {
    fn add(&mut self, rows: Vec<Row>) {
        let any = |verdict| rows.iter().any(|row| row.verdict == verdict);
        if any(RowVerdict::Fail) || !any(RowVerdict::NotJudged) {
            self.judged.push(rows);
        } else {
            self.left_aside.push(rows);
        }
    }

    /// A row for each quantity of those that were judged. Where they are fewer than `wanted`, the others show why.
    fn rows(&self, truth: Truth, wanted: u64) -> Vec<Row> {
        let enough = self.judged.len() as u64 >= wanted;
        let aside = self.left_aside.iter().filter(|_| !enough);
        let all: Vec<&Row> = self.judged.iter().chain(aside).flatten().collect();
        let mut quantities: Vec<&str> = Vec::new();
        for row in &all {
            if !quantities.contains(&row.quantity.as_str()) {
                quantities.push(&row.quantity);
            }
        }
        let of = |quantity: &str| {
            let rows = all.iter().filter(|row| row.quantity == quantity);
            rows.copied().collect::<Vec<&Row>>()
        };
        quantities
            .into_iter()
            .map(|quantity| self.row(truth, &of(quantity)))
            .collect()
    }

    /// One row of all those of one quantity, of which there is at least one.
    fn row(&self, truth: Truth, rows: &[&Row]) -> Row {
        let first = rows[0];
        let with = |verdict| rows.iter().filter(|row| row.verdict == verdict).count() as u64;
        let (passed, failed) = (with(RowVerdict::Pass), with(RowVerdict::Fail));
        let not_judged = with(RowVerdict::NotJudged);
        let of = rows.len() as u64;
        Row {
            truth: format!("{}, again and again", first.truth),
            group: truth.name().to_owned(),
            quantity: first.quantity.clone(),
            expected: first.expected.clone(),
            measured: format!("{} of {}", count(passed), count(of)),
            error: format!("{} wrong", count(failed)),
            tolerance: "none".to_owned(),
            verdict: verdict(with(RowVerdict::Skipped), not_judged, failed),
            note: self.note(rows),
            n: of,
            figures: figures(
                rows,
                [
                    ("passed", passed),
                    ("failed", failed),
                    ("not_judged", not_judged),
                ],
            ),
        }
    }

    /// How far the ratios reach, and why the first that did not pass did not.
    fn note(&self, rows: &[&Row]) -> Option<String> {
        let spread = spread(rows, "ratio").map(|(least, most)| {
            let change = |ratio: f64| format!("{:+.1} %", (ratio - 1.0) * 100.0);
            format!("{} to {}", change(least), change(most))
        });
        let reason = |row: &&&Row| row.verdict != RowVerdict::Pass;
        let reason = rows.iter().find(reason).and_then(|row| row.note.clone());
        let aside = self.left_aside.len() as u64;
        let aside = (aside > 0).then(|| format!("{} besides were not judged", count(aside)));
        let parts: Vec<String> = [spread, reason, aside].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// One that was not found is one too many.
fn verdict(skipped: u64, not_judged: u64, failed: u64) -> RowVerdict {
    if failed > 0 {
        RowVerdict::Fail
    } else if not_judged > 0 {
        RowVerdict::NotJudged
    } else if skipped > 0 {
        RowVerdict::Skipped
    } else {
        RowVerdict::Pass
    }
}

/// The counts, and the ends of every figure.
fn figures(rows: &[&Row], counts: [(&str, u64); 3]) -> BTreeMap<String, f64> {
    let counts = counts.map(|(name, count)| (name.to_owned(), count as f64));
    let mut figures = BTreeMap::from(counts);
    for name in rows.iter().flat_map(|row| row.figures.keys()) {
        if let Some((least, most)) = spread(rows, name) {
            figures.insert(format!("least_{name}"), least);
            figures.insert(format!("most_{name}"), most);
        }
    }
    figures
}

fn spread(rows: &[&Row], figure: &str) -> Option<(f64, f64)> {
    let values = rows.iter().filter_map(|row| row.figures.get(figure));
    let ends = |ends: Option<(f64, f64)>, value: &f64| {
        let (least, most) = ends.unwrap_or((*value, *value));
        Some((least.min(*value), most.max(*value)))
    };
    values.fold(None, ends)
}

#[cfg(test)]
#[path = "plants_tests.rs"]
mod tests;
