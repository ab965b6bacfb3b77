//! The answer to a requirement, in words and as a table.

use crate::number::{percent, significant, span};
use crate::render::markdown::{escaped, markdown_table};
use crate::render::sentences::list;
use crate::render::table::{ABSENT, Row, Table};
use crate::render::text::{TextOptions, text_table, wrapped};
use crate::requirement::{Candidate, Choice, KnownBy};
use crate::validity::Verdict;

/// For a terminal.
#[must_use]
pub fn requirement_text(choice: &Choice, options: TextOptions) -> String {
    let mut lines: Vec<String> = Vec::new();
    for sentence in sentences(choice) {
        lines.extend(wrapped("", "  ", &sentence, options.width));
    }
    for table in tables(choice) {
        lines.push(String::new());
        lines.push(table.title.clone());
        lines.extend(text_table(&table, options.width, options.colour));
    }
    lines.push(String::new());
    for note in notes(choice) {
        lines.extend(wrapped("", "  ", &note, options.width));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// As Markdown.
#[must_use]
pub fn requirement_markdown(choice: &Choice) -> String {
    let title = format!("# Out within {} of the revocation", span(choice.within_ms));
    let tables = tables(choice)
        .into_iter()
        .map(|table| format!("## {}\n\n{}", table.title, markdown_table(&table)));
    let notes = notes(choice).into_iter().map(|note| escaped(&note));
    let parts: Vec<String> = [title]
        .into_iter()
        .chain(sentences(choice))
        .chain(tables)
        .chain(notes)
        .collect();
    format!("{}\n", parts.join("\n\n"))
}

/// Who it is, by how much, and who else might be.
fn sentences(choice: &Choice) -> Vec<String> {
    let within = span(choice.within_ms);
    if choice.validity == Verdict::Invalid {
        return vec![format!(
            "Run {} does not measure the targets, so it names none for {within}.",
            choice.run_id
        )];
    }
    let Some(winner) = choice.winning() else {
        return vec![format!(
            "No target is known to have a revoked caller out within {within} after every event."
        )];
    };
    let mut said = vec![named(choice, winner)];
    said.push(known(winner, choice.within_ms));
    if !choice.tied.is_empty() {
        let tied: Vec<&str> = choice.tied.iter().map(String::as_str).collect();
        said.push(format!(
            "It is a tie: the rounds of {} and its own do not tell which costs less.",
            list(&tied)
        ));
    }
    said.extend(choice.next_best.as_ref().map(|next| {
        format!(
            "The next dearer is `{}`, by {} µs per request ({}).",
            next.target,
            significant(next.cpu_us_more),
            percent(next.share_more)
        )
    }));
    if !choice.cheaper_without_promise.is_empty() {
        let cheaper: Vec<&str> = choice
            .cheaper_without_promise
            .iter()
            .map(String::as_str)
            .collect();
        said.push(format!(
            "Cheaper, and measured to be within it, but without promising it: {}.",
            list(&cheaper)
        ));
    }
    said
}

fn named(choice: &Choice, winner: &Candidate) -> String {
    let cost = winner.cpu_us.map_or_else(String::new, |us| {
        format!(" at {} µs of CPU per request", significant(us))
    });
    let rounds = winner.cpu_rounds.map_or_else(String::new, |rounds| {
        format!(
            " (rounds {}–{})",
            significant(rounds.min),
            significant(rounds.max)
        )
    });
    let cores = choice
        .rate_per_s
        .zip(winner.cores)
        .map_or_else(String::new, |(rate, cores)| {
            format!(
                ", which at {} requests/s keeps {} processors busy",
                significant(rate),
                significant(cores)
            )
        });
    format!(
        "The cheapest that has a revoked caller out within {} is `{}`{cost}{rounds}{cores}.",
        span(choice.within_ms),
        winner.target
    )
}

fn known(winner: &Candidate, within_ms: f64) -> String {
    let max = match (winner.max_ms, &winner.after) {
        (Some(ms), Some(after)) if ms > 0.0 => {
            format!("the longest measured lag was {} ({after})", span(ms))
        }
        _ => "nobody was accepted after any acknowledgement".to_owned(),
    };
    let p99 = winner.p99_ms.map_or_else(
        || "no event has the 300 revocations that a p99 needs".to_owned(),
        |ms| format!("99 of 100 callers were seen to be out within {}", span(ms)),
    );
    let margin = |ms: f64| format!("{} of the {} are left", span(ms.max(0.0)), span(within_ms));
    let left = winner.margin_ms.map_or_else(String::new, margin);
    match winner.known_by {
        Some(KnownBy::Bound) => {
            let bound = winner.bound_ms.map_or_else(String::new, bound);
            format!(
                "It promises {bound} after every event, and no breach was measured: {left}; {p99}, and {max}."
            )
        }
        Some(KnownBy::ProjectedBound) => {
            let bound = winner.bound_ms.map_or_else(String::new, bound);
            format!(
                "At the lifetime that its cost was measured with its bound is {bound}, projected from the law that was verified at a shorter one: {left}."
            )
        }
        _ => {
            format!("Measured only, for it promises nothing so short: {p99}, and {max}, so {left}.")
        }
    }
}

fn bound(ms: f64) -> String {
    if ms == 0.0 {
        "that nobody is accepted".to_owned()
    } else {
        format!("at most {}", span(ms))
    }
}

/// Those that qualify, and those that do not, with why.
fn tables(choice: &Choice) -> Vec<Table> {
    let (qualify, fail): (Vec<&Candidate>, Vec<&Candidate>) = choice
        .candidates
        .iter()
        .partition(|candidate| candidate.qualifies());
    let mut who = Table::new(
        "Who qualifies",
        "",
        &[
            "target",
            "#CPU µs/request",
            "#its rounds",
            "#cores",
            "#bound",
            "#99 % out by",
            "#longest lag",
            "after",
            "#left",
            "known by",
        ],
    );
    who.rows.extend(qualify.into_iter().map(qualified));
    let mut why = Table::new(
        "Who does not, and why",
        "",
        &["target", "#CPU µs/request", "why not"],
    );
    why.rows.extend(fail.into_iter().map(|candidate| Row {
        cells: vec![
            candidate.target.clone(),
            candidate
                .cpu_us
                .map_or_else(|| ABSENT.to_owned(), significant),
            candidate.fails.clone().unwrap_or_default(),
        ],
        ..Row::default()
    }));
    [who.without_empty_columns(), why]
        .into_iter()
        .filter(|table| !table.rows.is_empty())
        .collect()
}

fn qualified(candidate: &Candidate) -> Row {
    let figure = |value: Option<f64>| value.map_or_else(|| ABSENT.to_owned(), significant);
    let length = |ms: Option<f64>| ms.map_or_else(|| ABSENT.to_owned(), span);
    let known_by = match candidate.known_by {
        Some(KnownBy::Bound) => "bound",
        Some(KnownBy::ProjectedBound) => "bound, projected",
        Some(KnownBy::Measured) => "measured only",
        None => ABSENT,
    };
    let longest = match candidate.max_ms {
        Some(0.0) => "never accepted".to_owned(),
        other => length(other),
    };
    let rounds = candidate.cpu_rounds.map_or_else(
        || ABSENT.to_owned(),
        |rounds| format!("{}–{}", significant(rounds.min), significant(rounds.max)),
    );
    let bound = match candidate.bound_ms {
        Some(0.0) => "0".to_owned(),
        other => length(other),
    };
    Row {
        cells: vec![
            candidate.target.clone(),
            figure(candidate.cpu_us),
            rounds,
            figure(candidate.cores),
            bound,
            length(candidate.p99_ms),
            longest,
            candidate.after.clone().unwrap_or_else(|| ABSENT.to_owned()),
            length(candidate.margin_ms),
            known_by.to_owned(),
        ],
        ..Row::default()
    }
}

fn notes(choice: &Choice) -> Vec<String> {
    let doubt = (choice.validity == Verdict::Degraded).then(|| {
        "This run is degraded: authbench report says with which reservations its figures hold."
            .to_owned()
    });
    let how = "Every event counts, at every point that guards the resource. Bound: it promises no more than is required, and no breach was measured. Measured only: its longest lag was short enough, and nobody promises that the next one is.";
    let cores = choice.rate_per_s.map(|_| {
        let at = choice
            .measured_at_per_s
            .map_or_else(String::new, |rate| format!(" of {}", significant(rate)));
        format!(
            "Cores are CPU per request × rate, over all processes of the target: extrapolated from a rate{at} requests/s per target. A busy server costs less per request than one that is woken for each, \
             and one whose processor is full answers late, so this is neither a capacity nor a plan: authbench run --scenario capacity measures what one holds."
        )
    });
    doubt
        .into_iter()
        .chain([how.to_owned()])
        .chain(cores)
        .collect()
}
