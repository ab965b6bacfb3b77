//! Rounds of one generator, and what they come to.

use std::time::Duration;

/// One round of one generator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostRound {
    /// Requests answered as expected.
    pub requests: u64,
    /// Requests that were answered otherwise or not at all.
    pub errors: u64,
    /// CPU time of the generator, all threads, start and end included.
    pub cpu: Duration,
    /// How long the load lasted.
    pub wall: Duration,
}

impl CostRound {
    /// CPU time per answered request, in microseconds.
    #[must_use]
    pub fn cpu_us_per_request(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.requests as f64
    }

    /// Answered requests per second.
    #[must_use]
    pub fn requests_per_s(&self) -> f64 {
        self.requests as f64 / self.wall.as_secs_f64()
    }
}

/// What the rounds of one generator cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    /// Name and version, as the generator itself says.
    pub version: String,
    /// The rounds, in order; at least one.
    pub rounds: Vec<CostRound>,
}

impl Costs {
    /// CPU time per answered request in microseconds, over the rounds.
    #[must_use]
    pub fn cpu_us_per_request(&self) -> Spread {
        Spread::of(self.rounds.iter().map(CostRound::cpu_us_per_request))
    }

    /// Answered requests per second, over the rounds.
    #[must_use]
    pub fn requests_per_s(&self) -> Spread {
        Spread::of(self.rounds.iter().map(CostRound::requests_per_s))
    }

    /// Requests answered as expected in all rounds.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.rounds.iter().map(|round| round.requests).sum()
    }

    /// All others.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.rounds.iter().map(|round| round.errors).sum()
    }
}

/// The middle and the ends of some rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The median; the mean of the two in the middle where their number is even.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of `values`; all NaN where there are none.
    #[must_use]
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let count = values.len();
        Self {
            median: f64::midpoint(at(count.saturating_sub(1) / 2), at(count / 2)),
            min: at(0),
            max: at(count.saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let spread = |values: &[f64]| Spread::of(values.iter().copied());
        let of_four = Spread {
            median: 2.5,
            min: 1.0,
            max: 9.0,
        };
        assert_eq!(spread(&[9.0, 2.0, 1.0, 3.0]), of_four);
        assert_eq!(spread(&[3.0, 1.0, 2.0]).median, 2.0);
        assert!(spread(&[]).median.is_nan());
    }

    #[test]
    fn cost_is_per_answered_request() {
        let round = CostRound {
            requests: 1000,
            errors: 7,
            cpu: Duration::from_millis(5),
            wall: Duration::from_secs(2),
        };
        assert_eq!(round.cpu_us_per_request(), 5.0);
        assert_eq!(round.requests_per_s(), 500.0);
    }
}
