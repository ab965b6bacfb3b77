//! One event at one enforcement point: from timelines to a row.

use super::{
    Centre, Collateral, LagMs, NotProjected, Occurrences, Projected, RefreshAfter,
    RevocationSummary, StaleDecisions,
};
use crate::expiry_law::{ExpiryLaw, NotAsked};
use crate::number::rounded;
use crate::revocation::{Acknowledgement, After, Lag, Trial, Verdict};
use crate::run_file::{EventRecord, TargetRecord};
use crate::settings::Settings;
use crate::statistics::order_statistic;
use serde_json::Value;

/// A lag p99 needs this many revocations.
pub(crate) const P99_NEEDS: u64 = 300;
/// And this many that were accepted afterwards: a 99th percentile of fewer is their maximum under another name.
const P99_NEEDS_ACCEPTED: u64 = 100;

pub(super) struct Row<'a> {
    pub(super) event: &'a EventRecord,
    pub(super) point: &'a str,
    pub(super) lags: Vec<Lag>,
    /// Whether the point asks for a right that the event takes away: some target promises something there.
    pub(super) asks_for_rights: bool,
}

impl Row<'_> {
    pub(super) fn summary(
        &self,
        target: &TargetRecord,
        settings: &Settings,
        steady: &Settings,
    ) -> RevocationSummary {
        let trials = &self.event.trials;
        let bound_ms = self.event.bounds_ms.get(self.point).copied().flatten();
        let leeway_ns = settings.seconds("leeway").unwrap_or(0.0) * 1e9;
        // An open stream ends when it is next checked, not when the credential expires.
        let uniformity = match is_stream(target, self.point) {
            true => Err(NotAsked::EndsOtherwise),
            false => ExpiryLaw::of(trials, self.point, leeway_ns, bound_ms),
        };
        let breaches = self.breaches(bound_ms);
        let lag_ms = self.lag_ms();
        let elsewhere = lag_ms.is_some() && watched_elsewhere(steady, settings);
        let projection = elsewhere.then(|| {
            verified(breaches, uniformity)?;
            Projected::to(steady).ok_or(NotProjected::LifetimeUnknown)
        });
        RevocationSummary {
            event: self.event.event.clone(),
            point: self.point.to_owned(),
            traffic: carries_traffic(target, self.point),
            settings: settings.clone(),
            reach: self.event.reach,
            n: trials.len() as u64,
            occurrences: Occurrences::of(trials, &self.lags),
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
            not_observed: self.not_observed(bound_ms),
            ack_ms: centre(trials.iter().filter_map(ack_ms)),
            request_to_last_accepted_ms: centre(
                trials
                    .iter()
                    .filter_map(|trial| request_to_last_accepted_ms(trial, self.point)),
            ),
            certain_max_ms: self.certain_max_ms(),
            lag_ms,
            lag_from_ms: lag_ms.and_then(|_| self.lag_from_ms()),
            out_by_ms: self.out_by_ms(),
            collateral: Collateral::of(trials, self.point),
            stale: StaleDecisions::of(self.event, self.point, &self.lags, self.asks_for_rights),
            uniformity: uniformity.ok(),
            refresh_after: RefreshAfter::of(trials),
            refresh_promised: self.event.refresh_after.clone(),
            projected: projection.and_then(Result::ok),
            not_projected: projection.and_then(Result::err),
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

    fn not_observed(&self, bound_ms: Option<f64>) -> u64 {
        let within = |after_ns: u64, bound_ms: f64| after_ns as f64 <= bound_ms * 1e6;
        bound_ms.map_or(0, |bound| {
            self.count(|lag| matches!(lag, Lag::Censored { after_ns } if within(*after_ns, bound)))
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
        let lags = self.ends(|lag| match lag {
            Lag::Interval { until_ns, .. } => Some(ms(until_ns)),
            Lag::Censored { .. } => Some(f64::INFINITY),
            Lag::NeverAccepted { .. } | Lag::Unknown => None,
        });
        LagMs::of(lags, self.has_p99_of_accepted())
    }

    fn lag_from_ms(&self) -> Option<LagMs> {
        let lags = self.ends(|lag| match lag {
            Lag::Interval { after_ns, .. } | Lag::Censored { after_ns } => Some(ms(after_ns)),
            Lag::NeverAccepted { .. } | Lag::Unknown => None,
        });
        LagMs::of(lags, self.has_p99_of_accepted())
    }

    fn out_by_ms(&self) -> Option<LagMs> {
        let ends = self.ends(|lag| match lag {
            Lag::Interval { until_ns, .. } | Lag::NeverAccepted { until_ns } => Some(ms(until_ns)),
            Lag::Censored { .. } => Some(f64::INFINITY),
            Lag::Unknown => None,
        });
        let enough = ends.len() as u64 >= P99_NEEDS;
        LagMs::of(ends, enough)
    }

    fn ends(&self, end: impl Fn(Lag) -> Option<f64>) -> Vec<f64> {
        self.lags.iter().filter_map(|lag| end(*lag)).collect()
    }

    fn has_p99_of_accepted(&self) -> bool {
        let sampled = self.count(|lag| !matches!(lag, Lag::Unknown));
        let accepted = self.count(|lag| matches!(lag, Lag::Interval { .. } | Lag::Censored { .. }));
        sampled >= P99_NEEDS && accepted >= P99_NEEDS_ACCEPTED
    }
}

impl LagMs {
    /// Of `ends` in milliseconds, infinite where observation ended before; `None` without any.
    pub(in crate::summary) fn of(mut ends: Vec<f64>, has_p99: bool) -> Option<Self> {
        if ends.is_empty() {
            return None;
        }
        ends.sort_by(f64::total_cmp);
        let quantile = |quantile| {
            order_statistic(&ends, quantile)
                .filter(|ms| ms.is_finite())
                .map(rounded)
        };
        Some(Self {
            p50: quantile(0.5),
            p99: has_p99.then(|| quantile(0.99)).flatten(),
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
    /// `None` when the settings under which cost was measured name no lifetime.
    fn to(steady: &Settings) -> Option<Self> {
        let access_ttl_s = steady.seconds("access_ttl")?;
        let leeway_s = steady.seconds("leeway").unwrap_or(0.0);
        Some(Self {
            access_ttl_s,
            p50_ms: rounded((access_ttl_s / 2.0 + leeway_s) * 1e3),
            max_ms: rounded((access_ttl_s + leeway_s) * 1e3),
        })
    }
}

/// Whether the access lifetime under which lags were watched is another than that of the steady stream.
fn watched_elsewhere(steady: &Settings, watched: &Settings) -> bool {
    let ttl_s = watched.seconds("access_ttl");
    ttl_s.is_some() && ttl_s != steady.seconds("access_ttl")
}

/// Whether the law that a projection rests on was seen to hold.
fn verified(breaches: u64, law: Result<ExpiryLaw, NotAsked>) -> Result<(), NotProjected> {
    match law {
        _ if breaches > 0 => Err(NotProjected::Breach),
        Ok(law) if law.holds() => Ok(()),
        Ok(_) => Err(NotProjected::LawRejected),
        Err(NotAsked::TooFew) => Err(NotProjected::TooFew),
        Err(NotAsked::EndsOtherwise) => Err(NotProjected::EndsOtherwise),
    }
}

/// Unless the target file says `traffic = false`.
pub(crate) fn carries_traffic(target: &TargetRecord, point: &str) -> bool {
    let traffic = said_of(target, point, "traffic");
    traffic.and_then(Value::as_bool) != Some(false)
}

fn is_stream(target: &TargetRecord, point: &str) -> bool {
    said_of(target, point, "kind").and_then(Value::as_str) == Some("stream")
}

/// What the target file says of a point under `key`.
fn said_of<'a>(target: &'a TargetRecord, point: &str, key: &str) -> Option<&'a Value> {
    let mut points = target.file.get("point")?.as_array()?.iter();
    let named = points.find(|entry| entry.get("name").and_then(Value::as_str) == Some(point));
    named?.get(key)
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
