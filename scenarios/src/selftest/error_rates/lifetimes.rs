//! Two servers that know of no revocation, one of which issues credentials that live twice as long: the longer lag is found by ranks, every
//! time.

use super::{Left, seed};
use crate::selftest::{Bench, SelftestError, Truth, trials};
use authbench_reports::comparison::lags;
use authbench_reports::comparison::rows::Verdict;
use authbench_reports::expiry_law::ExpiryLaw;
use authbench_reports::number::count;
use authbench_reports::revocation::{Lag, Trial};
use authbench_reports::run_file::{EventRecord, RevocationRecord};
use authbench_reports::selftest::{Row, RowVerdict};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const SCENARIO: &str = include_str!("lifetimes.toml");
const TARGET: &str = include_str!("../targets/expiry.toml");
const POINT: &str = "instance-1";
/// The arms, and how long their credentials live.
const ARMS: [(&str, &str); 2] = [("lives-2-s", "2s"), ("lives-4-s", "4s")];
/// How far, as a fraction, the ratio of the mean lags may be from that of what was left of the credentials' own lives.
const TOLERANCE: f64 = 0.05;
/// About how long one measurement takes: two trials of each slot.
const ONE: Duration = Duration::from_secs(15);

/// Measures both arms at once, as often as is asked for. Lags are intervals, so any machine and any build will do.
pub(super) async fn measure(bench: &Bench, left: &Left<'_>) -> Result<Vec<Row>, SelftestError> {
    let began = Instant::now();
    let mut seen = Vec::new();
    for index in 0..bench.repetitions.plants {
        if index > 0 {
            left(takes(bench).saturating_sub(began.elapsed()));
        }
        let seeded = seed(bench, index).to_string();
        let files = ARMS.map(|(name, life)| {
            let variables = [("life", life), ("seed", seeded.as_str())];
            bench.file(name, TARGET, &variables)
        });
        let files = files.into_iter().collect::<Result<Vec<_>, _>>()?;
        let record = trials::revoke(bench, "lifetimes", SCENARIO, files).await?;
        seen.push(Seen::of(&record));
    }
    Ok(rows(&seen))
}

/// About how long it takes.
pub(super) fn takes(bench: &Bench) -> Duration {
    ONE * u32::try_from(bench.repetitions.plants).unwrap_or(u32::MAX)
}

/// What one measurement showed.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// What the comparison says of the second arm; nothing where there were no lags to compare.
    verdict: Option<Verdict>,
    /// Lags that could be held against their own credential, and how many of them ended at another moment.
    own_expiry: Option<(u64, u64)>,
    /// Mean lag of the second arm ÷ that of the first, and what it must be by the credentials' own expiries.
    ratios: Option<(f64, f64)>,
}

impl Seen {
    fn of(record: &RevocationRecord) -> Self {
        let [(base, _), (candidate, _)] = ARMS;
        let compared = lags::rows("lifetimes", record, base, candidate);
        let [a, b] = [base, candidate].map(|arm| trials::of(record, arm));
        let both = a.zip(b);
        Self {
            verdict: compared.first().map(|row| row.verdict),
            own_expiry: both.and_then(|(a, b)| {
                let (a, b) = (law(a)?, law(b)?);
                Some((a.n + b.n, a.off_expiry + b.off_expiry))
            }),
            ratios: both.and_then(|(a, b)| {
                let ([lag_a, left_a], [lag_b, left_b]) = (means(a)?, means(b)?);
                Some((lag_b / lag_a, left_b / left_a))
            }),
        }
    }
}

fn law(event: &EventRecord) -> Option<ExpiryLaw> {
    let bound_ms = event.bounds_ms.get(POINT).copied().flatten();
    ExpiryLaw::of(&event.trials, POINT, 0.0, bound_ms).ok()
}

/// The mean lag, and the mean of what was left of the lives, over the trials that have both; `None` where one is not positive.
fn means(event: &EventRecord) -> Option<[f64; 2]> {
    let both = |trial: &Trial| Some([lag_ms(trial)?, left_ms(trial)?]);
    let figures: Vec<[f64; 2]> = event.trials.iter().filter_map(both).collect();
    let mean = |at: usize| {
        let sum: f64 = figures.iter().map(|of_one| of_one[at]).sum();
        sum / figures.len() as f64
    };
    let means = [mean(0), mean(1)];
    means.iter().all(|mean| *mean > 0.0).then_some(means)
}

/// The middle of the interval.
fn lag_ms(trial: &Trial) -> Option<f64> {
    match trial.lag(POINT) {
        Lag::Interval { after_ns, until_ns } => Some((after_ns + until_ns) as f64 / 2e6),
        Lag::NeverAccepted { .. } => Some(0.0),
        Lag::Censored { .. } | Lag::Unknown => None,
    }
}

/// What was left of the credential's life when its revocation was acknowledged; nothing where that had ended.
fn left_ms(trial: &Trial) -> Option<f64> {
    let left_ns = trial.expires_ns? - i64::try_from(trial.answered_ns).ok()?;
    Some(left_ns.max(0) as f64 / 1e6)
}

fn rows(seen: &[Seen]) -> Vec<Row> {
    vec![longer(seen), at_own_expiry(seen), size(seen)]
}

