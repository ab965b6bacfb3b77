//! Whether the stream had settled when measuring began.
//!
//! The first measured round is held against the later half of the rounds, where whatever warms up has had the most time: it should lie
//! where one more round like those would lie. That is a prediction interval of the logarithm of a figure, with the spread
//! of the later rounds pooled over the targets, because one target's three rounds know it badly. (Geweke's diagnostic of a
//! Markov chain compares the same two parts, of long chains.)

use super::stream::{Part, Stream};
use crate::number::percent;
use crate::run_file::TargetRound;
use crate::validity::{Check, Finding, Verdict};

/// With fewer rounds the later half is less than two, and one value has no spread.
pub(in crate::validity) const ROUNDS_NEEDED: usize = 4;
/// A difference below this is not worth a warm-up, however certain it is.
const SMALLEST_SHARE: f64 = 0.05;
/// Degrees of freedom, and how many standard deviations Student's t exceeds (either way) with a chance of 0.001. So small a chance,
/// because every run asks it of every target twice.
const STUDENT: [(usize, f64); 14] = [
    (1, 636.6),
    (2, 31.60),
    (3, 12.92),
    (4, 8.610),
    (5, 6.869),
    (6, 5.959),
    (7, 5.408),
    (8, 5.041),
    (10, 4.587),
    (15, 4.073),
    (20, 3.850),
    (30, 3.646),
    (60, 3.460),
    (120, 3.373),
];

/// A figure of one target in one round.
type Figure = fn(&TargetRound) -> Option<f64>;

pub(super) fn warm_up(stream: &Stream, parts: &[Part]) -> Vec<Finding> {
    let figures: [(&str, Figure); 2] = [
        ("median response time", p50_ms),
        ("CPU per request", cpu_ns),
    ];
    let found = figures.into_iter().filter_map(|(name, figure)| {
        let series: Vec<(&str, Vec<f64>)> = parts
            .iter()
            .filter_map(|part| Some((part.target.name.as_str(), logarithms(part, figure)?)))
            .collect();
        finding(stream, name, &unsettled(&series))
    });
    found.collect()
}

fn finding(stream: &Stream, figure: &str, unsettled: &[(&str, f64)]) -> Option<Finding> {
    let listed: Vec<String> = unsettled
        .iter()
        .map(|(target, off)| {
            let share = off.exp() - 1.0;
            let direction = if share > 0.0 { "more" } else { "less" };
            format!("`{target}` {} {direction}", percent(share.abs()))
        })
        .collect();
    (!listed.is_empty()).then(|| Finding {
        check: Check::WarmUp,
        verdict: Verdict::Degraded,
        what: format!(
            "the first measured round of {} was not like the later ones, in {figure}: {}",
            stream.name,
            listed.join(", ")
        ),
        taints: format!("the {figure} of these targets: warming up is part of it"),
        advice: "ask for a longer warm_up".to_owned(),
    })
}

/// The targets whose first round lies outside, and by how much in the logarithm.
fn unsettled<'a>(series: &[(&'a str, Vec<f64>)]) -> Vec<(&'a str, f64)> {
    let halves: Vec<(&str, f64, &[f64])> = series
        .iter()
        .filter(|(_, rounds)| rounds.len() >= ROUNDS_NEEDED)
        .map(|(name, rounds)| (*name, rounds[0], &rounds[rounds.len() / 2..]))
        .collect();
    let freedom: usize = halves.iter().map(|(.., later)| later.len() - 1).sum();
    let squares: f64 = halves.iter().map(|(.., later)| squares(later)).sum();
    let deviation = (squares / freedom as f64).sqrt();
    halves
        .into_iter()
        .filter_map(|(name, first, later)| {
            let off = first - mean(later);
            let reach = student(freedom) * deviation * (1.0 + 1.0 / later.len() as f64).sqrt();
            (off.abs() > reach && off.abs() > SMALLEST_SHARE.ln_1p()).then_some((name, off))
        })
        .collect()
}

/// One per round; `None` when a round has none: a gap would make another round the first.
fn logarithms(part: &Part, figure: Figure) -> Option<Vec<f64>> {
    let values = part.rounds.iter().map(|(_, part)| figure(part));
    values
        .map(|value| value.filter(|value| *value > 0.0).map(f64::ln))
        .collect()
}

fn p50_ms(part: &TargetRound) -> Option<f64> {
    part.response.quantile_ms(0.5)
}

/// All processes, idle use included: it is the same in every round.
fn cpu_ns(part: &TargetRound) -> Option<f64> {
    let ns: u64 = part.processes.iter().map(|process| process.cpu_ns).sum();
    let requests = part.outcomes.total();
    (requests > 0).then(|| ns as f64 / requests as f64)
}

/// Of the next smaller number of degrees of freedom in the table: never too little.
fn student(freedom: usize) -> f64 {
    let known = STUDENT.iter().rfind(|(degrees, _)| *degrees <= freedom);
    known.map_or(f64::INFINITY, |(_, t)| *t)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(values: &[f64]) -> Vec<f64> {
        values.iter().map(|value| value.ln()).collect()
    }

    #[test]
    fn the_first_round_must_lie_where_the_later_ones_would_put_another() {
        let settled = logs(&[100.0, 104.0, 98.0, 101.0, 99.0]);
        let cold = logs(&[130.0, 104.0, 98.0, 101.0, 99.0]);
        let targets = |first: &Vec<f64>| {
            let others = ["b", "c", "d", "e"].map(|name| (name, settled.clone()));
            let mut series = vec![("a", first.clone())];
            series.extend(others);
            unsettled(&series)
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        assert_eq!(targets(&settled), Vec::<&str>::new());
        assert_eq!(targets(&cold), ["a"]);
    }

    #[test]
    fn too_few_rounds_and_trifles_say_nothing() {
        assert_eq!(unsettled(&[("a", logs(&[900.0, 100.0, 100.1]))]), []);
        let hardly = logs(&[104.0, 100.0, 100.0, 100.01, 100.0, 100.0]);
        assert_eq!(unsettled(&[("a", hardly)]), []);
    }

    #[test]
    fn the_table_is_read_on_the_safe_side() {
        assert_eq!(student(0), f64::INFINITY);
        assert_eq!(
            (student(9), student(14), student(1000)),
            (5.041, 4.587, 3.373)
        );
    }
}
