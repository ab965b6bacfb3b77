//! Freezes: spans in which no answer leaves.

use std::time::Duration;

/// How long after the start, or the last reset, the first freeze begins. A load that starts with a reset then has its freezes
/// inside each period and not at its edge, where a generator is still connecting.
pub const OFFSET: Duration = Duration::from_secs(4);

/// For the first part of each period no answer leaves; what was held leaves at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    freeze: Duration,
    period: Duration,
}

/// A freeze that is none, or without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a freeze is longer than 0 and shorter than its period")]
pub struct StallError;

impl Stall {
    /// Freezes for `freeze` at the beginning of each `period`.
    pub fn new(freeze: Duration, period: Duration) -> Result<Self, StallError> {
        if freeze.is_zero() || freeze >= period {
            return Err(StallError);
        }
        Ok(Self { freeze, period })
    }

    /// When the freeze that holds at `now` ends; both count from the reset. `None` between two freezes.
    pub(super) fn end_of_freeze(self, now: Duration) -> Option<Duration> {
        let into_periods = now.checked_sub(OFFSET)?;
        let into_period = into_periods.as_nanos() % self.period.as_nanos();
        let left = self.freeze.as_nanos().checked_sub(into_period)?;
        (left > 0).then(|| now + Duration::from_nanos(left as u64))
    }

    /// The freezes that have begun by `now`: from when to when, counted from the reset.
    pub(super) fn begun(self, now: Duration) -> impl Iterator<Item = (Duration, Duration)> {
        let (freeze, period) = (self.freeze, self.period);
        std::iter::successors(Some(OFFSET), move |from| Some(*from + period))
            .take_while(move |from| *from <= now)
            .map(move |from| (from, from + freeze))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stall() -> Stall {
        Stall::new(Duration::from_secs(1), Duration::from_secs(10)).expect("a freeze")
    }

    #[test]
    fn a_freeze_holds_to_its_end() {
        for (now_ms, end_ms) in [
            (0, None),
            (3_999, None),
            (4_000, Some(5_000)),
            (4_999, Some(5_000)),
            (5_000, None),
            (13_999, None),
            (14_250, Some(15_000)),
        ] {
            let end = stall().end_of_freeze(Duration::from_millis(now_ms));
            assert_eq!(end, end_ms.map(Duration::from_millis), "{now_ms} ms");
        }
    }

    #[test]
    fn only_freezes_that_have_begun_are_told() {
        let seconds = |now| {
            let begun = stall().begun(Duration::from_secs(now));
            begun
                .map(|(from, to)| (from.as_secs(), to.as_secs()))
                .collect::<Vec<_>>()
        };
        assert_eq!(seconds(3), []);
        assert_eq!(seconds(4), [(4, 5)]);
        assert_eq!(seconds(24), [(4, 5), (14, 15), (24, 25)]);
    }

    #[test]
    fn a_freeze_has_a_length_and_an_end() {
        let second = Duration::from_secs(1);
        assert_eq!(Stall::new(Duration::ZERO, second), Err(StallError));
        assert_eq!(Stall::new(second, second), Err(StallError));
    }
}
