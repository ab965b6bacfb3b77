//! How many of how many.

use crate::number::{percent, rounded};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The standard normal deviate that 95 % lie within.
const Z: f64 = 1.96;

/// So many of so many, with the 95 % interval of the probability behind it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// The share, 0 to 1; 0 of none is 0.
    pub share: f64,
    /// Lower end of Wilson's interval, 0 to 1.
    pub low: f64,
    /// Upper end, 0 to 1.
    pub high: f64,
}

impl Share {
    /// `count` of `of`.
    #[must_use]
    pub fn of(count: u64, of: u64) -> Self {
        if of == 0 {
            return Self {
                count,
                of,
                share: 0.0,
                low: 0.0,
                high: 1.0,
            };
        }
        let (n, share) = (of as f64, count as f64 / of as f64);
        let shrunk = 1.0 + Z * Z / n;
        let middle = (share + Z * Z / (2.0 * n)) / shrunk;
        let half = Z / shrunk * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        Self {
            count,
            of,
            share: rounded(share),
            low: rounded((middle - half).max(0.0)),
            high: rounded((middle + half).min(1.0)),
        }
    }

    /// Whether two shares are as close as two draws from one probability would be: within four standard deviations
    /// of their difference.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let n = (self.of + other.of) as f64;
        if self.of == 0 || other.of == 0 {
            return self.of == other.of;
        }
        // With one of each added, so that shares of 0 and 1 have a spread.
        let pooled = ((self.count + other.count) as f64 + 1.0) / (n + 2.0);
        let parts = 1.0 / self.of as f64 + 1.0 / other.of as f64;
        let deviation = (pooled * (1.0 - pooled) * parts).sqrt();
        (self.share - other.share).abs() <= 4.0 * deviation
    }

    /// `12.3 %`.
    #[must_use]
    pub fn percent(&self) -> String {
        percent(self.share)
    }

    /// `10.1 to 14.9 %`.
    #[must_use]
    pub fn interval(&self) -> String {
        format!("{:.1} to {:.1} %", self.low * 100.0, self.high * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of 10 in 100 that is worked out everywhere: 5.5 % to 17.4 %.
    #[test]
    fn an_interval_is_wilsons() {
        let share = Share::of(10, 100);
        assert!((share.low - 0.0552).abs() < 1e-3, "{share:?}");
        assert!((share.high - 0.1744).abs() < 1e-3, "{share:?}");
        assert_eq!((Share::of(0, 50).low, Share::of(50, 50).high), (0.0, 1.0));
    }

    #[test]
    fn shares_agree_within_their_error_and_not_beyond() {
        assert!(Share::of(10, 100).agrees_with(&Share::of(18, 100)));
        assert!(!Share::of(10, 100).agrees_with(&Share::of(60, 100)));
        assert!(Share::of(0, 60).agrees_with(&Share::of(1, 60)));
        assert!(!Share::of(0, 60).agrees_with(&Share::of(0, 0)));
    }
}
