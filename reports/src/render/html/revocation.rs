//! How long a caller stays in, and what that costs.

use super::{section, table};
use crate::matrix::Matrix;
use crate::render::{svg, tables};
use crate::run_file::RunFile;
use crate::summary::Summary;
use maud::{Markup, html};

/// Cost against lag, the lags themselves, rights that were gone, swept lifetimes: whatever was measured of them.
pub(super) fn sections(run: &RunFile, summary: &Summary, under: &str) -> Markup {
    html! {
        (cost_against_lag(summary, under))
        (lags(run, summary, under))
        (freshness(summary, under))
        (lifetimes(summary, under))
    }
}

fn cost_against_lag(summary: &Summary, under: &str) -> Markup {
    let read = "Down is cheaper, left is safer. A mark is the median lag of the worst event, the bar reaches to the longest lag after any; the upright bar is the cheapest and the dearest round. \
        The stepped line joins the Pareto set at its longest lags: whatever lies above and to the right of it is dearer, later or both, and grey. Hollow marks are computed for the lifetime that cost was measured with; solid ones beside a laboratory TTL are not what production would see.";
    section(
        "Cost against lag",
        read,
        &[svg::frontier(summary)],
        &[tables::frontier(summary)],
        under,
    )
}

/// Events, variants and points side by side, where there are many.
fn matrix(summary: &Summary, under: &str) -> Markup {
    let charts: Vec<Markup> = svg::matrix(summary)
        .into_iter()
        .map(|(class, chart)| html! { figcaption { strong { "At " code { (class) } } } (chart) })
        .collect();
    let read = "A row is a target, a column an event; the figure is the longest time for which a caller was still accepted, below it the median. \
        The darker, the longer. What went wrong is framed, hatched and counted.";
    html! {
        (section("How long a caller who should be out stays in", read, &charts, &[tables::refreshes(summary)], under))
        details {
            summary { "The same as tables, and every cell with all its figures" }
            @for one in tables::matrix(summary).iter().chain(&tables::details(summary)) { (table(one, "", under)) }
        }
    }
}

fn freshness(summary: &Summary, under: &str) -> Markup {
    let read = "A caller stays in but may do less: how long the old rights still worked.";
    section(
        "Rights that were gone and still worked",
        read,
        &[],
        &[tables::freshness(summary)],
        under,
    )
}

fn lifetimes(summary: &Summary, under: &str) -> Markup {
    let read = "Filled marks are medians and longest lags as measured, the lines what theory says of them; hollow marks are projected to lifetimes that nobody watched.";
    section(
        "Lag over the lifetime",
        read,
        &svg::lifetimes(summary),
        &[tables::lifetimes(summary), tables::projections(summary)],
        under,
    )
}

fn lags(run: &RunFile, summary: &Summary, under: &str) -> Markup {
    if Matrix::of(summary).is_some() {
        return matrix(summary, under);
    }
    let charts: Vec<Markup> = svg::lag(run, summary)
        .into_iter()
        .map(|(event, chart)| html! { figcaption { strong { "After " code { (event) } } } (chart) })
        .collect();
    let read = "A line climbs as callers are finally refused; the sooner it is at the top, the better. \
        The shaded band holds those who were never accepted again, which is not the same as a lag of 0. Dashed verticals are what was promised.";
    let tables = [
        tables::lag(summary),
        tables::refresh(summary),
        tables::law(summary),
    ];
    section(
        "How long a caller who should be out stays in",
        read,
        &charts,
        &tables,
        under,
    )
}
