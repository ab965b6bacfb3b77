//! How many rounds a question needs, and what so many rounds can see.
//!
//! A change is found when the lower bound of the mean clears the margin. The bound lies t·s/√n below the mean, and the mean itself
//! scatters: for it to clear 99 times in a hundred, the change must lie (t + 2.33)·s/√n beyond the margin.

use super::judge::Finding;
use super::looks::{ALPHAS, STRICTEST};
use super::paired::t_quantile;
use super::signed_rank;
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The normal quantile of 0.99: how far a mean may fall short of what it should be, in standard errors, 99 times in a hundred.
const Z_POWER: f64 = 2.326;
/// How many rounds of the signed-rank test do the work of one of the t-test when the noise is normal, inverted: 3 ÷ π.
const RANKS_EFFICIENCY: f64 = 3.0 / std::f64::consts::PI;
/// Confidence in the spread that is planned with.
const PILOT_CONFIDENCE: f64 = 0.9;
/// Where the search ends: no measurement has so many rounds.
const MOST_ROUNDS: usize = 1_000_000;

/// The smallest change, as a fraction, that `rounds` rounds of spread `sd` (of log ratios) call slower 99 times in a hundred, when
/// the `margin` is a fraction and the test has the adjusted, one-sided `level`.
#[must_use]
pub fn minimum_detectable_effect(margin: f64, level: f64, sd: f64, rounds: usize) -> f64 {
    (margin.ln_1p() + reach(level, sd, rounds)).exp_m1()
}

/// How far beyond the margin a change must lie, on the log scale.
fn reach(level: f64, sd: f64, rounds: usize) -> f64 {
    (t_quantile(level, rounds) + Z_POWER) * sd / (rounds as f64).sqrt()
}

/// How the rounds of a comparison will be judged: everything that decides how many are needed, but the noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planner {
    /// How many quantities are gated together.
    pub quantities: usize,
}

impl Planner {
    /// Rounds after which a change by `effect` (a fraction) is called slower 99 times in a hundred, against a `margin` (a
    /// fraction), with the spread `sd` of the log ratios. `None` when the effect is not beyond the margin, or no affordable
    /// number of rounds would do.
    #[must_use]
    pub fn rounds_to_find(&self, effect: f64, margin: f64, sd: f64) -> Option<usize> {
        self.rounds_to_cover(effect.ln_1p() - margin.ln_1p(), sd)
    }

    /// Rounds after which two equal arms are called unchanged 98 times in a hundred: 99 on either side.
    #[must_use]
    pub fn rounds_to_clear(&self, margin: f64, sd: f64) -> Option<usize> {
        self.rounds_to_cover(margin.ln_1p(), sd)
    }

    /// Rounds of the spread that `finding` shows after which two equal arms are called unchanged; `None` when no affordable number would do.
    #[must_use]
    pub fn rounds_to_clear_from(&self, finding: &Finding) -> Option<usize> {
        self.rounds_to_clear(finding.margin, finding.sd)
    }

    /// The number of rounds at each look of a comparison of `rounds` rounds: thirds of it, but none with too few rounds for the
    /// signed-rank test to reject anything.
    #[must_use]
    pub fn looks(&self, rounds: usize) -> [usize; ALPHAS.len()] {
        let least = signed_rank::fewest_rounds(self.level());
        let after = |third: usize| (rounds * third).div_ceil(ALPHAS.len()).max(least);
        [after(1), after(2), after(3)]
    }

    /// The level that the first quantity of Holm's procedure must meet.
    fn level(&self) -> f64 {
        STRICTEST / self.quantities.max(1) as f64
    }

    fn rounds_to_cover(&self, gap: f64, sd: f64) -> Option<usize> {
        if gap.is_nan() || gap <= 0.0 || !sd.is_finite() {
            return None;
        }
        let level = self.level();
        let by_normal = self.rounds_by_normal(gap, sd);
        if by_normal > MOST_ROUNDS as f64 {
            return None;
        }
        // Student's t is wider than the normal distribution, the more so the fewer the rounds; the excess shrinks with each round added.
        let least = signed_rank::fewest_rounds(level).max(by_normal as usize);
        let by_t = (least..MOST_ROUNDS).find(|rounds| reach(level, sd, *rounds) <= gap)?;
        Some((by_t as f64 / RANKS_EFFICIENCY).ceil() as usize)
    }

