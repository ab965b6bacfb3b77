//! What TLS costs, as it is derived and shown.

use crate::fixture;
use authbench_reports::render::{TextOptions, html, markdown, sentences, text};
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;
use authbench_reports::summary::tls::TlsSummary;

fn of(run: &RunFile, target: &str) -> Option<TlsSummary> {
    let summary = Summary::of(run);
    let mut targets = summary.targets.into_iter();
    targets.find(|one| one.name == target)?.tls
}

#[test]
fn a_target_is_held_against_itself_without_tls() {
    let run = fixture::secured();
    for name in ["no_auth", "session"] {
        assert_eq!(of(&run, name), None, "{name} speaks without");
        let tls = of(&run, &format!("{name}+tls")).expect("a summary");
        assert_eq!(tls.without.as_deref(), Some(name));
        let more = tls.cpu_us_more.expect("a difference");
        assert!((more.mean - 12.0).abs() < 0.01, "{more:?}");
        let new = tls.new_connection_cpu_us;
        assert_eq!(
            (new.plain, new.full, new.resumed),
            (Some(40.0), Some(900.0), Some(350.0))
        );
        assert_eq!((tls.handshakes.full, tls.handshakes.resumed), (0, 5));
    }
}

#[test]
fn without_its_other_form_a_target_says_what_it_did_and_compares_nothing() {
    let mut run = fixture::secured();
    run.targets.retain(|target| target.name != "session");
    let tls = of(&run, "session+tls").expect("a summary");
    assert_eq!((tls.without, tls.cpu_us_more), (None, None));
    assert_eq!(tls.new_connection_cpu_us.plain, None);
    assert_eq!(tls.new_connection_cpu_us.full, Some(900.0));
}

#[test]
fn another_variable_set_otherwise_is_another_target() {
    let mut run = fixture::secured();
    let target = run
        .targets
        .iter_mut()
        .find(|target| target.name == "session+tls");
    let variant = target.and_then(|target| target.variant.as_mut());
    let vars = &mut variant.expect("a variant").vars;
    vars.insert("idle".to_owned(), "1s".to_owned());
    assert_eq!(of(&run, "session+tls").expect("a summary").without, None);
}

#[test]
fn like_is_held_against_like() {
    let summary = Summary::of(&fixture::secured());
    let control = |name: &str| {
        let target = summary.targets.iter().find(|one| one.name == name);
        let control = summary.control_of(target.expect(name));
        control.map(|control| control.name.clone())
    };
    assert_eq!(control("session").as_deref(), Some("no_auth"));
    assert_eq!(control("session+tls").as_deref(), Some("no_auth+tls"));
    let said = sentences::sentences(&summary).join("\n");
    assert!(said.contains("A request to `session` cost"), "{said}");
}

#[test]
fn text_of_a_run_with_tls() {
    let run = fixture::secured();
    let summary = Summary::of(&run);
    insta::assert_snapshot!(text(&run, &summary, TextOptions::default()));
}

#[test]
fn the_page_has_its_chart_and_its_tables_and_the_section_is_absent_without_tls() {
    let run = fixture::secured();
    let summary = Summary::of(&run);
    let page = html(&run, &summary);
    let chart = page.split("<svg ").find(|part| part.contains("tls-title"));
    insta::assert_snapshot!(
        chart
            .and_then(|part| part.split("</svg>").next())
            .expect("a chart")
    );
    for (report, has) in [
        (page, true),
        (html(&fixture::run(), &Summary::of(&fixture::run())), false),
    ] {
        assert_eq!(report.contains("What TLS costs"), has);
        assert_eq!(report.contains("What a new connection costs"), has);
    }
    assert!(markdown(&run, &summary).contains("TLS 1.3, AES"));
}

#[test]
fn what_not_every_round_says_is_not_said_without_a_word() {
    let said = |run: &RunFile| sentences::sentences(&Summary::of(run)).join("\n");
    let mut run = fixture::secured();
    assert!(
        said(&run).contains("TLS added 12.0 µs of CPU to a request on a connection that stands;")
    );
    let part = &mut fixture::stream(&mut run).rounds[0].targets[3];
    assert_eq!(part.target, "session+tls");
    part.processes
        .iter_mut()
        .for_each(|process| process.cpu_ns /= 2);
    assert!(
        said(&run).contains("(for `session` not in every round)"),
        "{}",
        said(&run)
    );
}
