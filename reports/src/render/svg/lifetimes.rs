//! The lag over a lifetime, with what theory says of it; both axes logarithmic, so that theory is two straight lines.

use super::axis::Scale;
use super::{WIDTH, drawing, line, marker, path, text};
use crate::lifetimes::Lifetimes;
use crate::number::span;
use crate::summary::Summary;
use maud::{Markup, html};

const HEIGHT: f64 = 280.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;
/// Styles of the series: medians and maxima.
const P50: usize = 1;
const MAX: usize = 2;

/// One chart for each target that was measured at several lifetimes.
#[must_use]
pub fn lifetimes(summary: &Summary) -> Vec<Markup> {
    let sweeps = Lifetimes::of(summary);
    let charts = sweeps.iter().enumerate();
    charts.map(|(number, sweep)| draw(number, sweep)).collect()
}

fn draw(number: usize, sweep: &Lifetimes) -> Markup {
    let projections = sweep.projections();
    let watched = || sweep.forms.iter().map(|form| form.lifetime_s * 1e3);
    let longest = projections
        .iter()
        .map(|projection| projection.lifetime_s * 1e3)
        .chain(watched())
        .fold(0.0, f64::max);
    let shortest = watched().fold(f64::INFINITY, f64::min);
    let lags = || {
        let forms = sweep.forms.iter();
        forms.flat_map(|form| [form.p50_ms(), form.max_ms()])
    };
    let least = lags().flatten().fold(shortest / 2.0, f64::min).max(0.1);
    let most = lags().flatten().fold(longest, f64::max);
    let x = Scale::log(shortest * 0.8, longest * 1.2, LEFT, WIDTH - RIGHT);
    let y = Scale::log(least * 0.8, most * 1.2, HEIGHT - BOTTOM, TOP);
    let theory = |part: f64| {
        [
            (x.at(shortest), y.at(shortest * part)),
            (x.at(longest), y.at(longest * part)),
        ]
    };
    let title = format!(
        "{}: lag after {} over its {}",
        sweep.of,
        sweep.event,
        sweep.key.replace('_', " ")
    );
    let content = html! {
        (grid(&x, &y, &title))
        @for (part, style, said) in [(0.5, P50, "p50 = T ÷ 2"), (1.0, MAX, "max = T")] {
            (path("theory", &theory(part)))
            (text(&format!("name s{style}"), "start", x.at(longest) + 8.0, y.at(longest * part) + 4.0, said))
        }
        @for form in &sweep.forms {
            @for (ms, style) in [(form.p50_ms(), P50), (form.max_ms(), MAX)] {
                @if let Some(ms) = ms { (marker(style, x.at(form.lifetime_s * 1e3), y.at(ms), false)) }
            }
        }
        @for projection in &projections {
            @for (ms, style) in [(projection.p50_ms, P50), (projection.max_ms, MAX)] {
                (marker(style, x.at(projection.lifetime_s * 1e3), y.at(ms), true))
            }
        }
        (text("note", "end", WIDTH - 4.0, HEIGHT - 6.0, "filled: measured · hollow: projected · dashed: theory"))
    };
    drawing(
        &format!("lifetimes-{number}"),
        &title,
        "Median and longest lag over the lifetime, with the lines of theory; the same figures are in the table below.",
        HEIGHT,
        &content,
    )
}

fn grid(x: &Scale, y: &Scale, title: &str) -> Markup {
    let base = HEIGHT - BOTTOM;
    html! {
        (text("axis-title", "start", 4.0, 16.0, title))
        @for ms in y.ticks() {
            (line("grid", LEFT, y.at(ms), WIDTH - RIGHT, y.at(ms)))
            (text("tick", "end", LEFT - 6.0, y.at(ms) + 4.0, &span(ms)))
        }
        @for ms in x.ticks() {
            (line("grid", x.at(ms), TOP, x.at(ms), base))
            (text("tick", "middle", x.at(ms), base + 16.0, &span(ms)))
        }
        (line("rule", LEFT, base, WIDTH - RIGHT, base))
        (text("axis-title", "middle", f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 8.0, "lifetime T (log)"))
    }
}
