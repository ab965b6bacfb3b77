//! One look: every quantity held against its margin.

use super::holm::{Step, holm};
use super::paired::Paired;
use super::planner::minimum_detectable_effect;
use super::quantity::Quantity;
use super::series::Series;
use super::signed_rank;
use super::suite::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a look found out about one quantity. Ratios are B ÷ A.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What has two arms.
    pub subject: String,
    /// What was measured.
    pub quantity: Quantity,
    /// Over how many rounds.
    pub rounds: usize,
    /// The geometric mean over the rounds.
    pub ratio: f64,
    /// One-sided lower bound at the adjusted level.
    pub lower: f64,
    /// One-sided upper bound at the adjusted level.
    pub upper: f64,
    /// The spread of the log ratios of the rounds.
    pub sd: f64,
    /// The change that does not matter, as a fraction.
    pub margin: f64,
    /// The smallest change, as a fraction, that these rounds would have called slower 99 times in a hundred.
    pub minimum_detectable: f64,
    /// What is concluded.
    pub verdict: Verdict,
}

impl Finding {
    /// Whether a `ratio` lies within the bounds.
    #[must_use]
    pub fn contains(&self, ratio: f64) -> bool {
        (self.lower..=self.upper).contains(&ratio)
    }
}

/// Judges all `series` together at the one-sided level `alpha` (0 to 1). One [`Finding`] per series that has two rounds or more, in
/// their order.
///
/// * *Slower*: the lower bound is beyond the margin, and the signed-rank test rejects "within the margin" at the same level.
/// * *Faster*: the same with the arms swapped.
/// * *Unchanged*: both bounds are within the margin. What was merely not found is not unchanged.
/// * *Inconclusive*: anything else.
///
/// The two directions are questions of their own, and `alpha` is spent on each.
#[must_use]
pub fn judge(series: &[Series], alpha: f64) -> Vec<Finding> {
    let rounds: Vec<(&Series, Paired)> = series
        .iter()
        .filter_map(|series| Some((series, Paired::of(series.log_ratios())?)))
        .collect();
    let slower: Vec<f64> = rounds
        .iter()
        .map(|(series, paired)| p_slower(series, paired, alpha))
        .collect();
    let faster: Vec<f64> = rounds
        .iter()
        .map(|(series, paired)| p_faster(series, paired, alpha))
        .collect();
    let steps = holm(&slower, alpha).into_iter().zip(holm(&faster, alpha));
    rounds
        .iter()
        .zip(steps)
        .map(|((series, paired), (slower, faster))| finding(series, paired, slower, faster))
        .collect()
}

/// Both tests must reject, so the larger p-value counts. The ranks can only confirm, and are not asked where there is nothing to.
fn p_slower(series: &Series, paired: &Paired, alpha: f64) -> f64 {
    let margin = series.quantity().log_margin();
    let p = paired.p_above(margin);
    if p > alpha {
        return p;
    }
    p.max(signed_rank::p_above(series.log_ratios(), margin))
}

fn p_faster(series: &Series, paired: &Paired, alpha: f64) -> f64 {
    let margin = series.quantity().log_margin();
    let p = paired.p_below(-margin);
    if p > alpha {
        return p;
    }
    p.max(signed_rank::p_below(series.log_ratios(), -margin))
}

