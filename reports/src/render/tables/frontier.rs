//! The points of the frontier, with every cost that was measured.

use super::{figure, length, settings};
use crate::frontier::{Frontier, Known, Point, Reach, Standing};
use crate::number::{significant, span};
use crate::render::table::{Row, Table};
use crate::summary::Summary;

/// One row per point: cost by every measure, lag, and where it stands.
#[must_use]
pub fn frontier(summary: &Summary) -> Table {
    let mut table = Table::new(
        "Cost against lag",
        "The lag is that of the worst event and enforcement point; the longest is that after any. Settings under a name are those that cost was measured with; \
         a lag measured at the laboratory's lifetime is not what production would see, the projected one is. \
         Dominated: another target costs no more and is no later, and better in one of the two, by what rounds and probes tell apart; the others are the Pareto set.",
        &[
            "target",
            "#CPU µs/request",
            "#its rounds",
            "#p99 ms",
            "#store commands",
            "#wire bytes",
            "#lag p50",
            "#lag max",
            "after",
            "known by",
            "stands",
        ],
    );
    for point in Frontier::of(summary).points {
        let target = summary
            .targets
            .iter()
            .find(|target| target.name == point.target);
        let [p50, max] = lag(&point);
        table.rows.push(Row {
            detail: target.and_then(|target| settings(target, &target.settings)),
            cells: vec![
                point.target.clone(),
                significant(point.cpu_us),
                rounds(&point),
                figure(point.p99_ms),
                figure(point.store_commands),
                figure(point.wire_bytes),
                p50,
                max,
                point.after.clone(),
                known(&point),
                standing(point.standing).to_owned(),
            ],
            ..Row::default()
        });
    }
    table.without_empty_columns()
}

fn rounds(point: &Point) -> String {
    point.cpu_rounds.map_or_else(
        || super::ABSENT.to_owned(),
        |rounds| format!("{}–{}", significant(rounds.min), significant(rounds.max)),
    )
}

fn lag(point: &Point) -> [String; 2] {
    match point.reach {
        Reach::NeverAccepted { max_ms } => ["never accepted".to_owned(), length(max_ms)],
        Reach::Lasting { p50_ms, max_ms } => [
            span(p50_ms),
            max_ms.map_or_else(|| "still in".to_owned(), span),
        ],
        Reach::Outlasting { at_least_ms } => {
            [format!("> {}", span(at_least_ms)), "still in".to_owned()]
        }
    }
}

fn known(point: &Point) -> String {
    match point.known {
        Known::Measured {
            laboratory_ttl_s: Some(ttl),
        } => format!("measured at TTL {} (laboratory)", span(ttl * 1e3)),
        Known::Measured { .. } => "measured".to_owned(),
        Known::Projected { access_ttl_s } => {
            format!("projected to TTL {}", span(access_ttl_s * 1e3))
        }
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Efficient => "Pareto set",
        Standing::Dominated => "dominated",
        Standing::Laboratory => "apart: laboratory",
        Standing::NegativeControl => "negative control",
    }
}
