//! The report of an exploration: for a terminal, as Markdown, as a page.

use super::tables::{VERDICTS, curve, grace, orders, over_http, verdicts};
use super::{BrokenRecord, InterleavingsFile, TimingRecord};
use crate::number::{count, exact, percent};
use crate::render::table::Table;
use crate::render::{WIDEST, markdown_table, page, page_table, svg, text_table, wrapped};
use maud::{Markup, html as markup};

/// The report for a terminal.
#[must_use]
pub fn text(file: &InterleavingsFile, width: usize, colour: bool) -> String {
    let mut lines = vec![headline(file), String::new()];
    lines.extend(says(file).iter().flat_map(|said| item(said)));
    for told in broken(file) {
        lines.push(String::new());
        lines.extend(told);
    }
    for table in tables(file) {
        lines.push(String::new());
        lines.push(table.title.clone());
        // What was seen is a sentence, which a column would break up.
        if table.title == VERDICTS {
            lines.extend(judged(&table));
        } else {
            lines.extend(text_table(&table, width, colour));
        }
    }
    lines.push(String::new());
    lines.extend(item(&model(&file.timing)));
    lines.join("\n") + "\n"
}

/// The report as Markdown (GitHub's tables).
#[must_use]
pub fn markdown(file: &InterleavingsFile) -> String {
    let mut parts = vec![format!("# {}", headline(file))];
    let says: Vec<String> = says(file).iter().map(|said| format!("* {said}")).collect();
    parts.push(says.join("\n"));
    parts.extend(broken(file).map(|told| format!("```text\n{}\n```", told.join("\n"))));
    for table in tables(file) {
        parts.push(format!("## {}", table.title));
        parts.extend(Some(table.note.clone()).filter(|note| !note.is_empty()));
        parts.push(markdown_table(&table));
    }
    parts.push(model(&file.timing));
    parts.join("\n\n") + "\n"
}

/// The report as a page that needs no network and no JavaScript, with the curves.
#[must_use]
pub fn html(file: &InterleavingsFile) -> String {
    let (verdict, class) = if file.holds() {
        ("holds", "valid")
    } else {
        ("broken", "invalid")
    };
    page(
        "authbench refresh interleavings",
        &markup! {
            header {
                h1 { span class={ "verdict " (class) } { (verdict) } "What a grace window for refresh tokens costs, and what it saves" }
                p.run { (headline(file)) }
                ul.says { @for said in says(file) { li { (said) } } }
                @for told in broken(file) { div.notice { pre { (told.join("\n")) } } }
            }
            section {
                h2 { "By grace window" }
                p.read { "Left is strict: users with two tabs, or a bad network, are logged out by mistake. Right is lenient: a thief's copy goes unnoticed for longer. \
                    The dashed line is the knee of the first chart: more grace than that saves few users." }
                @for chart in charts(file) { figure { div.scroll { (chart) } } }
                (page_table(&curve(file), "By grace window", &model(&file.timing)))
            }
            @for table in tables(file).iter().skip(1) {
                section {
                    h2 { (table.title) }
                    (page_table(table, &table.title, &headline(file)))
                }
            }
        },
    )
}

