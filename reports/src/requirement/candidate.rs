//! One target held against a requirement.

use super::Requirement;
use crate::frontier::guarding;
use crate::number::{rounded, span};
use crate::statistics::Spread;
use crate::summary::lag::RevocationSummary;
use crate::summary::{Summary, TargetSummary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How it is known that a target meets a requirement.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// It promises no more, and no breach was measured.
    Bound,
    /// Its bound, computed for the lifetime that cost was measured with, from the law that was verified at a short one.
    ProjectedBound,
    /// Its longest measured lag; it promises nothing, or more than is required.
    Measured,
}

/// One target held against a requirement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The target's name.
    pub target: String,
    /// CPU per request of all its processes in microseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_us: Option<f64>,
    /// The same of the cheapest and the dearest round.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_rounds: Option<Spread>,
    /// Processors that the rate keeps busy: CPU per request × rate. Absent where no rate was asked about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cores: Option<f64>,
    /// The longest that it promises after any event, in milliseconds; absent where some event has no bound.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound_ms: Option<f64>,
    /// The time by which 99 of 100 callers were seen to be out, after the worst of the events with 300 samples, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p99_ms: Option<f64>,
    /// The longest lag after any event, in milliseconds; 0 where nobody was accepted after any acknowledgement, absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_ms: Option<f64>,
    /// The event and the point of that lag; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<String>,
    /// How it is known that it meets the requirement; absent where it does not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub known_by: Option<KnownBy>,
    /// What is left of the time required, beyond the bound or the longest lag, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub margin_ms: Option<f64>,
    /// Why it does not qualify; absent where it does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fails: Option<String>,
}

/// The longest lag of a target, and whether it is computed.
struct Longest<'a> {
    row: &'a RevocationSummary,
    ms: f64,
    projected: bool,
}

impl Candidate {
    pub(super) fn of(target: &TargetSummary, summary: &Summary, requirement: Requirement) -> Self {
        let longest = longest(target);
        let bound_ms = longest_bound_ms(target);
        let known = longest.as_ref().ok().map(|longest| longest.ms);
        let known_by = known_by(&longest, bound_ms, target, requirement.within_ms);
        let fails = disqualified(target, summary).or_else(|| match &longest {
            Err(why) => Some(why.clone()),
            Ok(longest) if known_by.is_none() => Some(too_long(longest)),
            Ok(_) => None,
        });
        let known_by = known_by.filter(|_| fails.is_none());
        let margin_ms = match known_by {
            Some(KnownBy::Measured) => known,
            Some(KnownBy::Bound | KnownBy::ProjectedBound) => bound_ms,
            None => None,
        };
        let cpu_us = target.cpu_us();
        let rows = || guarding(target);
        Self {
            target: target.name.clone(),
            cpu_us,
            cpu_rounds: target.load.as_ref().and_then(|load| load.rounds.cpu_us),
            cores: cpu_us
                .zip(requirement.rate_per_s)
                .map(|(us, rate)| rounded(us * rate / 1e6)),
            bound_ms,
            p99_ms: rows().filter_map(|row| row.out_by_ms?.p99).reduce(f64::max),
            max_ms: known.filter(|ms| ms.is_finite()),
            after: longest
                .ok()
                .filter(|longest| longest.ms > 0.0)
                .map(|longest| place(longest.row)),
            known_by,
            margin_ms: margin_ms.map(|ms| rounded(requirement.within_ms - ms)),
            fails,
        }
    }

    /// Whether it meets the requirement.
    #[must_use]
    pub fn qualifies(&self) -> bool {
        self.known_by.is_some()
    }

    /// Those that promise it, then those that were measured to do it, then the others.
    pub(super) fn rank(&self) -> u8 {
        match self.known_by {
            Some(KnownBy::Bound | KnownBy::ProjectedBound) => 0,
            Some(KnownBy::Measured) => 1,
            None => 2,
        }
    }
}

/// What rules a target out whatever its lags are.
fn disqualified(target: &TargetSummary, summary: &Summary) -> Option<String> {
    if let Some(why) = &target.control {
        return Some(format!("a negative control: {why}"));
    }
    let mut broken = summary
        .failures
        .iter()
        .filter(|failure| failure.target == target.name);
    if let Some(failure) = broken.next() {
        let place = failure
            .point
            .as_ref()
            .map_or_else(String::new, |point| format!(" at {point}"));
        let (outcome, event) = (failure.expectation.outcome(), &failure.event);
        return Some(format!("{outcome} after {event}{place}: {}", failure.what));
    }
    target
        .cpu_us()
        .is_none()
        .then(|| "its CPU per request was not measured".to_owned())
}

/// The longest lag after any event at any point that counts, at the lifetime that cost was measured with.
fn longest(target: &TargetSummary) -> Result<Longest<'_>, String> {
    let unseen = target
        .revocation
        .iter()
        .find(|row| row.traffic && row.is_meant() && row.sampled() == 0);
    if let Some(row) = unseen {
        return Err(format!("no revocation gave a sample after {}", place(row)));
    }
    let lags: Result<Vec<Longest>, String> = guarding(target).map(longest_of).collect();
    lags?
        .into_iter()
        .reduce(|longest, next| if next.ms > longest.ms { next } else { longest })
        .ok_or_else(|| "no revocation was measured".to_owned())
}

fn longest_of(row: &RevocationSummary) -> Result<Longest<'_>, String> {
    let ms = row.longest_ms().map_err(|reason| {
        format!(
            "its lag after {} at the lifetime that cost was measured with is not known: {}",
            place(row),
            reason.why()
        )
    })?;
    Ok(Longest {
        row,
        ms,
        projected: row.projected.is_some(),
    })
}

/// `None` where some event that counts has no bound, or one that was not watched to its end.
fn longest_bound_ms(target: &TargetSummary) -> Option<f64> {
    let bounds: Option<Vec<f64>> = guarding(target)
        .map(|row| match row.projected {
            Some(projected) => Some(projected.max_ms),
            None => row.bound_ms.filter(|_| row.bound_was_observed()),
        })
        .collect();
    bounds?.into_iter().reduce(f64::max)
}

fn known_by(
    longest: &Result<Longest, String>,
    bound_ms: Option<f64>,
    target: &TargetSummary,
    within_ms: f64,
) -> Option<KnownBy> {
    let longest = longest.as_ref().ok()?;
    let projected = guarding(target).any(|row| row.projected.is_some());
    if bound_ms.is_some_and(|bound| bound <= within_ms) {
        let how = if projected {
            KnownBy::ProjectedBound
        } else {
            KnownBy::Bound
        };
        return Some(how);
    }
    (longest.ms <= within_ms && !longest.projected).then_some(KnownBy::Measured)
}

fn too_long(longest: &Longest) -> String {
    let place = place(longest.row);
    if longest.ms.is_infinite() {
        let at_least = span(longest.row.certain_max_ms.unwrap_or(0.0));
        return format!("still accepted {at_least} after {place}, when observation ended");
    }
    let how = if longest.projected {
        "projected to"
    } else {
        "measured at"
    };
    let ttl = longest.row.projected.map_or_else(String::new, |projected| {
        format!(" at TTL {}", span(projected.access_ttl_s * 1e3))
    });
    format!("{how} {}{ttl} after {place}", span(longest.ms))
}

fn place(row: &RevocationSummary) -> String {
    format!("{} at {}", row.event, row.point)
}
