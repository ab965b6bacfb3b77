//! Several self-tests of one machine, beside each other: how far off the instrument is, and how steadily.

use super::{Row, RowVerdict, SHARE_OF_TOLERANCE, SelftestFile};
use std::fmt::Write;

/// A table with a line for each row of `selftests`: how many of those that judged it passed, and the error in the middle one and in the worst.
/// Before it, what they have in common. Empty without any.
#[must_use]
pub fn repeats_markdown(selftests: &[SelftestFile]) -> String {
    let Some(first) = selftests.first() else {
        return String::new();
    };
    let mut out = introduction(first, selftests);
    out.push_str("\n| truth | figure | may be off by | passed | off by (middle) | (worst) |\n|---|---|---|---:|---:|---:|\n");
    let mut truth = "";
    for row in rows(selftests) {
        let same: Vec<&Row> = selftests
            .iter()
            .filter_map(|selftest| counterpart(selftest, row))
            .collect();
        let shown = if row.truth == truth { "" } else { &row.truth };
        truth = &row.truth;
        // Writing into a text does not fail.
        let _ = writeln!(out, "{}", line(shown, row, &same));
    }
    out
}

fn introduction(first: &SelftestFile, selftests: &[SelftestFile]) -> String {
    let manifest = &first.manifest;
    let count = |verdict| -> u64 { selftests.iter().map(|one| one.count(verdict)).sum() };
    let started = || {
        selftests
            .iter()
            .map(|selftest| selftest.started_at.as_str())
    };
    let (earliest, latest) = (started().min(), started().max());
    let seeds = || selftests.iter().map(|selftest| selftest.seed);
    let (lowest, highest) = (seeds().min(), seeds().max());
    let passed = selftests
        .iter()
        .filter(|selftest| selftest.count(RowVerdict::Fail) == 0)
        .count();
    format!(
        "{} self-tests with seeds {} to {}, {} to {}, {}, {} processors, {} build of {}: {passed} without a failed row; of all rows {} passed, {} failed, {} were not judged.\n",
        selftests.len(),
        lowest.unwrap_or_default(),
        highest.unwrap_or_default(),
        earliest.unwrap_or_default(),
        latest.unwrap_or_default(),
        manifest.cpu,
        manifest.cores,
        manifest.build,
        manifest
            .git_revision
            .as_deref()
            .unwrap_or("an unknown revision"),
        count(RowVerdict::Pass),
        count(RowVerdict::Fail),
        count(RowVerdict::NotJudged),
    )
}

/// Each row that any of them has, in the order in which they come.
fn rows(selftests: &[SelftestFile]) -> Vec<&Row> {
    let mut rows: Vec<&Row> = Vec::new();
    for row in selftests.iter().flat_map(|selftest| &selftest.rows) {
        if !rows.iter().any(|known| is_same(known, row)) {
            rows.push(row);
        }
    }
    rows
}

fn is_same(one: &Row, other: &Row) -> bool {
    one.truth == other.truth && one.quantity == other.quantity
}

fn counterpart<'a>(selftest: &'a SelftestFile, row: &Row) -> Option<&'a Row> {
    selftest.rows.iter().find(|other| is_same(other, row))
}

fn line(truth: &str, row: &Row, same: &[&Row]) -> String {
    let is_judged = |row: &&&Row| matches!(row.verdict, RowVerdict::Pass | RowVerdict::Fail);
    let mut judged: Vec<&Row> = same.iter().filter(is_judged).copied().collect();
    judged.sort_by(|a, b| used(a).total_cmp(&used(b)));
    let passed = judged
        .iter()
        .filter(|row| row.verdict == RowVerdict::Pass)
        .count();
    let error = |row: Option<&&Row>| row.map_or_else(|| "–".to_owned(), |row| row.error.clone());
    let middle = judged.get(judged.len().saturating_sub(1) / 2);
    format!(
        "| {truth} | {} | {} | {passed} of {} | {} | {} |",
        row.quantity,
        row.tolerance,
        judged.len(),
        error(middle),
        error(judged.last())
    )
}

/// How much of its tolerance the error of `row` used; where no such share is known, all or nothing.
fn used(row: &Row) -> f64 {
    let known = row.figures.get(SHARE_OF_TOLERANCE).copied();
    known.unwrap_or(match row.verdict {
        RowVerdict::Fail => f64::INFINITY,
        _ => 0.0,
    })
}
