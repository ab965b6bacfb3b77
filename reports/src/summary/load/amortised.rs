//! What is paid now and then, spread over requests.

use crate::number::rounded;
use crate::run_file::SteadyRecord;
use crate::settings::Settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What renewing credentials adds to a request, at one renewal per caller and access TTL.
///
/// How many requests a caller makes in that time is the scenario's: the rate of the target divided by its credentials.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Amortised {
    /// 1 ÷ the requests one caller makes per access TTL; at most 1.
    pub renewals_per_request: f64,
    /// CPU of one renewal, all processes, times `renewals_per_request`, in microseconds.
    pub cpu_us_per_request: f64,
}

impl Amortised {
    /// Of `target`, asked `offered_per_s`; `None` where no renewal was measured or its credentials have no access TTL.
    pub(super) fn of(
        steady: &SteadyRecord,
        target: &str,
        offered_per_s: f64,
        settings: &Settings,
    ) -> Option<Self> {
        let measured = steady.renewal.iter().find(|cost| cost.target == target);
        let measured = measured.filter(|cost| cost.renewals > 0)?;
        let access_ttl_s = settings.seconds("access_ttl")?;
        let caller_per_s = offered_per_s / f64::from(steady.credentials_per_target);
        // A caller that comes back less than once per TTL renews when it does, and not in between.
        let renewals_per_request = (1.0 / (caller_per_s * access_ttl_s)).min(1.0);
        let renewal_us = measured.cpu_ns as f64 / 1e3 / measured.renewals as f64;
        Some(Self {
            renewals_per_request: rounded(renewals_per_request),
            cpu_us_per_request: rounded(renewal_us * renewals_per_request),
        })
    }
}
