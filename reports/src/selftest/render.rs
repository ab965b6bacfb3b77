//! The table of a self-test, for a terminal and as Markdown.

use super::{RowVerdict, SelftestFile};
use crate::number::{count, exact};
use crate::render::table::{Row as TableRow, Table};
use crate::render::{markdown_table, text_table};

/// The report for a terminal, at most `width` columns wide where its cells allow it.
#[must_use]
pub fn text(selftest: &SelftestFile, width: usize, colour: bool) -> String {
    let mut lines = vec![headline(selftest), String::new()];
    lines.extend(text_table(&table(selftest), width, colour));
    lines.push(String::new());
    lines.extend(remarks(selftest));
    lines.join("\n") + "\n"
}

/// The report as Markdown (GitHub's tables).
#[must_use]
pub fn markdown(selftest: &SelftestFile) -> String {
    let remarks: Vec<String> = remarks(selftest)
        .into_iter()
        .map(|remark| format!("* {remark}"))
        .collect();
    format!(
        "# authbench selftest: {}\n\n{}\n\n{}\n\n{}\n",
        selftest.verdict.name(),
        headline(selftest),
        markdown_table(&table(selftest)),
        remarks.join("\n")
    )
}

fn headline(selftest: &SelftestFile) -> String {
    let counts = [
        RowVerdict::Pass,
        RowVerdict::Fail,
        RowVerdict::NotJudged,
        RowVerdict::Skipped,
    ];
    let counts: Vec<String> = counts
        .iter()
        .map(|verdict| (selftest.count(*verdict), verdict.name()))
        .filter(|(rows, _)| *rows > 0)
        .map(|(rows, name)| format!("{} {name}", count(rows)))
        .collect();
    format!(
        "selftest: {} ({}) · {}, seed {} · {} · {} s",
        selftest.verdict.name(),
        counts.join(", "),
        selftest.scope.name(),
        selftest.seed,
        selftest.started_at,
        exact(selftest.duration_s)
    )
}

fn table(selftest: &SelftestFile) -> Table {
    let columns = [
        "truth",
        "#measured",
        "#error",
        "#tolerance",
        "#n",
        "verdict",
    ];
    let mut table = Table::new("Self-test", "", &columns);
    let mut above = None;
    for row in &selftest.rows {
        let cells = [
            &format!("{}: {}", row.quantity, row.expected),
            &row.measured,
            &row.error,
            &row.tolerance,
            &count(row.n),
            row.verdict.name(),
        ];
        table.rows.push(TableRow {
            heading: (above != Some(&row.truth)).then(|| row.truth.clone()),
            detail: None,
            cells: cells.map(str::to_owned).to_vec(),
        });
        above = Some(&row.truth);
    }
    table
}

/// What stands under the table: why rows were not judged, notes, machine.
fn remarks(selftest: &SelftestFile) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(fault) = &selftest.injected {
        remarks.push(format!(
            "An error was put into the instrument on purpose ({fault}): this says nothing of the instrument itself."
        ));
    }
    for row in &selftest.rows {
        let remark = row
            .note
            .as_ref()
            .map(|note| format!("{}: {note}", row.group));
        remarks.extend(remark.filter(|remark| !remarks.contains(remark)));
    }
    let manifest = &selftest.manifest;
    remarks.push(format!(
        "machine: {}, {} processors, {} · authbench {} ({}, {} build) · pacer {}, {}",
        manifest.cpu,
        manifest.cores,
        manifest.kernel,
        manifest.authbench_version,
        manifest.git_revision.as_deref().unwrap_or("no revision"),
        manifest.build,
        manifest.pacer,
        manifest.idling()
    ));
    remarks
}
