//! The frontier: CPU per request against revocation lag. Few points are labelled where they stand, many are numbered.

mod labelled;
mod numbered;

use super::axis::Scale;
use super::{WIDTH, drawing, line, marker, path, series, text};
use crate::frontier::{Frontier, Known, Point, Reach, Standing};
use crate::number::{significant, span};
use crate::summary::Summary;
use maud::{Markup, html};

const HEIGHT: f64 = 454.0;
const LEFT: f64 = 60.0;
/// Left of it stand those that were never accepted after the acknowledgement: a log axis has no place for them.
const BAND: f64 = 232.0;
const RIGHT: f64 = 64.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 80.0;

/// More points than this are numbered.
const LABELLED: usize = 8;

/// A point with its place.
struct Placed<'a> {
    point: &'a Point,
    style: usize,
    x: f64,
    y: f64,
}

struct Axes {
    x: Scale,
    y: Scale,
}

/// The chart; without points, its axes and a word that says so.
#[must_use]
pub fn frontier(summary: &Summary) -> Markup {
    let frontier = Frontier::of(summary);
    let axes = axes(&frontier);
    let placed = placed(summary, &frontier, &axes);
    let many = placed.len() > LABELLED;
    let content = html! {
        (grid(&axes, &frontier))
        (pareto(&frontier, &axes))
        (whiskers(&placed, &axes))
        (projections(&placed))
        @if many {
            (numbered::marks(&placed))
        } @else {
            @for one in &placed {
                g class=[dominated(one.point).then_some("dominated")] { (marker(one.style, one.x, one.y, projected(one.point))) }
            }
            (labelled::labels(&placed))
        }
        @if placed.is_empty() {
            (text("note", "middle", WIDTH / 2.0, HEIGHT / 2.0, "no target has both its cost and its lag measured"))
        }
    };
    let key = if many {
        numbered::key_height(placed.len())
    } else {
        0.0
    };
    drawing(
        "frontier",
        "Cost per request against revocation lag",
        "One point per target; hollow points are projected to the lifetime that cost was measured with, and the stepped line joins the Pareto set. The same figures are in the table below.",
        HEIGHT + key,
        &content,
    )
}

fn dominated(point: &Point) -> bool {
    matches!(
        point.standing,
        Standing::Dominated | Standing::NegativeControl
    )
}

/// The cheapest that is known for each longest lag: above and to the right of the line nothing is worth its price.
fn pareto(frontier: &Frontier, axes: &Axes) -> Markup {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for point in frontier.efficient() {
        let y = axes.y.at(point.cpu_us);
        let x = match point.longest_ms.1 {
            0.0 => LEFT,
            ms if ms.is_finite() => axes.x.at(ms),
            _ => WIDTH - RIGHT,
        };
        match steps.last() {
            // Others of the set may cost a little more, within what the rounds tell apart.
            Some((_, cheapest)) if y <= *cheapest => {}
            Some((_, dearer)) => {
                let dearer = *dearer;
                steps.extend([(x, dearer), (x, y)]);
            }
            None => steps.push((x, y)),
        }
    }
    let Some((_, cheapest)) = steps.last().copied() else {
        return html! {};
    };
    steps.push((WIDTH - RIGHT, cheapest));
    path("pareto", &steps)
}

fn projected(point: &Point) -> bool {
    matches!(point.known, Known::Projected { .. })
}

fn axes(frontier: &Frontier) -> Axes {
    let lags = || {
        frontier.points.iter().flat_map(|point| match point.reach {
            Reach::Lasting { p50_ms, max_ms } => [Some(p50_ms), max_ms],
            Reach::NeverAccepted { max_ms } => [None, max_ms],
            Reach::Outlasting { at_least_ms } => [Some(at_least_ms), None],
        })
    };
    let shortest = lags().flatten().fold(f64::INFINITY, f64::min);
    let longest = lags().flatten().fold(0.0, f64::max);
    let (shortest, longest) = if longest > 0.0 {
        (shortest.max(0.1) * 0.7, longest * 1.5)
    } else {
        (100.0, 10_000.0)
    };
    let costs = frontier.points.iter().map(|point| {
        point
            .cpu_rounds
            .map_or(point.cpu_us, |rounds| rounds.max.max(point.cpu_us))
    });
    let control = frontier.control.iter().map(|control| control.cpu_us);
    let most = costs.chain(control).fold(0.0, f64::max);
    // Many marks need the room between the cheapest and the dearest, and below them the control its name; a few say more about their cost from
    // zero on.
    let least = points_and_control(frontier).fold(f64::INFINITY, f64::min);
    let from = if frontier.points.len() > LABELLED {
        ((least * 0.9 - 8.0) / 10.0).floor().max(0.0) * 10.0
    } else {
        0.0
    };
    Axes {
        x: Scale::log(shortest, longest, BAND + 24.0, WIDTH - RIGHT),
        y: Scale::linear(from, most * 1.15 - from * 0.15, HEIGHT - BOTTOM, TOP),
    }
}

fn points_and_control(frontier: &Frontier) -> impl Iterator<Item = f64> {
    let points = frontier.points.iter().map(|point| {
        point
            .cpu_rounds
            .map_or(point.cpu_us, |rounds| rounds.min.min(point.cpu_us))
    });
    points.chain(frontier.control.iter().map(|control| control.cpu_us))
}

