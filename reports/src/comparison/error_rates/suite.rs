//! One comparison from pilot to verdict, on a machine that is made up.

use super::super::paired::Paired;
use super::super::planner::{Planner, cautious_sd};
use super::super::quantity::Quantity;
use super::super::series::Series;
use super::super::suite::{Comparison, Verdict};
use super::noise::Machine;
use super::procedure::{Judging, Procedure};

/// Rounds from which the spread is taken that the others are planned with; they are thrown away.
const PILOT_ROUNDS: usize = 12;
/// As many quantities as any suite has.
pub const MOST_QUANTITIES: usize = 40;
/// Quantities of a suite: one model, five, and as many as there ever are.
pub const SIZES: [usize; 3] = [3, 15, MOST_QUANTITIES];

/// By how much B differs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Difference {
    /// Not at all.
    None,
    /// Every quantity by exactly its margin: the worst of what must not be called slower.
    Margin,
    /// One quantity by its margin and this much more, as a fraction; which one it is changes from suite to suite.
    OneBeyond(f64),
}

/// A suite that has not been measured yet.
#[derive(Debug)]
pub struct Suite {
    machine: Machine,
    /// What is compared, and by which ratio B differs from A.
    compared: Vec<(Series, f64)>,
    /// The one that is beyond its margin.
    planted: Option<usize>,
}

/// What came of one suite.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the looks have shown.
    pub comparison: Comparison,
    /// Rounds that were planned.
    pub planned: usize,
    /// The one that is beyond its margin, and by which ratio.
    pub planted: Option<(usize, f64)>,
}

impl Suite {
    /// The `index`-th suite of a series on one kind of machine: its size, and what is planted, follow from that.
    #[must_use]
    pub fn new(machine: Machine, difference: Difference, index: u64) -> Self {
        let size = SIZES[(index % SIZES.len() as u64) as usize];
        let turn = index / SIZES.len() as u64;
        let planted = (turn % size as u64) as usize;
        let compared = (0..size).map(|place| {
            let quantity = Quantity::ALL[place % Quantity::ALL.len()];
            let subject = format!("model {}", place / Quantity::ALL.len());
            let ratio = match difference {
                Difference::Margin => 1.0 + quantity.margin(),
                Difference::OneBeyond(beyond) if place == planted => {
                    1.0 + quantity.margin() + beyond
                }
                Difference::None | Difference::OneBeyond(_) => 1.0,
            };
            (Series::new(&subject, quantity), ratio)
        });
        Self {
            compared: compared.collect(),
            planted: matches!(difference, Difference::OneBeyond(_)).then_some(planted),
            machine,
        }
    }

    /// Pilot, plan, looks that are judged by `procedure`: the rounds are those that the planner chooses to find a change by the margin and
    /// `beyond` (a fraction) in any of the quantities.
    #[must_use]
    pub fn run(mut self, beyond: f64, procedure: Procedure) -> Outcome {
        let planned = self.plan(beyond);
        let (mut judging, mut measured) = (Judging::new(procedure), 0);
        for until in self.planner().looks(planned) {
            self.measure(until - measured);
            measured = until;
            let series: Vec<Series> = self
                .compared
                .iter()
                .map(|(series, _)| series.clone())
                .collect();
            judging
                .look(&series)
                .expect("the same series, at most three times");
            if judging.over() {
                break;
            }
        }
        Outcome {
            comparison: judging.conclude(),
            planned,
            planted: self.planted.map(|index| (index, self.compared[index].1)),
        }
    }

    fn planner(&self) -> Planner {
        Planner {
            quantities: self.compared.len(),
        }
    }

    fn measure(&mut self, rounds: usize) {
        for _ in 0..rounds {
            for (series, ratio) in &mut self.compared {
                let [a, b] = self.machine.round();
                series
                    .push(a, b * *ratio)
                    .expect("exponentials are positive");
            }
        }
    }

    /// The rounds that the most demanding quantity needs.
    fn plan(&mut self, beyond: f64) -> usize {
        self.measure(PILOT_ROUNDS);
        let planner = self.planner();
        let needed = self.compared.iter().map(|(series, _)| {
            let pilot = Paired::of(series.log_ratios()).expect("two rounds and more");
            let margin = series.quantity().margin();
            planner
                .rounds_to_find(
                    margin + beyond,
                    margin,
                    cautious_sd(pilot.sd(), PILOT_ROUNDS),
                )
                .expect("beyond the margin")
        });
        let needed = needed.max().expect("three quantities and more");
        for (series, _) in &mut self.compared {
            *series = Series::new(series.subject(), series.quantity());
        }
        needed
    }
}

impl Outcome {
    /// Whether anything was called so.
    #[must_use]
    pub fn any(&self, verdict: Verdict) -> bool {
        let mut findings = self.comparison.findings.iter();
        findings.any(|finding| finding.verdict == verdict)
    }

    /// Whether the planted quantity was called slower, and the suite with it.
    #[must_use]
    pub fn found(&self) -> bool {
        let slower =
            |(index, _): (usize, f64)| self.comparison.findings[index].verdict == Verdict::Slower;
        self.planted.is_some_and(slower) && self.comparison.verdict == Verdict::Slower
    }

    /// Whether the interval of the planted quantity contains what was planted.
    #[must_use]
    pub fn contained(&self) -> bool {
        let contains =
            |(index, ratio): (usize, f64)| self.comparison.findings[index].contains(ratio);
        self.planted.is_some_and(contains)
    }
}
