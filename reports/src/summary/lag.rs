//! Revocation rows: how long each enforcement point kept accepting a caller who should be out.

use crate::expiry_law::ExpiryLaw;
use crate::number::rounded;
use crate::revocation::{Acknowledgement, After, Lag, Trial, Verdict};
use crate::run_file::{EventRecord, RunFile, TargetRecord};
use crate::settings::Settings;
use crate::statistics::order_statistic;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A lag p99 needs this many revocations.
pub const P99_NEEDS: u64 = 300;
/// And this many that were accepted afterwards: a 99th percentile of fewer is their maximum under another name.
const P99_NEEDS_ACCEPTED: usize = 100;

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
    /// Revocations, the unknown ones included.
    pub n: u64,
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
    /// Whether the lags are what expiry alone would give; absent where expiry is not what ends acceptance.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uniformity: Option<ExpiryLaw>,
    /// Whether a refresh still worked after the event; absent where the target has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refresh_after: Option<RefreshAfter>,
    /// Computed from the verified law: the lag at the lifetime under which cost was measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub projected: Option<Projected>,
}

impl RevocationSummary {
    /// Revocations that are samples.
    #[must_use]
    pub fn sampled(&self) -> u64 {
        self.n - self.unknown
    }

    /// Whether at least half of the samples were never accepted after the acknowledgement: then that is the typical case.
    #[must_use]
    pub fn typically_immediate(&self) -> bool {
        self.sampled() > 0 && self.never_accepted_after_ack * 2 >= self.sampled()
    }
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
                };
                rows.push(row.summary(target, &settings, steady));
            }
        }
    }
    rows
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

struct Row<'a> {
    event: &'a EventRecord,
    point: &'a str,
    lags: Vec<Lag>,
}

impl Row<'_> {
    fn summary(
        &self,
        target: &TargetRecord,
        settings: &Settings,
        steady: &Settings,
    ) -> RevocationSummary {
        let trials = &self.event.trials;
        let bound_ms = self.event.bounds_ms.get(self.point).copied().flatten();
        let leeway_ns = settings.seconds("leeway").unwrap_or(0.0) * 1e9;
        let uniformity = ExpiryLaw::of(trials, self.point, leeway_ns, bound_ms);
        let breaches = self.breaches(bound_ms);
        let verified = breaches == 0 && uniformity.is_some_and(|law| law.holds());
        RevocationSummary {
            event: self.event.event.clone(),
            point: self.point.to_owned(),
            traffic: carries_traffic(target, self.point),
            settings: settings.clone(),
            n: trials.len() as u64,
            bound_ms,
            bound: self.event.bounds_stated.get(self.point).cloned(),
            resolution_ms: self.resolution_ms(),
            never_accepted_after_ack: self.count(|lag| matches!(lag, Lag::NeverAccepted { .. })),
            censored: self.count(|lag| matches!(lag, Lag::Censored { .. })),
            unknown: self.count(|lag| matches!(lag, Lag::Unknown)),
            flaps: trials
                .iter()
                .map(|trial| u64::from(trial.flaps(self.point)))
                .sum(),
            breaches,
            ack_ms: centre(trials.iter().filter_map(ack_ms)),
            request_to_last_accepted_ms: centre(
                trials
                    .iter()
                    .filter_map(|trial| request_to_last_accepted_ms(trial, self.point)),
            ),
            certain_max_ms: self.certain_max_ms(),
            lag_ms: self.lag_ms(),
            uniformity,
            refresh_after: RefreshAfter::of(trials),
            projected: verified.then(|| Projected::to(steady, settings)).flatten(),
        }
    }

    fn count(&self, which: impl Fn(&Lag) -> bool) -> u64 {
        self.lags.iter().filter(|lag| which(lag)).count() as u64
    }

    fn breaches(&self, bound_ms: Option<f64>) -> u64 {
        bound_ms.map_or(0, |bound| {
            self.count(|lag| lag.at_least_ns() as f64 > bound * 1e6)
        })
    }

    fn resolution_ms(&self) -> Option<f64> {
        let widths = self.lags.iter().filter_map(|lag| match *lag {
            Lag::Interval { after_ns, until_ns } => Some(ms(until_ns.saturating_sub(after_ns))),
            Lag::NeverAccepted { until_ns } => Some(ms(until_ns)),
            Lag::Censored { .. } | Lag::Unknown => None,
        });
        centre(widths).map(|centre| centre.p50)
    }

    fn certain_max_ms(&self) -> Option<f64> {
        let certain = self
            .lags
            .iter()
            .filter(|lag| lag.accepted_after())
            .map(|lag| lag.at_least_ns());
        certain.max().map(|ns| rounded(ms(ns)))
    }

    fn lag_ms(&self) -> Option<LagMs> {
        let mut lags: Vec<f64> = self
            .lags
            .iter()
            .filter_map(|lag| match *lag {
                Lag::Interval { until_ns, .. } => Some(ms(until_ns)),
                Lag::Censored { .. } => Some(f64::INFINITY),
                Lag::NeverAccepted { .. } | Lag::Unknown => None,
            })
            .collect();
        if lags.is_empty() {
            return None;
        }
        lags.sort_by(f64::total_cmp);
        let sampled = self.count(|lag| !matches!(lag, Lag::Unknown));
        let quantile = |quantile| {
            order_statistic(&lags, quantile)
                .filter(|ms| ms.is_finite())
                .map(rounded)
        };
        Some(LagMs {
            p50: quantile(0.5),
            p99: (sampled >= P99_NEEDS && lags.len() >= P99_NEEDS_ACCEPTED)
                .then(|| quantile(0.99))
                .flatten(),
            max: quantile(1.0),
        })
    }
}

