//! What a session costs: for each client type, a mark per target that serves it.

use super::axis::Scale;
use super::{Series, WIDTH, drawing, line, marker, series, text};
use crate::number::{count, significant};
use crate::summary::Summary;
use maud::{Markup, html};

const LEFT: f64 = 104.0;
/// Room for the longest label beside a mark.
const RIGHT: f64 = 190.0;
const TOP: f64 = 16.0;
const ROW: f64 = 20.0;
/// Between two client types.
const GAP: f64 = 16.0;
const BOTTOM: f64 = 44.0;

/// The targets that serve one client type.
struct Group<'a> {
    client: &'a str,
    top: f64,
    marks: Vec<(&'a Series<'a>, f64)>,
}

/// `None` where no client type was alone, or no process could be measured.
#[must_use]
pub fn journey(summary: &Summary) -> Option<Markup> {
    let series = series(summary);
    let groups = groups(&series);
    let most = groups.iter().flat_map(|group| &group.marks);
    let most = most.map(|(_, us)| *us).reduce(f64::max)?;
    let last = groups.last()?;
    let x = Scale::linear(0.0, most, LEFT, WIDTH - RIGHT);
    let base = last.top + ROW * last.marks.len() as f64;
    let content = html! {
        @for us in x.ticks() {
            (line("grid", x.at(us), TOP, x.at(us), base))
            (text("tick", "middle", x.at(us), base + 16.0, &count(us as u64)))
        }
        (line("rule", LEFT, base, WIDTH - RIGHT, base))
        @for group in &groups { (drawn(group, &x)) }
        (text("axis-title", "middle", f64::midpoint(LEFT, WIDTH - RIGHT), base + 38.0, "CPU µs per session, all processes"))
    };
    Some(drawing(
        "journey",
        "CPU per session by client type",
        "For each client type one mark per target that serves it. The same figures are in the table below.",
        base + BOTTOM,
        &content,
    ))
}

/// In the order of the scenario, which is the same at every target.
fn groups<'a>(series: &'a [Series<'a>]) -> Vec<Group<'a>> {
    let clients = series
        .iter()
        .find_map(|one| one.target.journey.as_ref())
        .map_or(&[][..], |journey| &journey.clients);
    let mut top = TOP;
    let mut groups = Vec::new();
    for client in clients {
        let marks: Vec<_> = series
            .iter()
            .filter_map(|one| Some((one, cpu_us(one, &client.client)?)))
            .collect();
        if marks.is_empty() {
            continue;
        }
        let height = ROW * marks.len() as f64;
        groups.push(Group {
            client: &client.client,
            top,
            marks,
        });
        top += height + GAP;
    }
    groups
}

fn cpu_us(series: &Series, client: &str) -> Option<f64> {
    let clients = &series.target.journey.as_ref()?.clients;
    let row = clients.iter().find(|row| row.client == client)?;
    Some(row.sessions.as_ref()?.cpu_us_per_session.as_ref()?.total)
}

fn drawn(group: &Group, x: &Scale) -> Markup {
    let middle = |row: usize| group.top + ROW * (row as f64 + 0.5);
    html! {
        (text("name", "end", LEFT - 12.0, middle(0) + 4.0, group.client))
        @for (row, (series, us)) in group.marks.iter().enumerate() {
            (line(&format!("leader s{}", series.style), LEFT, middle(row), x.at(*us), middle(row)))
            (marker(series.style, x.at(*us), middle(row), false))
            (text("value", "start", x.at(*us) + 12.0, middle(row) + 4.0, &format!("{} {}", series.target.name, significant(*us))))
        }
    }
}
