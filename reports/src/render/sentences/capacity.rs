//! How much load a target holds.

use super::{list, quoted};
use crate::number::significant;
use crate::render::tables::objective;
use crate::run_file::Slo;
use crate::summary::Summary;
use crate::summary::capacity::CapacitySummary;

/// The targets by what they hold, the most first, apart for each objective: rates held within different ones are no ranking. `None` where no
/// capacity was looked for.
pub(super) fn capacity(summary: &Summary) -> Option<String> {
    let looked_for: Vec<(&str, &CapacitySummary)> = summary
        .targets
        .iter()
        .filter_map(|target| Some((target.name.as_str(), target.capacity.as_ref()?)))
        .collect();
    let mut objectives: Vec<Slo> = Vec::new();
    for (_, capacity) in &looked_for {
        if !objectives.contains(&capacity.slo) {
            objectives.push(capacity.slo);
        }
    }
    let sentences: Vec<String> = objectives
        .iter()
        .map(|slo| held_within(slo, &looked_for))
        .collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Of the targets that `slo` is the objective of.
fn held_within(slo: &Slo, looked_for: &[(&str, &CapacitySummary)]) -> String {
    let within = objective(slo);
    let same = looked_for
        .iter()
        .filter(|(_, capacity)| capacity.slo == *slo);
    let mut found: Vec<Found> = same
        .filter_map(|&(name, capacity)| {
            let per_s = capacity.per_s?;
            Some(Found {
                name,
                per_s,
                capacity,
            })
        })
        .collect();
    found.sort_by(|one, other| other.per_s.total_cmp(&one.per_s));
    if found.is_empty() {
        return format!("No target held any rate within {within}.");
    }
    let held: Vec<String> = found.iter().map(Found::held).collect();
    format!(
        "Alone under load, within {within}: {} requests/s{}.",
        held.join(", "),
        not_told_apart(&found)
    )
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

/// `; not told apart: …`.
fn not_told_apart(found: &[Found]) -> String {
    let close: Vec<String> = groups(found)
        .into_iter()
        .filter(|group| group.len() > 1)
        .map(|group| list(&group.iter().map(|one| one.name).collect::<Vec<_>>()))
        .collect();
    match close.is_empty() {
        true => String::new(),
        false => format!("; not told apart: {}", close.join("; ")),
    }
}

/// Neighbours in the order, cut where everything above is told apart from everything below. Comparing neighbours alone would rank a target
/// above one whose wide interval reaches over its own.
fn groups<'a, 'b>(found: &'a [Found<'b>]) -> Vec<&'a [Found<'b>]> {
    let cut = |at: &usize| {
        let (above, below) = found.split_at(*at);
        above
            .iter()
            .all(|one| below.iter().all(|lower| one.told_apart(lower)))
    };
    let ends = (1..found.len()).filter(cut).chain([found.len()]);
    ends.scan(0, |from, to| Some(&found[std::mem::replace(from, to)..to]))
        .collect()
}
