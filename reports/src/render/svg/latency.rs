//! Response time by percentile: one line per target, tails spread out.

use super::axis::Scale;
use super::{Series, WIDTH, apart, drawing, line, name_width, path, series, text};
use crate::histogram::{Histogram, SAMPLES_BEYOND};
use crate::number::significant;
use crate::run_file::RunFile;
use crate::summary::load::merged_response;
use crate::summary::{Summary, steady_scenario};
use maud::{Markup, html};

const HEIGHT: f64 = 380.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 52.0;
/// Height of a label: the name and its figures.
const LABEL: f64 = 34.0;
/// Points per line: enough for a line that looks like its histogram.
const POINTS: u32 = 160;
/// Percentiles with a grid line.
const GRID: [f64; 6] = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99];

/// One target's quantiles: (nines, ms), where nines = −log10(1 − quantile) spreads the tail.
struct Curve<'a> {
    series: Series<'a>,
    points: Vec<(f64, f64)>,
}

/// `None` when no target has enough samples for a quantile.
#[must_use]
pub fn latency(run: &RunFile, summary: &Summary) -> Option<Markup> {
    let steady = steady_scenario(run)?.steady.as_ref()?;
    let curves: Vec<Curve> = series(summary)
        .into_iter()
        .map(|series| Curve {
            points: quantiles(&merged_response(steady, &series.target.name)),
            series,
        })
        .filter(|curve| !curve.points.is_empty())
        .collect();
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let lowest = all().map(|(_, ms)| *ms).reduce(f64::min)?;
    let highest = all().map(|(_, ms)| *ms).fold(0.0, f64::max);
    let nines = all().map(|(nines, _)| *nines).fold(0.0, f64::max);
    let names = name_width(curves.iter().map(|curve| curve.series.target));
    let right = RIGHT.max(names + 24.0);
    let height = HEIGHT.max(TOP + BOTTOM + LABEL * curves.len() as f64);
    let x = Scale::linear(0.0, nines, LEFT, WIDTH - right);
    let y = Scale::log(lowest.max(0.001), highest, height - BOTTOM, TOP);
    let content = html! {
        (grid(&x, &y, nines, height))
        (lines(&curves, &x, &y, height))
    };
    Some(drawing(
        "latency",
        "Response time by percentile",
        "One line per target; the same figures are in the table below.",
        height,
        &content,
    ))
}

/// Up to the last quantile with enough samples beyond it.
fn quantiles(response: &Histogram) -> Vec<(f64, f64)> {
    let last = (response.count() as f64 / SAMPLES_BEYOND).log10();
    (0..=POINTS)
        .map(|i| last * f64::from(i) / f64::from(POINTS))
        .filter_map(|nines| {
            let quantile = 1.0 - 10_f64.powf(-nines);
            Some((nines, response.quantile_ms(quantile)?))
        })
        .collect()
}

fn grid(x: &Scale, y: &Scale, nines: f64, height: f64) -> Markup {
    let base = height - BOTTOM;
    let right = x.at(nines);
    html! {
        @for ms in y.ticks() {
            (line("grid", LEFT, y.at(ms), right, y.at(ms)))
            (text("tick", "end", LEFT - 8.0, y.at(ms) + 4.0, &ms.to_string()))
        }
        @for percentile in GRID {
            @let at = -(1.0 - percentile / 100.0).log10();
            @if at <= nines {
                (line("grid", x.at(at), TOP, x.at(at), base))
                (text("tick", "middle", x.at(at), base + 18.0, &percentile.to_string()))
            }
        }
        (line("rule", LEFT, base, right, base))
        (text("axis-title", "middle", f64::midpoint(LEFT, right), height - 10.0, "percentile of requests"))
        text class="axis-title" text-anchor="middle" transform=(format!("translate(14,{}) rotate(-90)", f64::midpoint(TOP, base))) {
            "response time, ms (log)"
        }
    }
}

fn lines(curves: &[Curve], x: &Scale, y: &Scale, height: f64) -> Markup {
    // Beyond the last quantile: the edge of the picture's middle.
    let right = x.at(f64::INFINITY);
    let ends: Vec<(f64, f64)> = curves
        .iter()
        .filter_map(|curve| curve.points.last().copied())
        .collect();
    let wanted: Vec<f64> = ends.iter().map(|(_, ms)| y.at(*ms)).collect();
    let placed = apart(&wanted, LABEL, TOP + 10.0, height - BOTTOM - 14.0);
    html! {
        @for ((curve, (nines, ms)), label) in curves.iter().zip(&ends).zip(&placed) {
            @let style = curve.series.style;
            @let points: Vec<(f64, f64)> = curve.points.iter().map(|(nines, ms)| (x.at(*nines), y.at(*ms))).collect();
            (path(&format!("curve s{style}"), &points))
            (line(&format!("leader s{style}"), x.at(*nines) + 2.0, y.at(*ms), right + 14.0, *label - 4.0))
            (text(&format!("name s{style}"), "start", right + 18.0, *label, &curve.series.target.name))
            (text("note value", "start", right + 18.0, label + 14.0, &quantile_pair(curve)))
        }
    }
}

fn quantile_pair(curve: &Curve) -> String {
    let ms = curve
        .series
        .target
        .load
        .as_ref()
        .map(|load| load.response_ms);
    let figure = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), significant);
    let (p50, p99) = ms.map_or((None, None), |ms| (ms.p50, ms.p99));
    format!("p50 {} · p99 {}", figure(p50), figure(p99))
}
