//! Requests that were allowed by rights that were gone.

use crate::number::rounded;
use crate::revocation::{Lag, Verdict};
use crate::run_file::EventRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Events that take rights away from a caller who stays in.
const TAKING_RIGHTS: [&str; 2] = ["role_removed", "scope_reduced"];

/// Whether `event` takes rights away and leaves the caller in: then it ends what some points accept, and not what others do.
#[must_use]
pub fn only_takes_rights(event: &str) -> bool {
    TAKING_RIGHTS.contains(&event)
}

/// What was allowed, at a point that asks for a right, after that right had been taken away.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaleDecisions {
    /// Credentials that were watched.
    pub credentials: u64,
    /// Those of them that were allowed something after the acknowledgement.
    pub credentials_allowed: u64,
    /// Requests sent after the acknowledgement and allowed, of all credentials; how many depends on how densely they were probed.
    pub requests_allowed: u64,
    /// The same of the one credential that was allowed most.
    pub most_of_one: u64,
    /// Mean over all credentials of how long they were allowed something, in milliseconds: up to the next refusal, 0 where nothing was allowed.
    /// Absent where observation ended while one still was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mean_lag_ms: Option<f64>,
}

impl StaleDecisions {
    /// Of `event` at `point`, where its lags are `lags`; `None` for other events, and at points that do not ask for the right.
    pub(super) fn of(
        event: &EventRecord,
        point: &str,
        lags: &[Lag],
        asks_for_rights: bool,
    ) -> Option<Self> {
        if !only_takes_rights(&event.event) || !asks_for_rights {
            return None;
        }
        let sampled = || {
            let trials = event.trials.iter().zip(lags);
            trials.filter(|(_, lag)| **lag != Lag::Unknown)
        };
        let allowed: Vec<u64> = sampled()
            .map(|(trial, _)| {
                let segments = trial.points.get(point).into_iter().flatten();
                let after = segments.filter(|segment| {
                    segment.verdict == Verdict::Accepted
                        && segment.first_sent_ns > trial.t0().latest_ns
                });
                after.map(|segment| u64::from(segment.probes)).sum()
            })
            .collect();
        let credentials = allowed.len() as u64;
        (credentials > 0).then(|| Self {
            credentials,
            credentials_allowed: allowed.iter().filter(|requests| **requests > 0).count() as u64,
            requests_allowed: allowed.iter().sum(),
            most_of_one: allowed.iter().copied().max().unwrap_or(0),
            mean_lag_ms: mean_ms(sampled().map(|(_, lag)| *lag)),
        })
    }

    /// Stale decisions per hour where rights are taken away `changes_per_h` times an hour, from callers who each make
    /// `requests_per_s` requests that need them. `None` where the lag is not known to its end.
    #[must_use]
    pub fn per_hour(&self, changes_per_h: f64, requests_per_s: f64) -> Option<f64> {
        Some(changes_per_h * self.mean_lag_ms? / 1e3 * requests_per_s)
    }
}

fn mean_ms(lags: impl Iterator<Item = Lag>) -> Option<f64> {
    let ends: Option<Vec<f64>> = lags
        .map(|lag| match lag {
            Lag::Interval { until_ns, .. } => Some(until_ns as f64 / 1e6),
            Lag::NeverAccepted { .. } => Some(0.0),
            Lag::Censored { .. } | Lag::Unknown => None,
        })
        .collect();
    let ends = ends.filter(|ends| !ends.is_empty())?;
    Some(rounded(ends.iter().sum::<f64>() / ends.len() as f64))
}
