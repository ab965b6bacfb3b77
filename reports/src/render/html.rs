//! The report as one self-contained page: no script, no font, no picture from anywhere else.

mod revocation;

use crate::render::sentences::{caveats, sentences};
use crate::render::table::{Row, Table};
use crate::render::{KNOWN, provenance, svg, tables};
use crate::run_file::RunFile;
use crate::summary::Summary;
use crate::validity::Finding;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// The report of `run` as a page that needs no network and no JavaScript.
#[must_use]
pub fn html(run: &RunFile, summary: &Summary) -> String {
    let under = provenance::line(run);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (page_head(&format!("authbench {}", summary.run_id)))
            body {
                main {
                    (head(run, summary))
                    (table(&tables::overview(summary), "", &under))
                    (thresholds(summary, &under))
                    (revocation::sections(run, summary, &under))
                    (cpu(summary, &under))
                    (attribution(run, summary, &under))
                    (latency(run, summary, &under))
                    (tls(summary, &under))
                    (claims(summary, &under))
                    (capacity(summary, &under))
                    (curves(summary, &under))
                    (logins(summary, &under))
                    (mass(summary, &under))
                    (journeys(summary, &under))
                    (rest(summary, &under))
                    (measured(run))
                }
            }
        }
    };
    page.into_string()
}

/// Any page in the look of the report.
pub(crate) fn page(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (page_head(title))
            body { main { (content) } }
        }
    };
    page.into_string()
}

fn page_head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) }
            style { (PreEscaped(svg::STYLE)) (PreEscaped(STYLE)) }
        }
    }
}

fn head(run: &RunFile, summary: &Summary) -> Markup {
    let validity = &summary.validity;
    let verdict = validity.verdict.name();
    html! {
        header {
            h1 { span class={ "verdict " (verdict) } { (verdict) } "What authentication costs, and how long a caller stays in" }
            p.run { (provenance::headline(run)) }
            ul.says { @for said in sentences(summary) { li { (with_code(&said)) } } }
            @for caveat in caveats(summary) { div.notice { p { strong { (with_code(&caveat)) } } } }
            @for kind in validity.kinds() {
                @for finding in &kind.told { (notice(finding)) }
                @if !kind.others.is_empty() {
                    details { summary { (kind.more()) } @for finding in &kind.others { (notice(finding)) } }
                }
            }
            @for failure in &summary.failures {
                div.notice { p { strong.invalid { (failure.expectation.outcome()) ": " } (with_code(&failure.sentence())) } }
            }
            @for result in summary.unkept_thresholds() {
                div.notice { p { strong.invalid { (result.outcome.words()) ": " } (with_code(&result.sentence())) } }
            }
            @if !summary.known_failures.is_empty() {
                details {
                    summary { (summary.known_failures.len()) " failures of negative controls, which are there to fail" }
                    @for failure in &summary.known_failures {
                        p.note { "◇ " (KNOWN) ": " (with_code(&failure.sentence())) }
                    }
                }
            }
        }
    }
}

fn notice(finding: &Finding) -> Markup {
    html! {
        div.notice {
            p { strong.(finding.verdict.name()) { (finding.verdict.name()) ": " } (with_code(&finding.what)) "." }
            p.note { "Touches " (with_code(&finding.taints)) ". To do: " (with_code(&finding.advice)) "." }
        }
    }
}

fn thresholds(summary: &Summary, under: &str) -> Markup {
    let read = "Whether the figures of this run lie where its scenario files want them.";
    let table = tables::thresholds(summary);
    section("Thresholds", read, &[], &[table], under)
}

fn cpu(summary: &Summary, under: &str) -> Markup {
    let charts: Vec<Markup> = svg::cpu(summary).into_iter().collect();
    let read = "The longer the bar, the more processor time a request takes, by the process that takes it. \
        What lies right of the dashed line is the price of knowing who calls.";
    section(
        "CPU per request",
        read,
        &charts,
        &[
            tables::cpu(summary),
            tables::memory(summary),
            tables::work(summary),
        ],
        under,
    )
}

fn attribution(run: &RunFile, summary: &Summary, under: &str) -> Markup {
    let read = "Whether the price of a model is understood: what it costs more than the control, beside what its single operations cost.";
    let table = tables::attribution(run, summary);
    section("Where the extra CPU goes", read, &[], &[table], under)
}

fn latency(run: &RunFile, summary: &Summary, under: &str) -> Markup {
    let charts: Vec<Markup> = svg::latency(run, summary).into_iter().collect();
    let read = "Read a line at 99 to see what one request in a hundred exceeds; both axes are stretched so that the tail can be seen.";
    section(
        "Response time",
        read,
        &charts,
        &[tables::latency(summary), tables::time(summary)],
        under,
    )
}

fn tls(summary: &Summary, under: &str) -> Markup {
    let charts: Vec<Markup> = svg::tls(summary).into_iter().collect();
    let read = "The lower bar is the same target over TLS: by how much it is longer is what encryption adds to a request on a connection that stands. \
        Bytes are those of HTTP, before encryption. What a new connection costs is in the second table: a client that connects anew for every request pays it every time.";
    let tables = [tables::tls(summary), tables::connections(summary)];
    section("What TLS costs", read, &charts, &tables, under)
}

