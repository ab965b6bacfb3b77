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
    let kept = || {
        summary
            .targets
            .iter()
            .filter(|target| !target.is_negative_control())
    };
    let rows = || kept().flat_map(|target| &target.revocation);
    let bounded: Vec<&RevocationSummary> = rows().filter(|row| row.bound_ms.is_some()).collect();
    if bounded.is_empty() {
        return match rows().next() {
            Some(_) => "No target stated a revocation bound, so none could be checked.".to_owned(),
            None => "No promise was checked.".to_owned(),
        };
    }
    let observations = count(bounded.iter().map(|row| row.sampled()).sum());
    let unwatched = bounded.iter().filter(|row| !row.bound_was_observed());
    let unwatched = unwatched.count() as u64;
    if unwatched > 0 {
        return format!(
            "No stated bound was seen broken in {observations} observations, but {} of {} were not observed to their end.",
            count(unwatched),
            count(bounded.len() as u64)
        );
    }
    let refreshes = match kept().map(refused_refreshes).sum() {
        0 => String::new(),
        refused => format!(
            ", and no refresh worked after an event that is to end it ({} refused)",
            count(refused)
        ),
    };
    format!("Every stated bound was kept in {observations} observations{refreshes}.")
}

fn broken(first: &Failure, others: usize) -> String {
    let did = match first.expectation {
        Expectation::Bound => "did not keep a revocation bound",
        Expectation::BoundShown => "was not seen to keep a revocation bound",
        Expectation::RefreshRefused => "did not keep the end of refreshing",
        Expectation::OthersLeftAlone => "put out callers who should have stayed in",
    };
    let more = match others {
        0 => String::new(),
        others => format!(" ({others} more below)"),
    };
    format!(
        "{} {did} after {}: {}{more}.",
        quoted(&first.target),
        quoted(&first.event),
        first.what
    )
}

/// Where that is promised; once per event, for its points repeat it.
fn refused_refreshes(target: &TargetSummary) -> u64 {
    let mut seen: Vec<&str> = Vec::new();
    let mut refused = 0;
    for row in &target.revocation {
        if let Some(after) = row
            .refresh_after
            .filter(|_| row.refresh_ends() && !seen.contains(&row.event.as_str()))
        {
            seen.push(&row.event);
            refused += after.refused;
        }
    }
    refused
}
