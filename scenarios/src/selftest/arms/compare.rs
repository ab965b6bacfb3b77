//! Pilot, plan, three looks.

use super::error::ArmsError;
use super::laboratory::{Laboratory, Measured};
use super::outcome::{ArmsOutcome, Counted};
use super::spawn::{ArmRound, Round};
use authbench_reports::comparison::error_rates::procedure::{Judging, Procedure};
use authbench_reports::comparison::exact::Tally;
use authbench_reports::comparison::paired::Paired;
use authbench_reports::comparison::planner::{Planner, cautious_sd};
use authbench_reports::comparison::quantity::Quantity;
use authbench_reports::comparison::series::{NoRatio, Series};

/// More rounds are not measured, whatever was planned: they take about 75 s of a self-test that somebody waits for.
pub const MOST_ROUNDS: usize = 90;
/// Rounds from which the spread is taken that the others are planned with.
const PILOT_ROUNDS: usize = 12;
/// What has two arms.
const SUBJECT: &str = "arms";

pub(super) const PLANNER: Planner = Planner {
    quantities: Quantity::ALL.len(),
};

/// A few rounds, measured before it is known how many are needed, and thrown away.
pub(super) struct Pilot {
    measured: Measured,
    series: Vec<Series>,
}

/// How many rounds are to be measured, or why none are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// So many.
    Rounds(usize),
    /// More than [`MOST_ROUNDS`] would be needed; `None`: more than anybody could measure.
    TooMany(Option<usize>),
}

impl Pilot {
    pub(super) async fn measure(laboratory: &mut Laboratory) -> Result<Self, ArmsError> {
        let mut measured = Measured::default();
        laboratory.measure(PILOT_ROUNDS, &mut measured).await?;
        Ok(Self {
            series: series(&measured.rounds)?,
            measured,
        })
    }

    /// What has no noise needs no plan.
    pub(super) fn store_commands(&self) -> Option<Counted> {
        store_commands(&self.measured)
    }

    /// CPU time of both arms per request, in microseconds.
    pub(super) fn cpu_us(&self) -> f64 {
        let arms = self.measured.rounds.iter().flatten();
        mean_cpu_us(arms)
    }

    /// What it takes to find a change by `effect` (a fraction) in all of `quantities`.
    pub(super) fn plan(&self, effect: f64, quantities: &[Quantity]) -> Plan {
        let wanted = self
            .series
            .iter()
            .filter(|series| quantities.contains(&series.quantity()));
        let needed = wanted.map(|series| {
            let sd = Paired::of(series.log_ratios())?.sd();
            let margin = series.quantity().margin();
            PLANNER.rounds_to_find(effect, margin, cautious_sd(sd, PILOT_ROUNDS))
        });
        // `None` as soon as one of them cannot be had.
        let needed: Option<Vec<usize>> = needed.collect();
        Plan::of(needed.and_then(|needed| needed.into_iter().max()))
    }
}

impl Plan {
    fn of(needed: Option<usize>) -> Self {
        match needed {
            Some(rounds) if rounds <= MOST_ROUNDS => Self::Rounds(rounds),
            needed => Self::TooMany(needed),
        }
    }
}

/// Measures `rounds` rounds, looking at a third and at two thirds of them whether everything has been decided, which `procedure` judges.
pub(super) async fn compare(
    laboratory: &mut Laboratory,
    rounds: usize,
    procedure: Procedure,
) -> Result<ArmsOutcome, ArmsError> {
    let (mut judging, mut measured) = (Judging::new(procedure), Measured::default());
    for until in PLANNER.looks(rounds) {
        let more = until - measured.rounds.len();
        laboratory.measure(more, &mut measured).await?;
        judging.look(&series(&measured.rounds)?)?;
        if judging.over() {
            break;
        }
    }
    let arm = |arm: usize| measured.rounds.iter().map(move |round| &round[arm]);
    let wire_bytes = |index| Tally {
        count: arm(index).map(|round| round.wire_bytes).sum(),
        requests: arm(index).map(|round| round.requests).sum(),
    };
    Ok(ArmsOutcome {
        planned: rounds,
        measured: measured.rounds.len(),
        comparison: judging.conclude(),
        cpu_us: [mean_cpu_us(arm(0)), mean_cpu_us(arm(1))],
        spun_us: mean_spun_us(&measured),
        wire_bytes: Counted {
            a: wire_bytes(0),
            b: wire_bytes(1),
        },
        store_commands: store_commands(&measured),
    })
}

