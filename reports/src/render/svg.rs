//! The charts: inline SVG without scripts, styled by `chart.css` for light and dark.
//!
//! Every series has a colour, a dash and a marker, and is labelled where it is drawn: none of them alone carries the meaning.

mod axis;
mod capacity;
mod claims;
mod cpu;
mod curves;
mod frontier;
mod grace;
mod journey;
mod lag;
mod latency;
mod lifetimes;
mod matrix;
mod places;
mod tls;

use crate::summary::{Summary, TargetSummary};
pub use capacity::capacity;
pub use claims::claims;
pub use cpu::cpu;
pub use curves::{cpu_curves, latency_curves};
pub use frontier::frontier;
pub use grace::{Line, by_grace};
pub use journey::journey;
pub use lag::lag;
pub use latency::latency;
pub use lifetimes::lifetimes;
pub use matrix::matrix;
use maud::{Markup, PreEscaped, html};
pub use tls::tls;

/// Palette and classes of the charts.
pub const STYLE: &str = include_str!("svg/chart.css");

/// Width of every chart in its own units; a page scales it.
const WIDTH: f64 = 760.0;
/// Series styles in `chart.css`; the first is the control's.
const STYLES: usize = 7;

/// The frontier as a file of its own, with its styles inside.
#[must_use]
pub fn frontier_svg(summary: &Summary) -> String {
    let chart = frontier(summary).into_string();
    chart.replacen('>', &format!("><style>{STYLE}</style>"), 1)
}

/// How a target is drawn in every chart.
struct Series<'a> {
    target: &'a TargetSummary,
    style: usize,
}

/// One per target: the control grey, the others in order.
fn series(summary: &Summary) -> Vec<Series<'_>> {
    let mut next = 0;
    summary
        .targets
        .iter()
        .map(|target| {
            let style = if target.is_control() {
                0
            } else {
                next += 1;
                1 + (next - 1) % (STYLES - 1)
            };
            Series { target, style }
        })
        .collect()
}

/// How wide the longest of the targets' names is, about, in bold.
fn name_width<'a>(targets: impl Iterator<Item = &'a TargetSummary>) -> f64 {
    let longest = targets.map(|target| target.name.chars().count()).max();
    7.4 * longest.unwrap_or(0) as f64
}

/// A drawing of [`WIDTH`] × `height` with what a screen reader says of it.
fn drawing(id: &str, title: &str, description: &str, height: f64, content: &Markup) -> Markup {
    drawing_of("chart", id, [title, description], [WIDTH, height], content)
}

/// The same of any width; `class` says how a page scales it.
fn drawing_of(
    class: &str,
    id: &str,
    [title, description]: [&str; 2],
    [width, height]: [f64; 2],
    content: &Markup,
) -> Markup {
    html! {
        svg xmlns="http://www.w3.org/2000/svg" class=(class) role="img"
            viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height)
            aria-labelledby=(format!("{id}-title {id}-desc")) {
            title id=(format!("{id}-title")) { (title) }
            desc id=(format!("{id}-desc")) { (description) }
            rect class="paper" width=(width) height=(height) {}
            (content)
        }
    }
}

/// A mark of about 10 units, its shape by `style`.
fn marker(style: usize, x: f64, y: f64, hollow: bool) -> Markup {
    let class = format!("mark s{style}{}", if hollow { " hollow" } else { "" });
    let path = match style {
        1 => "M-5,-5H5V5H-5Z",
        2 => "M0,-6.5L6,5H-6Z",
        3 => "M0,-7L7,0L0,7L-7,0Z",
        4 => "M0,6.5L6,-5H-6Z",
        5 => "M-2,-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z",
        _ => "M-5.5,0A5.5,5.5 0 1 0 5.5,0A5.5,5.5 0 1 0 -5.5,0Z",
    };
    html! { path class=(class) d=(path) transform=(format!("translate({x:.1},{y:.1})")) {} }
}

/// Text with its left, middle or right at `x`.
fn text(class: &str, anchor: &str, x: f64, y: f64, said: &str) -> Markup {
    html! { text class=(class) text-anchor=(anchor) x=(format!("{x:.1}")) y=(format!("{y:.1}")) { (said) } }
}

fn line(class: &str, x1: f64, y1: f64, x2: f64, y2: f64) -> Markup {
    PreEscaped(format!(
        r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"></line>"#
    ))
}

fn path(class: &str, points: &[(f64, f64)]) -> Markup {
    let steps: Vec<String> = points
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    html! { path class=(class) d=(format!("M{}", steps.join("L"))) {} }
}

/// Moves labels apart until neighbours are `gap` from each other, keeping their order and staying within `from..to`
/// as long as there is room. Returns their new positions in the order given.
fn apart(wanted: &[f64], gap: f64, from: f64, to: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut placed = wanted.to_vec();
    let mut lowest = from;
    for &i in &order {
        placed[i] = placed[i].max(lowest);
        lowest = placed[i] + gap;
    }
    let mut highest = to;
    for &i in order.iter().rev() {
        placed[i] = placed[i].min(highest);
        highest = placed[i] - gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_order_and_their_distance() {
        let placed = apart(&[50.0, 52.0, 98.0, 10.0], 14.0, 0.0, 100.0);
        assert_eq!(placed[3], 10.0);
        let mut sorted = placed.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(
            sorted.windows(2).all(|pair| pair[1] - pair[0] >= 14.0),
            "{placed:?}"
        );
        assert!(placed[0] < placed[1] && placed[1] < placed[2]);
    }
}
