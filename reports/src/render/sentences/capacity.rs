//! How much load a target holds.

use super::{list, quoted};
use crate::number::significant;
use crate::render::tables::objective;
use crate::summary::Summary;
use crate::summary::capacity::CapacitySummary;

/// The targets by what they hold, the most first; `None` where no capacity was looked for.
pub(super) fn capacity(summary: &Summary) -> Option<String> {
    let looked_for = summary.targets.iter().filter_map(|target| {
        let capacity = target.capacity.as_ref()?;
        Some((target.name.as_str(), capacity))
    });
    let mut found: Vec<Found> = looked_for
        .clone()
        .filter_map(|(name, capacity)| {
            let per_s = capacity.per_s?;
            Some(Found {
                name,
                per_s,
                capacity,
            })
        })
        .collect();
    found.sort_by(|one, other| other.per_s.total_cmp(&one.per_s));
    let slo = looked_for.map(|(_, capacity)| capacity.slo).next()?;
    let same = found.iter().all(|one| one.capacity.slo == slo);
    let within = match same {
        true => objective(&slo),
        false => "its own objective".to_owned(),
    };
    if found.is_empty() {
        return Some(format!("No target held any rate within {within}."));
    }
    let held: Vec<String> = found.iter().map(Found::held).collect();
    Some(format!(
        "Alone under load, within {within}: {} requests/s{}.",
        held.join(", "),
        not_told_apart(&found)
    ))
}

/// Where the curves leave their objectives; `None` where no curve was measured.
pub(super) fn knees(summary: &Summary) -> Option<String> {
    let knees: Vec<String> = summary
        .targets
        .iter()
        .filter_map(|target| {
            let curve = target.sweep.as_ref()?;
            let rate = match (curve.knee_per_s, curve.knee_at_least) {
                (None, _) => "below the lowest rate".to_owned(),
                (Some(rate), true) => format!("≥ {}/s", significant(rate)),
                (Some(rate), false) => format!("{}/s", significant(rate)),
            };
            Some(format!("{} {rate}", quoted(&target.name)))
        })
        .collect();
    (!knees.is_empty()).then(|| format!("The last rates held on the way up: {}.", knees.join(", ")))
}

struct Found<'a> {
    name: &'a str,
    per_s: f64,
    capacity: &'a CapacitySummary,
}

impl Found<'_> {
    fn held(&self) -> String {
        let at_least = if self.capacity.at_least { "≥ " } else { "" };
        format!(
            "{} {at_least}{}",
            quoted(self.name),
            significant(self.per_s)
        )
    }

    /// Only what the intervals tell apart is a ranking; a lower bound tells it of whatever certainly lies below.
    fn told_apart(&self, lower: &Self) -> bool {
        match (self.capacity.interval_95, lower.capacity.interval_95) {
            (Some([from, _]), Some([_, to])) => to < from,
            (None, Some([_, to])) => self.capacity.at_least && to < self.per_s,
            _ => false,
        }
    }
}

/// `; not told apart: …`, for neighbours in the order.
fn not_told_apart(found: &[Found]) -> String {
    let groups = found.chunk_by(|one, next| !one.told_apart(next));
    let close: Vec<String> = groups
        .filter(|group| group.len() > 1)
        .map(|group| list(&group.iter().map(|one| one.name).collect::<Vec<_>>()))
        .collect();
    match close.is_empty() {
        true => String::new(),
        false => format!("; not told apart: {}", close.join("; ")),
    }
}
