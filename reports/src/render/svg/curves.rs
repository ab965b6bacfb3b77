//! Response time and CPU per request over the rate: one line per target, its knee marked.

use super::axis::Scale;
use super::{Series, WIDTH, apart, drawing, line, marker, path, series, text};
use crate::number::{count, exact, significant};
use crate::summary::Summary;
use crate::summary::sweep::{SweepPoint, SweepSummary};
use maud::{Markup, html};

const HEIGHT: f64 = 380.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 180.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 52.0;
/// Height of a legend entry.
const ENTRY: f64 = 40.0;

/// One target's line.
struct Curve<'a> {
    series: Series<'a>,
    sweep: &'a SweepSummary,
    /// Rate and value of each step that has one.
    points: Vec<(f64, f64)>,
}

/// Median and 99th percentile over the rate; `None` when no target has either.
#[must_use]
pub fn latency_curves(summary: &Summary) -> Option<Markup> {
    let p99 = curves(summary, |step| step.response_ms.p99);
    let p50 = curves(summary, |step| step.response_ms.p50);
    let all = || p99.iter().chain(&p50).flat_map(|curve| &curve.points);
    let lowest = all().map(|(_, ms)| *ms).reduce(f64::min)?;
    let highest = all().map(|(_, ms)| *ms).fold(0.0, f64::max);
    let x = rates(summary)?;
    let objective = common_objective(&p99);
    let y = Scale::log(
        lowest.max(0.001),
        highest.max(objective.unwrap_or(0.0)),
        HEIGHT - BOTTOM,
        TOP,
    );
    let content = html! {
        (grid(&x, &y, "response time, ms (log)"))
        @if let Some(ms) = objective {
            (line("bound", LEFT, y.at(ms), WIDTH - RIGHT, y.at(ms)))
            (text("note", "start", LEFT + 6.0, y.at(ms) - 5.0, &format!("objective: p99 ≤ {} ms", exact(ms))))
        }
        @for curve in &p50 { (path(&format!("curve thin s{}", curve.series.style), &placed(curve, &x, &y))) }
        @for curve in &p99 { (drawn(curve, &x, &y)) }
        (legend(&p99))
    };
    Some(drawing(
        "latency-curves",
        "Response time over the rate",
        "Two lines per target: the 99th percentile, and below it, thin, the median. A mark is the knee. The same figures are in the table below.",
        HEIGHT,
        &content,
    ))
}

/// CPU per request over the rate; `None` when none was measured.
#[must_use]
pub fn cpu_curves(summary: &Summary) -> Option<Markup> {
    let cpu = curves(summary, |step| step.cpu_us_per_request);
    let all = || cpu.iter().flat_map(|curve| &curve.points);
    let highest = all().map(|(_, us)| *us).reduce(f64::max)?;
    let x = rates(summary)?;
    let y = Scale::linear(0.0, highest * 1.05, HEIGHT - BOTTOM, TOP);
    let content = html! {
        (grid(&x, &y, "CPU per request, µs"))
        @for curve in &cpu { (drawn(curve, &x, &y)) }
        (names(&cpu, &x, &y))
    };
    Some(drawing(
        "cpu-curves",
        "CPU per request over the rate",
        "One line per target, all its processes. A mark is the knee. The same figures are in the table below.",
        HEIGHT,
        &content,
    ))
}

fn curves<'a>(summary: &'a Summary, of: impl Fn(&SweepPoint) -> Option<f64>) -> Vec<Curve<'a>> {
    let with_points = series(summary).into_iter().filter_map(|series| {
        let sweep = series.target.sweep.as_ref()?;
        let steps = sweep.steps.iter();
        let points: Vec<(f64, f64)> = steps
            .filter_map(|step| Some((step.rate_per_s, of(step)?)))
            .collect();
        (!points.is_empty()).then_some(Curve {
            series,
            sweep,
            points,
        })
    });
    with_points.collect()
}

fn rates(summary: &Summary) -> Option<Scale> {
    let sweeps = summary
        .targets
        .iter()
        .filter_map(|target| target.sweep.as_ref());
    let last = sweeps.filter_map(|sweep| Some(sweep.steps.last()?.rate_per_s));
    Some(Scale::linear(
        0.0,
        last.reduce(f64::max)?,
        LEFT,
        WIDTH - RIGHT,
    ))
}

