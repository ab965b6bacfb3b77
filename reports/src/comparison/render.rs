//! A comparison for people: text and Markdown.

use super::file::{ComparisonFile, Method, Outcome};
use super::rows::{Row, Verdict};
use crate::number::significant;

/// The head of every table.
const HEAD: [&str; 8] = [
    "verdict",
    "target",
    "figure",
    "base",
    "candidate",
    "ratio",
    "margin",
    "n",
];

/// As text for a terminal.
#[must_use]
pub fn text(comparison: &ComparisonFile) -> String {
    let mut out = String::new();
    for line in introduction(comparison) {
        out.push_str(&line);
        out.push('\n');
    }
    out.push('\n');
    out.push_str(&table(&comparison.rows));
    for line in closing(comparison) {
        out.push('\n');
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// As Markdown, for a pull request or a step summary.
#[must_use]
pub fn markdown(comparison: &ComparisonFile) -> String {
    let mut out = format!("## authbench compare: {}\n\n", comparison.outcome.name());
    for line in introduction(comparison).into_iter().skip(1) {
        out.push_str(&format!("{}  \n", escaped(&line)));
    }
    out.push_str(&format!("\n| {} |\n|", HEAD.join(" | ")));
    for head in HEAD {
        let numeric = ["base", "candidate", "ratio", "margin", "n"].contains(&head);
        out.push_str(if numeric { "---:|" } else { "---|" });
    }
    out.push('\n');
    for row in &comparison.rows {
        let cells = cells(row).map(|cell| escaped(&cell));
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    for line in closing(comparison) {
        out.push_str(&format!("\n{}\n", escaped(&line)));
    }
    out
}

/// What a table cell would take for its end.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

fn introduction(comparison: &ComparisonFile) -> Vec<String> {
    let mut lines = vec![
        conclusion(comparison),
        format!("base       {}", comparison.base.what),
        format!("candidate  {}", comparison.candidate.what),
        format!("method     {}", comparison.method.sentence()),
    ];
    for subject in &comparison.subjects {
        let mut line = format!("{:<10} {} rounds", subject.name, subject.rounds);
        if let Some(planned) = subject.planned_rounds {
            line.push_str(&format!(" of {planned} planned"));
        }
        if let Some(spawns) = subject.spawns {
            line.push_str(&format!(", {spawns} starts of both"));
        }
        if let Some(offered) = subject.offered_per_s {
            line.push_str(&format!(", {}/s for both together", significant(offered)));
        }
        lines.push(line);
    }
    let manifest = &comparison.manifest;
    let store = comparison
        .store
        .as_ref()
        .map_or_else(|| "no store".to_owned(), |store| store.label());
    lines.push(format!(
        "machine    {}, {} processors, {store}, {}, {} build, seed {}",
        manifest.cpu,
        manifest.cores,
        manifest.idling(),
        manifest.build,
        comparison.seed
    ));
    lines
}

fn conclusion(comparison: &ComparisonFile) -> String {
    let count = |which: fn(Verdict) -> bool| {
        let rows = comparison.rows.iter();
        rows.filter(|row| which(row.verdict)).count()
    };
    let failing = count(Verdict::fails);
    let unsure = count(|verdict| verdict == Verdict::Inconclusive);
    match comparison.outcome {
        Outcome::Passed if comparison.method == Method::Stored => {
            "passed: no promise is broken or looser; timings are for reference".to_owned()
        }
        Outcome::Passed => "passed: nothing became worse".to_owned(),
        Outcome::Failed => format!("failed: {failing} of {} figures", comparison.rows.len()),
        Outcome::Inconclusive => format!(
            "inconclusive: {unsure} of {} figures could not be shown to be within their margins",
            comparison.rows.len()
        ),
        Outcome::Invalid => {
            "invalid: the figures do not measure the targets, and nothing follows from them"
                .to_owned()
        }
    }
}

fn closing(comparison: &ComparisonFile) -> Vec<String> {
    let mut lines = Vec::new();
    for row in &comparison.rows {
        if let Some(to_pass) = &row.to_pass {
            lines.push(format!(
                "{} {}: {}. To pass: {to_pass}.",
                row.subject,
                row.label(),
                row.verdict.name()
            ));
        }
    }
    for subject in &comparison.subjects {
        if let Some(contradiction) = &subject.contradiction {
            lines.push(format!(
                "{contradiction}: processor time and latency point in opposite directions, so that neither a pass nor a failure follows."
            ));
        }
    }
    lines.extend(findings(comparison));
    if let Some(effect) = comparison.minimum_detectable() {
        lines.push(format!(
            "This comparison would have found every change of {:.1} % or more of a timing, 99 times in a hundred.",
            effect * 100.0
        ));
    }
    lines.push(format!("Again: {}", comparison.reproduce));
    lines
}

fn findings(comparison: &ComparisonFile) -> impl Iterator<Item = String> {
    comparison.findings.iter().map(|found| {
        format!(
            "{} ({}): {}. {}",
            found.finding.verdict.name(),
            found.subject,
            found.finding.what,
            found.finding.advice
        )
    })
}

fn cells(row: &Row) -> [String; 8] {
    let unit = row.measure.unit();
    let figure = |value: Option<f64>| match value {
        Some(value) => format!("{} {unit}", significant(value))
            .trim_end()
            .to_owned(),
        None => "–".to_owned(),
    };
    let ratio = match (row.ratio, row.change()) {
        (Some(ratio), _) => format!(
            "{:.3} ({:.3}–{:.3})",
            ratio.estimate, ratio.lower, ratio.upper
        ),
        (None, Some(change)) => format!("{change:.3}"),
        (None, None) => "–".to_owned(),
    };
    let margin = row.margin.map_or_else(
        || "–".to_owned(),
        |margin| format!("{} %", significant(margin * 100.0)),
    );
    [
        row.verdict.name().to_owned(),
        row.subject.clone(),
        row.label(),
        figure(row.base),
        figure(row.candidate),
        ratio,
        margin,
        row.n.to_string(),
    ]
}

/// Columns as wide as their widest cell; figures to the right.
fn table(rows: &[Row]) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: [usize; HEAD.len()] = std::array::from_fn(width);
    let mut out = String::new();
    for line in &lines {
        let padded = line
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                let gap = " ".repeat(width - cell.chars().count());
                if column < 3 {
                    format!("{cell}{gap}")
                } else {
                    format!("{gap}{cell}")
                }
            });
        out.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}
