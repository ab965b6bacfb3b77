//! The lag over a lifetime, held against theory.

use super::length;
use crate::lifetimes::{Fit, Lifetimes};
use crate::number::{count, significant, span};
use crate::render::table::{Row, Table};
use crate::summary::Summary;

/// One row per form of a target that was measured at several lifetimes.
#[must_use]
pub fn lifetimes(summary: &Summary) -> Table {
    let mut table = Table::new(
        "Lag over the lifetime",
        "Forms of one target that differ in one lifetime alone. Theory: what is believed for a time T and revoked at a random age has a remainder that is uniform, so half of the \
         callers are out after T ÷ 2 and all after T, the leeway added. The median counts those who were never accepted. A token's lifetime has whole seconds, so it may be up to one shorter than stated.",
        &[
            "target",
            "#lifetime",
            "#n",
            "#p50",
            "#theory p50",
            "#max",
            "#theory max",
            "theory",
        ],
    );
    for sweep in Lifetimes::of(summary) {
        for (number, form) in sweep.forms.iter().enumerate() {
            let theory = |part: f64| span((form.lifetime_s * part + form.leeway_s) * 1e3);
            table.rows.push(Row {
                heading: (number == 0).then(|| heading(&sweep)),
                detail: None,
                cells: vec![
                    form.target.to_owned(),
                    span(form.lifetime_s * 1e3),
                    count(form.row.sampled()),
                    length(form.p50_ms()),
                    theory(0.5),
                    length(form.max_ms()),
                    theory(1.0),
                    form.theory.said().to_owned(),
                ],
            });
        }
    }
    table
}

fn heading(sweep: &Lifetimes) -> String {
    let key = sweep.key.replace('_', " ");
    let fits = sweep.fits().map_or_else(String::new, |[p50, max]| {
        format!(" · p50 ≈ {}, max ≈ {}", line(p50), line(max))
    });
    format!(
        "{}, {key}, after {} at {}{fits}",
        sweep.of, sweep.event, sweep.point
    )
}

/// `0.49 × T + 3.1 ms`.
fn line(fit: Fit) -> String {
    let sign = if fit.intercept_ms < 0.0 { "−" } else { "+" };
    format!(
        "{} × T {sign} {}",
        significant(fit.slope),
        span(fit.intercept_ms.abs())
    )
}

/// Lifetimes longer than any that was watched, where every form followed the theory.
#[must_use]
pub fn projections(summary: &Summary) -> Table {
    let mut table = Table::new(
        "Projected to longer lifetimes",
        "Not measured: computed from the theory, which every watched form followed.",
        &[
            "target",
            "lifetime of",
            "#lifetime",
            "#p50, projected",
            "#max, projected",
        ],
    );
    for sweep in Lifetimes::of(summary) {
        for projection in sweep.projections() {
            table.rows.push(Row {
                cells: vec![
                    sweep.of.clone(),
                    sweep.key.replace('_', " "),
                    span(projection.lifetime_s * 1e3),
                    span(projection.p50_ms),
                    span(projection.max_ms),
                ],
                ..Row::default()
            });
        }
    }
    table
}
