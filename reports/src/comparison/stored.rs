//! Two runs of different times, for reference.
//!
//! What the machine did between them cannot be told from what changed in the targets, so no timing is ever called worse: the figures are
//! shown with the uncertainty that their rounds have. What has no noise is judged: counts, promises, broken bounds.

use super::exact::{self, Tally};
use super::file::{Arm, ComparisonFile, Method, Outcome, SCHEMA, Subject, SubjectFinding};
use super::promises::{self, Promises};
use super::quantity::Quantity;
use super::rows::{Measure, Ratio, Row, Verdict};
use crate::run_file::{RunFile, ScenarioRecord, SteadyRecord, TargetRound};
use crate::validity::Validity;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Two-sided level of the intervals that are shown.
const LEVEL: f64 = 0.01;

/// Why two runs have nothing to say about each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs, in the candidate and in the base.
    pub what: String,
    /// The base's.
    pub base: String,
    /// The candidate's.
    pub candidate: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} against {}", self.what, self.base, self.candidate)
    }
}

/// Everything in which the runs differ that must be the same for their figures to mean the same: scenario, profile, machine, store, build.
#[must_use]
pub fn differences(base: &RunFile, candidate: &RunFile) -> Vec<Difference> {
    let store = |run: &RunFile| {
        run.store
            .as_ref()
            .map_or("none".to_owned(), |store| store.kind.clone())
    };
    let scenarios = |run: &RunFile| {
        let names = run.scenarios.iter().map(|scenario| scenario.name.clone());
        names.collect::<Vec<_>>().join(", ")
    };
    let traffic = |run: &RunFile| {
        let streams = run
            .scenarios
            .iter()
            .filter_map(|scenario| scenario.steady.as_ref());
        let rates = streams.map(|steady| format!("{}/s", steady.offered_per_s));
        rates.collect::<Vec<_>>().join(", ")
    };
    type Trait<'a> = &'a dyn Fn(&RunFile) -> String;
    let of: [(&str, Trait<'_>); 8] = [
        ("scenarios", &scenarios),
        ("rate offered", &traffic),
        ("profile", &|run| run.profile.clone()),
        ("kind of store", &store),
        ("processor", &|run| run.manifest.cpu.clone()),
        ("number of processors", &|run| {
            run.manifest.cores.to_string()
        }),
        ("build", &|run| run.manifest.build.clone()),
        ("idle processors", &|run| run.manifest.idling().to_owned()),
    ];
    of.iter()
        .filter_map(|(what, of)| {
            let (base, candidate) = (of(base), of(candidate));
            (base != candidate).then(|| Difference {
                what: (*what).to_owned(),
                base,
                candidate,
            })
        })
        .collect()
}

/// Holds `candidate` against `base`, target by target, as far as both have them.
#[must_use]
pub fn compare(
    base: &RunFile,
    candidate: &RunFile,
    looser_bounds_accepted: bool,
    reproduce: String,
) -> ComparisonFile {
    let shared = || {
        let has = |name: &str| base.targets.iter().any(|target| target.name == name);
        candidate
            .targets
            .iter()
            .filter(move |target| has(&target.name))
    };
    let mut rows = Vec::new();
    let mut subjects = Vec::new();
    for target in shared() {
        let name = &target.name;
        rows.extend(promises::rows(
            name,
            &promises_of(base, name),
            &promises_of(candidate, name),
        ));
        rows.extend(broken(candidate, name));
        let (was, is) = (Stream::of(base, name), Stream::of(candidate, name));
        rows.extend(was.rows(&is, name));
        subjects.push(Subject {
            name: name.clone(),
            offered_per_s: None,
            planned_rounds: None,
            rounds: was.rounds.len().min(is.rounds.len()) as u64,
            spawns: None,
            contradiction: None,
        });
    }
    let findings = [("base", base), ("candidate", candidate)]
        .into_iter()
        .flat_map(|(arm, run)| {
            let of_run = move |finding| SubjectFinding {
                subject: arm.to_owned(),
                finding,
            };
            Validity::of(run).findings.into_iter().map(of_run)
        });
    ComparisonFile {
        schema: SCHEMA.to_owned(),
        started_at: candidate.started_at.clone(),
        duration_s: candidate.duration_s,
        seed: candidate.seed,
        manifest: candidate.manifest.clone(),
        method: Method::Stored,
        base: arm(base),
        candidate: arm(candidate),
        store: candidate.store.clone(),
        subjects,
        findings: findings.collect(),
        rows,
        outcome: Outcome::Inconclusive,
        looser_bounds_accepted,
        reproduce,
    }
    .concluded()
}

fn arm(run: &RunFile) -> Arm {
    Arm {
        what: format!("run {} of {}", run.run_id, run.started_at),
        revision: run.manifest.git_revision.clone(),
    }
}

/// What was promised of the events that were measured.
fn promises_of(run: &RunFile, target: &str) -> Promises {
    let mut promises = Promises::default();
    for event in events(run, target) {
        for (point, bound_ms) in &event.bounds_ms {
            let place = format!("{} at {point}", event.event);
            promises.bounds_ms.insert(place, *bound_ms);
        }
    }
    promises
}

fn events<'a>(
    run: &'a RunFile,
    target: &'a str,
) -> impl Iterator<Item = &'a crate::run_file::EventRecord> {
    let records = run
        .scenarios
        .iter()
        .filter_map(|scenario: &ScenarioRecord| scenario.revocation.as_ref());
    records
        .flat_map(|record| &record.events)
        .filter(move |event| event.target == target)
}

