//! CPU per request, stacked by process, with the control's level and the idle share.

use super::axis::Scale;
use super::{Series, WIDTH, drawing, line, name_width, series, text};
use crate::number::significant;
use crate::render::tables::settings;
use crate::run_file::Role;
use crate::summary::Summary;
use crate::summary::load::LoadSummary;
use maud::{Markup, html};

const LEFT: f64 = 104.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 62.0;
const ROW: f64 = 58.0;
const BAR: f64 = 26.0;
const BOTTOM: f64 = 44.0;
/// The style of each role is its place here.
const ROLES: [(Role, &str); 5] = [
    (Role::ResourceServer, "resource server"),
    (Role::AuthorizationServer, "authorization server"),
    (Role::Store, "store"),
    (Role::Other, "other"),
    (Role::Gateway, "gateway"),
];

struct Bar<'a> {
    series: Series<'a>,
    load: &'a LoadSummary,
    total_us: f64,
}

/// `None` when no CPU was measured.
#[must_use]
pub fn cpu(summary: &Summary) -> Option<Markup> {
    let bars: Vec<Bar> = series(summary)
        .into_iter()
        .filter_map(|series| {
            Some(Bar {
                load: series.target.load.as_ref()?,
                total_us: series.target.cpu_us()?,
                series,
            })
        })
        .collect();
    let widest = bars
        .iter()
        .map(|bar| bar.total_us + idle_us(bar))
        .reduce(f64::max)?;
    let names = name_width(bars.iter().map(|bar| bar.series.target));
    let x = Scale::linear(0.0, widest, LEFT.max(names + 14.0), WIDTH - RIGHT);
    let height = TOP + ROW * bars.len() as f64 + BOTTOM;
    let content = html! {
        (legend(&bars))
        (grid(&x, height - BOTTOM))
        @for (row, bar) in bars.iter().enumerate() { (stacked(bar, row, &x)) }
        (control(&bars, &x, height - BOTTOM))
        @for (row, bar) in bars.iter().enumerate() { (words(bar, row, &x)) }
        (text("axis-title", "middle", f64::midpoint(LEFT, WIDTH - RIGHT), height - 6.0, "CPU time per request, µs"))
    };
    Some(drawing(
        "cpu",
        "CPU per request by process",
        "One bar per target, stacked by process; the same figures are in the table below.",
        height,
        &content,
    ))
}

fn legend(bars: &[Bar]) -> Markup {
    let roles = ROLES.iter().zip(0..).filter(|((role, _), _)| {
        bars.iter().any(|bar| {
            bar.load
                .cpu_us_per_request
                .is_some_and(|cpu| cpu.by_role().any(|(one, _)| one == *role))
        })
    });
    let mut x = LEFT;
    let mut entries: Vec<(String, String, f64)> = Vec::new();
    for ((_, name), style) in roles {
        entries.push((format!("r{style}"), (*name).to_owned(), x));
        x += 34.0 + 7.0 * name.len() as f64;
    }
    entries.push(("idle".to_owned(), "idle (not counted)".to_owned(), x));
    html! {
        @for (class, name, x) in &entries {
            rect class=(class) x=(x) y="12" width="14" height="14" {}
            (text("note", "start", x + 20.0, 23.5, name))
        }
    }
}

fn grid(x: &Scale, base: f64) -> Markup {
    html! {
        @for us in x.ticks() {
            (line("grid", x.at(us), TOP - 8.0, x.at(us), base))
            (text("tick", "middle", x.at(us), base + 16.0, &format!("{us}")))
        }
    }
}

fn top(row: usize) -> f64 {
    TOP + ROW * row as f64
}

fn idle_us(bar: &Bar) -> f64 {
    bar.load.idle_cpu_us_per_request.unwrap_or(0.0)
}

fn stacked(bar: &Bar, row: usize, x: &Scale) -> Markup {
    let y = top(row);
    html! {
        @for (style, from, to, _) in parts(bar, x) {
            rect class=(format!("r{style}")) x=(format!("{from:.1}")) y=(y) width=(format!("{:.1}", to - from)) height=(BAR) {}
        }
        @if idle_us(bar) > 0.0 {
            @let (from, to) = (x.at(bar.total_us), x.at(bar.total_us + idle_us(bar)));
            rect class="idle" x=(format!("{from:.1}")) y=(y + 0.5) width=(format!("{:.1}", to - from)) height=(BAR - 1.0) {}
        }
    }
}

/// Style, left edge, right edge and value of each role.
fn parts(bar: &Bar, x: &Scale) -> Vec<(usize, f64, f64, f64)> {
    let mut start_us = 0.0;
    let mut parts = Vec::new();
    for (role, us) in bar
        .load
        .cpu_us_per_request
        .iter()
        .flat_map(|cpu| cpu.by_role())
    {
        let style = ROLES.iter().position(|(one, _)| *one == role).unwrap_or(0);
        parts.push((style, x.at(start_us), x.at(start_us + us), us));
        start_us += us;
    }
    parts
}

fn words(bar: &Bar, row: usize, x: &Scale) -> Markup {
    let y = top(row);
    let end = x.at(bar.total_us + idle_us(bar)) + 8.0;
    let target = bar.series.target;
    let rounds = bar.load.rounds.cpu_us.map_or_else(String::new, |rounds| {
        format!(
            "rounds {}–{}",
            significant(rounds.min),
            significant(rounds.max)
        )
    });
    html! {
        (text("name", "end", x.at(0.0) - 10.0, y + 17.0, &target.name))
        @for (_, from, to, us) in parts(bar, x) {
            @if to - from > 30.0 {
                (text("on-role value", "middle", f64::midpoint(from, to), y + 17.0, &significant(us)))
            }
        }
        @if let Some(settings) = settings(target, &target.settings) {
            (text("note", "start", x.at(0.0), y + BAR + 15.0, &settings))
        }
        (text("name value", "start", end, y + 12.0, &format!("{} µs", significant(bar.total_us))))
        (text("note value", "start", end, y + 27.0, &rounds))
    }
}

fn control(bars: &[Bar], x: &Scale, base: f64) -> Markup {
    let control = bars.iter().find(|bar| bar.series.target.is_control());
    html! {
        @if let Some(control) = control {
            (line("control", x.at(control.total_us), TOP - 8.0, x.at(control.total_us), base))
            (text("note", "start", x.at(control.total_us) + 5.0, TOP - 10.0, &format!("control: {} µs", significant(control.total_us))))
        }
    }
}