fn claims(summary: &Summary, under: &str) -> Markup {
    let charts: Vec<Markup> = svg::claims(summary).into_iter().collect();
    let read = "The steeper a line, the more a target pays for each claim that it carries. A token in a cookie ends where a browser would drop the cookie.";
    section(
        "What the size of claims costs",
        read,
        &charts,
        &[tables::claims(summary)],
        under,
    )
}

fn capacity(summary: &Summary, under: &str) -> Markup {
    let charts: Vec<Markup> = svg::capacity(summary).into_iter().collect();
    let read = "The further right, the more load a target holds before it breaks its objective; the whiskers are its 95 % interval. \
        Targets whose whiskers overlap are not told apart. A hollow mark is a lower bound: something other than the target gave out first.";
    section(
        "Capacity",
        read,
        &charts,
        &[tables::capacity(summary)],
        under,
    )
}

fn curves(summary: &Summary, under: &str) -> Markup {
    let charts: Vec<Markup> = [svg::latency_curves(summary), svg::cpu_curves(summary)]
        .into_iter()
        .flatten()
        .collect();
    let read = "Follow a line to the right until it turns upwards: the mark is the knee, the last rate that was held; a hollow one is a lower bound. \
        Thin lines are medians. CPU per request falls with the rate, because a busy server need not be woken.";
    section("Curves", read, &charts, &[tables::sweep(summary)], under)
}

fn logins(summary: &Summary, under: &str) -> Markup {
    let read = "Everybody logs in at once: how long they wait, how many are turned away, and what everybody else notices.";
    section(
        "Login storm",
        read,
        &[],
        &[tables::storms(summary), tables::login_cpu(summary)],
        under,
    )
}

fn mass(summary: &Summary, under: &str) -> Markup {
    let read = "One event for thousands of accounts in one go: how long that takes, when the last of them is out, what everybody else notices, and what is kept of it.";
    let tables = [
        tables::many_at_once(summary),
        tables::others_meanwhile(summary),
        tables::left_behind(summary),
    ];
    section("Many at once", read, &[], &tables, under)
}

fn journeys(summary: &Summary, under: &str) -> Markup {
    let charts: Vec<Markup> = svg::journey(summary).into_iter().collect();
    let read = "Whole sessions of different clients, each with a life of its own: who has to log in again, and what that costs. \
        Where a model cannot serve a client at all, its row says why.";
    section(
        "Journeys",
        read,
        &charts,
        &[tables::noticed(summary), tables::sessions(summary)],
        under,
    )
}

fn rest(summary: &Summary, under: &str) -> Markup {
    let read = "What the loopback hides.";
    section(
        "If the store were across a network",
        read,
        &[],
        &[tables::network(summary)],
        under,
    )
}

/// Nothing at all when there is neither chart nor table: what was not measured is not shown empty.
fn section(title: &str, read: &str, charts: &[Markup], shown: &[Table], under: &str) -> Markup {
    let shown: Vec<&Table> = shown
        .iter()
        .filter(|table| !table.rows.is_empty())
        .collect();
    html! {
        @if !shown.is_empty() {
            section {
                h2 { (title) }
                p.read { (read) }
                @for chart in charts { figure { div.scroll { (chart) } } }
                @for one in shown { (table(one, title, under)) }
            }
        }
    }
}

/// Under a heading that says the same, a table does not repeat its title.
pub(crate) fn table(table: &Table, section: &str, under: &str) -> Markup {
    html! {
        @if table.title != section { h3 { (table.title) } }
        p.note { (table.note) }
        div.scroll {
            table aria-label=(table.title) {
                thead { tr {
                    @for column in &table.columns {
                        th scope="col" class=[column.numeric.then_some("num")] { (column.title) }
                    }
                } }
                tbody { @for row in &table.rows { (rows(table, row)) } }
            }
        }
        @if let Some(legend) = &table.legend { p.note { (legend) } }
        p.under { (under) }
    }
}

fn rows(table: &Table, row: &Row) -> Markup {
    html! {
        @if let Some(heading) = &row.heading {
            tr { th scope="rowgroup" colspan=(table.columns.len()) { (heading) } }
        }
        tr {
            @for (column, (definition, cell)) in table.columns.iter().zip(&row.cells).enumerate() {
                @if column == 0 {
                    th scope="row" { (cell) @if let Some(detail) = &row.detail { small { (unbroken(detail)) } } }
                } @else {
                    td class=[definition.numeric.then_some("num")] { (unbroken(cell)) }
                }
            }
        }
    }
}

/// Lines may break between settings and between figures, never between a number and its unit.
fn unbroken(text: &str) -> Markup {
    let parts = text
        .split_inclusive(", ")
        .flat_map(|part| part.split_inclusive(" · "));
    html! {
        @for part in parts { span.whole { (part.trim_end()) } " " }
    }
}

fn measured(run: &RunFile) -> Markup {
    html! {
        section {
            h2 { "What was measured, and with what" }
            dl {
                @for (name, what) in provenance::scenarios(run) { dt { (name) } dd { (what) } }
                @for (name, value) in provenance::facts(run) { dt { (name) } dd { (value) } }
                dt { "command" } dd { code { (run.manifest.command.join(" ")) } }
            }
        }
    }
}

/// `name` in backticks becomes code.
fn with_code(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