    /// With the spread known and no confirmation by ranks: fewer will never do.
    fn rounds_by_normal(&self, gap: f64, sd: f64) -> f64 {
        let z = t_quantile(self.level(), MOST_ROUNDS);
        ((z + Z_POWER) * sd / gap).powi(2)
    }
}

/// The spread to plan with after a pilot of `rounds` (at least two) rounds had the spread `sd`: what the true one does not exceed
/// with 90 % confidence. A pilot that happened to be calm would otherwise plan a comparison that cannot succeed.
#[must_use]
pub fn cautious_sd(sd: f64, rounds: usize) -> f64 {
    let freedom = rounds.saturating_sub(1).max(1) as f64;
    let squares = ChiSquared::new(freedom).expect("at least one degree of freedom");
    sd * (freedom / squares.inverse_cdf(1.0 - PILOT_CONFIDENCE)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FORTY: Planner = Planner { quantities: 40 };
    const THREE: Planner = Planner { quantities: 3 };

    /// docs/METHODOLOGY.md: CPU in alternating rounds, whose spread is 7.9 %, needs 54 rounds to see 10 %.
    #[test]
    fn ten_percent_of_cpu_at_a_spread_of_eight_needs_fifty_four_rounds_at_least() {
        let gap = 0.10_f64.ln_1p() - 0.03_f64.ln_1p();
        let rounds = FORTY.rounds_by_normal(gap, 0.079);
        assert_eq!(rounds.round(), 54.0, "{rounds}");
        // What the rounds themselves must show, spread and ranks included, takes somewhat more.
        let planned = FORTY.rounds_to_find(0.10, 0.03, 0.079).expect("possible");
        assert!((54..=70).contains(&planned), "{planned}");
    }

    #[test]
    fn calm_rounds_need_no_fewer_than_the_ranks_do() {
        assert!(FORTY.rounds_to_find(0.5, 0.03, 1e-6).expect("possible") >= 14);
        assert_eq!(THREE.looks(12), [10, 10, 12]);
        assert_eq!(THREE.looks(60), [20, 40, 60]);
    }

    #[test]
    fn what_lies_within_the_margin_is_never_found() {
        assert_eq!(THREE.rounds_to_find(0.03, 0.03, 0.01), None);
        assert_eq!(THREE.rounds_to_find(0.02, 0.03, 0.01), None);
        assert_eq!(THREE.rounds_to_find(0.10, 0.03, f64::NAN), None);
        assert_eq!(THREE.rounds_to_find(0.0301, 0.03, 10.0), None);
    }

    /// The 0.1 quantile of χ² with 11 degrees of freedom is 5.578, with 1 degree 0.015 79.
    #[test]
    fn a_short_pilot_is_trusted_less() {
        assert!((cautious_sd(1.0, 12) - (11.0_f64 / 5.578).sqrt()).abs() < 1e-3);
        assert!((cautious_sd(1.0, 2) - (1.0_f64 / 0.015_79).sqrt()).abs() < 1e-2);
    }

    proptest! {
        #[test]
        fn the_planned_rounds_can_see_what_they_were_planned_for(
            effect in 0.05..0.5_f64,
            sd in 0.001..0.2_f64,
            quantities in 1..60_usize,
        ) {
            let planner = Planner { quantities };
            let rounds = planner.rounds_to_find(effect, 0.03, sd).expect("possible");
            let seen = minimum_detectable_effect(0.03, planner.level(), sd, rounds);
            prop_assert!(seen <= effect + 1e-9, "{seen}");
        }

        #[test]
        fn more_noise_never_needs_fewer_rounds(sd in 0.001..0.2_f64, more in 1.0..3.0_f64) {
            prop_assert!(THREE.rounds_to_clear(0.03, sd) <= THREE.rounds_to_clear(0.03, sd * more));
        }
    }
}
