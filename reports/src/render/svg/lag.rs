//! The distribution of revocation lags, one chart per event, with the promised bounds.

use super::axis::Scale;
use super::{Series, WIDTH, apart, drawing, line, marker, path, series, text};
use crate::number::{percent, span};
use crate::revocation::Lag;
use crate::run_file::{EventRecord, RunFile};
use crate::summary::Summary;
use crate::summary::lag::RevocationSummary;
use maud::{Markup, html};

const HEIGHT: f64 = 320.0;
/// Left of it stands the share that was never accepted after the acknowledgement: not a lag of 0, but none at all.
const BAND: f64 = 250.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 84.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 50.0;

/// One target after one event, at the enforcement point with the longest lag.
struct Curve<'a> {
    series: Series<'a>,
    row: &'a RevocationSummary,
    /// Upper ends of the lags in milliseconds, ascending; censored ones infinite; never accepted ones left out.
    ends_ms: Vec<f64>,
}

/// One chart per event, with the event's name; only points that guard the resource.
#[must_use]
pub fn lag(run: &RunFile, summary: &Summary) -> Vec<(String, Markup)> {
    let events: Vec<&EventRecord> = run
        .scenarios
        .iter()
        .filter_map(|scenario| scenario.revocation.as_ref())
        .flat_map(|record| &record.events)
        .collect();
    let mut names: Vec<&str> = Vec::new();
    for event in &events {
        if !names.contains(&event.event.as_str()) {
            names.push(&event.event);
        }
    }
    names
        .into_iter()
        .filter_map(|name| {
            let curves = curves(&events, summary, name);
            (!curves.is_empty()).then(|| (name.to_owned(), draw(name, &curves)))
        })
        .collect()
}

fn curves<'a>(events: &[&EventRecord], summary: &'a Summary, event: &str) -> Vec<Curve<'a>> {
    let longest = |row: &RevocationSummary| row.certain_max_ms.unwrap_or(-1.0);
    series(summary)
        .into_iter()
        .filter_map(|series| {
            let row = series
                .target
                .revocation
                .iter()
                .filter(|row| row.event == event && row.traffic && row.sampled() > 0)
                .max_by(|left, right| longest(left).total_cmp(&longest(right)))?;
            let record = events
                .iter()
                .find(|record| record.event == event && record.target == series.target.name)?;
            Some(Curve {
                ends_ms: ends_ms(record, &row.point),
                series,
                row,
            })
        })
        .collect()
}

fn ends_ms(record: &EventRecord, point: &str) -> Vec<f64> {
    let mut ends: Vec<f64> = record
        .trials
        .iter()
        .filter_map(|trial| match trial.lag(point) {
            Lag::Interval { until_ns, .. } => Some(until_ns as f64 / 1e6),
            Lag::Censored { .. } => Some(f64::INFINITY),
            Lag::NeverAccepted { .. } | Lag::Unknown => None,
        })
        .collect();
    ends.sort_by(f64::total_cmp);
    ends
}

fn draw(event: &str, curves: &[Curve]) -> Markup {
    let ends = curves.iter().flat_map(|curve| &curve.ends_ms);
    let longest = ends
        .copied()
        .filter(|ms| ms.is_finite())
        .fold(0.0, f64::max);
    let bounds = curves.iter().filter_map(|curve| curve.row.bound_ms);
    let furthest = bounds.fold(longest, f64::max);
    // When nobody was accepted after the acknowledgement there is no lag to scale by.
    let furthest = if furthest > 0.0 {
        furthest * 1.06
    } else {
        100.0
    };
    let x = Scale::linear(0.0, furthest, BAND, WIDTH - RIGHT);
    let y = Scale::linear(0.0, 1.0, HEIGHT - BOTTOM, TOP);
    let content = html! {
        (grid(&x, &y))
        (bounds_drawn(curves, &x))
        @for curve in curves { (path(&format!("curve s{}", curve.series.style), &steps(curve, furthest, &x, &y))) }
        (never(curves))
        (labels(curves, furthest, &x, &y))
    };
    drawing(
        &format!("lag-{event}"),
        &format!("Revocation lag after {event}"),
        "Share of callers that are out, by time since the acknowledgement; the same figures are in the table below.",
        HEIGHT,
        &content,
    )
}

