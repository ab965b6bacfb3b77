//! Whether the candidate lets callers in for longer than the base.
//!
//! A lag is held against its bound, whatever the other arm does. Beside that, the lags of both arms are held against each other by ranks
//! (Mann and Whitney): each is an interval, and two that overlap are a tie, so that only what is certain counts.

use super::rows::{Measure, Row, Verdict};
use crate::revocation::Lag;
use crate::run_file::{EventRecord, RevocationRecord};
use crate::statistics::order_statistic;
use statrs::distribution::{ContinuousCDF, Normal};

/// A longer lag is shown when ranks so far apart have a smaller chance, over all rows together.
pub const ALPHA: f64 = 0.01;
/// Fewer lags of an arm show nothing.
const FEWEST: usize = 8;

/// One line for each event at each point that both arms have revocations of: the median lag, whether the candidate broke its bound, and
/// whether its lags are longer. `rows` is over how many lines [`ALPHA`] is spread.
#[must_use]
pub fn rows(subject: &str, record: &RevocationRecord, base: &str, candidate: &str) -> Vec<Row> {
    let pairs: Vec<Pair> = pairs(record, base, candidate).collect();
    let level = ALPHA / pairs.len().max(1) as f64;
    pairs.iter().map(|pair| pair.row(subject, level)).collect()
}

struct Pair<'a> {
    event: &'a str,
    point: &'a str,
    base: Vec<Lag>,
    candidate: Vec<Lag>,
    bound_ms: Option<f64>,
}

fn pairs<'a>(
    record: &'a RevocationRecord,
    base: &'a str,
    candidate: &'a str,
) -> impl Iterator<Item = Pair<'a>> {
    let of = move |target: &'a str| {
        record
            .events
            .iter()
            .filter(move |event| event.target == target)
    };
    of(candidate).flat_map(move |event| {
        let counterpart = of(base).find(|other| other.event == event.event);
        let points = event.bounds_ms.iter();
        points.filter_map(move |(point, bound_ms)| {
            let counterpart = counterpart.filter(|other| other.bounds_ms.contains_key(point))?;
            Some(Pair {
                event: &event.event,
                point,
                base: lags(counterpart, point),
                candidate: lags(event, point),
                bound_ms: *bound_ms,
            })
        })
    })
}

fn lags(event: &EventRecord, point: &str) -> Vec<Lag> {
    let all = event.trials.iter().map(|trial| trial.lag(point));
    all.filter(|lag| !matches!(lag, Lag::Unknown)).collect()
}

impl Pair<'_> {
    fn row(&self, subject: &str, level: f64) -> Row {
        let broken = self.bound_ms.is_some_and(|bound_ms| {
            let beyond = |lag: &Lag| lag.at_least_ns() as f64 > bound_ms * 1e6;
            self.candidate.iter().any(beyond)
        });
        let (verdict, to_pass) = if broken {
            let bound = self.bound_ms.unwrap_or_default();
            (
                Verdict::Broken,
                Some(format!("no caller accepted later than {bound} ms")),
            )
        } else if longer(&self.base, &self.candidate, level) {
            (
                Verdict::Worse,
                Some("callers are out as soon as at the base".to_owned()),
            )
        } else if longer(&self.candidate, &self.base, level) {
            (Verdict::Better, None)
        } else {
            (Verdict::NotShown, None)
        };
        Row {
            n: self.base.len().min(self.candidate.len()) as u64,
            verdict,
            to_pass,
            ..Row::new(subject, Measure::LagP50Ms)
                .of(format!("{} at {}", self.event, self.point))
                .with(median_ms(&self.base), median_ms(&self.candidate))
        }
    }
}

/// From when on until when it ended; nothing is known of the end of what was still accepted.
fn ends(lag: &Lag) -> (u64, u64) {
    match *lag {
        Lag::Interval { after_ns, until_ns } => (after_ns, until_ns),
        Lag::NeverAccepted { until_ns } => (0, until_ns),
        Lag::Censored { after_ns } => (after_ns, u64::MAX),
        Lag::Unknown => (0, u64::MAX),
    }
}

