//! Where the CPU of a model goes, by what single operations cost.

use super::super::table::{Row, Table};
use crate::microbenchmarks::attribution::{Attribution, attributions};
use crate::number::{percent, significant};
use crate::run_file::RunFile;
use crate::summary::Summary;

/// A row for each target whose work per request is known; none where the run cites no microbenchmarks.
#[must_use]
pub fn attribution(run: &RunFile, summary: &Summary) -> Table {
    let cited = run.manifest.microbenchmarks.as_ref();
    let mut table = Table::new(
        "Where the extra CPU goes, µs",
        cited.map_or_else(String::new, |cited| {
            format!(
                "CPU per request minus the control's, beside the sum of what the model does for each request, measured one operation at a time on {} ({}). \
                 Computing: the operations repeated without a pause. At the run's rate: the whole check, 400 times per second, in every process that takes \
                 part, with caches that others have used and threads and processes that have to be woken. The remainder is what even that does not explain; a negative \
                 one says that the operation is dearer alone than among others.",
                cited.measured_at,
                if cited.same_authbench { "the same build" } else { "another build" },
            )
        }),
        &["target", "#extra", "#computing", "#share", "#at the run's rate", "#explained", "#remainder"],
    );
    let rows = cited
        .map(|cited| attributions(summary, cited))
        .unwrap_or_default();
    table.rows = rows.iter().map(row).collect();
    table
}

fn row(one: &Attribution) -> Row {
    Row {
        cells: vec![
            one.target.clone(),
            significant(one.extra_us),
            significant(one.computing_us),
            percent(one.computing_us / one.extra_us),
            significant(one.paced_us),
            percent(one.explained()),
            significant(one.extra_us - one.paced_us),
        ],
        ..Row::default()
    }
}
