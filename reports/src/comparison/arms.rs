//! The rounds of two arms in the stream of a run.

use super::exact::{self, Tally};
use super::quantity::Quantity;
use super::rows::{Measure, Row, Verdict};
use super::series::{NoRatio, Series};
use super::suite;
use crate::histogram::Histogram;
use crate::run_file::{Counters, SteadyRecord, TargetRound};

/// The rounds of a base and a candidate, in the order in which they were measured: of one stream that both shared, or of two streams whose
/// rounds alternated.
#[derive(Clone, Debug)]
pub struct Arms<'a> {
    base: Vec<&'a TargetRound>,
    candidate: Vec<&'a TargetRound>,
}

impl<'a> Arms<'a> {
    /// The targets called `base` and `candidate` in `streams`. Rounds of one arm that the other has no counterpart of are left aside.
    #[must_use]
    pub fn of(streams: &[&'a SteadyRecord], base: &str, candidate: &str) -> Self {
        let rounds = |name: &str| -> Vec<&'a TargetRound> {
            let all = streams.iter().flat_map(|stream| &stream.rounds);
            all.flat_map(|round| round.targets.iter().find(|part| part.target == name))
                .collect()
        };
        let (mut base, mut candidate) = (rounds(base), rounds(candidate));
        let both = base.len().min(candidate.len());
        base.truncate(both);
        candidate.truncate(both);
        Self { base, candidate }
    }

