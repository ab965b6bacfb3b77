//! The matrix as grids, and every cell of it with all its figures.

use super::revocation::{bound, by_target, never_accepted, others_put_out};
use crate::matrix::{Block, Cell, INTROSPECTION, Matrix, STREAM, Variant, class};
use crate::number::{between, count, span};
use crate::render::table::{ABSENT, Row, Table};
use crate::summary::lag::{LagMs, RevocationSummary};
use crate::summary::{Summary, TargetSummary};

/// How a cell of a grid is read.
const LEGEND: &str = "never: nobody was accepted any more · >: still accepted when observation ended · ✗ breaches of the bound · ! callers put out who should have stayed in · \
    ~ accepted again after a refusal · ° nothing is promised · stays: the event is not meant to end this · ?: no revocation gave a sample · –: not measured · \
    ◇ negative control, which is there to fail";
/// How a cell of a grid of refreshes is read.
const LEGEND_OF_REFRESHES: &str = "a number: so many worked, of so many that were answered · ✗ it was promised that none would · –: there is no refresh, or none was tried · ◇ negative control";

/// One grid for each class of points: a row for each target, a column for each event. Empty where the rows of single events can be read.
#[must_use]
pub fn matrix(summary: &Summary) -> Vec<Table> {
    let matrix = Matrix::of(summary);
    let blocks = matrix.iter().flat_map(|matrix| &matrix.blocks);
    blocks.map(grid).collect()
}

fn grid(block: &Block) -> Table {
    let title = format!("{}: {}", what(block), block.class);
    let note = format!(
        "The longest lag after the acknowledgement, at the worst of the points. {}",
        samples(block)
    );
    let mut table = by_event(&title, note, block);
    table.legend = Some(format!("{LEGEND}{}", laboratory(block)));
    for variant in &block.variants {
        let cells = variant.cells.iter();
        let said = cells.map(|cell| cell.map_or_else(|| ABSENT.to_owned(), |cell| cell.said()));
        table.rows.push(row(variant, said));
    }
    table
}

fn what(block: &Block) -> &'static str {
    match block.class {
        _ if block.guards => "How long a caller stayed in",
        STREAM => "How long an open connection went on",
        _ => "How long the answer stayed as it was (probed only)",
    }
}

/// What became of a refresh after each event, by target; empty where the rows of single events can be read.
#[must_use]
pub fn refreshes(summary: &Summary) -> Table {
    let matrix = Matrix::of(summary);
    let first = matrix.as_ref().and_then(|matrix| matrix.blocks.first());
    let Some(block) = first else {
        return Table::new("Refresh after the event", "", &["target"]);
    };
    let note = "Whether a refresh worked after the event had been acknowledged.";
    let mut table = by_event("Refresh after the event", note.to_owned(), block);
    table.legend = Some(LEGEND_OF_REFRESHES.to_owned());
    for variant in &block.variants {
        let cells = variant.cells.iter();
        let said: Vec<String> = cells.map(|cell| refreshed(cell.as_ref())).collect();
        if said.iter().any(|cell| cell != ABSENT) {
            table.rows.push(row(variant, said.into_iter()));
        }
    }
    table.without_empty_columns()
}

fn by_event(title: &str, note: String, block: &Block) -> Table {
    let events = block.events.iter();
    let headings: Vec<String> = events
        .map(|event| format!("#{}", event.replace('_', " ")))
        .collect();
    let columns: Vec<&str> = ["target"]
        .into_iter()
        .chain(headings.iter().map(String::as_str))
        .collect();
    Table::new(title, note, &columns)
}

fn row(variant: &Variant, said: impl Iterator<Item = String>) -> Row {
    let mark = if variant.target.is_negative_control() {
        " ◇"
    } else {
        ""
    };
    let name = format!("{}{mark}", variant.target.name);
    Row {
        cells: [name].into_iter().chain(said).collect(),
        ..Row::default()
    }
}

fn refreshed(cell: Option<&Cell>) -> String {
    let Some((row, after)) = cell.and_then(|cell| Some((cell.worst, cell.worst.refresh_after?)))
    else {
        return ABSENT.to_owned();
    };
    let broken = if row.refresh_ends() && after.worked > 0 {
        " ✗"
    } else {
        ""
    };
    match (after.worked, after.refused) {
        (0, 0) => "?".to_owned(),
        (0, _) => "refused".to_owned(),
        (_, 0) => format!("works{broken}"),
        (worked, refused) => format!("{} of {}{broken}", count(worked), count(worked + refused)),
    }
}

