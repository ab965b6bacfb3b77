//! What the size of claims costs, as it is shown.

use crate::fixture;
use authbench_reports::render::{html, markdown};
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;

fn page(run: &RunFile) -> String {
    html(run, &Summary::of(run))
}

fn chart(page: &str) -> Option<&str> {
    let chart = page
        .split("<svg ")
        .find(|part| part.contains("claims-title"));
    chart.and_then(|part| part.split("</svg>").next())
}

#[test]
fn every_size_of_a_target_is_a_row_beside_the_others() {
    let run = fixture::sized();
    let report = markdown(&run, &Summary::of(&run));
    let (_, section) = report
        .split_once("What the size of claims costs")
        .expect("a section");
    let names: Vec<_> = section
        .lines()
        .filter_map(|line| line.split('|').nth(1))
        .map(|cell| cell.trim().trim_matches('`').to_owned())
        .filter(|cell| cell.starts_with("session") || cell.starts_with("jwt"))
        .take(4)
        .collect();
    assert!(names[0].starts_with("session"), "{names:?}");
    assert!(names[1].starts_with("session+8KB"), "{names:?}");
    assert!(names[2].starts_with("jwt"), "{names:?}");
    assert!(names[3].starts_with("jwt+8KB"), "{names:?}");
    assert!(section.contains("8,192"), "{section}");
}

#[test]
fn the_chart_has_a_line_for_each_target_and_none_for_one_of_a_single_size() {
    let page = page(&fixture::sized());
    let drawn = chart(&page).expect("a chart");
    assert_eq!(drawn.matches("class=\"curve ").count(), 2);
    insta::assert_snapshot!(drawn);
}

#[test]
fn with_one_size_there_is_no_such_section() {
    let mut run = fixture::sized();
    run.targets.retain(|target| !target.name.contains('+'));
    let page = page(&run);
    assert_eq!(chart(&page), None);
    assert!(!page.contains("What the size of claims costs"));
}

/// Two forms that differ in more than their claims say nothing about claims.
#[test]
fn another_setting_makes_another_target() {
    let mut run = fixture::sized();
    for name in ["session", "jwt"] {
        let settings = run.scenarios[0].settings.get_mut(name);
        let settings = settings.expect("the fixture has them");
        settings.insert("idle".to_owned(), "1s".to_owned());
    }
    assert!(!page(&run).contains("What the size of claims costs"));
}
