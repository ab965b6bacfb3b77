//! The counts as rows of a self-test, each held against what is promised.

use super::counts::Counts;
use super::proportion::Proportion;
use crate::number::count;
use crate::selftest::{Row, RowVerdict};
use std::collections::BTreeMap;

/// As `--only` names all of them.
pub const GROUP: &str = "synthetic-suites";

/// The largest share of suites that may raise an alarm in one direction: what the three looks spend together.
pub const PROMISED_ALARMS: f64 = 0.01;
/// The least share of planted differences that must be found.
pub const PROMISED_POWER: f64 = 0.99;

/// With fewer suites not even a count without a single error could show, with 95 % confidence, that they are as rare as is promised.
pub const FEWEST_SUITES: u64 = 299;

/// What the rows of one question are about.
#[derive(Clone, Debug)]
pub struct About {
    /// How the arms differ.
    pub truth: String,
    /// On which machines.
    pub machines: String,
}

/// Equal arms: alarms in either direction, which must be rarer than promised with 95 % confidence.
#[must_use]
pub fn equal(about: &About, counts: Counts) -> Row {
    let alarms = counts.share(counts.alarms);
    let row = at_most(about, "suites with a false alarm, either direction", alarms);
    with_counts(
        Row {
            verdict: verdict(
                alarms,
                alarms.upper() <= PROMISED_ALARMS,
                alarms.lower() > PROMISED_ALARMS,
            ),
            tolerance: "its upper bound".to_owned(),
            ..row
        },
        counts,
    )
}

/// Everything at its margin. As often as is promised may be as often as it happens, so what is asked is whether it happens significantly more often.
#[must_use]
pub fn at_margin(about: &About, counts: Counts) -> Row {
    let slower = counts.share(counts.slower);
    let row = at_most(about, "suites called slower", slower);
    with_counts(
        Row {
            verdict: verdict(
                slower,
                slower.lower() <= PROMISED_ALARMS,
                slower.lower() > PROMISED_ALARMS,
            ),
            tolerance: "its lower bound".to_owned(),
            ..row
        },
        counts,
    )
}

/// One quantity beyond its margin: found, with its sign, in the rounds that were planned.
#[must_use]
pub fn found(about: &About, counts: Counts) -> Row {
    at_least(about, "suites in which it is found", counts, counts.found)
}

/// The same: its interval contains what was planted.
#[must_use]
pub fn contained(about: &About, counts: Counts) -> Row {
    let quantity = "suites whose interval contains it";
    at_least(about, quantity, counts, counts.contained)
}

/// The same: the other quantities, which do not differ, and any direction but the right one.
#[must_use]
pub fn beside(about: &About, counts: Counts) -> Row {
    equal_named(about, counts, "suites with a false alarm beside it")
}

/// No suites were counted to their end.
#[must_use]
pub fn uncounted(about: &About, why: &str) -> Row {
    const NOTHING: &str = "–";
    Row {
        expected: NOTHING.to_owned(),
        measured: "nothing".to_owned(),
        verdict: RowVerdict::NotJudged,
        note: Some(why.to_owned()),
        ..row(
            about,
            "suites",
            (NOTHING.to_owned(), NOTHING.to_owned()),
            Proportion::default(),
        )
    }
}

fn equal_named(about: &About, counts: Counts, quantity: &str) -> Row {
    Row {
        quantity: format!("{quantity}, {}", about.machines),
        ..equal(about, counts)
    }
}

fn at_most(about: &About, quantity: &str, share: Proportion) -> Row {
    let expected = format!("≤ {}", percent(PROMISED_ALARMS));
    let bounds = format!(
        "95 % sure: ≥ {}, ≤ {}",
        percent(share.lower()),
        percent(share.upper())
    );
    row(about, quantity, (expected, bounds), share)
}

/// With 95 % confidence.
fn at_least(about: &About, quantity: &str, counts: Counts, hits: u64) -> Row {
    let share = counts.share(hits);
    let expected = format!("≥ {}", percent(PROMISED_POWER));
    let bounds = format!("95 % sure: ≥ {}", percent(share.lower()));
    with_counts(
        Row {
            verdict: verdict(
                share,
                share.lower() >= PROMISED_POWER,
                share.upper() < PROMISED_POWER,
            ),
            tolerance: "its lower bound".to_owned(),
            ..row(about, quantity, (expected, bounds), share)
        },
        counts,
    )
}

