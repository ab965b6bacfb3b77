//! What a store or an authorization server that is not on the loopback would add to the measured latency. Computed, not measured.
//!
//! Over loopback a round trip costs some tens of microseconds, which flatters every model that makes one per request.

use crate::number::rounded;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Assumed network time of one round trip, in milliseconds: same zone, neighbouring zone, poor neighbour.
pub const ROUND_TRIPS_MS: [f64; 3] = [0.5, 1.0, 2.0];

/// Round trips per request this close to a whole number (a share of it, or of one) are that number: the rest is what renewals did
/// in the same rounds.
const WHOLE_WITHIN: f64 = 0.01;

/// Why no network cost is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// Credentials were renewed in the same rounds, and the counters cannot tell their round trips from those of requests.
    Renewals,
    /// Requests differ in how many round trips they make: their mean, added to every quantile, is right for none of them.
    Varies,
}

impl Withheld {
    /// In a few words.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::Renewals => "renewals in the same rounds",
            Self::Varies => "requests differ in their round trips",
        }
    }
}

/// The measured latency plus an assumed network time per round trip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkCost {
    /// Assumed network time of one store or introspection round trip.
    pub round_trip_ms: f64,
    /// Median response time, computed; absent where it was not measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p50_ms: Option<f64>,
    /// 99th percentile, computed; absent where it was not measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p99_ms: Option<f64>,
}

impl NetworkCost {
    /// For each of [`ROUND_TRIPS_MS`], with `round_trips` per request taken one after another.
    ///
    /// A constant is added to every quantile: real networks have tails of their own, so the p99 is a lower estimate.
    ///
    /// # Errors
    /// When `round_trips` is not a whole number, within 1 %: `renewals` made in the same rounds are then the first suspect.
    pub fn of(
        p50_ms: Option<f64>,
        p99_ms: Option<f64>,
        round_trips: f64,
        renewals: u64,
    ) -> Result<Vec<Self>, Withheld> {
        let whole = round_trips.round();
        if (round_trips - whole).abs() > WHOLE_WITHIN * whole.max(1.0) {
            return Err(if renewals > 0 {
                Withheld::Renewals
            } else {
                Withheld::Varies
            });
        }
        let added = |measured: Option<f64>, each: f64| Some(rounded(measured? + each * whole));
        let computed = ROUND_TRIPS_MS
            .map(|each| Self {
                round_trip_ms: each,
                p50_ms: added(p50_ms, each),
                p99_ms: added(p99_ms, each),
            })
            .to_vec();
        Ok(computed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_trip_is_paid_once_per_request() {
        let opaque = NetworkCost::of(Some(0.2), None, 2.0, 0).expect("whole");
        let p50: Vec<Option<f64>> = opaque.iter().map(|cost| cost.p50_ms).collect();
        assert_eq!(p50, [Some(1.2), Some(2.2), Some(4.2)]);
        assert!(opaque.iter().all(|cost| cost.p99_ms.is_none()));
    }

    #[test]
    fn round_trips_of_renewals_are_left_out_where_they_can_be_told_apart() {
        let of = |trips, renewals| NetworkCost::of(Some(0.2), None, trips, renewals);
        assert_eq!(of(1.009, 3), of(1.0, 0));
        assert_eq!(of(0.009, 3), of(0.0, 0));
        assert_eq!(of(2.03, 3), Err(Withheld::Renewals));
        assert_eq!(of(0.5, 0), Err(Withheld::Varies));
    }

    #[test]
    fn a_local_check_pays_nothing() {
        let local = NetworkCost::of(Some(0.2), Some(0.4), 0.0, 0).expect("whole");
        assert!(
            local
                .iter()
                .all(|cost| cost.p50_ms == Some(0.2) && cost.p99_ms == Some(0.4))
        );
    }
}
