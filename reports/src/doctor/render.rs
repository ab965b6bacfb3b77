//! A diagnosis for a terminal, and as Markdown.

use super::{Diagnosis, Fitness};
use crate::render::{WIDEST, wrapped};
use std::fmt::Write;

/// For a terminal: the verdict, then a line per subject, what to do under it; at most 120 columns.
#[must_use]
pub fn text(diagnosis: &Diagnosis) -> String {
    let subjects = diagnosis.lines.iter().map(|line| line.subject.words());
    let width = subjects.map(str::len).max().unwrap_or(0);
    let (beneath, arrow) = (" ".repeat(width + 4), format!("{:1$}→ ", "", width + 4));
    let mut lines = vec![heading(diagnosis), String::new()];
    for line in &diagnosis.lines {
        let first = format!("{} {:width$}  ", mark(line.fitness), line.subject.words());
        lines.extend(wrapped(&first, &beneath, &line.seen, WIDEST));
        if let Some(advice) = &line.advice {
            lines.extend(wrapped(&arrow, &format!("{beneath}  "), advice, WIDEST));
        }
    }
    lines.join("\n") + "\n"
}

/// A table, which needs no colour and no width.
#[must_use]
pub fn markdown(diagnosis: &Diagnosis) -> String {
    let mut text = format!(
        "# {}\n\n| subject | verdict | seen | what to do |\n| --- | --- | --- | --- |\n",
        heading(diagnosis)
    );
    for line in &diagnosis.lines {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            line.subject.words(),
            line.fitness.words(),
            cell(&line.seen),
            cell(line.advice.as_deref().unwrap_or(""))
        );
    }
    text
}

fn heading(diagnosis: &Diagnosis) -> String {
    let seen = &diagnosis.examination;
    format!(
        "This machine is {} to measure ({}, {}, {:.0} s)",
        match diagnosis.fitness {
            Fitness::Fit => "fit",
            Fitness::FitWithReservations => "fit, with reservations,",
            Fitness::Unfit => "not fit",
        },
        seen.kernel,
        seen.examined_at,
        seen.duration_s
    )
}

fn mark(fitness: Fitness) -> char {
    match fitness {
        Fitness::Fit => '✓',
        Fitness::FitWithReservations => '!',
        Fitness::Unfit => '✗',
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
