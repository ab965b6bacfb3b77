//! Makes rows: of durations, which only a quiet machine lets one judge, and of counts, which anyone can.

use super::Truth;
use authbench_reports::number::count;
use authbench_reports::selftest::{Noise, Row, RowVerdict, SHARE_OF_TOLERANCE};
use std::collections::BTreeMap;

/// A duration that is known, in milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The group.
    pub(super) group: Truth,
    /// What is known by construction.
    pub(super) truth: String,
    /// What was measured.
    pub(super) quantity: &'static str,
    /// What it is.
    pub(super) expected_ms: f64,
    /// How far off it may be.
    pub(super) tolerance_ms: f64,
}

/// What makes a duration unfit to be judged, or wrong whatever it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances<'a> {
    /// How quiet the machine was.
    pub(super) noise: &'a Noise,
    /// Samples.
    pub(super) n: u64,
    /// Requests that were not answered as they should.
    pub(super) unanswered: u64,
}

/// The row of a duration. `None`: there were too few samples to say. A debug build is no instrument: nothing is judged by its timings.
pub(super) fn duration(known: Known, measured_ms: Option<f64>, around: Circumstances<'_>) -> Row {
    let error_ms = measured_ms.map(|measured| measured - known.expected_ms);
    let fits = error_ms.is_some_and(|error| error.abs() <= known.tolerance_ms);
    let (verdict, note) = judged(fits, around);
    let mut figures = BTreeMap::from([
        ("expected_ms".to_owned(), known.expected_ms),
        ("tolerance_ms".to_owned(), known.tolerance_ms),
    ]);
    if let Some((measured, error)) = measured_ms.zip(error_ms) {
        figures.insert("measured_ms".to_owned(), measured);
        figures.insert("error_ms".to_owned(), error);
        figures.insert(
            SHARE_OF_TOLERANCE.to_owned(),
            error.abs() / known.tolerance_ms,
        );
    }
    let or_absent = |text: Option<String>| text.unwrap_or_else(|| "too few samples".to_owned());
    Row {
        truth: known.truth,
        group: known.group.name().to_owned(),
        quantity: known.quantity.to_owned(),
        expected: ms(known.expected_ms),
        measured: or_absent(measured_ms.map(ms)),
        error: or_absent(error_ms.map(signed_ms)),
        tolerance: ms(known.tolerance_ms),
        verdict,
        note,
        n: around.n,
        figures,
    }
}

fn judged(fits: bool, around: Circumstances<'_>) -> (RowVerdict, Option<String>) {
    let (verdict, note) = unless_noisy(fits && around.unanswered == 0, around.noise);
    let unanswered = || format!("{} requests were not answered", count(around.unanswered));
    let note = note.or_else(|| (around.unanswered > 0).then(unanswered));
    (verdict, note)
}

/// What follows from `fits`, unless the machine was not quiet or this is a debug build; then why not.
pub(super) fn unless_noisy(fits: bool, noise: &Noise) -> (RowVerdict, Option<String>) {
    verdict(fits, noise, cfg!(debug_assertions))
}

fn verdict(fits: bool, noise: &Noise, debug_build: bool) -> (RowVerdict, Option<String>) {
    if debug_build {
        let note = "a debug build, which is no instrument";
        (RowVerdict::NotJudged, Some(note.to_owned()))
    } else if !noise.is_quiet() {
        (RowVerdict::NotJudged, Some(noise.told()))
    } else if fits {
        (RowVerdict::Pass, None)
    } else {
        (RowVerdict::Fail, None)
    }
}

/// How many of the trials said what they must: judged on any machine, for noise widens an interval and never moves it off the truth.
pub(super) struct Trials {
    /// The group.
    pub(super) group: Truth,
    /// What is known by construction.
    pub(super) truth: String,
    /// What each trial must say.
    pub(super) quantity: &'static str,
    /// How many did.
    pub(super) right: u64,
    /// Of how many.
    pub(super) of: u64,
}

