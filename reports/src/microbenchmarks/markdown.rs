//! The table of `docs/microbenchmarks.md`.

use super::{MicrobenchmarksFile, Operation};
use crate::number::{count, exact, significant};
use crate::render::markdown_table;
use crate::render::table::{ABSENT, Row, Table};

/// Where the operations were measured, and a table of each group.
#[must_use]
pub fn markdown(file: &MicrobenchmarksFile) -> String {
    let manifest = &file.manifest;
    let libraries = manifest.libraries.iter();
    let libraries: Vec<String> = libraries
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let mut text = format!(
        "Measured {} on {}, {} processors, {}; authbench {} ({}), {}; {}.\n",
        file.measured_at,
        manifest.cpu,
        manifest.cores,
        manifest.kernel,
        manifest.authbench_version,
        manifest.git_revision.as_deref().unwrap_or("no revision"),
        manifest.rustc,
        libraries.join(", ")
    );
    for group in file
        .operations
        .chunk_by(|one, other| group(one) == group(other))
    {
        let table = table(file, group).without_empty_columns();
        text.push_str(&format!(
            "\n### {}\n\n{}\n",
            table.title,
            markdown_table(&table)
        ));
    }
    text
}

fn table(file: &MicrobenchmarksFile, operations: &[Operation]) -> Table {
    let title = operations.first().map_or("", group);
    let columns = [
        "operation",
        "#median ns",
        "#95 % interval",
        "#SD",
        "#bytes",
        "#× limit",
    ];
    let mut table = Table::new(title, "", &columns);
    table.rows = operations
        .iter()
        .map(|operation| Row {
            cells: cells(file, operation),
            ..Row::default()
        })
        .collect();
    table
}

fn cells(file: &MicrobenchmarksFile, operation: &Operation) -> Vec<String> {
    let absent = || ABSENT.to_owned();
    let ratio = file.ratio_to_limit(operation);
    vec![
        operation.id.clone(),
        exact(operation.median_ns),
        format!("{}–{}", exact(operation.low_ns), exact(operation.high_ns)),
        significant(operation.sd_ns),
        operation.bytes.map_or_else(absent, count),
        ratio.map_or_else(absent, |ratio| format!("{ratio:.2}")),
    ]
}

fn group(operation: &Operation) -> &str {
    operation.id.split('/').next().unwrap_or_default()
}
