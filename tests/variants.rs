//! What `docs/variants.md` says of each variant is what its target file says, and its figures are those of a committed run.
//!
//! With `AUTHBENCH_SPLICE=1` they are rewritten instead.

mod splice;

use authbench_reports::number::{count, significant};
use authbench_reports::render::table::{ABSENT, Row, Table};
use authbench_reports::render::{frontier_svg, markdown_table, tables};
use authbench_reports::summary::lag::RevocationSummary;
use authbench_reports::summary::{Summary, TargetSummary};
use authbench_reports::validity::Verdict;
use std::fmt::Write as _;

const PAGE: &str = "docs/variants.md";
const TARGETS: &str = "scenarios/targets";
const RUN: &str = "reports/published/revocation-matrix/summary.json";

/// In the order of the page.
const VARIANTS: [&str; 15] = [
    "session",
    "session+local-cache",
    "session+signed-cookie",
    "jwt",
    "jwt+denylist",
    "jwt+denylist-push",
    "jwt+epoch",
    "jwt+status-list",
    "jwt+no-exp",
    "opaque",
    "opaque+cache",
    "opaque+cache+push",
    "hybrid",
    "hybrid+denylist-push",
    "gateway",
];

fn summary() -> Summary {
    let text = std::fs::read_to_string(splice::path(RUN)).expect("the committed run");
    serde_json::from_str(&text).expect("a summary")
}

/// The comment that a target file begins with.
fn paragraph(variant: &str) -> String {
    let file = splice::path(&format!("{TARGETS}/{variant}.toml"));
    let text = std::fs::read_to_string(file).expect("a target file");
    let lines = text.lines().map_while(|line| line.strip_prefix('#'));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_variant_has_the_paragraph_of_its_target_file() {
    let mut text = String::new();
    for variant in VARIANTS {
        let said = paragraph(variant);
        assert!(said.len() > 100, "{variant}: {said}");
        writeln!(text, "### `{variant}`\n\n{said}\n").expect("in memory");
    }
    splice::check(PAGE, "paragraphs", TARGETS, &text, "variants");
}

#[test]
fn the_figures_are_those_of_the_committed_run() {
    let summary = summary();
    let said = format!(
        "Run `{}`, {}, profile {}.\n\n{}\n\n{}",
        summary.run_id,
        summary.validity.verdict.name(),
        summary.profile,
        markdown_table(&logouts(&summary)),
        markdown_table(&tables::frontier(&summary))
    );
    splice::check(PAGE, "run", RUN, &said, "variants");
}

#[test]
fn the_picture_beside_the_run_is_drawn_from_its_summary() {
    let path = splice::path(RUN).with_file_name("frontier.svg");
    let drawn = frontier_svg(&summary());
    if splice::is_wanted() {
        std::fs::write(&path, &drawn).expect("a writable picture");
    }
    let beside = std::fs::read_to_string(&path).expect("is there");
    assert!(
        beside == drawn,
        "run AUTHBENCH_SPLICE=1 cargo test --test variants"
    );
}

/// Cost, and the lag of a logout where it is longest among the points that guard the resource.
fn logouts(summary: &Summary) -> Table {
    let mut table = Table::new(
        "Cost, and a logout",
        "",
        &[
            "variant",
            "#n",
            "#CPU µs/request",
            "#n of logouts",
            "#never accepted",
            "#out by p50 ms",
            "#p99 ms",
            "#max ms",
            "#breaches",
        ],
    );
    for target in &summary.targets {
        let Some(row) = logout(target) else { continue };
        let figure = |value: Option<f64>| value.map_or_else(|| ABSENT.to_owned(), significant);
        let out_by = row.out_by_ms.as_ref();
        let requests = target.load.as_ref().map(|load| count(load.requests));
        table.rows.push(Row {
            cells: vec![
                target.name.clone(),
                requests.unwrap_or_else(|| ABSENT.to_owned()),
                figure(target.cpu_us()),
                row.n.to_string(),
                row.never_accepted_after_ack.to_string(),
                figure(out_by.and_then(|ms| ms.p50)),
                figure(out_by.and_then(|ms| ms.p99)),
                figure(out_by.and_then(|ms| ms.max)),
                row.breaches.to_string(),
            ],
            ..Row::default()
        });
    }
    table
}

fn logout(target: &TargetSummary) -> Option<&RevocationSummary> {
    let rows = target.revocation.iter();
    let guarded = rows.filter(|row| row.event == "logout" && row.traffic);
    guarded.max_by(|one, other| {
        one.certain_max_ms
            .unwrap_or(0.0)
            .total_cmp(&other.certain_max_ms.unwrap_or(0.0))
    })
}

#[test]
fn the_committed_run_is_one_to_quote() {
    let summary = summary();
    assert_ne!(summary.validity.verdict, Verdict::Invalid);
    assert!(summary.failures.is_empty(), "{:?}", summary.failures.len());
    let store = summary.store.as_ref().map(|store| store.kind.as_str());
    assert_eq!(store, Some("redis"));
    for variant in VARIANTS {
        assert!(
            summary.targets.iter().any(|target| target.name == variant),
            "{variant}"
        );
    }
}
