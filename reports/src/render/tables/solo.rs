//! What each target held when it was alone under load: its capacity, and its curve.

use super::{figure, settings};
use crate::number::{count, exact, significant};
use crate::render::table::{ABSENT, Row, Table};
use crate::run_file::Slo;
use crate::statistics::Spread;
use crate::summary::capacity::{CapacitySummary, LimitedBy, ProcessorUse};
use crate::summary::sweep::{SweepPoint, SweepSummary};
use crate::summary::{Summary, TargetSummary};

/// The highest rate that each target held within its objective.
#[must_use]
pub fn capacity(summary: &Summary) -> Table {
    let objectives = Objectives::of(summary, |target| Some(target.capacity.as_ref()?.slo));
    let note = format!(
        "The highest rate at which a target, alone under load, kept its objective{}. Median of the rounds, each a search of its own; a rate that failed was tried again. \
         The interval is Student's on the logarithms of the rounds; ≥ means that the target may hold more. Response time is that at the capacity, and this is where an objective \
         is to be read: in a mixed stream the targets disturb each other, so that it serves to compare them. CPU is in processors' worth, at the lowest rate that was not held.",
        objectives.note()
    );
    let mut table = Table::new(
        "Capacity",
        note,
        &[
            "target",
            "objective",
            "#rounds",
            "#capacity /s",
            "#95 % interval",
            "#of rounds",
            "#p50 ms",
            "#p99 ms",
            "gave out first",
            "CPU, processors",
            "#generator",
        ],
    );
    for target in &summary.targets {
        let Some(found) = &target.capacity else {
            continue;
        };
        let response = found.response_ms.unwrap_or_default();
        let used = found.processors.as_ref();
        table.rows.push(Row {
            detail: settings(target, &found.settings),
            cells: vec![
                target.name.clone(),
                objectives.cell(&found.slo),
                count(found.repeats),
                held(Some(found)),
                found.interval_95.map_or_else(absent, |[from, to]| {
                    format!("{}–{}", significant(from), significant(to))
                }),
                found.spread.map_or_else(absent, range),
                figure(response.p50),
                figure(response.p99),
                found.limited_by.map_or_else(
                    || no_processor(found).to_owned(),
                    |limit| LimitedBy::words(limit).to_owned(),
                ),
                used.map_or_else(absent, processors),
                used.map_or_else(absent, |used| hundredths(used.generator)),
            ],
            ..Row::default()
        });
    }
    table.without_empty_columns()
}

/// `23,400`, `≥ 61,000`, or that nothing was held; a dash where nobody looked.
pub(super) fn held(found: Option<&CapacitySummary>) -> String {
    let Some(found) = found else {
        return absent();
    };
    match (found.per_s, found.at_least) {
        (Some(per_s), false) => significant(per_s),
        (Some(per_s), true) => format!("≥ {}", significant(per_s)),
        (None, _) => "none held".to_owned(),
    }
}

/// `18,000`, `≥ 18,000`, or that not even the lowest was held; a dash where nobody measured.
pub(super) fn knee(curve: Option<&SweepSummary>) -> String {
    let Some(curve) = curve else {
        return absent();
    };
    match (curve.knee_per_s, curve.knee_at_least) {
        (Some(per_s), false) => significant(per_s),
        (Some(per_s), true) => format!("≥ {}", significant(per_s)),
        (None, _) => "none held".to_owned(),
    }
}

fn no_processor(found: &CapacitySummary) -> &'static str {
    match found.processors {
        Some(_) => "no processor",
        None => ABSENT,
    }
}

/// `0.98 (resource-1 0.31, resource-2 0.30, store 0.37)`.
fn processors(used: &ProcessorUse) -> String {
    let each = used
        .processes
        .iter()
        .filter(|(_, cores)| **cores >= 0.01)
        .map(|(name, cores)| format!("{name} {}", hundredths(*cores)));
    let each: Vec<String> = each.collect();
    match each.as_slice() {
        [] => absent(),
        several => format!("{} ({})", hundredths(used.target), several.join(", ")),
    }
}

/// Shares of a processor: a third decimal would be noise.
fn hundredths(cores: f64) -> String {
    format!("{cores:.2}")
}

