//! Identical servers, compared again and again: whatever is found is a false alarm.
//!
//! Only comparisons around which the machine was quiet are counted; others are made again, as far as the spare ones reach.

use super::{Left, procedure, seed, spares};
use crate::selftest::arms::{Brief, same_in_brief};
use crate::selftest::{Bench, SelftestError, Truth};
use authbench_reports::comparison::error_rates::proportion::Proportion;
use authbench_reports::comparison::quantity::Quantity;
use authbench_reports::comparison::suite::Verdict;
use authbench_reports::number::count;
use authbench_reports::selftest::{Row, RowVerdict};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// So many comparisons are 300 figures: none of them wrong shows, with 95 % confidence, that less than one in a hundred is.
pub(super) const ENOUGH: u64 = 100;
/// About how long one takes: twelve rounds, four spawns, the canary before and after.
const ONE: Duration = Duration::from_millis(14_000);
/// Every so many comparisons it is told how long the others take.
const TOLD_EVERY: u64 = 10;

/// Compares identical servers as often as is asked for.
pub(super) async fn measure(bench: &Bench, left: &Left<'_>) -> Result<Vec<Row>, SelftestError> {
    let wanted = bench.repetitions.comparisons;
    let began = Instant::now();
    let mut counted = Counted::default();
    for index in 0..wanted + spares(wanted, wanted / 4) {
        if counted.comparisons == wanted {
            break;
        }
        if index > 0 && index.is_multiple_of(TOLD_EVERY) {
            left(takes(bench).saturating_sub(began.elapsed()));
        }
        let watch = bench.watch();
        let brief = same_in_brief(&bench.settings, seed(bench, index), procedure(bench)).await?;
        let around = format!("{}, number {}", Truth::SameArmsOften, index + 1);
        let quiet = bench.quiet_since(watch, &around).is_quiet();
        counted.add(&brief, quiet);
    }
    Ok(counted.rows(cfg!(debug_assertions)))
}

/// About how long it takes.
pub(super) fn takes(bench: &Bench) -> Duration {
    ONE * u32::try_from(bench.repetitions.comparisons).unwrap_or(u32::MAX)
}

/// What the comparisons said.
#[derive(Debug, Default)]
struct Counted {
    /// On a quiet machine.
    comparisons: u64,
    /// On one that was not.
    noisy: u64,
    figures: [Figure; Quantity::ALL.len()],
    /// Comparisons in which a request of one arm took other bytes than one of the other; noise has no part in that.
    other_bytes: u64,
}

/// What they said of one quantity, or of several.
#[derive(Clone, Copy, Debug, Default)]
struct Figure {
    /// Called slower or faster.
    alarms: u64,
    unchanged: u64,
    inconclusive: u64,
    /// Called slower or faster while the machine was not quiet.
    noisy_alarms: u64,
    /// The ratio furthest from 1, on the log scale and without its sign.
    furthest: f64,
}

impl Counted {
    fn add(&mut self, brief: &Brief, quiet: bool) {
        self.comparisons += u64::from(quiet);
        self.noisy += u64::from(!quiet);
        self.other_bytes += u64::from(!brief.same_bytes);
        for finding in &brief.comparison.findings {
            let place = Quantity::ALL
                .iter()
                .position(|one| *one == finding.quantity);
            if let Some(figure) = place.and_then(|place| self.figures.get_mut(place)) {
                figure.add(finding.verdict, finding.ratio, quiet);
            }
        }
    }

    fn rows(&self, debug_build: bool) -> Vec<Row> {
        let each = Quantity::ALL.into_iter().zip(self.figures);
        let mut rows: Vec<Row> = each
            .map(|(quantity, figure)| self.row(&quantity.to_string(), figure, ENOUGH, debug_build))
            .collect();
        let all = self
            .figures
            .into_iter()
            .fold(Figure::default(), Figure::plus);
        let enough = ENOUGH * self.figures.len() as u64;
        rows.push(self.row("all of these", all, enough, debug_build));
        rows.push(self.bytes());
        rows
    }

