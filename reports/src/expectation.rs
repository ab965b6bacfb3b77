//! What the targets promised, and the exit code that follows from it and from the thresholds of scenarios.

use crate::number::{count, span};
use crate::summary::lag::RevocationSummary;
use crate::summary::mass::{MassPointSummary, MassSummary};
use crate::summary::{Summary, TargetSummary};
use crate::validity::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A promise that a target did not keep. A fact of the target: it does not touch the validity of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What was expected.
    pub expectation: Expectation,
    /// Whose promise it was.
    pub target: String,
    /// The event after which it was not kept.
    pub event: String,
    /// Where; absent where it concerns the target as a whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub point: Option<String>,
    /// What happened instead, and how often.
    pub what: String,
}

impl Failure {
    /// Whose promise, when, where, and what happened instead; names in backticks.
    #[must_use]
    pub fn sentence(&self) -> String {
        let place = self
            .point
            .as_ref()
            .map_or_else(String::new, |point| format!(" at `{point}`"));
        format!(
            "`{}` after `{}`{place}: {}",
            self.target, self.event, self.what
        )
    }
}

/// What is expected of every target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// No request sent later than the stated bound after the acknowledgement is accepted. One is enough to break it.
    Bound,
    /// Where a bound is stated, at least one revocation gives a sample: what nobody watched was not kept.
    BoundShown,
    /// A refresh fails after an event of which the target promises that it does.
    RefreshRefused,
    /// Whom an event does not concern, it leaves alone.
    OthersLeftAlone,
}

impl Expectation {
    /// What became of it, before the rest of the sentence: what nobody could watch was not necessarily broken.
    #[must_use]
    pub fn outcome(self) -> &'static str {
        match self {
            Self::Bound | Self::RefreshRefused | Self::OthersLeftAlone => "not kept",
            Self::BoundShown => "not shown",
        }
    }
}

/// Everything fine.
const FINE: u8 = 0;
/// A bound was breached or an expectation failed.
const EXPECTATION_FAILED: u8 = 1;
/// The run does not measure the targets.
const UNFIT: u8 = 4;

/// The exit code of a run: 0 fine, 1 a promise or a threshold was not kept or could not be shown, 4 the run is invalid.
///
/// Invalid comes first: from a run that cannot be trusted, neither a success nor a failure follows.
#[must_use]
pub fn exit_code(summary: &Summary) -> u8 {
    if summary.validity.verdict == Verdict::Invalid {
        UNFIT
    } else if summary.failures.is_empty() && summary.unkept_thresholds().next().is_none() {
        FINE
    } else {
        EXPECTATION_FAILED
    }
}

/// Every promise of `targets` that was not kept.
#[must_use]
pub fn failures<'a>(targets: impl Iterator<Item = &'a TargetSummary>) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for target in targets {
        if let Some(mass) = &target.mass {
            let points = mass.points.iter();
            failures.extend(points.filter_map(|point| mass_failure(target, mass, point)));
        }
        for row in &target.revocation {
            let of_row = [
                breach(target, row),
                not_shown(target, row),
                refresh(target, row),
                collateral(target, row),
            ];
            // The refresh belongs to the event: its points would repeat it.
            let new = of_row
                .into_iter()
                .flatten()
                .filter(|failure| !failures.contains(failure));
            let new: Vec<Failure> = new.collect();
            failures.extend(new);
        }
    }
    failures
}

fn breach(target: &TargetSummary, row: &RevocationSummary) -> Option<Failure> {
    let bound_ms = row.bound_ms.filter(|_| row.breaches > 0)?;
    let latest = span(row.certain_max_ms.unwrap_or(bound_ms));
    let laboratory = row.laboratory_ttl_s().map_or_else(String::new, |ttl| {
        format!(" (watched at TTL {})", span(ttl * 1e3))
    });
    Some(Failure {
        expectation: Expectation::Bound,
        target: target.name.clone(),
        event: row.event.clone(),
        point: Some(row.point.clone()),
        what: format!(
            "{} of {} revocations exceeded the bound of {}: a request sent {latest} after the acknowledgement was accepted{laboratory}",
            count(row.breaches),
            count(row.sampled()),
            span(bound_ms)
        ),
    })
}

/// The bound of a point was exceeded by some of those who were watched there, or nobody could tell of any.
fn mass_failure(
    target: &TargetSummary,
    mass: &MassSummary,
    point: &MassPointSummary,
) -> Option<Failure> {
    let bound_ms = point.bound_ms?;
    let (expectation, what) = if point.breaches > 0 {
        let what = format!(
            "{} of {} accounts at once exceeded the bound of {}: a request sent {} after the acknowledgement was accepted",
            count(point.breaches),
            count(point.sampled()),
            span(bound_ms),
            span(point.certain_max_ms.unwrap_or(bound_ms))
        );
        (Expectation::Bound, what)
    } else if point.accounts > 0 && point.sampled() == 0 {
        let what = format!(
            "none of {} accounts at once gave a sample: the bound of {} could not be shown",
            count(point.accounts),
            span(bound_ms)
        );
        (Expectation::BoundShown, what)
    } else {
        return None;
    };
    Some(Failure {
        expectation,
        target: target.name.clone(),
        event: mass.event.clone(),
        point: Some(point.point.clone()),
        what,
    })
}

fn not_shown(target: &TargetSummary, row: &RevocationSummary) -> Option<Failure> {
    let bound_ms = row.bound_ms.filter(|_| row.n > 0 && row.sampled() == 0)?;
    Some(Failure {
        expectation: Expectation::BoundShown,
        target: target.name.clone(),
        event: row.event.clone(),
        point: Some(row.point.clone()),
        what: format!(
            "none of {} revocations gave a sample: the bound of {} could not be shown",
            count(row.n),
            span(bound_ms)
        ),
    })
}

fn refresh(target: &TargetSummary, row: &RevocationSummary) -> Option<Failure> {
    let after = row
        .refresh_after
        .filter(|after| after.worked > 0 && row.refresh_ends())?;
    Some(Failure {
        expectation: Expectation::RefreshRefused,
        target: target.name.clone(),
        event: row.event.clone(),
        point: None,
        what: format!(
            "{} of {} refreshes still worked afterwards",
            count(after.worked),
            count(after.worked + after.refused + after.unknown)
        ),
    })
}

fn collateral(target: &TargetSummary, row: &RevocationSummary) -> Option<Failure> {
    let collateral = row.collateral.filter(|collateral| collateral.put_out > 0)?;
    let whose = match collateral.put_out_of_same_user {
        0 => "other users'",
        same if same == collateral.put_out => "other sessions of the same user",
        _ => "other users' and other sessions of the same user",
    };
    Some(Failure {
        expectation: Expectation::OthersLeftAlone,
        target: target.name.clone(),
        event: row.event.clone(),
        point: Some(row.point.clone()),
        what: format!(
            "{} of {} credentials that it should have left alone were refused ({whose})",
            count(collateral.put_out),
            count(collateral.watched)
        ),
    })
}