fn finding(series: &Series, paired: &Paired, slower: Step, faster: Step) -> Finding {
    let margin = series.quantity().log_margin();
    let (lower, upper) = (paired.lower(slower.level), paired.upper(faster.level));
    let verdict = if slower.rejected {
        Verdict::Slower
    } else if faster.rejected {
        Verdict::Faster
    } else if lower > -margin && upper < margin {
        Verdict::Unchanged
    } else {
        Verdict::Inconclusive
    };
    Finding {
        subject: series.subject().to_owned(),
        quantity: series.quantity(),
        rounds: paired.rounds(),
        ratio: paired.mean().exp(),
        lower: lower.exp(),
        upper: upper.exp(),
        sd: paired.sd(),
        margin: series.quantity().margin(),
        minimum_detectable: minimum_detectable_effect(
            series.quantity().margin(),
            slower.level,
            paired.sd(),
            paired.rounds(),
        ),
        verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALPHA: f64 = 0.003;

    /// Rounds around `ratio`, alternately `noise` above and below on the log scale.
    fn series(quantity: Quantity, ratio: f64, noise: f64, rounds: usize) -> Series {
        let mut series = Series::new("arms", quantity);
        for round in 0..rounds {
            let sign = if round % 2 == 0 { 1.0 } else { -1.0 };
            series
                .push(1.0, ratio * (sign * noise).exp())
                .expect("positive");
        }
        series
    }

    fn verdict(ratio: f64, noise: f64, rounds: usize) -> Verdict {
        let found = judge(
            &[series(Quantity::CpuPerRequest, ratio, noise, rounds)],
            ALPHA,
        );
        found[0].verdict
    }

    #[test]
    fn beyond_the_margin_is_a_change_and_within_it_is_none() {
        assert_eq!(verdict(1.10, 0.02, 20), Verdict::Slower);
        assert_eq!(verdict(1.0 / 1.10, 0.02, 20), Verdict::Faster);
        assert_eq!(verdict(1.01, 0.01, 20), Verdict::Unchanged);
        assert_eq!(verdict(1.03, 0.01, 20), Verdict::Inconclusive);
        assert_eq!(verdict(1.10, 0.2, 20), Verdict::Inconclusive);
    }

    #[test]
    fn few_rounds_cannot_be_confirmed_by_their_ranks_however_clear_they_are() {
        assert_eq!(verdict(1.5, 0.001, 8), Verdict::Inconclusive);
        assert_eq!(verdict(1.5, 0.001, 9), Verdict::Slower);
    }

    #[test]
    fn what_is_too_noisy_to_tell_is_not_unchanged() {
        assert_eq!(verdict(1.0, 0.2, 20), Verdict::Inconclusive);
        assert!(judge(&[series(Quantity::CpuPerRequest, 1.0, 0.1, 1)], ALPHA).is_empty());
    }

    #[test]
    fn what_the_mean_owes_to_one_wild_round_is_not_confirmed() {
        const LENIENT: f64 = 0.3;
        let mut wild = series(Quantity::CpuPerRequest, 1.0, 0.001, 19);
        wild.push(1.0, 7.0).expect("positive");
        let paired = Paired::of(wild.log_ratios()).expect("rounds");
        assert!(paired.p_above(wild.quantity().log_margin()) < LENIENT);
        assert_eq!(judge(&[wild], LENIENT)[0].verdict, Verdict::Inconclusive);
    }

    #[test]
    fn more_quantities_make_each_harder_to_convict() {
        let clear = series(Quantity::CpuPerRequest, 1.5, 0.001, 10);
        let alone = judge(std::slice::from_ref(&clear), ALPHA);
        assert_eq!(alone[0].verdict, Verdict::Slower);
        let mut suite = vec![clear];
        suite.extend((0..9).map(|_| series(Quantity::ResponseP50, 1.0, 0.001, 10)));
        let among_ten = judge(&suite, ALPHA);
        assert_eq!(among_ten[0].verdict, Verdict::Inconclusive);
        assert!(among_ten[0].lower < alone[0].lower);
        assert!(
            among_ten[1..]
                .iter()
                .all(|finding| finding.verdict == Verdict::Unchanged)
        );
    }

    #[test]
    fn the_bounds_are_those_of_the_verdict() {
        let found = judge(&[series(Quantity::ResponseP90, 1.2, 0.05, 30)], ALPHA);
        assert!(found[0].lower > 1.0 + found[0].margin);
        assert!(found[0].contains(1.2) && !found[0].contains(1.05));
        assert!((found[0].ratio - 1.2).abs() < 1e-9);
    }
}
