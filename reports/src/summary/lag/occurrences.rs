//! Events that end many credentials at once: how many there were, and how far they lie apart.

use crate::number::is_none;
use crate::revocation::{Lag, Trial};
use crate::statistics::Spread;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Below so many occurrences of an event nothing is claimed: the credentials that one event ends are not independent of each other.
pub const OCCURRENCES_AT_LEAST: u64 = 5;

/// How often an event happened that puts out many credentials at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Occurrences {
    /// Separate events of which at least one credential gave a sample.
    pub n: u64,
    /// Those after which no credential was accepted any more.
    pub never_accepted_after_ack: u64,
    /// Those after which some credential was still accepted when observation ended.
    #[serde(skip_serializing_if = "is_none", default)]
    pub censored: u64,
    /// How far the others lie apart: of each the longest lag (upper end) among its credentials, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub longest_ms: Option<Spread>,
}

impl Occurrences {
    /// Of `trials` and the lag of each; `None` where no trial says which event it belongs to.
    pub(super) fn of(trials: &[Trial], lags: &[Lag]) -> Option<Self> {
        let mut longest: BTreeMap<u32, f64> = BTreeMap::new();
        let mut numbered = false;
        for (trial, lag) in trials.iter().zip(lags) {
            let Some(number) = trial.occurrence else {
                continue;
            };
            numbered = true;
            let Some(ms) = end_ms(*lag) else { continue };
            let so_far = longest.entry(number).or_insert(0.0);
            *so_far = so_far.max(ms);
        }
        let longest: Vec<f64> = longest.into_values().collect();
        numbered.then(|| Self::of_longest(&longest))
    }

    fn of_longest(longest: &[f64]) -> Self {
        let count = |which: fn(&f64) -> bool| longest.iter().filter(|ms| which(ms)).count() as u64;
        let seen = longest.iter().copied();
        let seen: Vec<f64> = seen.filter(|ms| *ms > 0.0 && ms.is_finite()).collect();
        Self {
            n: longest.len() as u64,
            never_accepted_after_ack: count(|ms| *ms == 0.0),
            censored: count(|ms| ms.is_infinite()),
            longest_ms: Spread::of(&seen),
        }
    }

    /// Whether there were enough of them to claim anything.
    #[must_use]
    pub fn suffice(&self) -> bool {
        self.n >= OCCURRENCES_AT_LEAST
    }
}

/// 0 where nobody was accepted any more, infinite where observation ended first; `None` without a sample.
fn end_ms(lag: Lag) -> Option<f64> {
    match lag {
        Lag::Interval { until_ns, .. } => Some(until_ns as f64 / 1e6),
        Lag::NeverAccepted { .. } => Some(0.0),
        Lag::Censored { .. } => Some(f64::INFINITY),
        Lag::Unknown => None,
    }
}