fn store_commands(measured: &Measured) -> Option<Counted> {
    measured.store_commands.map(|[a, b]| Counted { a, b })
}

fn series(rounds: &[Round]) -> Result<Vec<Series>, NoRatio> {
    let of = |quantity| {
        let mut series = Series::new(SUBJECT, quantity);
        for [a, b] in rounds {
            series.push(value(quantity, a), value(quantity, b))?;
        }
        Ok(series)
    };
    Quantity::ALL.into_iter().map(of).collect()
}

fn value(quantity: Quantity, round: &ArmRound) -> f64 {
    match quantity {
        Quantity::CpuPerRequest => round.cpu_ns as f64 / round.requests as f64,
        Quantity::ResponseP50 => round.p50_ms,
        Quantity::ResponseP90 => round.p90_ms,
    }
}

fn mean_cpu_us<'a>(rounds: impl Iterator<Item = &'a ArmRound>) -> f64 {
    let (cpu_ns, requests) = rounds.fold((0, 0), |(cpu_ns, requests), round| {
        (cpu_ns + round.cpu_ns, requests + round.requests)
    });
    cpu_ns as f64 / requests as f64 / 1000.0
}

/// Each spawn by its number of rounds, which all have about as many requests.
fn mean_spun_us(measured: &Measured) -> [f64; 2] {
    let rounds = measured.rounds.len() as f64;
    let mean = |arm: usize| {
        let weighted = measured.spun_us.iter();
        weighted
            .map(|(spun, rounds)| spun[arm] * *rounds as f64)
            .sum::<f64>()
            / rounds
    };
    [mean(0), mean(1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pilot(noise: f64) -> Pilot {
        let round = |index: usize| {
            let sign = if index.is_multiple_of(2) { 1.0 } else { -1.0 };
            let arm = |sign: f64| ArmRound {
                requests: 1000,
                cpu_ns: (20e6 * (sign * noise / 2.0).exp()) as u64,
                p50_ms: 0.1,
                p90_ms: 0.2,
                wire_bytes: 0,
            };
            [arm(-sign), arm(sign)]
        };
        let rounds: Vec<Round> = (0..PILOT_ROUNDS).map(round).collect();
        Pilot {
            series: series(&rounds).expect("positive"),
            measured: Measured {
                rounds,
                ..Measured::default()
            },
        }
    }

    #[test]
    fn noise_decides_how_many_rounds_are_planned() {
        let cpu = [Quantity::CpuPerRequest];
        let Plan::Rounds(calm) = pilot(0.02).plan(0.10, &cpu) else {
            panic!("affordable");
        };
        let Plan::Rounds(noisier) = pilot(0.05).plan(0.10, &cpu) else {
            panic!("affordable");
        };
        assert!(calm < noisier && noisier <= MOST_ROUNDS, "{calm} {noisier}");
    }

    #[test]
    fn what_does_not_fit_into_the_cap_is_not_measured() {
        let cpu = [Quantity::CpuPerRequest];
        let Plan::TooMany(Some(needed)) = pilot(0.3).plan(0.10, &cpu) else {
            panic!("far too noisy");
        };
        assert!(needed > MOST_ROUNDS);
        assert_eq!(pilot(0.02).plan(0.03, &cpu), Plan::TooMany(None));
        assert_eq!(Plan::of(Some(MOST_ROUNDS)), Plan::Rounds(MOST_ROUNDS));
        // Another quantity's noise is nobody's business.
        let calm = pilot(0.3).plan(0.10, &[Quantity::ResponseP50]);
        assert!(matches!(calm, Plan::Rounds(_)), "{calm:?}");
    }

    #[test]
    fn cpu_is_per_request_over_both_arms() {
        assert!((pilot(0.0).cpu_us() - 20.0).abs() < 1e-9);
    }
}
