//! Counters without noise: wire bytes, store commands, round trips. Any change of one is a change.

use super::suite::Verdict;

/// What one arm counted while it answered so many requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What was counted.
    pub count: u64,
    /// Over how many requests.
    pub requests: u64,
}

impl Tally {
    /// The count of one request; `None` without any.
    #[must_use]
    pub fn per_request(self) -> Option<f64> {
        (self.requests > 0).then(|| self.count as f64 / self.requests as f64)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            requests: self.requests + other.requests,
        }
    }
}

/// Whether B counted more per request than A ([`Verdict::Slower`]), fewer ([`Verdict::Faster`]) or exactly as many; inconclusive
/// when either had no request.
///
/// As fractions, without division: 2 ÷ 3 and 4 ÷ 6 are the same.
#[must_use]
pub fn judge(a: Tally, b: Tally) -> Verdict {
    if a.requests == 0 || b.requests == 0 {
        return Verdict::Inconclusive;
    }
    let crosswise = |left: Tally, right: Tally| u128::from(left.count) * u128::from(right.requests);
    match crosswise(b, a).cmp(&crosswise(a, b)) {
        std::cmp::Ordering::Greater => Verdict::Slower,
        std::cmp::Ordering::Less => Verdict::Faster,
        std::cmp::Ordering::Equal => Verdict::Unchanged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(count: u64, requests: u64) -> Tally {
        Tally { count, requests }
    }

    #[test]
    fn one_more_in_ten_million_is_a_change() {
        let a = tally(10_000_000, 10_000_000);
        assert_eq!(judge(a, tally(20_000_000, 20_000_000)), Verdict::Unchanged);
        assert_eq!(judge(a, tally(20_000_001, 20_000_000)), Verdict::Slower);
        assert_eq!(judge(a, tally(19_999_999, 20_000_000)), Verdict::Faster);
        assert_eq!(judge(a, tally(0, 0)), Verdict::Inconclusive);
    }

    #[test]
    fn rounds_add_up() {
        let both = tally(3, 1).plus(tally(5, 3));
        assert_eq!(both.per_request(), Some(2.0));
        assert_eq!(tally(0, 0).per_request(), None);
    }
}
