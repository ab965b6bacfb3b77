//! Which promises were kept.

use super::quoted;
use crate::expectation::{Expectation, Failure};
use crate::number::count;
use crate::summary::lag::RevocationSummary;
use crate::summary::{Summary, TargetSummary};

pub(super) fn promises(summary: &Summary) -> String {
    if let Some(first) = summary.failures.first() {
        return broken(first, summary.failures.len() - 1);
    }
    let rows = summary.targets.iter().flat_map(|target| &target.revocation);
    let bounded: u64 = rows
        .filter(|row| row.bound_ms.is_some())
        .map(RevocationSummary::sampled)
        .sum();
    if bounded == 0 {
        return "No target stated a revocation bound, so none could be checked.".to_owned();
    }
    let refreshes = match summary.targets.iter().map(refused_refreshes).sum() {
        0 => String::new(),
        refused => format!(
            ", and no refresh worked after its event ({} refused)",
            count(refused)
        ),
    };
    format!(
        "Every stated bound was kept in {} observations{refreshes}.",
        count(bounded)
    )
}

fn broken(first: &Failure, others: usize) -> String {
    let promise = match first.expectation {
        Expectation::Bound => "a revocation bound",
        Expectation::ExpiryLaw => "the law of expiry",
        Expectation::RefreshRefused => "the end of refreshing",
    };
    let more = match others {
        0 => String::new(),
        others => format!(" ({others} more below)"),
    };
    format!(
        "{} did not keep {promise} after {}: {}{more}.",
        quoted(&first.target),
        quoted(&first.event),
        first.what
    )
}

/// Once per event: its points repeat it.
fn refused_refreshes(target: &TargetSummary) -> u64 {
    let mut seen: Vec<&str> = Vec::new();
    let mut refused = 0;
    for row in &target.revocation {
        if let Some(after) = row
            .refresh_after
            .filter(|_| !seen.contains(&row.event.as_str()))
        {
            seen.push(&row.event);
            refused += after.refused;
        }
    }
    refused
}