fn charts(file: &InterleavingsFile) -> Vec<Markup> {
    let points = |value: fn(&super::CurvePoint) -> Option<f64>| -> Vec<(f64, f64)> {
        let curve = file.curve.iter();
        curve
            .filter_map(|point| Some((point.grace_s, value(point)?)))
            .collect()
    };
    let ticks: Vec<(f64, String)> = file
        .curve
        .iter()
        .map(|point| (point.grace_s, grace(point.grace_s)))
        .collect();
    let chart = |id, title, axis, lines| svg::by_grace(id, title, axis, &ticks, file.knee_s, lines);
    [
        chart(
            "logged-out",
            "Users logged out by mistake",
            "share of sessions, %",
            &[(
                "logged out",
                points(|one| Some(one.logged_out.share * 100.0)),
            )],
        ),
        chart(
            "detected",
            "Time until a theft is found",
            "seconds after the thief's first request",
            &[
                ("half of thefts", points(|one| one.theft.detected_p50_s)),
                ("9 of 10", points(|one| one.theft.detected_p90_s)),
            ],
        ),
        chart(
            "stolen",
            "Requests granted to a thief",
            "requests in a session",
            &[("mean", points(|one| Some(one.theft.stolen_mean)))],
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn tables(file: &InterleavingsFile) -> Vec<Table> {
    let tables = [curve(file), verdicts(file), orders(file), over_http(file)];
    let with_rows = tables.into_iter().filter(|table| !table.rows.is_empty());
    with_rows.collect()
}

fn headline(file: &InterleavingsFile) -> String {
    format!(
        "refresh interleavings: {} · {} orders of at most {} steps and the rest in fixed order · seed {} · authbench {} ({} build) · {} · {} s",
        if file.holds() {
            "everything holds"
        } else {
            "BROKEN"
        },
        count(file.orders()),
        file.depth,
        file.seed,
        file.authbench_version,
        file.build,
        file.started_at,
        exact(file.duration_s)
    )
}

/// What follows, in sentences.
fn says(file: &InterleavingsFile) -> Vec<String> {
    let mut says = Vec::new();
    if let Some(defect) = &file.injected {
        says.push(format!(
            "A mistake was made on purpose ({defect}): this says nothing of the rotation itself."
        ));
    }
    if let Some(first) = file.curve.first() {
        says.push(format!(
            "With a grace of {}, {} of sessions without a thief end with the user logged out by mistake.",
            grace(first.grace_s),
            first.logged_out.percent()
        ));
    }
    let at_knee = file
        .curve
        .iter()
        .find(|point| Some(point.grace_s) == file.knee_s);
    if let Some(knee) = at_knee {
        says.push(format!(
            "The knee is at {}: there it is {}, and {} of thefts are found within the session, after {} granted requests on average.",
            grace(knee.grace_s),
            knee.logged_out.percent(),
            knee.theft.detected.percent(),
            exact(knee.theft.stolen_mean)
        ));
    }
    if let Some(last) = file.curve.last().filter(|last| last.grace_s > 0.0) {
        says.push(format!(
            "With a grace of {}, {} are logged out by mistake and {} of thefts are found, after {} granted requests on average.",
            grace(last.grace_s),
            last.logged_out.percent(),
            last.theft.detected.percent(),
            exact(last.theft.stolen_mean)
        ));
    }
    says
}

/// The verdicts, a line or two for each grace.
fn judged(table: &Table) -> Vec<String> {
    let rows = table.rows.iter();
    rows.flat_map(|row| {
        let said = format!("{}: {}", row.cells[1], row.cells[2]);
        let first = format!("  {:<6} ", row.cells[0]);
        let heading = row.heading.clone().into_iter();
        heading.chain(wrapped(&first, "         ", &said, WIDEST))
    })
    .collect()
}

/// Each invariant that was broken, and the shortest order that does so.
fn broken(file: &InterleavingsFile) -> impl Iterator<Item = Vec<String>> {
    let all = file
        .explored
        .iter()
        .flat_map(|cast| cast.broken.iter().map(move |broken| (cast, broken)));
    all.map(|(cast, broken)| {
        let mut told = vec![format!(
            "BROKEN ({}): {}. In {} of {} orders of \"{}\" with a grace of {}; the shortest:",
            broken.source,
            broken.says,
            count(broken.orders),
            count(cast.orders),
            cast.cast,
            grace(cast.grace_s)
        )];
        told.extend(steps(broken));
        told
    })
}

fn steps(broken: &BrokenRecord) -> impl Iterator<Item = String> {
    let steps = broken.shortest.iter().enumerate();
    steps.map(|(number, step)| {
        format!(
            "{:>4}. {:>7} ms  {:<12}  {}",
            number + 1,
            step.at_ms,
            step.who,
            step.what
        )
    })
}

/// The timing model in one paragraph.
fn model(timing: &TimingRecord) -> String {
    let seconds = |s: f64| format!("{} s", exact(s));
    let noticed: Vec<String> = timing
        .noticed
        .iter()
        .map(|one| {
            let least = if one.at_least_s > 0.0 {
                format!("{} and ", seconds(one.at_least_s))
            } else {
                String::new()
            };
            format!(
                "{} {} (after {least}{} on average)",
                percent(one.share),
                one.how,
                seconds(one.then_s)
            )
        })
        .collect();
    format!(
        "Timing model (assumed): two tabs with one cookie jar renew every {} for {} rounds, the second tab {} later on average (one tab where there is a thief, whom a second \
         would expose); a request and an answer take {} each on average; {} of answers are lost and asked for again: {}. A thief copies the token at any moment of the first half, uses it {} later on average, and renews every {} \
         from then on.",
        seconds(timing.period_s),
        timing.rounds,
        seconds(timing.gap_s),
        seconds(timing.one_way_s),
        percent(timing.lost),
        noticed.join(", "),
        seconds(timing.theft_delay_s),
        seconds(timing.period_s)
    )
}

fn item(said: &str) -> Vec<String> {
    wrapped("", "", said, WIDEST)
}