/// Lifetimes under which the lags were watched, where they are not those that cost was measured with.
fn laboratory(block: &Block) -> String {
    let mut ttls: Vec<f64> = block
        .cells()
        .filter_map(|cell| cell.worst.laboratory_ttl_s())
        .collect();
    ttls.sort_by(f64::total_cmp);
    ttls.dedup();
    let ttls: Vec<String> = ttls.iter().map(|ttl| span(ttl * 1e3)).collect();
    match ttls.as_slice() {
        [] => String::new(),
        ttls => format!(" · watched at the laboratory's TTL of {}", ttls.join(", ")),
    }
}

/// `50 to 300 credentials in a cell, 5 to 8 separate events where one ends many.`
fn samples(block: &Block) -> String {
    let range = |counts: Vec<u64>| {
        let (min, max) = (counts.iter().min()?, counts.iter().max()?);
        Some(if min == max {
            count(*min)
        } else {
            format!("{} to {}", count(*min), count(*max))
        })
    };
    let credentials = range(block.cells().map(|cell| cell.worst.sampled()).collect());
    let occurrences = block.cells().filter_map(|cell| cell.worst.occurrences);
    let separate = range(occurrences.map(|events| events.n).collect());
    let separate = separate.map_or_else(String::new, |separate| {
        format!(", {separate} separate events where one ends many")
    });
    format!(
        "{} credentials in a cell{separate}.",
        credentials.unwrap_or_else(|| "No".to_owned())
    )
}

/// Every cell with all its figures, point by point; empty where there is no matrix.
#[must_use]
pub fn cells(summary: &Summary) -> Table {
    let table = Table::new(
        "Every cell of the matrix",
        "Lags are of those who were accepted after the acknowledgement, each figure as the interval in which it lies. 99 % out by: over all samples, up to the first refusal. \
         Events: how often the event happened, where one ends many credentials, and how far the longest lags of single events lie apart. \
         Introspection: what the authorization server still said.",
        &[
            "event",
            "point",
            "#n",
            "#separate events",
            "#never accepted after ack",
            "#lag p50",
            "#lag p99",
            "#lag max",
            "#99 % out by",
            "#bound",
            "#breaches",
            "#still in, unknown, flaps",
            "#others put out",
            "refresh after",
            "introspection",
        ],
    );
    if Matrix::of(summary).is_none() {
        return table;
    }
    by_target(summary, table, |target, row| Some(cell(target, row)))
}

fn cell(target: &TargetSummary, row: &RevocationSummary) -> Vec<String> {
    vec![
        row.event.clone(),
        row.point.clone(),
        count(row.n),
        occurrences(row),
        never_accepted(row),
        interval(row, |lag| lag.p50),
        interval(row, |lag| lag.p99),
        interval(row, |lag| lag.max),
        row.out_by_ms
            .and_then(|out| out.p99)
            .map_or_else(|| ABSENT.to_owned(), span),
        row.bound_ms
            .map_or_else(|| "none".to_owned(), |ms| bound(ms, row)),
        count(row.breaches),
        [row.censored, row.unknown, row.flaps].map(count).join(", "),
        others_put_out(row),
        row.refresh_after.map_or_else(
            || ABSENT.to_owned(),
            |after| {
                format!(
                    "{} of {} worked",
                    after.worked,
                    after.worked + after.refused
                )
            },
        ),
        introspected(target, row),
    ]
}

/// `5: 1.20–1.99 s`: how many, and the shortest and the longest of their longest lags.
fn occurrences(row: &RevocationSummary) -> String {
    let Some(events) = row.occurrences else {
        return ABSENT.to_owned();
    };
    let apart = events.longest_ms.map_or_else(String::new, |longest| {
        format!(": {}", between(longest.min, longest.max))
    });
    format!("{}{apart}", count(events.n))
}

/// Absent above: some of these were still in when observation ended.
fn interval(row: &RevocationSummary, figure: fn(LagMs) -> Option<f64>) -> String {
    let from = row.lag_from_ms.and_then(figure);
    let until = row.lag_ms.and_then(figure);
    match (from, until) {
        (Some(from), Some(until)) => between(from, until),
        (Some(from), None) => format!("> {}", span(from)),
        (None, _) => ABSENT.to_owned(),
    }
}

fn introspected(target: &TargetSummary, row: &RevocationSummary) -> String {
    if class(&row.point) == INTROSPECTION {
        return ABSENT.to_owned();
    }
    let mut rows = target.revocation.iter();
    let asked = rows.find(|other| other.event == row.event && class(&other.point) == INTROSPECTION);
    asked.map_or_else(
        || ABSENT.to_owned(),
        |asked| match (asked.censored, asked.lag_ms) {
            _ if asked.sampled() == 0 => "?".to_owned(),
            (0, None) => "inactive at once".to_owned(),
            (0, Some(lag)) => format!("active ≤ {}", lag.max.map_or_else(|| "?".to_owned(), span)),
            _ => "stays active".to_owned(),
        },
    )
}
