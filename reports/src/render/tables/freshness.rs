//! What was still allowed after rights had been taken away.

use super::{length, settings};
use crate::number::{count, percent, significant};
use crate::render::table::{ABSENT, Row, Table};
use crate::summary::Summary;
use crate::summary::lag::{RevocationSummary, StaleDecisions};

/// Rates of change that the table reckons with, per hour.
const CHANGES_PER_H: [f64; 3] = [1.0, 10.0, 100.0];

/// One row per target, event and point that asks for the right.
#[must_use]
pub fn freshness(summary: &Summary) -> Table {
    let changes = CHANGES_PER_H.map(|changes| format!("#stale/h at {changes} changes/h"));
    let mut columns = vec![
        "target",
        "event and point",
        "#credentials",
        "#still allowed something",
        "#requests allowed",
        "#most of one",
        "#until, at most",
        "#mean lag",
    ];
    columns.extend(changes.iter().map(String::as_str));
    columns.push("#stale share");
    let mut table = Table::new(
        "Rights that were gone and still worked",
        "Requests for which a right was needed, sent after its removal had been acknowledged, and allowed: as many as the probes made, so counts tell targets apart and \
         no more. Computed: stale decisions per hour = changes per hour × mean lag × 1 privileged request/s of each caller whose rights change; twice the requests are twice the figure. \
         Stale share: of the privileged requests of a caller whose rights change once an hour.",
        &columns,
    );
    for target in &summary.targets {
        for row in &target.revocation {
            let Some(stale) = row.stale else { continue };
            let mut cells = vec![
                target.name.clone(),
                format!("{} at {}", row.event, row.point),
            ];
            cells.extend(counted(row, stale));
            cells.extend(CHANGES_PER_H.map(|changes| computed(stale.per_hour(changes, 1.0))));
            cells.push(stale.mean_lag_ms.map_or_else(
                || ABSENT.to_owned(),
                |ms| percent((ms / 3_600_000.0).min(1.0)),
            ));
            table.rows.push(Row {
                detail: settings(target, &row.settings),
                cells,
                ..Row::default()
            });
        }
    }
    table
}

fn counted(row: &RevocationSummary, stale: StaleDecisions) -> [String; 6] {
    let until = if row.censored > 0 {
        format!("> {}", length(row.certain_max_ms))
    } else {
        length(row.lag_ms.and_then(|lag| lag.max))
    };
    [
        count(stale.credentials),
        count(stale.credentials_allowed),
        count(stale.requests_allowed),
        count(stale.most_of_one),
        until,
        length(stale.mean_lag_ms),
    ]
}

fn computed(stale_per_h: Option<f64>) -> String {
    stale_per_h.map_or_else(|| ABSENT.to_owned(), significant)
}
