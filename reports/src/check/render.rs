//! A check for a terminal.

use super::{BoundKept, CheckedEvent, CoarseLag, Entry, Finding, Outcome, Severity, TargetCheck};
use crate::number::{count, span};
use crate::render::table::{ABSENT, Row, Table};
use crate::render::{WIDEST, text_table, wrapped};
use crate::revocation::After;

/// The outcome, the findings, the points at every moment, the events and the transcript; at most 120 columns where names allow it.
#[must_use]
pub fn text(check: &TargetCheck, colour: bool) -> String {
    let mut lines = vec![headline(check)];
    let mut section = |title: &str, content: Vec<String>| {
        if !content.is_empty() {
            lines.extend([String::new(), title.to_owned()]);
            lines.extend(content);
        }
    };
    section("Calls", check.transcript.iter().flat_map(entry).collect());
    section("Points, moment by moment", table(&moments(check), colour));
    section(
        "Events: how long the credential was accepted afterwards",
        table(&events(check), colour),
    );
    section(
        "Findings",
        check.findings.iter().flat_map(finding).collect(),
    );
    lines.join("\n") + "\n"
}

fn headline(check: &TargetCheck) -> String {
    let says = match check.outcome {
        Outcome::Fine => "does what its file says",
        Outcome::Differs => "does not do what its file says",
        Outcome::Unreachable => "does not answer",
        Outcome::Interrupted => "was not checked to the end: interrupted",
    };
    let counts = [Severity::Wrong, Severity::Warning, Severity::Note].map(|severity| {
        let found = check.findings.iter();
        let found = found.filter(|finding| finding.severity == severity).count();
        (found, severity.counted(found))
    });
    let counts: Vec<String> = counts
        .iter()
        .filter(|(found, _)| *found > 0)
        .map(|(found, words)| format!("{} {words}", count(*found as u64)))
        .collect();
    let counts = match counts.is_empty() {
        true => "no findings".to_owned(),
        false => counts.join(", "),
    };
    format!(
        "{} {says} ({counts}; {})",
        check.target,
        span(check.duration_s * 1000.0)
    )
}

fn entry(entry: &Entry) -> Vec<String> {
    let status = entry
        .status
        .map_or(ABSENT.to_owned(), |status| status.to_string());
    let host = entry.host.as_deref().map(|host| format!(" @ {host}"));
    let first = format!(
        "  {}  {}{} → {status}, {}",
        entry.place,
        entry.request,
        host.unwrap_or_default(),
        span(entry.took_ms)
    );
    let mut lines = wrapped("", "      ", &first, WIDEST);
    let beneath = entry.captured.iter().chain(&entry.remarks);
    lines.extend(beneath.flat_map(|said| wrapped("      ", "        ", said, WIDEST)));
    lines
}

fn table(table: &Table, colour: bool) -> Vec<String> {
    match table.rows.is_empty() {
        true => Vec::new(),
        false => text_table(table, WIDEST, colour),
    }
}

fn moments(check: &TargetCheck) -> Table {
    let points = check.points.iter().map(String::as_str);
    let columns: Vec<&str> = std::iter::once("moment").chain(points).collect();
    let mut table = Table::new("", "", &columns);
    table.rows.extend(check.moments.iter().map(|moment| {
        let answers = moment.answers.iter().map(|answer| answer.words());
        let name = std::iter::once(moment.name.clone());
        Row {
            cells: name.chain(answers).collect(),
            ..Row::default()
        }
    }));
    table
}

fn events(check: &TargetCheck) -> Table {
    let columns = ["event", "point", "accepted", "bound", "verdict"];
    let mut table = Table::new("", "", &columns);
    for event in check.events.iter().filter(|event| event.acknowledged) {
        for (index, lag) in event.lags.iter().enumerate() {
            let name = if index == 0 { event.event.as_str() } else { "" };
            let bound = lag.bound.clone().unwrap_or_else(|| ABSENT.to_owned());
            let cells = [
                name.to_owned(),
                lag.point.clone(),
                interval(lag, event),
                bound,
                lag.kept.words().to_owned(),
            ];
            table.rows.push(Row {
                cells: cells.into(),
                detail: (index + 1 == event.lags.len()).then(|| afterwards(event)),
                ..Row::default()
            });
        }
    }
    table
}

/// The lag is some value in the interval.
fn interval(lag: &CoarseLag, event: &CheckedEvent) -> String {
    match (lag.accepted_until_ms, lag.refused_by_ms) {
        (None, Some(by)) => format!("never again (refused within {})", span(by)),
        (Some(until), Some(by)) => format!("for {} to {}", span(until), span(by)),
        (Some(until), None) if lag.kept == BoundKept::Unknown => {
            format!("for {} at least, then unknown", span(until))
        }
        (Some(_), None) => format!("still, after {}", span(event.observed_ms)),
        (None, None) => "unknown".to_owned(),
    }
}

fn afterwards(event: &CheckedEvent) -> String {
    let mut said = vec![format!("user {}", event.user)];
    if let Some(refresh) = event.refresh {
        said.push(format!(
            "refresh afterwards: {}",
            match refresh {
                After::Worked => "worked",
                After::Refused => "refused",
                After::Unknown => "unknown",
            }
        ));
    }
    if let Some(undone) = event.undone {
        said.push(if undone { "undone" } else { "undo failed" }.to_owned());
    }
    if let Some(again) = event.logs_in_again {
        said.push(
            match again {
                true => "logs in again",
                false => "does not log in again",
            }
            .to_owned(),
        );
    }
    said.join(" · ")
}

fn finding(finding: &Finding) -> Vec<String> {
    let mark = match finding.severity {
        Severity::Wrong => '✗',
        Severity::Warning => '!',
        Severity::Note => '·',
    };
    let cause = finding
        .looks_like
        .map(|cause| format!(" (looks like {})", cause.words()));
    let says = format!(
        "{}: {}{}",
        finding.about,
        finding.says,
        cause.unwrap_or_default()
    );
    let mut lines = wrapped(&format!("  {mark} "), "    ", &says, WIDEST);
    if let Some(advice) = &finding.advice {
        lines.extend(wrapped("    → ", "      ", advice, WIDEST));
    }
    lines
}
