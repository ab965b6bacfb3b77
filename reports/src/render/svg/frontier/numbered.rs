//! Many points: numbered, with a key below.

use super::{BOTTOM, HEIGHT, LEFT, Placed, RIGHT, TOP, WIDTH};
use crate::frontier::{Known, Reach, Standing};
use crate::number::{significant, span};
use crate::render::svg::places::{Within, discs};
use crate::render::svg::{line, text};
use maud::{Markup, html};

const RADIUS: f64 = 9.0;
/// Of one entry of the key.
const ENTRY: [f64; 2] = [376.0, 17.0];
const COLUMNS: usize = 2;

/// How much the key of `points` entries adds to the height of the chart.
pub(super) fn key_height(points: usize) -> f64 {
    ENTRY[1] * points.div_ceil(COLUMNS) as f64 + 12.0
}

/// A numbered disc for each point, beside its place where another is there already, and what the numbers stand for.
pub(super) fn marks(placed: &[Placed]) -> Markup {
    let anchors: Vec<(f64, f64)> = placed.iter().map(|one| (one.x, one.y)).collect();
    let area = Within([LEFT, TOP - 16.0, WIDTH - RIGHT + 30.0, HEIGHT - BOTTOM]);
    let centres = discs(&anchors, RADIUS, area);
    html! {
        @for (one, (x, y)) in placed.iter().zip(&centres) {
            @if (one.x, one.y) != (*x, *y) {
                (line("leader ink", one.x, one.y, *x, *y))
                circle class="spot" cx=(format!("{:.1}", one.x)) cy=(format!("{:.1}", one.y)) r="2.5" {}
            }
        }
        @for (number, (one, (x, y))) in placed.iter().zip(&centres).enumerate() {
            circle class={ "disc " (class(one)) } cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r=(RADIUS) {}
            (text(&format!("number {}", class(one)), "middle", *x, *y + 4.0, &(number + 1).to_string()))
        }
        @for (number, one) in placed.iter().enumerate() { (entry(number, placed.len(), one)) }
    }
}

fn class(one: &Placed) -> &'static str {
    match (one.point.standing, one.point.known) {
        (Standing::Efficient, Known::Projected { .. }) => "efficient hollow",
        (Standing::Efficient, _) => "efficient",
        (Standing::NegativeControl, _) => "no-choice",
        (_, Known::Projected { .. }) => "dim hollow",
        _ => "dim",
    }
}

/// Down the first column, then down the second.
fn entry(number: usize, of: usize, one: &Placed) -> Markup {
    let rows = of.div_ceil(COLUMNS);
    let (column, row) = (number / rows, number % rows);
    let x = 12.0 + ENTRY[0] * column as f64;
    let y = HEIGHT + 14.0 + ENTRY[1] * row as f64;
    let name = format!("{}", number + 1);
    html! {
        (text("key-number", "end", x + 14.0, y, &name))
        text class=(if one.point.standing == Standing::Efficient { "key efficient" } else { "key" }) x=(format!("{:.1}", x + 20.0)) y=(format!("{y:.1}")) {
            (one.point.target) ": " (said(one))
        }
    }
}

fn said(one: &Placed) -> String {
    let point = one.point;
    let lag = match point.reach {
        Reach::NeverAccepted { max_ms: None } => "never".to_owned(),
        Reach::NeverAccepted {
            max_ms: Some(max_ms),
        }
        | Reach::Lasting {
            max_ms: Some(max_ms),
            ..
        } => format!("≤ {}", span(max_ms)),
        Reach::Lasting { max_ms: None, .. } => "still in".to_owned(),
        Reach::Outlasting { at_least_ms } => format!("> {}", span(at_least_ms)),
    };
    let known = match point.known {
        Known::Measured {
            laboratory_ttl_s: Some(ttl),
        } => format!(" at TTL {}", span(ttl * 1e3)),
        Known::Measured { .. } => String::new(),
        Known::Projected { access_ttl_s } => {
            format!(" at TTL {} (projected)", span(access_ttl_s * 1e3))
        }
    };
    let standing = match point.standing {
        Standing::NegativeControl => " · negative control",
        Standing::Laboratory => " · laboratory",
        Standing::Efficient | Standing::Dominated => "",
    };
    format!("{} µs, {lag}{known}{standing}", significant(point.cpu_us))
}
