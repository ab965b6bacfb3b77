//! CPU per request over the size of claims: one line per target.

use super::axis::Scale;
use super::{STYLES, WIDTH, apart, drawing, line, marker, path, text};
use crate::number::{count, significant};
use crate::render::tables::{Sizes, sizes};
use crate::summary::Summary;
use maud::{Markup, html};

const HEIGHT: f64 = 340.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 52.0;

/// One target's line: its name, its style, bytes and microseconds.
struct Curve<'a> {
    name: &'a str,
    style: usize,
    points: Vec<(f64, f64)>,
}

/// `None` where no target was measured with claims of several sizes.
#[must_use]
pub fn claims(summary: &Summary) -> Option<Markup> {
    let sizes = sizes(summary);
    let curves: Vec<Curve<'_>> = sizes.iter().enumerate().filter_map(curve).collect();
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let most = all().map(|(bytes, _)| *bytes).reduce(f64::max)?;
    let highest = all().map(|(_, us)| *us).fold(0.0, f64::max);
    let x = Scale::linear(0.0, most, LEFT, WIDTH - RIGHT);
    let y = Scale::linear(0.0, highest * 1.05, HEIGHT - BOTTOM, TOP);
    let control = summary.control().and_then(|control| control.cpu_us());
    let content = html! {
        (grid(&x, &y))
        @if let Some(us) = control {
            (line("bound", LEFT, y.at(us), WIDTH - RIGHT, y.at(us)))
            (text("note", "start", LEFT + 6.0, y.at(us) - 5.0, "control"))
        }
        @for curve in &curves { (drawn(curve, &x, &y)) }
        (names(&curves, &x, &y))
    };
    Some(drawing(
        "claims",
        "CPU per request over the size of claims",
        "One line per target, all its processes; the dashed line is the control. The same figures are in the table below.",
        HEIGHT,
        &content,
    ))
}

fn curve<'a>((index, sizes): (usize, &Sizes<'a>)) -> Option<Curve<'a>> {
    let points = sizes.sizes.iter();
    let points: Vec<(f64, f64)> = points
        .filter_map(|(bytes, target)| Some((*bytes as f64, target.cpu_us()?)))
        .collect();
    (points.len() > 1).then_some(Curve {
        name: sizes.name,
        style: 1 + index % (STYLES - 1),
        points,
    })
}

fn grid(x: &Scale, y: &Scale) -> Markup {
    let base = HEIGHT - BOTTOM;
    html! {
        @for value in y.ticks() {
            (line("grid", LEFT, y.at(value), WIDTH - RIGHT, y.at(value)))
            (text("tick", "end", LEFT - 8.0, y.at(value) + 4.0, &value.to_string()))
        }
        @for bytes in x.ticks() {
            (line("grid", x.at(bytes), TOP, x.at(bytes), base))
            (text("tick", "middle", x.at(bytes), base + 18.0, &count(bytes as u64)))
        }
        (line("rule", LEFT, base, WIDTH - RIGHT, base))
        (text("axis-title", "middle", f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 10.0, "bytes of claims"))
        text class="axis-title" text-anchor="middle" transform=(format!("translate(14,{}) rotate(-90)", f64::midpoint(TOP, base))) {
            "CPU per request, µs"
        }
    }
}

fn placed(curve: &Curve<'_>, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    let points = curve.points.iter();
    points
        .map(|(bytes, us)| (x.at(*bytes), y.at(*us)))
        .collect()
}

fn drawn(curve: &Curve<'_>, x: &Scale, y: &Scale) -> Markup {
    let (style, points) = (curve.style, placed(curve, x, y));
    html! {
        (path(&format!("curve s{style}"), &points))
        @for (at_x, at_y) in &points { (marker(style, *at_x, *at_y, false)) }
    }
}

/// A line may end early: a cookie carries no more than 4,096 bytes.
fn names(curves: &[Curve<'_>], x: &Scale, y: &Scale) -> Markup {
    let ends: Vec<(f64, f64)> = curves
        .iter()
        .filter_map(|curve| placed(curve, x, y).last().copied())
        .collect();
    let wanted: Vec<f64> = ends.iter().map(|(_, y)| *y).collect();
    let labels = apart(&wanted, 34.0, TOP + 10.0, HEIGHT - BOTTOM - 14.0);
    html! {
        @for ((curve, (end_x, end_y)), label) in curves.iter().zip(&ends).zip(&labels) {
            (line(&format!("leader s{}", curve.style), end_x + 7.0, *end_y, WIDTH - RIGHT + 14.0, *label - 4.0))
            (text(&format!("name s{}", curve.style), "start", WIDTH - RIGHT + 18.0, *label, curve.name))
            @if let Some((_, us)) = curve.points.last() {
                (text("note value", "start", WIDTH - RIGHT + 18.0, label + 14.0, &format!("{} µs at most", significant(*us))))
            }
        }
    }
}