/// Bounds that the candidate broke.
fn broken<'a>(run: &'a RunFile, target: &'a str) -> impl Iterator<Item = Row> + 'a {
    events(run, target).flat_map(move |event| {
        event.bounds_ms.iter().filter_map(move |(point, bound_ms)| {
            let bound_ms = (*bound_ms)?;
            let latest = event
                .trials
                .iter()
                .map(|trial| trial.lag(point).at_least_ns())
                .max()?;
            (latest as f64 > bound_ms * 1e6).then(|| Row {
                n: event.trials.len() as u64,
                verdict: Verdict::Broken,
                to_pass: Some(format!("no caller accepted later than {bound_ms} ms")),
                ..Row::new(target, Measure::LagP50Ms).of(format!("{} at {point}", event.event))
            })
        })
    })
}

/// The rounds of one target in one run.
struct Stream<'a> {
    rounds: Vec<&'a TargetRound>,
}

impl<'a> Stream<'a> {
    fn of(run: &'a RunFile, target: &str) -> Self {
        let streams = run
            .scenarios
            .iter()
            .filter_map(|scenario| scenario.steady.as_ref());
        let all = streams.flat_map(|steady: &SteadyRecord| &steady.rounds);
        Self {
            rounds: all
                .filter_map(|round| round.targets.iter().find(|part| part.target == target))
                .collect(),
        }
    }

    fn rows(&self, candidate: &Self, subject: &str) -> Vec<Row> {
        let timings = Quantity::ALL.into_iter().filter_map(|quantity| {
            let (base, candidate) = (self.values(quantity), candidate.values(quantity));
            let (ratio, figures) = ratio(&base, &candidate)?;
            Some(Row {
                ratio: Some(ratio),
                n: base.len().min(candidate.len()) as u64,
                ..Row::new(subject, Measure::from(quantity))
                    .with(Some(figures[0]), Some(figures[1]))
            })
        });
        let mut rows: Vec<Row> = timings.collect();
        rows.extend(self.counted(candidate, subject));
        rows
    }