fn row(
    about: &About,
    quantity: &str,
    (expected, bounds): (String, String),
    share: Proportion,
) -> Row {
    Row {
        truth: about.truth.clone(),
        group: GROUP.to_owned(),
        quantity: format!("{quantity}, {}", about.machines),
        expected,
        measured: format!("{} of {}", count(share.hits), count(share.trials)),
        error: bounds,
        tolerance: String::new(),
        verdict: RowVerdict::Fail,
        note: None,
        n: share.trials,
        figures: BTreeMap::from([
            ("share".to_owned(), share.share().unwrap_or(0.0)),
            ("share_lower_95".to_owned(), share.lower()),
            ("share_upper_95".to_owned(), share.upper()),
        ]),
    }
}

fn with_counts(mut row: Row, counts: Counts) -> Row {
    let mean = |sum: u64| sum as f64 / counts.suites.max(1) as f64;
    row.figures.extend([
        ("called_slower".to_owned(), counts.slower as f64),
        ("called_faster".to_owned(), counts.faster as f64),
        ("unchanged_share".to_owned(), mean(counts.unchanged)),
        ("quantities_mean".to_owned(), mean(counts.quantities)),
        ("rounds_planned_mean".to_owned(), mean(counts.rounds)),
    ]);
    row
}

/// Enough suites must show what is promised; few can only show that it is surely broken.
fn verdict(share: Proportion, shown: bool, surely_broken: bool) -> RowVerdict {
    match (shown, surely_broken) {
        (_, true) => RowVerdict::Fail,
        _ if share.trials < FEWEST_SUITES => RowVerdict::NotJudged,
        (true, false) => RowVerdict::Pass,
        (false, false) => RowVerdict::Fail,
    }
}

/// With as many digits as it takes to tell it from the promise.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent == percent.round() {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.2} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> About {
        About {
            truth: "equal arms".to_owned(),
            machines: "spiky".to_owned(),
        }
    }

    fn counts(suites: u64, alarms: u64, found: u64) -> Counts {
        Counts {
            suites,
            alarms,
            slower: alarms,
            found,
            ..Counts::default()
        }
    }

    #[test]
    fn few_suites_cannot_prove_that_alarms_are_rare() {
        let verdict = |suites, alarms| equal(&about(), counts(suites, alarms, 0)).verdict;
        assert_eq!(verdict(FEWEST_SUITES - 1, 0), RowVerdict::NotJudged);
        assert_eq!(verdict(FEWEST_SUITES, 0), RowVerdict::Pass);
        assert_eq!(verdict(10_000, 80), RowVerdict::Pass);
        assert_eq!(verdict(10_000, 100), RowVerdict::Fail);
        assert_eq!(verdict(0, 0), RowVerdict::NotJudged);
        // Few can still show that they are not.
        assert_eq!(verdict(60, 20), RowVerdict::Fail);
    }

    #[test]
    fn what_lies_at_the_margin_fails_only_where_it_is_surely_too_often() {
        let verdict = |alarms| at_margin(&about(), counts(10_000, alarms, 0)).verdict;
        assert_eq!(verdict(110), RowVerdict::Pass);
        assert_eq!(verdict(120), RowVerdict::Fail);
        let few = at_margin(&about(), counts(60, 0, 0)).verdict;
        assert_eq!(few, RowVerdict::NotJudged);
    }

    #[test]
    fn power_must_be_shown_and_not_only_seen() {
        let verdict = |suites, seen| found(&about(), counts(suites, 0, seen)).verdict;
        assert_eq!(verdict(100, 100), RowVerdict::NotJudged);
        assert_eq!(verdict(100, 50), RowVerdict::Fail);
        assert_eq!(verdict(300, 300), RowVerdict::Pass);
        assert_eq!(verdict(2_000, 1_985), RowVerdict::Fail);
        assert_eq!(verdict(2_000, 1_990), RowVerdict::Pass);
    }

    #[test]
    fn a_row_says_what_was_counted() {
        let row = equal(&about(), counts(10_000, 3, 0));
        assert_eq!(row.measured, "3 of 10,000");
        assert_eq!(row.figures["called_slower"], 3.0);
        assert_eq!(row.error, "95 % sure: ≥ 0.01 %, ≤ 0.08 %");
    }
}
