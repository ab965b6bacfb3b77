//! What people see.

use crate::fixture;
use authbench_reports::render::{TextOptions, frontier_svg, html, markdown, text};
use authbench_reports::revocation::{Acknowledgement, After, Segment, Verdict};
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;

fn plain(run: &RunFile) -> String {
    text(run, &Summary::of(run), TextOptions::default())
}

fn said(run: &RunFile) -> String {
    authbench_reports::render::sentences::sentences(&Summary::of(run)).join("\n")
}

#[test]
fn text_of_a_whole_run() {
    insta::assert_snapshot!(plain(&fixture::run()));
}

#[test]
fn markdown_of_a_whole_run() {
    let run = fixture::run();
    insta::assert_snapshot!(markdown(&run, &Summary::of(&run)));
}

#[test]
fn text_keeps_to_its_width_and_colours_only_when_told() {
    let mut run = fixture::run();
    run.scenarios[0].question = "word ".repeat(60);
    let summary = Summary::of(&run);
    for width in [60, 80, 120] {
        let text = text(
            &run,
            &summary,
            TextOptions {
                width,
                colour: false,
            },
        );
        let too_wide = text.lines().find(|line| line.chars().count() > width);
        assert_eq!(too_wide, None, "{width}");
        assert!(!text.contains('\x1b'));
    }
    let coloured = TextOptions {
        width: 120,
        colour: true,
    };
    assert!(text(&run, &summary, coloured).contains("\x1b[1;32mVALID"));
}

#[test]
fn sentences_of_a_whole_run() {
    insta::assert_snapshot!(said(&fixture::run()));
}

#[test]
fn sentences_without_the_control_and_most_models() {
    insta::assert_snapshot!(said(&fixture::only(&["jwt"])));
}

#[test]
fn sentences_of_the_control_alone() {
    insta::assert_snapshot!(said(&fixture::only(&["no_auth"])));
}

#[test]
fn sentences_do_not_rank_what_the_rounds_do_not_tell_apart() {
    insta::assert_snapshot!(said(&fixture::only(&["no_auth", "jwt", "hybrid"])));
}

#[test]
fn sentences_of_broken_promises() {
    let mut run = fixture::run();
    for trial in &mut fixture::event(&mut run, "hybrid", "account_disabled").trials {
        trial.refresh_after = Some(After::Worked);
    }
    let trial = &mut fixture::event(&mut run, "opaque", "logout").trials[0];
    let still_in = Segment {
        verdict: Verdict::Accepted,
        probes: 9,
        first_sent_ns: trial.answered_ns + 1,
        first_done_ns: trial.answered_ns + 2,
        last_sent_ns: trial.answered_ns + 60_000_000_000,
        last_done_ns: trial.answered_ns + 60_000_000_001,
    };
    fixture::answered_after(trial, "resource-1", &[still_in]);
    insta::assert_snapshot!(said(&run));
}

#[test]
fn a_laboratory_lag_never_stands_without_its_lifetime() {
    let mut run = fixture::only(&["jwt"]);
    for event in &mut fixture::revocations(&mut run).events {
        event.trials.truncate(5);
    }
    assert!(said(&run).contains("at the laboratory's TTL of 2 s"));
    let summary = Summary::of(&run);
    for report in [plain(&run), markdown(&run, &summary), html(&run, &summary)] {
        assert!(report.contains("not projected: too few samples"));
        for cell in [" as measured", ">as measured"] {
            assert!(!report.contains(cell));
        }
        let overview = report.lines().any(|line| line.contains("at TTL 2 s"));
        assert!(overview, "{report}");
    }
    assert!(plain(&run).contains("watched at TTL 2 s"));
    assert!(html(&run, &summary).contains("TTL 2 s (laboratory)"));
}

#[test]
fn a_bound_without_a_sample_is_said_to_be_not_shown() {
    let mut run = fixture::only(&["session"]);
    for event in &mut fixture::revocations(&mut run).events {
        for trial in &mut event.trials {
            trial.acknowledgement = Acknowledgement::Unknown;
        }
    }
    assert!(
        said(&run).contains("`session` was not seen to keep a revocation bound after `logout`")
    );
    let summary = Summary::of(&run);
    for report in [plain(&run), markdown(&run, &summary), html(&run, &summary)] {
        assert!(report.contains("not shown") && report.contains("no sample"));
        assert!(!report.contains("not kept") && !report.contains("was kept in"));
    }
}

