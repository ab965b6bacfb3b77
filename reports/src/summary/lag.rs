//! Revocation rows: how long each enforcement point kept accepting a caller who should be out.

mod collateral;
mod occurrences;
mod reading;
mod row;
mod stale;

pub use collateral::Collateral;
pub use occurrences::{OCCURRENCES_AT_LEAST, Occurrences};
pub use stale::{StaleDecisions, only_takes_rights};

use crate::expiry_law::ExpiryLaw;
use crate::number::is_none;
use crate::revocation::EventReach;
use crate::run_file::{EventRecord, RunFile, TargetRecord};
use crate::settings::Settings;
use row::Row;
pub(crate) use row::{P99_NEEDS, carries_traffic};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One event at one enforcement point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationSummary {
    /// The event: `logout`, `account_disabled`, …
    pub event: String,
    /// The enforcement point.
    pub point: String,
    /// Whether the point guards the resource; not, for instance, an introspection endpoint that is only probed.
    pub traffic: bool,
    /// Settings under which the lag was measured. Lifetimes are shorter here than anyone runs: long ones cannot be watched.
    pub settings: Settings,
    /// Whom the event puts out; absent where the target file does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reach: Option<EventReach>,
    /// Revocations, the unknown ones included.
    pub n: u64,
    /// How often the event happened, where it puts out many credentials at once; absent where every credential has an event of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub occurrences: Option<Occurrences>,
    /// What the target promises; absent where it promises nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound_ms: Option<f64>,
    /// The promise in the words of the target file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound: Option<String>,
    /// Median width of the intervals in which the lags are known to end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resolution_ms: Option<f64>,
    /// Revocations after which no request sent after the acknowledgement was accepted.
    pub never_accepted_after_ack: u64,
    /// Revocations whose credential was still accepted when observation ended.
    pub censored: u64,
    /// Revocations that are no sample: acknowledgement lost, refused, or no answer after it.
    pub unknown: u64,
    /// How often a credential was accepted again after it had been refused.
    pub flaps: u64,
    /// Revocations whose certain part of the lag exceeds the bound.
    pub breaches: u64,
    /// Revocations whose credential was still accepted when observation ended, before the bound had passed: of the bound they show neither
    /// that it was kept nor that it was not.
    #[serde(skip_serializing_if = "is_none", default)]
    pub not_observed: u64,
    /// Time the revoking call itself took, where it was acknowledged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ack_ms: Option<Centre>,
    /// From sending the revoking call to sending the last accepted request: a call that blocks does not look instant here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_to_last_accepted_ms: Option<Centre>,
    /// The longest time after the acknowledgement at which a request that was accepted had been sent: what the bound is
    /// checked against.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certain_max_ms: Option<f64>,
    /// The lag of those accepted after the acknowledgement; absent when none was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lag_ms: Option<LagMs>,
    /// The same quantiles of the lower ends, the last certainly accepted request: each figure lies between this one and that of `lag_ms`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lag_from_ms: Option<LagMs>,
    /// From the acknowledgement until the caller was seen to be out, over all samples: one that was never accepted counts up to its first
    /// refusal. Its p99 needs 300 samples and nothing else.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub out_by_ms: Option<LagMs>,
    /// Credentials that the event should have left alone; absent where none was watched at this point.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub collateral: Option<Collateral>,
    /// Requests that were allowed by rights that were gone; only of events that take rights away.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stale: Option<StaleDecisions>,
    /// Whether the lags are what expiry alone would give; absent where expiry is not what ends acceptance.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uniformity: Option<ExpiryLaw>,
    /// Whether a refresh still worked after the event; absent where the target has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refresh_after: Option<RefreshAfter>,
    /// What the target promises of that refresh: `refused` or `works`; absent where it promises nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refresh_promised: Option<String>,
    /// Computed from the verified law: the lag at the lifetime under which cost was measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub projected: Option<Projected>,
    /// Why these lags say nothing about the lifetime that cost was measured with; absent where they were watched at that lifetime,
    /// where they are projected to it, and where nobody was accepted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_projected: Option<NotProjected>,
}