impl RefreshAfter {
    fn of(trials: &[Trial]) -> Option<Self> {
        let mut counts = None;
        for after in trials.iter().filter_map(|trial| trial.refresh_after) {
            let counts: &mut Self = counts.get_or_insert_default();
            match after {
                After::Worked => counts.worked += 1,
                After::Refused => counts.refused += 1,
                After::Unknown => counts.unknown += 1,
            }
        }
        counts
    }
}

impl Projected {
    /// `None` when the lifetime that was watched is the one under which cost was measured: nothing to project.
    fn to(steady: &Settings, watched: &Settings) -> Option<Self> {
        let access_ttl_s = steady.seconds("access_ttl")?;
        let leeway_s = steady.seconds("leeway").unwrap_or(0.0);
        (Some(access_ttl_s) != watched.seconds("access_ttl")).then(|| Self {
            access_ttl_s,
            p50_ms: rounded((access_ttl_s / 2.0 + leeway_s) * 1e3),
            max_ms: rounded((access_ttl_s + leeway_s) * 1e3),
        })
    }
}

/// Unless the target file says `traffic = false`.
fn carries_traffic(target: &TargetRecord, point: &str) -> bool {
    let points = target
        .file
        .get("point")
        .and_then(|points| points.as_array());
    points
        .into_iter()
        .flatten()
        .filter(|entry| entry.get("name").and_then(|name| name.as_str()) == Some(point))
        .all(|entry| entry.get("traffic").and_then(|traffic| traffic.as_bool()) != Some(false))
}

fn ack_ms(trial: &Trial) -> Option<f64> {
    (trial.acknowledgement == Acknowledgement::Received)
        .then(|| ms(trial.answered_ns.saturating_sub(trial.requested_ns)))
}

fn request_to_last_accepted_ms(trial: &Trial, point: &str) -> Option<f64> {
    ack_ms(trial)?;
    let last = trial
        .points
        .get(point)?
        .iter()
        .rfind(|segment| segment.verdict == Verdict::Accepted)?;
    Some(ms(last.last_sent_ns.checked_sub(trial.requested_ns)?))
}

fn centre(values: impl Iterator<Item = f64>) -> Option<Centre> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    Some(Centre {
        p50: rounded(order_statistic(&sorted, 0.5)?),
        max: rounded(order_statistic(&sorted, 1.0)?),
    })
}

fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}