#[test]
fn counts_that_differ_between_rounds_are_not_called_the_same() {
    assert!(plain_words(&fixture::run()).contains("the same in every round"));
    let mut run = fixture::run();
    let part = &mut fixture::stream(&mut run).rounds[0].targets[4];
    part.counters.as_mut().expect("counters").store_round_trips = 900;
    let said = plain_words(&run);
    assert!(!said.contains("the same in every round"));
    assert!(
        said.contains("those of hybrid differ from round to round, renewals in the same rounds")
    );
    assert!(said.contains("not computed: renewals in the same rounds"));
}

/// Notes stand in Markdown, not in text.
fn plain_words(run: &RunFile) -> String {
    markdown(run, &Summary::of(run))
}

#[test]
fn no_bound_is_said_to_be_kept_that_nobody_watched() {
    let mut run = fixture::only(&["session"]);
    for event in &mut fixture::revocations(&mut run).events {
        event.trials.clear();
    }
    assert!(said(&run).contains("0 observations, but 4 of 4 were not observed to their end"));
    for event in &mut fixture::revocations(&mut run).events {
        event.bounds_ms.values_mut().for_each(|bound| *bound = None);
    }
    assert!(said(&run).contains("No target stated a revocation bound"));
    run.scenarios
        .retain(|scenario| scenario.revocation.is_none());
    assert!(said(&run).contains("No promise was checked"));
}

#[test]
fn an_invalid_run_ranks_nobody() {
    let mut run = fixture::run();
    fixture::stream(&mut run).rounds[0].targets[0].unsent = 7;
    let said = said(&run);
    insta::assert_snapshot!(said);
    assert!(!said.contains("`jwt`"));
    assert!(plain(&run).contains("INVALID"));
}

#[test]
fn the_embedded_store_stands_out_everywhere() {
    let run = fixture::embedded();
    let summary = Summary::of(&run);
    for report in [plain(&run), markdown(&run, &summary), html(&run, &summary)] {
        assert!(report.contains("The store was embedded (not Redis)"));
        assert!(report.matches("embedded (not Redis)").count() > 10);
        assert!(!report.contains("Redis 7"));
    }
}

#[test]
fn the_page_is_self_contained_and_every_chart_has_words_and_a_table() {
    let run = fixture::run();
    let page = html(&run, &Summary::of(&run));
    for foreign in [
        "<script", "<link", "<img", "<iframe", "@import", "url(", "src=",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let namespace = "http://www.w3.org/2000/svg";
    assert_eq!(
        page.matches("http").count(),
        page.matches(namespace).count()
    );
    // The frontier, one lag chart per event, CPU and latency.
    assert_eq!(page.matches("<svg ").count(), 5);
    assert_eq!(page.matches("<desc ").count(), 5);
    assert_eq!(page.matches("role=\"img\"").count(), 5);
    assert!(page.matches("<table aria-label=").count() >= 9);
    assert!(page.contains("prefers-color-scheme: dark"));
    assert_eq!(duplicated_ids(&page), Vec::<&str>::new());
}

fn duplicated_ids(page: &str) -> Vec<&str> {
    let mut ids: Vec<&str> = page
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    ids.sort_unstable();
    let duplicated = ids.windows(2).filter(|pair| pair[0] == pair[1]);
    duplicated.map(|pair| pair[0]).collect()
}

#[test]
fn names_from_users_files_are_text_and_not_markup() {
    let mut run = fixture::only(&["jwt"]);
    run.scenarios[0].question = "<script>alert(1)</script> | _x_".to_owned();
    run.manifest.cpu = "CPU <b>|</b>".to_owned();
    let summary = Summary::of(&run);
    assert!(!html(&run, &summary).contains("<script>"));
    let markdown = markdown(&run, &summary);
    assert!(markdown.contains("CPU \\<b>\\|\\</b>"));
    assert!(markdown.contains("\\<script>alert(1)\\</script> \\| \\_x\\_"));
}

#[test]
fn an_interrupted_run_with_nothing_in_it_still_reports() {
    let mut run = fixture::run();
    run.scenarios.clear();
    run.status = authbench_reports::run_file::Status::Interrupted;
    let summary = Summary::of(&run);
    assert!(plain(&run).contains("interrupted"));
    assert!(html(&run, &summary).contains("degraded"));
    assert!(markdown(&run, &summary).contains("CPU per request was not measured"));
}

#[test]
fn the_frontier_stands_alone() {
    let svg = frontier_svg(&Summary::of(&fixture::run()));
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(svg.contains("<style>") && svg.ends_with("</svg>"));
    assert!(svg.contains("TTL 2 s (laboratory)") && svg.contains("TTL 300 s"));
}