    fn values(&self, quantity: Quantity) -> Vec<f64> {
        let value = |round: &&TargetRound| match quantity {
            Quantity::CpuPerRequest => {
                let cpu_ns: u64 = round.processes.iter().map(|process| process.cpu_ns).sum();
                Some(cpu_ns as f64 / 1e3 / round.outcomes.total() as f64)
            }
            Quantity::ResponseP50 => round.response.quantile_ms(0.5),
            Quantity::ResponseP90 => round.response.quantile_ms(0.9),
        };
        let usable = |value: &f64| value.is_finite() && *value > 0.0;
        self.rounds
            .iter()
            .filter_map(value)
            .filter(usable)
            .collect()
    }

    fn counted(&self, candidate: &Self, subject: &str) -> Option<Row> {
        let tally = |rounds: &[&TargetRound]| {
            let each = rounds.iter().map(|round| Tally {
                count: round.bytes_sent + round.bytes_received,
                requests: round.outcomes.total(),
            });
            each.fold(Tally::default(), Tally::plus)
        };
        let (base, other) = (tally(&self.rounds), tally(&candidate.rounds));
        let figures = (base.per_request()?, other.per_request()?);
        let verdict = match exact::judge(base, other) {
            super::suite::Verdict::Unchanged => Verdict::Unchanged,
            // Renewals and rounding are in it: two runs do not renew equally often.
            _ => Verdict::Reference,
        };
        Some(Row {
            n: self.rounds.len().min(candidate.rounds.len()) as u64,
            verdict,
            ..Row::new(subject, Measure::WireBytesPerRequest).with(Some(figures.0), Some(figures.1))
        })
    }
}

/// Candidate ÷ base of the geometric means, with Welch's interval of log values; `None` below two rounds of either.
fn ratio(base: &[f64], candidate: &[f64]) -> Option<(Ratio, [f64; 2])> {
    let (was, is) = (Logs::of(base)?, Logs::of(candidate)?);
    let error = (was.error_squared + is.error_squared).sqrt();
    let weight = |logs: &Logs| logs.error_squared.powi(2) / (logs.n - 1.0);
    let freedom = match weight(&was) + weight(&is) {
        0.0 => f64::INFINITY,
        weights => error.powi(4) / weights,
    };
    let quantile = match freedom.is_finite() {
        true => StudentsT::new(0.0, 1.0, freedom)
            .ok()?
            .inverse_cdf(1.0 - LEVEL / 2.0),
        false => 0.0,
    };
    let difference = is.mean - was.mean;
    let ratio = Ratio {
        estimate: difference.exp(),
        lower: (difference - quantile * error).exp(),
        upper: (difference + quantile * error).exp(),
    };
    Some((ratio, [was.mean.exp(), is.mean.exp()]))
}

struct Logs {
    n: f64,
    mean: f64,
    error_squared: f64,
}

impl Logs {
    fn of(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        if values.len() < 2 {
            return None;
        }
        let mean = values.iter().map(|value| value.ln()).sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value.ln() - mean).powi(2)).sum();
        Some(Self {
            n,
            mean,
            error_squared: squares / (n - 1.0) / n,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: means ln 2 and ln 4 with nothing scattered; and Welch's t of (1, 2, 3) against (2, 4, 6) in logs.
    #[test]
    fn the_interval_is_welchs() {
        let (exact, figures) = ratio(&[2.0, 2.0], &[4.0, 4.0, 4.0]).expect("rounds");
        assert!((exact.estimate - 2.0).abs() < 1e-12 && (exact.upper - 2.0).abs() < 1e-12);
        assert!((figures[0] - 2.0).abs() < 1e-12 && (figures[1] - 4.0).abs() < 1e-12);
        let (scattered, _) = ratio(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]).expect("rounds");
        assert!((scattered.estimate - 2.0).abs() < 1e-12);
        assert!(
            scattered.lower < 1.0 && scattered.upper > 4.0,
            "{scattered:?}"
        );
        assert!(ratio(&[1.0], &[1.0, 1.0]).is_none());
    }
}