/// The later end of the median interval.
fn median_ms(lags: &[Lag]) -> Option<f64> {
    let mut until: Vec<f64> = lags.iter().map(|lag| ends(lag).1 as f64 / 1e6).collect();
    until.sort_by(f64::total_cmp);
    order_statistic(&until, 0.5).filter(|ms| *ms < u64::MAX as f64 / 1e6)
}

/// Whether the lags of `later` are certainly longer than those of `sooner` at the one-sided `level`. The variance is that without ties, the
/// largest there is: intervals that overlap make it harder to show anything.
fn longer(sooner: &[Lag], later: &[Lag], level: f64) -> bool {
    if sooner.len() < FEWEST || later.len() < FEWEST {
        return false;
    }
    let mut wins = 0.0;
    for (sooner_after, sooner_until) in sooner.iter().map(ends) {
        for (later_after, later_until) in later.iter().map(ends) {
            wins += if later_after >= sooner_until {
                1.0
            } else if sooner_after >= later_until {
                0.0
            } else {
                0.5
            };
        }
    }
    let (n, m) = (sooner.len() as f64, later.len() as f64);
    let deviation = (n * m * (n + m + 1.0) / 12.0).sqrt();
    let distance = (wins - n * m / 2.0) / deviation;
    Normal::standard().sf(distance) < level
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evenly spread over `from..to` milliseconds, probed every 5 ms.
    fn spread(n: u64, from: u64, to: u64) -> Vec<Lag> {
        let at = |index| from * 1_000_000 + (to - from) * 1_000_000 * index / n;
        (0..n)
            .map(|index| Lag::Interval {
                after_ns: at(index),
                until_ns: at(index) + 5_000_000,
            })
            .collect()
    }

    #[test]
    fn a_doubled_lifetime_is_shown_by_thirty_revocations_and_the_same_one_is_not() {
        let (single, doubled) = (spread(30, 0, 2000), spread(30, 0, 4000));
        assert!(longer(&single, &doubled, ALPHA / 8.0));
        assert!(!longer(&doubled, &single, ALPHA));
        assert!(!longer(&single, &single, ALPHA));
    }

    #[test]
    fn what_the_probes_cannot_tell_apart_is_a_tie() {
        let immediate = |until_ms: u64| -> Vec<Lag> {
            let until_ns = until_ms * 1_000_000;
            (0..100).map(|_| Lag::NeverAccepted { until_ns }).collect()
        };
        assert!(!longer(&immediate(3), &immediate(9), ALPHA));
        assert!(longer(&immediate(3), &spread(100, 3, 40), ALPHA));
        assert!(!longer(&spread(7, 0, 1), &spread(7, 100, 200), ALPHA));
    }

    #[test]
    fn one_caller_beyond_the_bound_breaks_it_whatever_the_others_do() {
        let mut candidate = spread(30, 0, 50);
        candidate.push(Lag::Censored {
            after_ns: 101_000_000,
        });
        let pair = |bound_ms| Pair {
            event: "logout",
            point: "resource-1",
            base: spread(30, 0, 50),
            candidate: candidate.clone(),
            bound_ms,
        };
        let row = pair(Some(100.0)).row("jwt", ALPHA);
        assert_eq!(row.verdict, Verdict::Broken);
        assert_eq!(row.label(), "revocation lag p50 of logout at resource-1");
        assert_eq!(
            pair(Some(102.0)).row("jwt", ALPHA).verdict,
            Verdict::NotShown
        );
        assert_eq!(pair(None).row("jwt", ALPHA).verdict, Verdict::NotShown);
    }

    #[test]
    fn a_median_of_what_never_ended_has_no_figure() {
        let censored = vec![Lag::Censored { after_ns: 1 }; 9];
        assert_eq!(median_ms(&censored), None);
        assert_eq!(median_ms(&spread(1, 10, 20)), Some(15.0));
    }
}
