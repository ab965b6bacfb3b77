//! Many points: numbered, with a key below.

use super::{BOTTOM, HEIGHT, LEFT, Placed, RIGHT, TOP, WIDTH};
use crate::frontier::{Known, Reach, Standing};
use crate::number::{significant, span};
use crate::render::svg::places::{Within, discs};
use crate::render::svg::{line, text};
use maud::{Markup, html};

const RADIUS: f64 = 9.0;
/// Height of one entry of the key: a line of its own, for two beside each other would not fit in every font.
const ENTRY: f64 = 17.0;
/// Right end of the numbers, left end of the names.
const NUMBER: [f64; 2] = [26.0, 34.0];
/// Width of one character of a name, bold and in a wide font.
const CHARACTER: f64 = 8.0;
/// From the names to the right end of the costs, and on to the lags.
const COST: [f64; 2] = [84.0, 16.0];

/// How much the key of `points` entries adds to the height of the chart.
pub(super) fn key_height(points: usize) -> f64 {
    ENTRY * points as f64 + 12.0
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
        @let names = placed.iter().map(|one| one.point.target.chars().count());
        @let costs = NUMBER[1] + CHARACTER * names.max().unwrap_or(0) as f64 + COST[0];
        @for (number, one) in placed.iter().enumerate() { (entry(number, costs, one)) }
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

/// The number, the name, the cost right-aligned at `costs`, and the lag.
fn entry(number: usize, costs: f64, one: &Placed) -> Markup {
    let y = HEIGHT + 14.0 + ENTRY * number as f64;
    let class = match one.point.standing {
        Standing::Efficient => "key efficient",
        _ => "key",
    };
    let cost = format!("{} µs", significant(one.point.cpu_us));
    html! {
        (text("key-number", "end", NUMBER[0], y, &(number + 1).to_string()))
        (text(class, "start", NUMBER[1], y, &one.point.target))
        (text(class, "end", costs, y, &cost))
        (text(class, "start", costs + COST[1], y, &lag(one)))
    }
}

fn lag(one: &Placed) -> String {
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
    format!("{lag}{known}{standing}")
}