/// The objective's p99 in milliseconds, where all targets have the same.
fn common_objective(curves: &[Curve]) -> Option<f64> {
    let first = curves.first()?.sweep.slo.p99_ms;
    let same = curves.iter().all(|curve| curve.sweep.slo.p99_ms == first);
    same.then_some(first)
}

fn grid(x: &Scale, y: &Scale, title: &str) -> Markup {
    let base = HEIGHT - BOTTOM;
    html! {
        @for value in y.ticks() {
            (line("grid", LEFT, y.at(value), WIDTH - RIGHT, y.at(value)))
            (text("tick", "end", LEFT - 8.0, y.at(value) + 4.0, &value.to_string()))
        }
        @for rate in x.ticks() {
            (line("grid", x.at(rate), TOP, x.at(rate), base))
            (text("tick", "middle", x.at(rate), base + 18.0, &count(rate as u64)))
        }
        (line("rule", LEFT, base, WIDTH - RIGHT, base))
        (text("axis-title", "middle", f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 10.0, "requests per second asked"))
        text class="axis-title" text-anchor="middle" transform=(format!("translate(14,{}) rotate(-90)", f64::midpoint(TOP, base))) {
            (title)
        }
    }
}

fn placed(curve: &Curve, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    let points = curve.points.iter();
    points
        .map(|(rate, value)| (x.at(*rate), y.at(*value)))
        .collect()
}

fn at_knee(curve: &Curve) -> Option<(f64, f64)> {
    let knee = curve.sweep.knee_per_s?;
    curve.points.iter().copied().find(|(rate, _)| *rate == knee)
}

fn drawn(curve: &Curve, x: &Scale, y: &Scale) -> Markup {
    let style = curve.series.style;
    html! {
        (path(&format!("curve s{style}"), &placed(curve, x, y)))
        @if let Some((rate, value)) = at_knee(curve) {
            (marker(style, x.at(rate), y.at(value), curve.sweep.knee_at_least))
        }
    }
}

/// All lines end in the overload, one above the other: names there would need long leaders across each other.
fn legend(curves: &[Curve]) -> Markup {
    html! {
        @for (row, curve) in curves.iter().enumerate() {
            @let (style, y) = (curve.series.style, TOP + 14.0 + ENTRY * row as f64);
            @let left = WIDTH - RIGHT + 18.0;
            (path(&format!("curve s{style}"), &[(left, y - 4.0), (left + 28.0, y - 4.0)]))
            (marker(style, left + 14.0, y - 4.0, curve.sweep.knee_at_least))
            (text(&format!("name s{style}"), "start", left + 36.0, y, &curve.series.target.name))
            @if let Some((_, ms)) = at_knee(curve) {
                (text("note value", "start", left + 36.0, y + 15.0, &format!("knee: {} ms", significant(ms))))
            }
        }
    }
}

fn names(curves: &[Curve], x: &Scale, y: &Scale) -> Markup {
    let ends: Vec<(f64, f64)> = curves
        .iter()
        .filter_map(|curve| placed(curve, x, y).last().copied())
        .collect();
    let wanted: Vec<f64> = ends.iter().map(|(_, y)| *y).collect();
    let labels = apart(&wanted, 34.0, TOP + 10.0, HEIGHT - BOTTOM - 14.0);
    html! {
        @for ((curve, (end_x, end_y)), label) in curves.iter().zip(&ends).zip(&labels) {
            @let style = curve.series.style;
            (line(&format!("leader s{style}"), end_x + 2.0, *end_y, WIDTH - RIGHT + 14.0, *label - 4.0))
            (text(&format!("name s{style}"), "start", WIDTH - RIGHT + 18.0, *label, &curve.series.target.name))
            @if let Some((_, us)) = at_knee(curve) {
                (text("note value", "start", WIDTH - RIGHT + 18.0, label + 14.0, &format!("knee: {} µs", significant(us))))
            }
        }
    }
}
