//! One quantity over the grace window of refresh tokens.

use super::axis::Scale;
use super::{WIDTH, apart, drawing, line, marker, path, text};
use maud::{Markup, html};

const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 52.0;
/// Ticks closer than this would run into each other.
const TICK: f64 = 44.0;

/// A line: its name, and its points by grace in seconds.
pub type Line<'a> = (&'a str, Vec<(f64, f64)>);

/// `lines` over the grace, drawn as ln(1 + seconds) so that 0 has a place; `ticks`: graces and what they are called, ascending; `knee`: the grace that
/// is marked. `None` where no line has a point.
#[must_use]
pub fn by_grace(
    id: &str,
    title: &str,
    axis: &str,
    ticks: &[(f64, String)],
    knee: Option<f64>,
    lines: &[Line<'_>],
) -> Option<Markup> {
    let points = || lines.iter().flat_map(|(_, points)| points);
    let highest = points().map(|(_, value)| *value).reduce(f64::max)?;
    let last = ticks.last()?.0;
    let x = Scale::linear(0.0, last.ln_1p(), LEFT, WIDTH - RIGHT);
    let y = Scale::linear(0.0, (highest * 1.05).max(1e-6), HEIGHT - BOTTOM, TOP);
    let at = |grace: f64| x.at(grace.ln_1p());
    let ends: Vec<(f64, f64)> = lines
        .iter()
        .map(|(_, points)| {
            let (grace, value) = points.last().copied().unwrap_or((0.0, 0.0));
            (at(grace), y.at(value))
        })
        .collect();
    let wanted: Vec<f64> = ends.iter().map(|(_, y)| *y).collect();
    let labels = apart(&wanted, 18.0, TOP + 6.0, HEIGHT - BOTTOM);
    let content = html! {
        @for value in y.ticks() {
            (line("grid", LEFT, y.at(value), WIDTH - RIGHT, y.at(value)))
            (text("tick", "end", LEFT - 8.0, y.at(value) + 4.0, &crate::number::exact(value)))
        }
        @for (place, name) in shown(ticks, at) { (text("tick", "middle", place, HEIGHT - BOTTOM + 18.0, name)) }
        (line("rule", LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM))
        (text("axis-title", "middle", f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 10.0, "grace window (log)"))
        text class="axis-title" text-anchor="middle" transform=(format!("translate(14,{}) rotate(-90)", f64::midpoint(TOP, HEIGHT - BOTTOM))) { (axis) }
        @if let Some(knee) = knee {
            (line("bound", at(knee), TOP, at(knee), HEIGHT - BOTTOM))
            (text("note", "start", at(knee) + 5.0, TOP + 10.0, "knee"))
        }
        @for (number, (name, points)) in lines.iter().enumerate() {
            @let style = number + 1;
            @let placed: Vec<(f64, f64)> = points.iter().map(|(grace, value)| (at(*grace), y.at(*value))).collect();
            @if !placed.is_empty() {
                (path(&format!("curve s{style}"), &placed))
                @for (x, y) in &placed { (marker(style, *x, *y, false)) }
                (line(&format!("leader s{style}"), ends[number].0 + 6.0, ends[number].1, WIDTH - RIGHT + 14.0, labels[number] - 4.0))
                (text(&format!("name s{style}"), "start", WIDTH - RIGHT + 18.0, labels[number], name))
            }
        }
    };
    let description = "One line per quantity, one mark per grace window. The same figures are in the table below.";
    Some(html! {
        figcaption { strong { (title) } }
        (drawing(id, title, description, HEIGHT, &content))
    })
}

/// The ticks that have room, and where.
fn shown(ticks: &[(f64, String)], at: impl Fn(f64) -> f64) -> Vec<(f64, &str)> {
    let mut shown: Vec<(f64, &str)> = Vec::new();
    for (grace, name) in ticks {
        let place = at(*grace);
        if shown
            .last()
            .is_none_or(|(before, _)| place - before >= TICK)
        {
            shown.push((place, name));
        }
    }
    shown
}
