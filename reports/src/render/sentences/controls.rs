//! What became of those that are there to fail.

use super::{list, quoted};
use crate::number::span;
use crate::summary::lag::RevocationSummary;
use crate::summary::{Summary, TargetSummary};

/// A sentence for all that failed as they must, and one for those that did not; none without negative controls.
pub(super) fn controls(summary: &Summary) -> Vec<String> {
    let controls = summary
        .targets
        .iter()
        .filter(|target| target.is_negative_control() && !target.revocation.is_empty());
    let (failed, fine): (Vec<&TargetSummary>, Vec<&TargetSummary>) =
        controls.partition(|target| target.shows_failure());
    let shown: Vec<String> = failed
        .iter()
        .map(|target| format!("{} {}", quoted(&target.name), failure(target)))
        .collect();
    let failed =
        (!shown.is_empty()).then(|| format!("As negative controls must, {}.", shown.join("; ")));
    let names: Vec<&str> = fine.iter().map(|target| target.name.as_str()).collect();
    let fine = (!names.is_empty()).then(|| {
        format!(
            "{} did not show the failure that it is here for.",
            list(&names)
        )
    });
    failed.into_iter().chain(fine).collect()
}

fn failure(target: &TargetSummary) -> String {
    let rows = || target.revocation.iter().filter(|row| row.is_meant());
    let events = |which: fn(&RevocationSummary) -> bool| {
        let mut events: Vec<&str> = rows()
            .filter(|row| which(row))
            .map(|row| row.event.as_str())
            .collect();
        events.dedup();
        events.len()
    };
    let still_in = rows().filter(|row| row.censored > 0);
    let longest = still_in.filter_map(|row| row.certain_max_ms);
    match longest.reduce(f64::max) {
        Some(ms) => format!(
            "still accepted callers {} after the acknowledgement, when observation ended (after {} of {} events)",
            span(ms),
            events(|row| row.censored > 0),
            events(|_| true)
        ),
        None => "did not keep what is expected of others".to_owned(),
    }
}
