//! Many suites, on all processors, and what came of them.

use super::super::suite::Verdict;
use super::noise::{Machine, Noise};
use super::procedure::Procedure;
use super::proportion::Proportion;
use super::suite::{Difference, Suite};
use std::sync::atomic::{AtomicU64, Ordering};

/// What is planted, as fractions beyond the margin.
pub const PLANTS: [f64; 2] = [0.05, 0.10];

/// What is asked of so many suites.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// By how much B differs in them.
    pub difference: Difference,
    /// How the machine is noisy.
    pub noise: Noise,
    /// How many.
    pub suites: u64,
    /// How they are judged.
    pub procedure: Procedure,
}

/// What came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many there were.
    pub suites: u64,
    /// In which something was called slower that is not beyond its margin.
    pub slower: u64,
    /// In which something was called faster.
    pub faster: u64,
    /// In which either happened.
    pub alarms: u64,
    /// In which the planted difference was found.
    pub found: u64,
    /// In which the interval contains the planted difference.
    pub contained: u64,
    /// In which everything was shown to be unchanged.
    pub unchanged: u64,
    /// Quantities of all of them.
    pub quantities: u64,
    /// Planned rounds of all of them.
    pub rounds: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            suites: self.suites + other.suites,
            slower: self.slower + other.slower,
            faster: self.faster + other.faster,
            alarms: self.alarms + other.alarms,
            found: self.found + other.found,
            contained: self.contained + other.contained,
            unchanged: self.unchanged + other.unchanged,
            quantities: self.quantities + other.quantities,
            rounds: self.rounds + other.rounds,
        }
    }

    /// So many of its suites.
    #[must_use]
    pub fn share(self, hits: u64) -> Proportion {
        Proportion {
            hits,
            trials: self.suites,
        }
    }

    /// One suite more, whose rounds are planned for changes by so much beyond the margin.
    fn one(question: Question, seed: u64, index: u64) -> Self {
        let beyond = match question.difference {
            Difference::OneBeyond(beyond) => beyond,
            Difference::None | Difference::Margin => PLANTS[(index % 2) as usize],
        };
        let machine = Machine::new(question.noise, seed, stream(question, index));
        let outcome =
            Suite::new(machine, question.difference, index).run(beyond, question.procedure);
        let planted = outcome.planted.map(|(index, _)| index);
        let slower = outcome.comparison.findings.iter().enumerate();
        let slower = slower
            .filter(|(index, _)| planted != Some(*index))
            .any(|(_, finding)| finding.verdict == Verdict::Slower);
        let faster = outcome.any(Verdict::Faster);
        Self {
            suites: 1,
            slower: slower.into(),
            faster: faster.into(),
            alarms: (slower || faster).into(),
            found: outcome.found().into(),
            contained: outcome.contained().into(),
            unchanged: (outcome.comparison.verdict == Verdict::Unchanged).into(),
            quantities: outcome.comparison.findings.len() as u64,
            rounds: outcome.planned as u64,
        }
    }
}

/// A stream of random numbers for each suite, so that none depends on which thread came to it, or after which other.
fn stream(question: Question, index: u64) -> u64 {
    let difference = match question.difference {
        Difference::None => 0,
        Difference::Margin => 1,
        Difference::OneBeyond(beyond) => 2 + (beyond * 1000.0).round() as u64,
    };
    (difference << 48) | ((question.noise as u64) << 40) | index
}

/// Runs all suites of `question` on `threads` threads; the same for a seed however many there are. `None` as soon as `go_on` says no.
#[must_use]
pub fn count(
    question: Question,
    seed: u64,
    threads: usize,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Option<Counts> {
    let next = AtomicU64::new(0);
    let work = || {
        let mut counts = Counts::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= question.suites {
                return Some(counts);
            }
            if !go_on() {
                return None;
            }
            counts = counts.plus(Counts::one(question, seed, index));
        }
    };
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let counted = started.into_iter().map(|thread| match thread.join() {
            Ok(counts) => counts,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        // All are joined, whatever the first says.
        let counted: Vec<Option<Counts>> = counted.collect();
        counted
            .into_iter()
            .try_fold(Counts::default(), |all, some| Some(all.plus(some?)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: Question = Question {
        difference: Difference::OneBeyond(0.10),
        noise: Noise::Spiky,
        suites: 12,
        procedure: Procedure::Promised,
    };

    #[test]
    fn a_seed_decides_everything_and_the_number_of_threads_nothing() {
        let counted = |seed, threads| count(QUESTION, seed, threads, &|| true).expect("counts");
        let one = counted(7, 1);
        assert_eq!(one.suites, QUESTION.suites);
        assert_eq!(one.quantities, 4 * (3 + 15 + 40));
        for threads in [2, 5, 40] {
            assert_eq!(counted(7, threads), one);
        }
        assert_ne!(counted(8, 2).rounds, one.rounds);
    }

    #[test]
    fn told_to_stop_it_counts_nothing() {
        assert_eq!(count(QUESTION, 1, 2, &|| false), None);
    }
}
