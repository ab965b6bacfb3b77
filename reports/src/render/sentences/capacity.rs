//! How much load a target holds.

use super::{list, quoted};
use crate::number::significant;
use crate::render::tables::objective;
use crate::summary::Summary;
use crate::summary::capacity::CapacitySummary;

/// `None` where no capacity was looked for.
pub(super) fn capacity(summary: &Summary) -> Option<String> {
    let mut found: Vec<Found> = summary
        .targets
        .iter()
        .filter_map(|target| {
            let capacity = target.capacity.as_ref()?;
            Some(Found {
                name: &target.name,
                per_s: capacity.per_s?,
                capacity,
            })
        })
        .collect();
    let looked_for = summary
        .targets
        .iter()
        .any(|target| target.capacity.is_some());
    found.sort_by(|one, other| other.per_s.total_cmp(&one.per_s));
    match found.as_slice() {
        [] => looked_for.then(|| "No target held any rate within its objective.".to_owned()),
        [only] => Some(format!("Alone under load, {}.", only.held())),
        [most, .., least] => Some(format!(
            "Alone under load, {}, the most{}; {}, the least.",
            most.held(),
            also(most, &found[1..]),
            least.held()
        )),
    }
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
    /// `` `jwt` held 23,400 requests/s (p99 ≤ 10 ms, …) ``.
    fn held(&self) -> String {
        let at_least = if self.capacity.at_least {
            "at least "
        } else {
            ""
        };
        format!(
            "{} held {at_least}{} requests/s ({})",
            quoted(self.name),
            significant(self.per_s),
            objective(&self.capacity.slo)
        )
    }

    /// Nothing is ranked that the intervals do not tell apart, and a lower bound may lie anywhere above.
    fn told_apart(&self, lower: &Self) -> bool {
        match (self.capacity.interval_95, lower.capacity.interval_95) {
            (Some([from, _]), Some([_, to])) => to < from,
            (None, Some([_, to])) if self.capacity.at_least => to < self.per_s,
            _ => false,
        }
    }
}

fn also(most: &Found, others: &[Found]) -> String {
    let close: Vec<&str> = others
        .iter()
        .filter(|other| !most.told_apart(other))
        .map(|other| other.name)
        .collect();
    if close.is_empty() {
        return String::new();
    }
    format!(", with {} too close to tell apart", list(&close))
}
