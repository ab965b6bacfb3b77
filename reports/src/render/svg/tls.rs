//! CPU per request with TLS and without, one pair of bars per target.

use super::axis::Scale;
use super::{WIDTH, drawing, line, text};
use crate::number::significant;
use crate::render::tables::{pairs, settings};
use crate::summary::Summary;
use crate::summary::tls::CpuMore;
use maud::{Markup, html};

const LEFT: f64 = 124.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 62.0;
const ROW: f64 = 66.0;
const BAR: f64 = 17.0;
const BOTTOM: f64 = 44.0;

struct Bars {
    name: String,
    settings: Option<String>,
    without_us: f64,
    with_us: f64,
    more: Option<CpuMore>,
}

/// `None` when no target was measured with TLS and without.
#[must_use]
pub fn tls(summary: &Summary) -> Option<Markup> {
    let bars: Vec<Bars> = pairs(summary)
        .iter()
        .filter_map(|pair| {
            Some(Bars {
                name: pair.without.name.clone(),
                settings: settings(pair.without, &pair.without.settings),
                without_us: pair.without.cpu_us()?,
                with_us: pair.with.cpu_us()?,
                more: pair.tls.cpu_us_more,
            })
        })
        .collect();
    let longest = |bars: &Bars| bars.without_us.max(bars.with_us);
    let widest = bars.iter().map(longest).reduce(f64::max)?;
    let x = Scale::linear(0.0, widest, LEFT, WIDTH - RIGHT);
    let base = TOP + ROW * bars.len() as f64;
    let content = html! {
        (legend())
        @for us in x.ticks() {
            (line("grid", x.at(us), TOP - 8.0, x.at(us), base))
            (text("tick", "middle", x.at(us), base + 16.0, &format!("{us}")))
        }
        @for (row, bars) in bars.iter().enumerate() { (drawn(bars, TOP + ROW * row as f64, &x)) }
        (text("axis-title", "middle", f64::midpoint(LEFT, WIDTH - RIGHT), base + 38.0, "CPU time per request, µs"))
    };
    Some(drawing(
        "tls",
        "CPU per request without TLS and with it",
        "Two bars per target, the upper one without TLS; the same figures are in the table below.",
        base + BOTTOM,
        &content,
    ))
}

fn legend() -> Markup {
    html! {
        rect class="r3" x=(LEFT) y="12" width="14" height="14" {}
        (text("note", "start", LEFT + 20.0, 23.5, "without TLS"))
        rect class="r0" x=(LEFT + 110.0) y="12" width="14" height="14" {}
        (text("note", "start", LEFT + 130.0, 23.5, "with TLS"))
    }
}

fn drawn(bars: &Bars, top: f64, x: &Scale) -> Markup {
    let both = [
        ("r3", bars.without_us, top),
        ("r0", bars.with_us, top + BAR + 2.0),
    ];
    let end = x.at(bars.without_us.max(bars.with_us)) + 8.0;
    html! {
        (text("name", "end", LEFT - 10.0, top + BAR + 5.0, &bars.name))
        @for (class, us, y) in both {
            rect class=(class) x=(LEFT) y=(y) width=(format!("{:.1}", x.at(us) - LEFT)) height=(BAR) {}
            @if x.at(us) - LEFT > 34.0 {
                (text("on-role value", "end", x.at(us) - 6.0, y + 13.0, &significant(us)))
            }
        }
        @if let Some(more) = bars.more {
            (text("name value", "start", end, top + 14.0, &format!("{} µs", signed(more.mean))))
            (text("note value", "start", end, top + 29.0, &rounds(more)))
        }
        @if let Some(settings) = &bars.settings {
            (text("note", "start", LEFT, top + 2.0 * BAR + 17.0, settings))
        }
    }
}

fn signed(us: f64) -> String {
    let plus = if us > 0.0 { "+" } else { "" };
    format!("{plus}{}", significant(us))
}

fn rounds(more: CpuMore) -> String {
    let (from, to) = (more.rounds.min, more.rounds.max);
    format!("rounds {} to {}", signed(from), signed(to))
}
