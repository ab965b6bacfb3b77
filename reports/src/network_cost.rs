//! What a store or an authorization server that is not on the loopback would add to the measured latency. Computed, not measured.
//!
//! Over loopback a round trip costs some tens of microseconds, which flatters every model that makes one per request.

use crate::number::rounded;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Assumed network time of one round trip, in milliseconds: same zone, neighbouring zone, poor neighbour.
pub const ROUND_TRIPS_MS: [f64; 3] = [0.5, 1.0, 2.0];

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
    #[must_use]
    pub fn of(p50_ms: Option<f64>, p99_ms: Option<f64>, round_trips: f64) -> Vec<Self> {
        let added =
            |measured: Option<f64>, each: f64| Some(rounded(measured? + each * round_trips));
        ROUND_TRIPS_MS
            .map(|each| Self {
                round_trip_ms: each,
                p50_ms: added(p50_ms, each),
                p99_ms: added(p99_ms, each),
            })
            .to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_trip_is_paid_once_per_request() {
        let opaque = NetworkCost::of(Some(0.2), None, 2.0);
        let p50: Vec<Option<f64>> = opaque.iter().map(|cost| cost.p50_ms).collect();
        assert_eq!(p50, [Some(1.2), Some(2.2), Some(4.2)]);
        assert!(opaque.iter().all(|cost| cost.p99_ms.is_none()));
    }

    #[test]
    fn a_local_check_pays_nothing() {
        let local = NetworkCost::of(Some(0.2), Some(0.4), 0.0);
        assert!(
            local
                .iter()
                .all(|cost| cost.p50_ms == Some(0.2) && cost.p99_ms == Some(0.4))
        );
    }
}
