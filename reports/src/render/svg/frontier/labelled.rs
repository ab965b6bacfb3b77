//! Few points: each has its name and what is particular about it beside it.

use super::{BOTTOM, HEIGHT, Placed, TOP, WIDTH, dominated, projected};
use crate::frontier::{Known, Point, Reach};
use crate::number::{significant, span};
use crate::render::svg::{apart, line, text};
use maud::{Markup, html};

/// Height of a label: its name and the line under it.
const LABEL: f64 = 32.0;

/// Columns of labels are kept apart each on its own: the band, the measured, the projected.
pub(super) fn labels(placed: &[Placed]) -> Markup {
    let column = |one: &Placed| match one.point.reach {
        Reach::NeverAccepted { .. } => 0,
        _ if projected(one.point) => 2,
        _ => 1,
    };
    html! {
        @for number in 0..3 {
            @let members = from_the_top(placed.iter().filter(|one| column(one) == number));
            @let wanted = if number == 0 { beside(&members) } else { around(&members) };
            @for (one, y) in members.iter().zip(apart(&wanted, LABEL, TOP + 8.0, HEIGHT - BOTTOM - 18.0)) {
                (label(one, y, number == 0))
            }
        }
    }
}

fn from_the_top<'a>(members: impl Iterator<Item = &'a Placed<'a>>) -> Vec<&'a Placed<'a>> {
    let mut members: Vec<&Placed> = members.collect();
    members.sort_by(|upper, lower| upper.y.total_cmp(&lower.y));
    members
}

/// In the band nothing is drawn right of a mark.
fn beside(members: &[&Placed]) -> Vec<f64> {
    members.iter().map(|one| one.y - 2.0).collect()
}

/// Right of these marks their whiskers are drawn, so labels stand above and below: of neighbours, the upper half above
/// the uppermost and the lower half below the lowest.
fn around(members: &[&Placed]) -> Vec<f64> {
    let neighbours = members.chunk_by(|upper, lower| lower.y - upper.y < 2.0 * LABEL);
    neighbours
        .flat_map(|group| {
            let above = group.len().div_ceil(2);
            let top = group.first().map_or(0.0, |one| one.y);
            let bottom = group.last().map_or(0.0, |one| one.y);
            (0..group.len()).map(move |i| {
                if i < above {
                    top - 26.0 - LABEL * (above - 1 - i) as f64
                } else {
                    bottom + 23.0 + LABEL * (i - above) as f64
                }
            })
        })
        .collect()
}

fn label(one: &Placed, y: f64, beside: bool) -> Markup {
    // Near the right edge a label would run out of the picture.
    let (anchor, x) = match (beside, one.x > WIDTH - 138.0) {
        (true, _) => ("start", one.x + 14.0),
        (false, false) => ("start", one.x - 5.0),
        (false, true) => ("end", WIDTH - 4.0),
    };
    let (edge, reach) = if y < one.y {
        (y + 18.0, 12.0)
    } else {
        (y - 12.0, 12.0)
    };
    html! {
        @if !beside && (edge - one.y).abs() > reach {
            (line(&format!("leader s{}", one.style), one.x, one.y, one.x, edge))
        }
        @let style = if dominated(one.point) { "note strong".to_owned() } else { format!("name s{}", one.style) };
        (text(&style, anchor, x, y, &one.point.target))
        (text("note", anchor, x, y + 14.0, &detail(one.point)))
    }
}

fn detail(point: &Point) -> String {
    match point.known {
        Known::Measured {
            laboratory_ttl_s: Some(ttl),
        } => format!("TTL {} (laboratory)", span(ttl * 1e3)),
        Known::Measured { .. } => format!("{} µs", significant(point.cpu_us)),
        Known::Projected { access_ttl_s } => {
            format!("TTL {} (projected)", span(access_ttl_s * 1e3))
        }
    }
}