    /// How many rounds both have.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.base.len()
    }

    /// Requests that were not answered as they must be, or never sent; of the base and of the candidate.
    #[must_use]
    pub fn unexpected(&self) -> [u64; 2] {
        self.both(|rounds| {
            let of = |round: &&TargetRound| round.outcomes.unexpected() + round.unsent;
            rounds.iter().map(of).sum()
        })
    }

    /// One series for each quantity that every round of both arms has: a target that runs elsewhere shows no CPU.
    ///
    /// # Errors
    /// When a figure is not positive and finite.
    pub fn series(&self, subject: &str) -> Result<Vec<Series>, NoRatio> {
        let mut all = Vec::new();
        for quantity in Quantity::ALL {
            let pairs: Option<Vec<(f64, f64)>> = self
                .base
                .iter()
                .zip(&self.candidate)
                .map(|(base, candidate)| {
                    Some((value(quantity, base)?, value(quantity, candidate)?))
                })
                .collect();
            let mut series = Series::new(subject, quantity);
            for (base, candidate) in pairs.unwrap_or_default() {
                series.push(base, candidate)?;
            }
            if !series.log_ratios().is_empty() {
                all.push(series);
            }
        }
        Ok(all)
    }

    /// The figure of `quantity` over all rounds, of the base and of the candidate: total CPU ÷ all requests, quantiles of all response times.
    #[must_use]
    pub fn figures(&self, quantity: Quantity) -> [f64; 2] {
        self.both(|rounds| match quantity {
            Quantity::CpuPerRequest => {
                let cpu_ns: u64 = rounds.iter().map(|round| cpu_ns(round)).sum();
                let requests: u64 = rounds.iter().map(|round| round.outcomes.total()).sum();
                cpu_ns as f64 / 1e3 / requests.max(1) as f64
            }
            Quantity::ResponseP50 => quantile(rounds, 0.5).unwrap_or(0.0),
            Quantity::ResponseP90 => quantile(rounds, 0.9).unwrap_or(0.0),
        })
    }

    /// CPU of both arms per request, in microseconds; `None` where it is not seen.
    #[must_use]
    pub fn cpu_us(&self) -> Option<f64> {
        let [base, candidate] = self.figures(Quantity::CpuPerRequest);
        (base > 0.0 && candidate > 0.0).then_some((base + candidate) / 2.0)
    }

    /// The lines of what is not timed: the 99th percentile to look at, what went wrong, and what has no noise.
    #[must_use]
    pub fn other_rows(&self, subject: &str) -> Vec<Row> {
        let mut rows = vec![self.p99(subject)];
        rows.extend(self.mistakes(subject));
        rows.extend(
            self.counted(subject, Measure::WireBytesPerRequest, |round| {
                Some(round.bytes_sent + round.bytes_received)
            }),
        );
        type Count = fn(&Counters) -> u64;
        let counters: [(Measure, Count); 3] = [
            (Measure::StoreCommandsPerRequest, |counted| {
                counted.store_commands
            }),
            (Measure::StoreRoundTripsPerRequest, |counted| {
                counted.store_round_trips
            }),
            (Measure::IntrospectionsPerRequest, |counted| {
                counted.introspections
            }),
        ];
        for (measure, of) in counters {
            rows.extend(self.counted(subject, measure, |round| round.counters.as_ref().map(of)));
        }
        rows
    }

    fn p99(&self, subject: &str) -> Row {
        let [base, candidate] = self.both(|rounds| quantile(rounds, 0.99));
        Row {
            n: self.rounds() as u64,
            ..Row::new(subject, Measure::ResponseP99Ms).with(base, candidate)
        }
    }

    /// A candidate that answers wrongly is worse, however fast it does so.
    fn mistakes(&self, subject: &str) -> Option<Row> {
        let [base, candidate] = self.unexpected();
        (base + candidate > 0).then(|| Row {
            n: self.rounds() as u64,
            verdict: if candidate > base {
                Verdict::Worse
            } else {
                Verdict::Reference
            },
            to_pass: (candidate > base).then(|| "no unexpected answer".to_owned()),
            ..Row::new(subject, Measure::Unexpected).with(Some(base as f64), Some(candidate as f64))
        })
    }

    /// Exact where every round of an arm counted the same per request; otherwise something besides the requests is in it (a channel that is
    /// read every second, a renewal), and it is shown without a conclusion unless both arms are the same.
    fn counted(
        &self,
        subject: &str,
        measure: Measure,
        of: impl Fn(&TargetRound) -> Option<u64>,
    ) -> Option<Row> {
        let tallies = |rounds: &[&TargetRound]| -> Option<Vec<Tally>> {
            let tally = |round: &&TargetRound| {
                Some(Tally {
                    count: of(round)?,
                    requests: round.outcomes.total(),
                })
            };
            rounds.iter().map(tally).collect()
        };
        let [base, candidate] = [tallies(&self.base)?, tallies(&self.candidate)?];
        let steady = repeats(&base) && repeats(&candidate);
        let [base, candidate] = [base, candidate]
            .map(|tallies| tallies.into_iter().fold(Tally::default(), Tally::plus));
        let judged = exact::judge(base, candidate);
        let verdict = match judged {
            suite::Verdict::Unchanged => Verdict::Unchanged,
            judged if steady => judged.into(),
            _ => Verdict::Reference,
        };
        // What neither arm does is nobody's line.
        if base.count + candidate.count == 0 {
            return None;
        }
        Some(Row {
            n: self.rounds() as u64,
            verdict,
            to_pass: (verdict == Verdict::Worse).then(|| {
                let figure = base.per_request().unwrap_or(0.0);
                format!("{figure} or less: a count has no margin")
            }),
            ..Row::new(subject, measure).with(base.per_request(), candidate.per_request())
        })
    }

    fn both<T>(&self, of: impl Fn(&[&TargetRound]) -> T) -> [T; 2] {
        [of(&self.base), of(&self.candidate)]
    }
}

/// Whether all of them counted the same per request.
fn repeats(tallies: &[Tally]) -> bool {
    tallies
        .windows(2)
        .all(|two| exact::judge(two[0], two[1]) == suite::Verdict::Unchanged)
}

fn value(quantity: Quantity, round: &TargetRound) -> Option<f64> {
    match quantity {
        Quantity::CpuPerRequest => {
            let requests = round.outcomes.total();
            let measured = requests > 0 && !round.processes.is_empty();
            measured.then(|| cpu_ns(round) as f64 / requests as f64)
        }
        Quantity::ResponseP50 => round.response.quantile_ms(0.5),
        Quantity::ResponseP90 => round.response.quantile_ms(0.9),
    }
}

fn cpu_ns(round: &TargetRound) -> u64 {
    round.processes.iter().map(|process| process.cpu_ns).sum()
}

fn quantile(rounds: &[&TargetRound], quantile: f64) -> Option<f64> {
    let mut merged = Histogram::default();
    for round in rounds {
        merged.merge(&round.response);
    }
    merged.quantile_ms(quantile)
}
