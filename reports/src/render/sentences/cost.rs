//! What a request costs.

use super::{list, quoted};
use crate::number::significant;
use crate::summary::{Summary, TargetSummary};
use std::cmp::Ordering;

pub(super) fn cost(summary: &Summary) -> String {
    let control_us = summary.control().and_then(TargetSummary::cpu_us);
    match ascending(summary).as_slice() {
        [] => control_us.map_or_else(
            || "CPU per request was not measured.".to_owned(),
            |us| {
                let us = significant(us);
                format!("Only the control was measured: {us} µs of CPU per request.")
            },
        ),
        [only] => {
            let cost = only.above();
            format!("A request to {} cost {cost}.", quoted(only.name()))
        }
        [cheapest, others @ ..] => ranking(cheapest, others),
    }
}

struct Cost<'a> {
    summary: &'a Summary,
    target: &'a TargetSummary,
    us: f64,
    control_us: Option<f64>,
}

/// All but the control and negative controls, and but those that are measured without TLS besides, the cheapest first: what TLS adds is no cost of a model.
fn ascending(summary: &Summary) -> Vec<Cost<'_>> {
    let mut costs: Vec<Cost> = summary
        .targets
        .iter()
        .filter(|target| !target.is_control() && !target.is_negative_control())
        .filter(|target| !is_measured_without_tls(target))
        .filter_map(|target| {
            let us = target.cpu_us()?;
            Some(Cost {
                summary,
                control_us: summary.control_of(target).and_then(TargetSummary::cpu_us),
                target,
                us,
            })
        })
        .collect();
    costs.sort_by(|left, right| left.us.total_cmp(&right.us));
    costs
}

fn is_measured_without_tls(target: &TargetSummary) -> bool {
    let tls = target.tls.as_ref();
    tls.is_some_and(|tls| tls.without.is_some())
}

/// Nothing is ranked that the rounds do not tell apart.
fn ranking(cheapest: &Cost, others: &[Cost]) -> String {
    let dearest = others.last().unwrap_or(cheapest);
    let tied: Vec<&str> = others
        .iter()
        .filter(|other| cheapest.alike(other))
        .map(Cost::name)
        .collect();
    if tied.len() == others.len() {
        let all: Vec<&str> = [cheapest.name()].into_iter().chain(tied).collect();
        return format!(
            "{} cost {} to {} µs of CPU per request: too close for their rounds to tell apart.",
            list(&all),
            significant(cheapest.us),
            significant(dearest.us)
        );
    }
    let close = if tied.is_empty() {
        String::new()
    } else {
        format!(
            ", with {} too close for the rounds to tell apart",
            list(&tied)
        )
    };
    format!(
        "Checking a caller cost least with {} ({}){close}, and most with {} ({}).",
        quoted(cheapest.name()),
        cheapest.above(),
        quoted(dearest.name()),
        dearest.above()
    )
}

impl Cost<'_> {
    fn name(&self) -> &str {
        &self.target.name
    }

    fn above(&self) -> String {
        let all = format!("{} µs of CPU per request", significant(self.us));
        match self.control_us {
            Some(control) => {
                let more = significant(self.us - control);
                format!("{all}, {more} µs above the control")
            }
            None => all,
        }
    }

    /// As far as their rounds tell.
    fn alike(&self, other: &Self) -> bool {
        self.summary.by_cost(self.name(), other.name()) == Ordering::Equal
    }
}