fn longer(seen: &[Seen]) -> Row {
    let found = seen
        .iter()
        .filter(|one| one.verdict == Some(Verdict::Worse));
    let (found, of) = (found.count() as u64, seen.len() as u64);
    let others = seen.iter().filter_map(|one| one.verdict);
    let other = others
        .into_iter()
        .find(|verdict| *verdict != Verdict::Worse);
    Row {
        expected: format!("{} of {}", count(of), count(of)),
        measured: format!("{} of {}", count(found), count(of)),
        error: format!("{} missed", count(of - found)),
        tolerance: "none".to_owned(),
        verdict: passes(found == of && of > 0),
        note: other.map(|verdict| format!("once: {}", verdict.name())),
        n: of,
        ..blank("called longer, by ranks")
    }
}

fn at_own_expiry(seen: &[Seen]) -> Row {
    let asked: Vec<(u64, u64)> = seen.iter().filter_map(|one| one.own_expiry).collect();
    let of = asked.iter().map(|(of, _)| of).sum::<u64>();
    let off = asked.iter().map(|(_, off)| off).sum::<u64>();
    let unasked = asked.len() < seen.len() || of == 0;
    Row {
        expected: "all of them".to_owned(),
        measured: format!("{} of {}", count(of - off), count(of)),
        error: format!("{} wrong", count(off)),
        tolerance: "none".to_owned(),
        verdict: match (off, unasked) {
            (0, true) => RowVerdict::NotJudged,
            (off, _) => passes(off == 0),
        },
        note: unasked.then(|| {
            "most credentials had expired when their revocation was acknowledged".to_owned()
        }),
        n: of,
        ..blank("lags that end at the own expiry")
    }
}

/// As credentials expire at whole seconds, their lives are a little shorter, and the ratio somewhat more than 2.
fn size(seen: &[Seen]) -> Row {
    let ratios: Vec<(f64, f64)> = seen.iter().filter_map(|one| one.ratios).collect();
    let off = |(measured, true_one): &(f64, f64)| measured / true_one - 1.0;
    let worst = ratios
        .iter()
        .map(off)
        .max_by(|a, b| a.abs().total_cmp(&b.abs()));
    let range = |of: fn(&(f64, f64)) -> f64| {
        let of = || ratios.iter().map(of);
        let (least, most) = (of().fold(f64::INFINITY, f64::min), of().fold(0.0, f64::max));
        format!("× {least:.2} to {most:.2}")
    };
    let blank = blank("mean lag, B ÷ A");
    let Some(worst) = worst.filter(|_| ratios.len() == seen.len()) else {
        return Row {
            note: Some("an arm had no lags".to_owned()),
            ..blank
        };
    };
    Row {
        expected: range(|(_, true_one)| *true_one),
        measured: range(|(measured, _)| *measured),
        error: format!("{:+.1} %", worst * 100.0),
        tolerance: format!("{:.0} %", TOLERANCE * 100.0),
        verdict: passes(worst.abs() <= TOLERANCE),
        n: ratios.len() as u64,
        figures: BTreeMap::from([("worst_error".to_owned(), worst)]),
        ..blank
    }
}

fn passes(passes: bool) -> RowVerdict {
    if passes {
        RowVerdict::Pass
    } else {
        RowVerdict::Fail
    }
}

fn blank(quantity: &str) -> Row {
    const NOTHING: &str = "–";
    Row {
        truth: "server B's credentials live twice as long, again and again".to_owned(),
        group: Truth::DoubledLifetimeOften.name().to_owned(),
        quantity: quantity.to_owned(),
        expected: NOTHING.to_owned(),
        measured: NOTHING.to_owned(),
        error: NOTHING.to_owned(),
        tolerance: NOTHING.to_owned(),
        verdict: RowVerdict::NotJudged,
        note: None,
        n: 0,
        figures: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: Seen = Seen {
        verdict: Some(Verdict::Worse),
        own_expiry: Some((160, 0)),
        ratios: Some((2.31, 2.30)),
    };

    fn verdicts(seen: &[Seen]) -> Vec<RowVerdict> {
        rows(seen).iter().map(|row| row.verdict).collect()
    }

    #[test]
    fn found_every_time_with_its_size_or_it_has_failed() {
        use RowVerdict::{Fail, Pass};
        assert_eq!(verdicts(&[RIGHT, RIGHT]), [Pass, Pass, Pass]);
        for verdict in [Some(Verdict::NotShown), Some(Verdict::Better), None] {
            let missed = Seen { verdict, ..RIGHT };
            assert_eq!(verdicts(&[RIGHT, missed]), [Fail, Pass, Pass]);
        }
        let early = Seen {
            own_expiry: Some((160, 1)),
            ..RIGHT
        };
        assert_eq!(verdicts(&[early]), [Pass, Fail, Pass]);
        let smaller = Seen {
            ratios: Some((2.0, 2.3)),
            ..RIGHT
        };
        assert_eq!(verdicts(&[RIGHT, smaller]), [Pass, Pass, Fail]);
        assert_eq!(rows(&[RIGHT, smaller])[2].error, "-13.0 %");
    }

    #[test]
    fn what_could_not_be_asked_is_no_pass() {
        use RowVerdict::{Fail, NotJudged};
        let late = Seen {
            own_expiry: None,
            ratios: None,
            ..RIGHT
        };
        assert_eq!(verdicts(&[RIGHT, late])[1..], [NotJudged, NotJudged]);
        assert_eq!(verdicts(&[]), [Fail, NotJudged, NotJudged]);
    }
}