fn grid(x: &Scale, y: &Scale) -> Markup {
    let base = HEIGHT - BOTTOM;
    html! {
        rect class="band" x=(LEFT) y=(TOP) width=(BAND - LEFT) height=(base - TOP) {}
        @for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
            (line("grid", LEFT, y.at(share), WIDTH - RIGHT, y.at(share)))
            (text("tick", "end", LEFT - 6.0, y.at(share) + 4.0, &percent(share)))
        }
        @for ms in x.ticks() {
            (text("tick", "middle", x.at(ms), base + 18.0, &tick(ms)))
        }
        (line("rule", BAND, TOP, BAND, base))
        (line("rule", LEFT, base, WIDTH - RIGHT, base))
        (text("axis-title", "middle", f64::midpoint(BAND, WIDTH - RIGHT), HEIGHT - 10.0, "time since the acknowledgement"))
        (text("axis-title", "middle", f64::midpoint(LEFT, BAND), HEIGHT - 10.0, "no lag at all"))
    }
}

fn tick(ms: f64) -> String {
    if ms == 0.0 { "0".to_owned() } else { span(ms) }
}

/// Equal bounds share a line and a label.
fn bounds_drawn(curves: &[Curve], x: &Scale) -> Markup {
    let mut bounds: Vec<(f64, Vec<&str>)> = Vec::new();
    for curve in curves {
        let Some(ms) = curve.row.bound_ms else {
            continue;
        };
        let name = curve.series.target.name.as_str();
        match bounds.iter_mut().find(|(other, _)| *other == ms) {
            Some((_, names)) => names.push(name),
            None => bounds.push((ms, vec![name])),
        }
    }
    html! {
        @for ((ms, names), row) in bounds.iter().zip(0..) {
            @let (anchor, dx) = if x.at(*ms) > WIDTH / 2.0 { ("end", 6.0) } else { ("start", -6.0) };
            @let label = TOP - 10.0 - 15.0 * f64::from(row % 2);
            (line("bound", x.at(*ms), label + 3.0, x.at(*ms), HEIGHT - BOTTOM))
            (text("note", anchor, x.at(*ms) + dx, label, &format!("bound {}: {}", tick(*ms), names.join(", "))))
        }
    }
}

/// A step up at each lag's end; it starts at the share that had none.
fn steps(curve: &Curve, furthest: f64, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    let all = curve.row.sampled() as f64;
    let mut out = curve.row.never_accepted_after_ack as f64;
    let mut points = vec![(BAND, y.at(out / all))];
    for ms in curve.ends_ms.iter().filter(|ms| ms.is_finite()) {
        points.push((x.at(*ms), y.at(out / all)));
        out += 1.0;
        points.push((x.at(*ms), y.at(out / all)));
    }
    points.push((x.at(furthest), y.at(out / all)));
    points
}

/// The share of each target that was never accepted again, in the band, with the lifetime it was watched at.
fn never(curves: &[Curve]) -> Markup {
    let room = HEIGHT - BOTTOM - TOP - 34.0;
    let row_height = (room / curves.len() as f64).min(38.0);
    html! {
        (text("note", "start", LEFT + 10.0, TOP + 18.0, "never accepted after the ack"))
        @for (curve, row) in curves.iter().zip(0..) {
            @let y = TOP + 42.0 + row_height * f64::from(row);
            @let style = curve.series.style;
            @let share = curve.row.never_accepted_after_ack as f64 / curve.row.sampled() as f64;
            (marker(style, LEFT + 18.0, y - 4.0, false))
            @let ttl = curve.row.settings.seconds("access_ttl").map(|ttl| format!("TTL {}", span(ttl * 1e3)));
            // Without room for a second line the lifetime stands beside the name: no lag is shown without it.
            @let beside = ttl.as_ref().filter(|_| row_height <= 30.0).map(|ttl| format!(" · {ttl}"));
            @let name = format!("{}{}", curve.series.target.name, beside.unwrap_or_default());
            (text(&format!("name s{style}"), "start", LEFT + 32.0, y, &name))
            (text("value", "end", BAND - 12.0, y, &percent(share)))
            @if let Some(ttl) = ttl.filter(|_| row_height > 30.0) {
                (text("note", "start", LEFT + 32.0, y + 14.0, &ttl))
            }
        }
    }
}

/// At the right end of the lines; those that end together are labelled one under the other.
fn labels(curves: &[Curve], furthest: f64, x: &Scale, y: &Scale) -> Markup {
    let wanted: Vec<f64> = curves
        .iter()
        .filter_map(|curve| steps(curve, furthest, x, y).last().map(|(_, y)| y + 4.0))
        .collect();
    let placed = apart(&wanted, 16.0, TOP, HEIGHT - BOTTOM);
    html! {
        @for (curve, label) in curves.iter().zip(&placed) {
            (text(&format!("name s{}", curve.series.style), "start", WIDTH - RIGHT + 8.0, *label, &curve.series.target.name))
        }
    }
}
