//! How the rounds of a comparison are judged: as is promised, or by a mistake that others make, to see that the counts find it.

use super::super::judge::Finding;
use super::super::looks::{LookError, Looks};
use super::super::series::Series;
use super::super::suite::{Comparison, Verdict};

/// The change, as a fraction, that [`Procedure::OneRound`] takes for real.
const THRESHOLD: f64 = 0.05;

/// How rounds are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Procedure {
    /// As the comparison promises.
    #[default]
    Promised,
    /// A mistake: each quantity has the whole level to itself, however many there are.
    WithoutHolm,
    /// A mistake: one round, and a threshold of 5 % either way.
    OneRound,
}

/// A comparison that is being judged.
#[derive(Clone, Debug)]
pub struct Judging {
    procedure: Procedure,
    looks: Vec<Looks>,
    /// The log ratios of the last round.
    last: Vec<f64>,
}

impl Judging {
    /// Nothing has been looked at.
    #[must_use]
    pub fn new(procedure: Procedure) -> Self {
        Self {
            procedure,
            looks: Vec::new(),
            last: Vec::new(),
        }
    }

    /// Looks at all rounds until now; `series` are the same at every look, each with more rounds.
    ///
    /// # Errors
    /// Those of [`Looks::look`].
    pub fn look(&mut self, series: &[Series]) -> Result<(), LookError> {
        let together = match self.procedure {
            Procedure::WithoutHolm => 1,
            Procedure::Promised | Procedure::OneRound => series.len().max(1),
        };
        let parts = series.chunks(together);
        self.looks.resize_with(parts.len(), Looks::default);
        for (looks, part) in self.looks.iter_mut().zip(parts) {
            looks.look(part)?;
        }
        let last = series.iter().map(|series| series.log_ratios().last());
        self.last = last.flatten().copied().collect();
        Ok(())
    }

    /// Whether nothing is left to find out.
    #[must_use]
    pub fn over(&self) -> bool {
        let looked = !self.looks.is_empty();
        looked && (self.procedure == Procedure::OneRound || self.looks.iter().all(Looks::over))
    }

    /// What the looks have shown. Nothing before the first.
    #[must_use]
    pub fn conclude(self) -> Comparison {
        let findings = self
            .looks
            .into_iter()
            .flat_map(|looks| looks.conclude().findings);
        Comparison::of(match self.procedure {
            Procedure::Promised | Procedure::WithoutHolm => findings.collect(),
            Procedure::OneRound => findings
                .zip(self.last)
                .map(|(finding, last)| by_threshold(finding, last))
                .collect(),
        })
    }
}

fn by_threshold(finding: Finding, log_ratio: f64) -> Finding {
    let verdict = match log_ratio {
        above if above > THRESHOLD.ln_1p() => Verdict::Slower,
        below if below < -THRESHOLD.ln_1p() => Verdict::Faster,
        _ => Verdict::Unchanged,
    };
    Finding {
        rounds: 1,
        ratio: log_ratio.exp(),
        lower: log_ratio.exp(),
        upper: log_ratio.exp(),
        verdict,
        ..finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::quantity::Quantity;
    use super::*;

    /// So many series with rounds around `ratio`, and a last round of `last`.
    fn series(quantities: usize, ratio: f64, last: f64) -> Vec<Series> {
        let one = |index: usize| {
            let mut series = Series::new(&format!("arms {index}"), Quantity::CpuPerRequest);
            let rounds = (0..11).map(|round| ratio * if round % 2 == 0 { 1.001 } else { 0.999 });
            for b in rounds.chain([last]) {
                series.push(1.0, b).expect("positive");
            }
            series
        };
        (0..quantities).map(one).collect()
    }

    fn judged(procedure: Procedure, series: &[Series]) -> Comparison {
        let mut judging = Judging::new(procedure);
        assert!(!judging.over());
        judging.look(series).expect("rounds");
        judging.conclude()
    }

    #[test]
    fn as_promised_it_is_the_looks_and_nothing_else() {
        let series = series(40, 1.2, 1.2);
        let mut looks = Looks::default();
        looks.look(&series).expect("rounds");
        assert_eq!(judged(Procedure::Promised, &series), looks.conclude());
    }

    #[test]
    fn without_holm_forty_quantities_are_convicted_as_easily_as_one() {
        // Twelve rounds can never be rare enough for a fortieth of the level.
        let forty = series(40, 1.2, 1.2);
        let verdict = |procedure| judged(procedure, &forty).verdict;
        assert_eq!(verdict(Procedure::Promised), Verdict::Inconclusive);
        assert_eq!(verdict(Procedure::WithoutHolm), Verdict::Slower);
    }

    #[test]
    fn one_round_is_believed_whatever_the_others_say() {
        for (last, verdict) in [
            (1.06, Verdict::Slower),
            (1.04, Verdict::Unchanged),
            (1.0 / 1.06, Verdict::Faster),
        ] {
            let found = judged(Procedure::OneRound, &series(1, 1.0, last));
            assert_eq!((found.verdict, found.findings[0].rounds), (verdict, 1));
        }
        let mut judging = Judging::new(Procedure::OneRound);
        judging.look(&series(3, 1.0, 1.0)).expect("rounds");
        assert!(judging.over());
    }
}
