//! The highest rate that each target held: the rounds' median, its interval, and the rounds themselves.

use super::axis::Scale;
use super::{Series, WIDTH, drawing, line, marker, series, text};
use crate::number::{count, significant};
use crate::render::tables::settings;
use crate::summary::Summary;
use crate::summary::capacity::CapacitySummary;
use maud::{Markup, html};

const LEFT: f64 = 104.0;
const RIGHT: f64 = 210.0;
const TOP: f64 = 16.0;
const ROW: f64 = 54.0;
const BOTTOM: f64 = 44.0;
/// Half the height of a whisker's end.
const CAP: f64 = 6.0;

struct Dot<'a> {
    series: Series<'a>,
    found: &'a CapacitySummary,
    per_s: f64,
}

/// `None` when no target held any rate.
#[must_use]
pub fn capacity(summary: &Summary) -> Option<Markup> {
    let dots: Vec<Dot> = series(summary)
        .into_iter()
        .filter_map(|series| {
            let found = series.target.capacity.as_ref()?;
            let per_s = found.per_s?;
            Some(Dot {
                series,
                found,
                per_s,
            })
        })
        .collect();
    let most = dots.iter().map(highest).reduce(f64::max)?;
    let x = Scale::linear(0.0, most, LEFT, WIDTH - RIGHT);
    let base = TOP + ROW * dots.len() as f64;
    let content = html! {
        @for rate in x.ticks() {
            (line("grid", x.at(rate), TOP, x.at(rate), base))
            (text("tick", "middle", x.at(rate), base + 16.0, &count(rate as u64)))
        }
        (line("rule", LEFT, base, WIDTH - RIGHT, base))
        @for (row, dot) in dots.iter().enumerate() { (drawn(dot, TOP + ROW * row as f64, &x)) }
        (text("axis-title", "middle", f64::midpoint(LEFT, WIDTH - RIGHT), base + 38.0, "requests per second"))
    };
    Some(drawing(
        "capacity",
        "Highest rate held within the objective",
        "One mark per target with its 95 % interval; a hollow mark is a lower bound. The same figures are in the table below.",
        base + BOTTOM,
        &content,
    ))
}

fn highest(dot: &Dot) -> f64 {
    let ends = [
        dot.found.interval_95.map(|[_, to]| to),
        dot.found.spread.map(|spread| spread.max),
    ];
    ends.into_iter().flatten().fold(dot.per_s, f64::max)
}

fn drawn(dot: &Dot, top: f64, x: &Scale) -> Markup {
    let (y, style) = (top + 20.0, dot.series.style);
    let name = &dot.series.target.name;
    let end = WIDTH - RIGHT + 18.0;
    html! {
        (text("name", "end", LEFT - 10.0, y + 4.0, name))
        @if let Some(settings) = settings(dot.series.target, &dot.found.settings) {
            (text("note", "start", LEFT + 4.0, y + 24.0, &settings))
        }
        @if let Some([from, to]) = dot.found.interval_95 {
            (line(&format!("whisker s{style}"), x.at(from), y, x.at(to), y))
            @for at in [from, to] {
                (line(&format!("whisker s{style}"), x.at(at), y - CAP, x.at(at), y + CAP))
            }
        }
        (marker(style, x.at(dot.per_s), y, dot.found.at_least))
        (text("name value", "start", end, y, &headline(dot)))
        (text("note", "start", end, y + 15.0, &because(dot.found)))
    }
}

fn headline(dot: &Dot) -> String {
    let bound = if dot.found.at_least { "≥ " } else { "" };
    format!("{bound}{}/s", significant(dot.per_s))
}

fn because(found: &CapacitySummary) -> String {
    match found.limited_by {
        Some(limit) => format!("first: {}", limit.words()),
        None => "no processor gave out".to_owned(),
    }
}