/// Median and maximum in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Centre {
    /// Median.
    pub p50: f64,
    /// Maximum.
    pub max: f64,
}

/// Lags in milliseconds, over the revocations that were accepted after the acknowledgement.
///
/// Each lag counts up to its upper end, the next refusal: the moment from which the caller was certainly out. The figures
/// are therefore up to one resolution too long, never too short, and `max` may exceed a bound that was kept; breaches are
/// judged by `certain_max_ms`. A censored lag is longer than any other: a figure that falls on one is absent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LagMs {
    /// Median.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p50: Option<f64>,
    /// 99th percentile; needs 300 revocations, 100 of them accepted afterwards.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p99: Option<f64>,
    /// Maximum.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max: Option<f64>,
}

/// What became of the refreshes tried after the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshAfter {
    /// Still worked.
    pub worked: u64,
    /// Were refused.
    pub refused: u64,
    /// Could not be told.
    pub unknown: u64,
}

/// Why a lag watched at one lifetime is not projected to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotProjected {
    /// The bound was breached: whatever ended acceptance, it was not what was promised.
    Breach,
    /// The lags are not what expiry alone would give.
    LawRejected,
    /// Too few revocations to ask.
    TooFew,
    /// Something else than expiry ends acceptance, and how that depends on the lifetime is unknown.
    EndsOtherwise,
    /// The settings of the steady stream name no lifetime.
    LifetimeUnknown,
}

impl NotProjected {
    /// In a few words.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::Breach => "bound breached",
            Self::LawRejected => "law of expiry rejected",
            Self::TooFew => "too few samples",
            Self::EndsOtherwise => "not ended by expiry",
            Self::LifetimeUnknown => "cost states no TTL",
        }
    }
}

/// The lag at a lifetime too long to watch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Projected {
    /// Lifetime of the access credential.
    pub access_ttl_s: f64,
    /// TTL / 2 + leeway.
    pub p50_ms: f64,
    /// TTL + leeway.
    pub max_ms: f64,
}

/// The rows of `target`, in the order of events and points; projected to the lifetime in `steady` settings.
#[must_use]
pub fn rows(run: &RunFile, target: &TargetRecord, steady: &Settings) -> Vec<RevocationSummary> {
    let mut rows = Vec::new();
    for scenario in &run.scenarios {
        let settings = scenario
            .settings
            .get(&target.name)
            .map(Settings::of)
            .unwrap_or_default();
        let events = scenario.revocation.iter().flat_map(|record| &record.events);
        for event in events.filter(|event| event.target == target.name) {
            for point in event.points() {
                let row = Row {
                    event,
                    point,
                    lags: event.trials.iter().map(|trial| trial.lag(point)).collect(),
                    asks_for_rights: somebody_promises(run, &event.event, point),
                };
                rows.push(row.summary(target, &settings, steady));
            }
        }
    }
    rows
}

/// Whether any target of the run promises something at `point` after `event`.
fn somebody_promises(run: &RunFile, event: &str, point: &str) -> bool {
    let records = run
        .scenarios
        .iter()
        .flat_map(|scenario| &scenario.revocation);
    let mut events = records.flat_map(|record| &record.events);
    events.any(|record| {
        record.event == event && record.bounds_ms.get(point).copied().flatten().is_some()
    })
}

impl EventRecord {
    /// The enforcement points, in the order of their names.
    pub fn points(&self) -> impl Iterator<Item = &str> {
        let probed = self.trials.iter().flat_map(|trial| trial.points.keys());
        let names: std::collections::BTreeSet<&str> = self
            .bounds_ms
            .keys()
            .chain(probed)
            .map(String::as_str)
            .collect();
        names.into_iter()
    }
}
