//! The report as Markdown: what a pull request or a wiki shows.

use crate::matrix::Matrix;
use crate::render::sentences::{caveats, sentences};
use crate::render::table::{Row, Table};
use crate::render::{KNOWN, provenance, tables};
use crate::run_directory::{FRONTIER_FILE, HTML_FILE, RUN_FILE};
use crate::run_file::RunFile;
use crate::summary::Summary;

/// The report of `run` as Markdown (GitHub's tables).
#[must_use]
pub fn markdown(run: &RunFile, summary: &Summary) -> String {
    let mut text = format!("# authbench: {}\n\n", summary.validity.verdict.name());
    let mut paragraph = |line: &str| {
        text.push_str(line);
        text.push_str("\n\n");
    };
    paragraph(&escaped(&provenance::headline(run)));
    sentences(summary).iter().for_each(|said| paragraph(said));
    for caveat in caveats(summary) {
        paragraph(&format!("> **{caveat}**"));
    }
    for kind in summary.validity.kinds() {
        for finding in &kind.told {
            paragraph(&format!(
                "> **{}**: {}. It touches {}. What to do: {}.",
                finding.verdict.name(),
                finding.what,
                finding.taints,
                finding.advice
            ));
        }
        if !kind.others.is_empty() {
            paragraph(&format!("> … {}: `{RUN_FILE}` has them all.", kind.more()));
        }
    }
    for failure in &summary.failures {
        let outcome = failure.expectation.outcome();
        paragraph(&format!("> **{outcome}**: {}", failure.sentence()));
    }
    for result in summary.unkept_thresholds() {
        let outcome = result.outcome.words();
        paragraph(&format!("> **{outcome}**: {}", result.sentence()));
    }
    for failure in &summary.known_failures {
        paragraph(&format!("> ◇ {KNOWN}: {}", failure.sentence()));
    }
    let under = provenance::line(run);
    paragraph(&table(&tables::overview(summary), &under));
    if !tables::frontier(summary).rows.is_empty() {
        paragraph(&format!(
            "![Cost per request against revocation lag]({FRONTIER_FILE})"
        ));
    }
    paragraph(&format!("The charts are in [{HTML_FILE}]({HTML_FILE})."));
    for one in tables::all(summary) {
        paragraph(&table(&one, &under));
    }
    let attribution = tables::attribution(run, summary);
    if !attribution.rows.is_empty() {
        paragraph(&table(&attribution, &under));
    }
    if Matrix::of(summary).is_some() {
        let details = tables::details(summary);
        let details = details.iter().map(|one| table(one, &under));
        paragraph("<details><summary>Every cell with all its figures</summary>");
        paragraph(&details.collect::<Vec<_>>().join("\n\n"));
        paragraph("</details>");
    }
    paragraph("## What was measured");
    let scenarios: Vec<String> = provenance::scenarios(run)
        .iter()
        .map(|(name, what)| format!("* {}: {}", escaped(name), escaped(what)))
        .collect();
    paragraph(&scenarios.join("\n"));
    format!("{}\n", text.trim_end())
}

fn table(table: &Table, under: &str) -> String {
    let (title, note) = (&table.title, &table.note);
    format!(
        "## {title}\n\n{note}\n\n{}\n\n{}<sub>{}</sub>",
        markdown_table(table),
        legend(table),
        escaped(under)
    )
}

/// What marks mean, as a paragraph of its own.
pub(super) fn legend(table: &Table) -> String {
    let legend = table.legend.as_ref();
    legend.map_or_else(String::new, |legend| format!("{}\n\n", escaped(legend)))
}

/// The columns and rows of `table` alone, for pages that say the rest themselves.
#[must_use]
pub fn markdown_table(table: &Table) -> String {
    let titles = table.columns.iter().map(|column| escaped(&column.title));
    let rules = table
        .columns
        .iter()
        .map(|column| if column.numeric { "---:" } else { "---" }.to_owned());
    let mut lines = vec![line(titles), line(rules)];
    for row in &table.rows {
        if let Some(heading) = &row.heading {
            let blank = table.columns.iter().skip(1).map(|_| String::new());
            lines.push(line(
                [format!("**{}**", escaped(heading))]
                    .into_iter()
                    .chain(blank),
            ));
        }
        lines.push(line(cells(row)));
    }
    lines.join("\n")
}

fn cells(row: &Row) -> impl Iterator<Item = String> {
    let detail = row
        .detail
        .iter()
        .map(|detail| format!("<br><sub>{}</sub>", escaped(detail)));
    let first = row.cells.iter().take(1).map(|cell| escaped(cell));
    let label: String = first.chain(detail).collect();
    [label]
        .into_iter()
        .chain(row.cells.iter().skip(1).map(|cell| escaped(cell)))
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

/// Names come from users' files: a `|`, `<`, `_` or `*` of theirs is text.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '|' | '_' | '*' | '<' | '`' | '\\') {
            escaped.push('\\');
        }
        escaped.push(if c == '\n' { ' ' } else { c });
    }
    escaped
}