fn placed<'a>(summary: &Summary, frontier: &'a Frontier, axes: &Axes) -> Vec<Placed<'a>> {
    let styles = series(summary);
    let many = frontier.points.len() > LABELLED;
    frontier
        .points
        .iter()
        .enumerate()
        .map(|(number, point)| Placed {
            point,
            style: styles
                .iter()
                .find(|series| series.target.name == point.target)
                .map_or(0, |series| series.style),
            x: match point.reach {
                // Where in the band a mark stands says nothing, so that many have room.
                Reach::NeverAccepted { .. } if many => LEFT + 24.0 + 31.0 * (number % 5) as f64,
                Reach::NeverAccepted { .. } => LEFT + 28.0,
                Reach::Lasting { p50_ms: ms, .. } | Reach::Outlasting { at_least_ms: ms } => {
                    axes.x.at(ms)
                }
            },
            y: axes.y.at(point.cpu_us),
        })
        .collect()
}

fn grid(axes: &Axes, frontier: &Frontier) -> Markup {
    let base = HEIGHT - BOTTOM;
    html! {
        rect class="band" x=(LEFT) y=(TOP) width=(BAND - LEFT) height=(base - TOP) {}
        (text("note", "middle", f64::midpoint(LEFT, BAND), base + 18.0, "never accepted"))
        (text("note", "middle", f64::midpoint(LEFT, BAND), base + 33.0, "after the ack"))
        @for us in axes.y.ticks() {
            (line("grid", LEFT, axes.y.at(us), WIDTH - RIGHT, axes.y.at(us)))
            (text("tick", "end", LEFT - 8.0, axes.y.at(us) + 4.0, &format!("{us}")))
        }
        @for ms in axes.x.ticks() {
            (line("grid", axes.x.at(ms), TOP, axes.x.at(ms), base))
            (text("tick", "middle", axes.x.at(ms), base + 18.0, &span(ms)))
        }
        (line("rule", LEFT, base, WIDTH - RIGHT, base))
        @if let Some(control) = &frontier.control {
            (line("control", LEFT, axes.y.at(control.cpu_us), WIDTH - RIGHT, axes.y.at(control.cpu_us)))
            (text("note", "end", WIDTH - RIGHT - 4.0, axes.y.at(control.cpu_us) + 14.0, &format!("control {}: {} µs", control.target, significant(control.cpu_us))))
        }
        (text("axis-title", "middle", f64::midpoint(BAND, WIDTH - RIGHT), HEIGHT - 38.0, "revocation lag after the worst event (log): mark p50, bar to the maximum"))
        (text("axis-title", "start", LEFT - 44.0, 18.0, "CPU per request, µs, all processes"))
        // Two lines: in a wide font one would run out of the picture.
        (text("note", "end", WIDTH - RIGHT, HEIGHT - 20.0, "solid: measured · hollow: projected · grey: dominated"))
        (text("note", "end", WIDTH - RIGHT, HEIGHT - 6.0, "dotted steps, bold: Pareto set · dashed: negative control"))
    }
}

/// From the median to the maximum; to the edge when observation ended first.
fn whiskers(placed: &[Placed], axes: &Axes) -> Markup {
    html! {
        @for one in placed {
            @let style = if dominated(one.point) { "s0".to_owned() } else { format!("s{}", one.style) };
            @let class = format!("whisker {style}");
            @if let Some(rounds) = one.point.cpu_rounds {
                (line(&class, one.x, axes.y.at(rounds.min), one.x, axes.y.at(rounds.max)))
                @for us in [rounds.min, rounds.max] { (line(&class, one.x - 3.5, axes.y.at(us), one.x + 3.5, axes.y.at(us))) }
            }
            @match one.point.reach {
                Reach::Lasting { max_ms: Some(max_ms), .. } => {
                    (line(&class, one.x, one.y, axes.x.at(max_ms), one.y))
                    (line(&class, axes.x.at(max_ms), one.y - 5.0, axes.x.at(max_ms), one.y + 5.0))
                }
                Reach::Lasting { max_ms: None, .. } | Reach::Outlasting { .. } => {
                    (line(&class, one.x, one.y, WIDTH - RIGHT, one.y))
                    (path(&class, &[(WIDTH - RIGHT - 7.0, one.y - 5.0), (WIDTH - RIGHT, one.y), (WIDTH - RIGHT - 7.0, one.y + 5.0)]))
                }
                Reach::NeverAccepted { max_ms: Some(max_ms) } => {
                    (line(&format!("to-projected {style}"), one.x, one.y, axes.x.at(max_ms), one.y))
                    (line(&class, axes.x.at(max_ms), one.y - 5.0, axes.x.at(max_ms), one.y + 5.0))
                }
                Reach::NeverAccepted { max_ms: None } => {}
            }
        }
    }
}

/// From what was measured to what follows from it.
fn projections(placed: &[Placed]) -> Markup {
    let pairs = placed
        .windows(2)
        .filter(|pair| pair[0].point.target == pair[1].point.target && projected(pair[1].point));
    html! {
        @for pair in pairs {
            (line(&format!("to-projected s{}", pair[0].style), pair[0].x, pair[0].y, pair[1].x, pair[1].y))
        }
    }
}