    /// `enough` is how many there must be.
    fn row(&self, what: &str, figure: Figure, enough: u64, debug_build: bool) -> Row {
        let alarms = figure.share();
        Row {
            quantity: format!("{what}: called slower or faster"),
            measured: format!("{} of {}", count(alarms.hits), count(alarms.trials)),
            error: format!("95 % sure: ≤ {:.2} %", alarms.upper() * 100.0),
            tolerance: "none".to_owned(),
            verdict: figure.verdict(enough, debug_build),
            note: Some(self.note(figure, enough, debug_build)),
            n: alarms.trials,
            figures: BTreeMap::from([
                ("alarms".to_owned(), figure.alarms as f64),
                ("noisy_alarms".to_owned(), figure.noisy_alarms as f64),
                ("noisy_comparisons".to_owned(), self.noisy as f64),
                ("unchanged".to_owned(), figure.unchanged as f64),
                ("inconclusive".to_owned(), figure.inconclusive as f64),
                ("share_upper_95".to_owned(), alarms.upper()),
                ("furthest_ratio".to_owned(), figure.furthest.exp()),
            ]),
            ..blank()
        }
    }

    fn note(&self, figure: Figure, enough: u64, debug_build: bool) -> String {
        let mut note = format!(
            "{} unchanged, {} inconclusive, none further apart than × {:.3}; on a noisy machine {} comparisons besides, {} alarms",
            count(figure.unchanged),
            count(figure.inconclusive),
            figure.furthest.exp(),
            count(self.noisy),
            count(figure.noisy_alarms)
        );
        if debug_build {
            note.push_str("; a debug build, which is no instrument");
        } else if figure.share().trials < enough {
            note.push_str(&format!(
                "; {} on a quiet machine are needed",
                count(enough)
            ));
        }
        note
    }

    fn bytes(&self) -> Row {
        let comparisons = self.comparisons + self.noisy;
        Row {
            quantity: "comparisons whose wire bytes differ".to_owned(),
            measured: format!("{} of {}", count(self.other_bytes), count(comparisons)),
            error: format!("{} wrong", count(self.other_bytes)),
            tolerance: "none".to_owned(),
            verdict: match (self.other_bytes, comparisons) {
                (_, 0) => RowVerdict::NotJudged,
                (0, _) => RowVerdict::Pass,
                _ => RowVerdict::Fail,
            },
            n: comparisons,
            ..blank()
        }
    }
}

impl Figure {
    fn add(&mut self, verdict: Verdict, ratio: f64, quiet: bool) {
        let alarm = matches!(verdict, Verdict::Slower | Verdict::Faster);
        if !quiet {
            self.noisy_alarms += u64::from(alarm);
            return;
        }
        self.alarms += u64::from(alarm);
        self.unchanged += u64::from(verdict == Verdict::Unchanged);
        self.inconclusive += u64::from(verdict == Verdict::Inconclusive);
        self.furthest = self.furthest.max(ratio.ln().abs());
    }

    fn plus(self, other: Self) -> Self {
        Self {
            alarms: self.alarms + other.alarms,
            unchanged: self.unchanged + other.unchanged,
            inconclusive: self.inconclusive + other.inconclusive,
            noisy_alarms: self.noisy_alarms + other.noisy_alarms,
            furthest: self.furthest.max(other.furthest),
        }
    }

    /// Alarms of everything that was judged on a quiet machine.
    fn share(self) -> Proportion {
        Proportion {
            hits: self.alarms,
            trials: self.alarms + self.unchanged + self.inconclusive,
        }
    }

    /// One alarm on a quiet machine is one too many. An alarm on a noisy one, or too few comparisons, is no pass.
    fn verdict(self, enough: u64, debug_build: bool) -> RowVerdict {
        if debug_build {
            RowVerdict::NotJudged
        } else if self.alarms > 0 {
            RowVerdict::Fail
        } else if self.noisy_alarms > 0 || self.share().trials < enough {
            RowVerdict::NotJudged
        } else {
            RowVerdict::Pass
        }
    }
}

fn blank() -> Row {
    Row {
        truth: "two identical servers, compared again and again".to_owned(),
        group: Truth::SameArmsOften.name().to_owned(),
        quantity: String::new(),
        expected: "0".to_owned(),
        measured: String::new(),
        error: String::new(),
        tolerance: String::new(),
        verdict: RowVerdict::NotJudged,
        note: None,
        n: 0,
        figures: BTreeMap::new(),
    }
}

#[cfg(test)]
#[path = "same_tests.rs"]
mod tests;
