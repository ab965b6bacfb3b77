//! At most three looks at rounds that keep coming.
//!
//! Whoever looks after every round and stops when it suits finds a difference sooner or later. Here the looks are counted, and each
//! spends a part of the level.

use super::judge::{Finding, judge};
use super::series::Series;
use super::suite::{Comparison, Verdict};

/// The level of each look, for one direction: 0.01 together.
pub const ALPHAS: [f64; 3] = [0.003, 0.003, 0.004];

/// The strictest of the looks: what is planned for, so that a planned number of rounds suffices at any of them.
pub const STRICTEST: f64 = 0.003;

/// The looks taken so far. What a look decided stands, with the rounds that it had; the others are looked at again.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    taken: usize,
    findings: Vec<Finding>,
    /// Besides this one.
    others: usize,
}

/// Why there is nothing more to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookError {
    /// Another look would spend level that is not there.
    #[error("all {} looks have been taken", ALPHAS.len())]
    AllTaken,
    /// Some series has fewer than two rounds, or there are not as many as at the look before.
    #[error("each look needs at least two rounds of the same quantities")]
    Unfit,
}

impl Looks {
    /// Looks at one of `subjects` (at least one) things that are compared one after another: each may spend its part of the level, so that the
    /// promise holds for all of them together.
    #[must_use]
    pub fn at_one_of(subjects: usize) -> Self {
        Self {
            others: subjects.saturating_sub(1),
            ..Self::default()
        }
    }

    /// Looks at all rounds until now; `series` are the same at every look, each with more rounds.
    ///
    /// # Errors
    /// [`LookError`]; the look does not count then.
    pub fn look(&mut self, series: &[Series]) -> Result<(), LookError> {
        let alpha = *ALPHAS.get(self.taken).ok_or(LookError::AllTaken)?;
        let seen = judge(series, alpha / (self.others + 1) as f64);
        let before = self.findings.len();
        if seen.len() != series.len() || (self.taken > 0 && before != seen.len()) {
            return Err(LookError::Unfit);
        }
        self.taken += 1;
        if before == 0 {
            self.findings = seen;
            return Ok(());
        }
        let undecided = |finding: &Finding| finding.verdict == Verdict::Inconclusive;
        for (standing, seen) in self.findings.iter_mut().zip(seen) {
            if undecided(standing) {
                *standing = seen;
            }
        }
        Ok(())
    }

    /// Whether nothing is left to find out: every quantity is decided, or the looks are used up.
    #[must_use]
    pub fn over(&self) -> bool {
        let decided = |finding: &Finding| finding.verdict != Verdict::Inconclusive;
        self.taken == ALPHAS.len() || (self.taken > 0 && self.findings.iter().all(decided))
    }

    /// What the looks have shown. Nothing before the first.
    #[must_use]
    pub fn conclude(self) -> Comparison {
        Comparison::of(self.findings)
    }
}

#[cfg(test)]
mod tests {
    use super::super::quantity::Quantity;
    use super::*;

    fn add(series: &mut Series, ratio: f64, noise: f64, rounds: usize) {
        for round in 0..rounds {
            let sign = if round % 2 == 0 { 1.0 } else { -1.0 };
            series
                .push(1.0, ratio * (sign * noise).exp())
                .expect("positive");
        }
    }

    #[test]
    fn the_levels_add_up_to_one_percent() {
        assert!((ALPHAS.iter().sum::<f64>() - 0.01).abs() < 1e-12);
        assert!(ALPHAS.iter().all(|alpha| *alpha >= STRICTEST));
    }

    #[test]
    fn a_fourth_look_is_refused_and_what_is_undecided_stays_so() {
        let mut series = [Series::new("arms", Quantity::CpuPerRequest)];
        let mut looks = Looks::default();
        for _ in 0..3 {
            assert!(!looks.over());
            add(&mut series[0], 1.03, 0.05, 10);
            looks.look(&series).expect("three looks");
        }
        assert!(looks.over());
        assert_eq!(looks.look(&series), Err(LookError::AllTaken));
        assert_eq!(looks.conclude().verdict, Verdict::Inconclusive);
    }

    #[test]
    fn what_a_look_decided_stands() {
        let mut cpu = Series::new("arms", Quantity::CpuPerRequest);
        let mut p50 = Series::new("arms", Quantity::ResponseP50);
        let mut looks = Looks::default();
        add(&mut cpu, 1.0, 0.002, 12);
        add(&mut p50, 1.0, 0.2, 12);
        looks.look(&[cpu.clone(), p50.clone()]).expect("first");
        assert!(!looks.over());
        // Far off from now on: too late for what has been decided.
        add(&mut cpu, 2.0, 0.002, 200);
        add(&mut p50, 1.5, 0.02, 200);
        looks.look(&[cpu, p50]).expect("second");
        assert!(looks.over());
        let found = looks.conclude().findings;
        assert_eq!(
            (found[0].verdict, found[0].rounds),
            (Verdict::Unchanged, 12)
        );
        assert_eq!((found[1].verdict, found[1].rounds), (Verdict::Slower, 212));
    }

    #[test]
    fn one_of_many_subjects_is_harder_to_convict() {
        let mut series = [Series::new("arms", Quantity::CpuPerRequest)];
        add(&mut series[0], 1.1, 0.004, 10);
        let verdict = |mut looks: Looks| {
            looks.look(&series).expect("rounds");
            looks.conclude().verdict
        };
        assert_eq!(verdict(Looks::default()), Verdict::Slower);
        assert_eq!(verdict(Looks::at_one_of(1)), Verdict::Slower);
        assert_eq!(verdict(Looks::at_one_of(20)), Verdict::Inconclusive);
    }

    #[test]
    fn too_few_rounds_are_no_look() {
        let mut series = [Series::new("arms", Quantity::ResponseP90)];
        add(&mut series[0], 1.0, 0.1, 1);
        let mut looks = Looks::default();
        assert_eq!(looks.look(&series), Err(LookError::Unfit));
        assert!(!looks.over());
        assert!(looks.conclude().findings.is_empty());
    }
}