/// Each target under each rate of its ladder.
#[must_use]
pub fn sweep(summary: &Summary) -> Table {
    let objectives = Objectives::of(summary, |target| Some(target.sweep.as_ref()?.slo));
    let note = format!(
        "Each target alone under load, one rate after another; all rounds merged. The knee is the last rate before the first that was held in fewer than half of the rounds{}. \
         CPU is that of all the target's processes; what they use without traffic is subtracted from CPU per request and not from processors.",
        objectives.note()
    );
    let mut table = Table::new(
        "Response time and CPU over the rate",
        note,
        &[
            "asked /s",
            "#held in rounds",
            "#n",
            "#errors",
            "#achieved /s",
            "#p50 ms",
            "#p99 ms",
            "#CPU µs/request",
            "#processors",
            "#generator",
        ],
    );
    for target in &summary.targets {
        let Some(curve) = &target.sweep else { continue };
        let steps = curve.steps.iter().enumerate();
        table.rows.extend(steps.map(|(number, step)| Row {
            heading: (number == 0).then(|| heading(target, curve, &objectives)),
            cells: cells(step, curve),
            ..Row::default()
        }));
    }
    table.without_empty_columns()
}

fn heading(target: &TargetSummary, curve: &SweepSummary, objectives: &Objectives) -> String {
    let knee = match (curve.knee_per_s, curve.knee_at_least) {
        (Some(rate), true) if curve.generator_gave_out() => format!(
            "knee at {}/s or above, the generator gave out first",
            significant(rate)
        ),
        (Some(rate), true) => format!("every rate was held, {}/s too", significant(rate)),
        (Some(rate), false) => format!("knee at {}/s", significant(rate)),
        (None, _) => "not even the lowest rate was held".to_owned(),
    };
    let objective = match objectives.differ() {
        true => format!(" ({})", objective(&curve.slo)),
        false => String::new(),
    };
    let under = settings(target, &curve.settings)
        .map_or_else(String::new, |settings| format!(" ({settings})"));
    format!("{}{under}: {knee}{objective}", target.name)
}

fn cells(step: &SweepPoint, curve: &SweepSummary) -> Vec<String> {
    let rate = significant(step.rate_per_s);
    let knee = curve.knee_per_s == Some(step.rate_per_s) && !curve.knee_at_least;
    vec![
        if knee { format!("{rate} knee") } else { rate },
        format!("{} of {}", step.held, step.rounds),
        count(step.requests),
        count(step.unexpected),
        significant(step.achieved_per_s),
        figure(step.response_ms.p50),
        figure(step.response_ms.p99),
        figure(step.cpu_us_per_request),
        hundredths(step.target_cores),
        hundredths(step.generator_cores),
    ]
}

/// Said once where all targets have the same, for each target where they do not.
struct Objectives(Vec<Slo>);

impl Objectives {
    fn of(summary: &Summary, slo: impl Fn(&TargetSummary) -> Option<Slo>) -> Self {
        Self(summary.targets.iter().filter_map(slo).collect())
    }

    fn differ(&self) -> bool {
        self.0.windows(2).any(|pair| pair[0] != pair[1])
    }

    fn note(&self) -> String {
        match self.0.first() {
            Some(slo) if !self.differ() => format!(" ({})", objective(slo)),
            _ => String::new(),
        }
    }

    fn cell(&self, slo: &Slo) -> String {
        if self.differ() {
            objective(slo)
        } else {
            absent()
        }
    }
}

/// `p99 ≤ 10 ms, unexpected ≤ 0 %, achieved ≥ 99 %`.
pub(in crate::render) fn objective(slo: &Slo) -> String {
    let percent = |share: f64| exact(share * 100.0);
    format!(
        "p99 ≤ {} ms, unexpected ≤ {} %, achieved ≥ {} %",
        exact(slo.p99_ms),
        percent(slo.unexpected),
        percent(slo.achieved)
    )
}

fn range(spread: Spread) -> String {
    format!("{}–{}", significant(spread.min), significant(spread.max))
}

fn absent() -> String {
    ABSENT.to_owned()
}