/// The row of trials. All of them must be right, and there must be some.
pub(super) fn trials(trials: Trials) -> Row {
    let wrong = trials.of - trials.right;
    let passes = wrong == 0 && trials.of > 0;
    let share = |right: u64| format!("{} of {}", count(right), count(trials.of));
    Row {
        truth: trials.truth,
        group: trials.group.name().to_owned(),
        quantity: trials.quantity.to_owned(),
        expected: share(trials.of),
        measured: share(trials.right),
        error: format!("{} wrong", count(wrong)),
        tolerance: "0 wrong".to_owned(),
        verdict: if passes {
            RowVerdict::Pass
        } else {
            RowVerdict::Fail
        },
        note: None,
        n: trials.of,
        figures: BTreeMap::from([("wrong".to_owned(), wrong as f64)]),
    }
}

/// Milliseconds with the digits that a reader can use: `0.062 ms`, `5.07 ms`, `903.9 ms`.
pub(super) fn ms(value: f64) -> String {
    format!("{value:.*} ms", decimals(value))
}

fn signed_ms(value: f64) -> String {
    format!("{value:+.*} ms", decimals(value))
}

fn decimals(value: f64) -> usize {
    match value.abs() {
        small if small < 1.0 => 3,
        middle if middle < 100.0 => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(cv: f64) -> Noise {
        Noise {
            around: "stall".to_owned(),
            canary_cv_before: cv,
            canary_cv_after: 0.0,
            preempted_share: None,
            steal_share: None,
        }
    }

    fn known() -> Known {
        Known {
            group: Truth::Stall,
            truth: "a stall".to_owned(),
            quantity: "p99",
            expected_ms: 900.0,
            tolerance_ms: 9.0,
        }
    }

    #[test]
    fn only_a_release_build_on_a_quiet_machine_is_judged() {
        let in_release = |fits, cv| verdict(fits, &noise(cv), false).0;
        assert_eq!(in_release(true, 0.0), RowVerdict::Pass);
        assert_eq!(in_release(false, 0.0), RowVerdict::Fail);
        for fits in [true, false] {
            assert_eq!(in_release(fits, 0.06), RowVerdict::NotJudged);
            assert_eq!(verdict(fits, &noise(0.0), true).0, RowVerdict::NotJudged);
        }
    }

    #[test]
    fn a_request_without_an_answer_is_told_and_no_pass() {
        let noise = noise(0.0);
        let around = Circumstances {
            noise: &noise,
            n: 1,
            unanswered: 1,
        };
        assert_ne!(judged(true, around).0, RowVerdict::Pass);
        let noisy_or_unanswered = judged(true, around).1.expect("a reason");
        assert!(!noisy_or_unanswered.is_empty());
    }

    #[test]
    fn the_error_stands_beside_its_tolerance_in_words_and_in_figures() {
        let noise = noise(0.0);
        let around = Circumstances {
            noise: &noise,
            n: 20_000,
            unanswered: 0,
        };
        let row = duration(known(), Some(903.9), around);
        assert_eq!(
            [row.expected, row.measured, row.error, row.tolerance],
            ["900.0 ms", "903.9 ms", "+3.90 ms", "9.00 ms"]
        );
        assert!((row.figures[SHARE_OF_TOLERANCE] - 3.9 / 9.0).abs() < 1e-9);
        let unknown = duration(known(), None, around);
        assert_eq!(unknown.measured, "too few samples");
        assert_ne!(unknown.verdict, RowVerdict::Pass);
    }

    #[test]
    fn one_wrong_trial_fails_and_so_does_none_at_all() {
        let row = |right, of| {
            trials(Trials {
                group: Truth::Expiry,
                truth: String::new(),
                quantity: "at its own expiry",
                right,
                of,
            })
        };
        assert_eq!(row(40, 40).verdict, RowVerdict::Pass);
        assert_eq!(row(39, 40).verdict, RowVerdict::Fail);
        assert_eq!(row(0, 0).verdict, RowVerdict::Fail);
        assert_eq!(row(39, 40).measured, "39 of 40");
    }
}
