//! How long a caller who should be out stayed in.

use super::{length, settings};
use crate::number::{count, percent, significant, span};
use crate::render::table::{ABSENT, Row, Table};
use crate::summary::lag::RevocationSummary;
use crate::summary::{Summary, TargetSummary};

/// One row per target, event and enforcement point.
#[must_use]
pub fn lag(summary: &Summary) -> Table {
    let table = Table::new(
        "Revocation lag",
        "From the acknowledgement of the revoking call to the first refusal after the last accepted request, over the revocations that were accepted at all after it; \
         it is known to within the last column, which can carry a maximum past a bound that was kept. A breach is a request sent after the bound and accepted; a bound that outlasts the observation is not observed, neither kept nor broken. \
         Lifetimes here are the laboratory's. Still in: accepted until observation ended. Unknown: no sample. Flaps: accepted again after a refusal. \
         The rates of the background load stand under what was measured.",
        &[
            "event",
            "point",
            "#n",
            "#never accepted after ack",
            "#lag p50",
            "#lag p99",
            "#lag max",
            "#bound",
            "#breaches",
            "#still in, unknown, flaps",
            "#separate events",
            "#others put out",
            "#ack p50",
            "#known to within",
        ],
    );
    by_target(summary, table, |_, row| {
        let lag = row.lag_ms;
        Some(vec![
            row.event.clone(),
            row.point.clone(),
            count(row.n),
            never_accepted(row),
            length(lag.and_then(|lag| lag.p50)),
            length(lag.and_then(|lag| lag.p99)),
            length(lag.and_then(|lag| lag.max)),
            row.bound_ms
                .map_or_else(|| "none".to_owned(), |ms| bound(ms, row)),
            count(row.breaches),
            [row.censored, row.unknown, row.flaps].map(count).join(", "),
            row.occurrences
                .map_or_else(|| ABSENT.to_owned(), |events| count(events.n)),
            others_put_out(row),
            length(row.ack_ms.map(|ack| ack.p50)),
            length(row.resolution_ms),
        ])
    })
}

/// Whether a refresh still worked after the event.
#[must_use]
pub fn refresh(summary: &Summary) -> Table {
    let table = Table::new(
        "Refresh after the event",
        "Each credential tried to refresh once its revocation had been acknowledged. One that works gives the caller a new lifetime; \
         it breaks a promise only where the target promises that it is refused.",
        &["event", "promised", "#n", "#refused", "#worked", "#unknown"],
    );
    let mut table = by_target(summary, table, |_, row| {
        let after = row.refresh_after?;
        Some(vec![
            row.event.clone(),
            row.refresh_promised
                .clone()
                .unwrap_or_else(|| "nothing".to_owned()),
            count(after.refused + after.worked + after.unknown),
            count(after.refused),
            count(after.worked),
            count(after.unknown),
        ])
    });
    // The refresh belongs to the event; its points repeat it.
    table
        .rows
        .dedup_by(|later, row| later.heading.is_none() && later.cells == row.cells);
    table
}

/// Whether lags are what expiry alone would give.
#[must_use]
pub fn law(summary: &Summary) -> Table {
    let table = Table::new(
        "Does expiry explain the lag?",
        "Where nothing but its expiry ends a credential, the lag is its remaining lifetime: uniform, because each was revoked at a random age \
         (Kolmogorov–Smirnov, rejected below p = 0.001), and ending at its own expiry. \
         Only then is it projected to a longer lifetime. That it does not hold breaks no promise.",
        &[
            "event",
            "point",
            "#n",
            "#p",
            "#off their expiry",
            "law",
            "projected",
        ],
    );
    by_target(summary, table, |_, row| {
        let law = row.uniformity?;
        let projected = row.projected.map(|projected| {
            format!(
                "TTL {}: p50 {}, max {}",
                span(projected.access_ttl_s * 1e3),
                span(projected.p50_ms),
                span(projected.max_ms)
            )
        });
        let projected =
            projected.or_else(|| Some(format!("not projected: {}", row.not_projected?.why())));
        Some(vec![
            row.event.clone(),
            row.point.clone(),
            count(law.n),
            probability(law.p_value),
            count(law.off_expiry),
            if law.holds() {
                "holds"
            } else {
                "does not hold"
            }
            .to_owned(),
            projected.unwrap_or_else(|| ABSENT.to_owned()),
        ])
    })
}

/// Below where the law is rejected, how far below says nothing more.
fn probability(p_value: f64) -> String {
    if p_value < 0.001 {
        "< 0.001".to_owned()
    } else {
        significant(p_value)
    }
}

/// The rows of each target under a heading with its name and the settings that the lags were watched with.
pub(super) fn by_target(
    summary: &Summary,
    mut table: Table,
    cells: impl Fn(&TargetSummary, &RevocationSummary) -> Option<Vec<String>>,
) -> Table {
    for target in &summary.targets {
        let mut heading = None;
        for row in &target.revocation {
            let Some(cells) = cells(target, row) else {
                continue;
            };
            let label = label(target, row);
            let changed = heading.as_ref() != Some(&label);
            table.rows.push(Row {
                heading: changed.then(|| label.clone()),
                detail: None,
                cells,
            });
            heading = Some(label);
        }
    }
    table.without_empty_columns()
}

fn label(target: &TargetSummary, row: &RevocationSummary) -> String {
    match settings(target, &row.settings) {
        Some(settings) => format!("{} · {settings}", target.name),
        None => target.name.clone(),
    }
}

/// Put out by mistake, of those who should have stayed in.
pub(super) fn others_put_out(row: &RevocationSummary) -> String {
    row.collateral.map_or_else(
        || ABSENT.to_owned(),
        |others| format!("{} of {}", count(others.put_out), count(others.watched)),
    )
}

/// Of no sample at all there is no share.
pub(super) fn never_accepted(row: &RevocationSummary) -> String {
    match row.sampled() {
        0 => ABSENT.to_owned(),
        sampled => percent(row.never_accepted_after_ack as f64 / sampled as f64),
    }
}

pub(super) fn bound(ms: f64, row: &RevocationSummary) -> String {
    match ms {
        0.0 => "0".to_owned(),
        _ if row.not_observed > 0 && row.breaches == 0 => format!("{} (not observed)", span(ms)),
        _ => span(ms),
    }
}
