//! One event for many accounts: what is derived from it, shown, and checked.

use crate::fixture::{self, mass_at, mass_samples};
use authbench_reports::expectation::{Expectation, exit_code};
use authbench_reports::render::{TextOptions, html, markdown, text};
use authbench_reports::run_file::{MassPart, MassTarget, RunFile};
use authbench_reports::summary::Summary;
use authbench_reports::summary::mass::{MassSummary, OutMs};
use authbench_reports::validity::{Check, Verdict};
use serde_json::json;

/// Checks that are provoked here.
pub(crate) const PROVOKED: [Check; 1] = [Check::MassEvent];

/// A change that makes something of a target's figures unmeasured.
type Spoil = fn(&mut MassTarget);

fn of(run: &RunFile, target: &str) -> MassSummary {
    MassSummary::of(run, target).expect("it took part")
}

fn found(run: &RunFile) -> Vec<(Check, String)> {
    let findings = Summary::of(run).validity.findings;
    let found = findings.into_iter();
    found.map(|finding| (finding.check, finding.what)).collect()
}

#[test]
fn text_of_many_at_once() {
    let run = fixture::mass();
    insta::assert_snapshot!(text(&run, &Summary::of(&run), TextOptions::default()));
}

#[test]
fn page_and_markdown_have_a_section_of_them() {
    let run = fixture::mass();
    let summary = Summary::of(&run);
    let page = html(&run, &summary);
    assert!(page.contains("<h2>Many at once</h2>") && page.contains("What is kept of it"));
    let paper = markdown(&run, &summary);
    assert!(paper.contains("Everybody else meanwhile"), "{paper}");
}

#[test]
fn the_last_one_out_lies_between_the_last_acceptance_and_the_last_refusal() {
    let run = fixture::mass();
    let told = of(&run, "session");
    // The last call was sent after 999 ms and its caller seen to be out after 1,005; its acknowledgement came at 1,004.
    let last = OutMs {
        from: 999.0,
        until: Some(1005.0),
    };
    assert_eq!(told.last_out_ms, Some(last));
    let since = OutMs {
        from: 0.0,
        until: Some(1.0),
    };
    assert_eq!(told.last_out_after_last_ack_ms, Some(since));
    assert_eq!((told.never_accepted_after_ack, told.censored), (1000, 0));
    let untold = of(&run, "jwt");
    let last = untold.last_out_ms.expect("seen");
    assert_eq!((last.from, last.until), (59_980.0, Some(60_000.0)));
    assert_eq!(untold.resolution_ms, Some(20.0));
    assert_eq!((untold.breaches, untold.never_accepted_after_ack), (0, 0));
}

#[test]
fn calls_are_counted_over_the_time_they_took() {
    let told = of(&fixture::mass(), "session");
    assert_eq!((told.acknowledged, told.not_acknowledged), (1000, 0));
    assert!((told.calls_per_s - 996.0).abs() < 1.0, "{told:?}");
    let ratio = told
        .part(MassPart::During)
        .and_then(|during| during.p99_ratio);
    assert!(
        ratio.is_some_and(|ratio| (ratio - 3.0).abs() < 0.2),
        "{told:?}"
    );
    assert_eq!(
        told.part(MassPart::Before).and_then(|it| it.p99_ratio),
        None
    );
}

#[test]
fn who_is_still_in_leaves_the_end_open() {
    let mut run = fixture::mass();
    mass_at(&mut run, "jwt").accounts.refused_ns[7] = None;
    let open = of(&run, "jwt");
    assert_eq!(open.last_out_ms.and_then(|last| last.until), None);
    assert_eq!(open.censored, 1);
    let page = text(&run, &Summary::of(&run), TextOptions::default());
    assert!(page.contains("some were still in"), "{page}");
}

#[test]
fn a_bound_that_is_exceeded_by_one_of_a_thousand_fails_the_run() {
    let mut run = fixture::mass();
    assert_eq!(exit_code(&Summary::of(&run)), 0);
    let accounts = &mut mass_at(&mut run, "session").accounts;
    accounts.last_accepted_ns[3] = Some(9_000_000);
    accounts.refused_ns[3] = Some(10_000_000);
    let summary = Summary::of(&run);
    assert_eq!(of(&run, "session").breaches, 1);
    let failure = &summary.failures[0];
    assert_eq!(failure.expectation, Expectation::Bound);
    assert_eq!(failure.point.as_deref(), Some("resource-2"));
    assert!(failure.what.starts_with("1 of 500 accounts"), "{failure:?}");
    assert_eq!(exit_code(&summary), 1);
}

/// What `session` did not keep: where, and in which words.
fn failures(run: &RunFile) -> Vec<(String, String)> {
    let failures = Summary::of(run).failures.into_iter();
    failures
        .map(|failure| (failure.point.unwrap_or_default(), failure.what))
        .collect()
}

#[test]
fn a_breach_is_told_with_the_bound_and_the_longest_of_its_own_point() {
    let mut run = fixture::mass();
    let here = mass_at(&mut run, "session");
    // Acknowledged after 7 ms and 8 ms.
    here.accounts.last_accepted_ns[2] = Some(47_000_000);
    here.accounts.last_accepted_ns[3] = Some(98_000_000);
    here.accounts.refused_ns[2..4].fill(Some(99_000_000));
    here.points[0].bound_ms = Some(20.0);
    here.points[1].bound_ms = Some(30.0);
    let told = failures(&run);
    let [(first, one), (second, other)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(
        (first.as_str(), second.as_str()),
        ("resource-1", "resource-2")
    );
    assert!(
        one.contains("bound of 20 ms: a request sent 40 ms"),
        "{one}"
    );
    assert!(
        other.contains("bound of 30 ms: a request sent 90 ms"),
        "{other}"
    );
    mass_at(&mut run, "session").points[1].bound_ms = None;
    assert_eq!(failures(&run).len(), 1);
    assert_eq!(of(&run, "session").breaches, 1);
}

#[test]
fn a_bound_of_which_no_account_gave_a_sample_is_not_shown() {
    let mut run = fixture::mass();
    let accounts = &mut mass_at(&mut run, "session").accounts;
    for (nth, accepted) in accounts.accepted_before.iter_mut().enumerate() {
        *accepted = nth % 2 == 1;
    }
    let summary = Summary::of(&run);
    let [failure] = summary.failures.as_slice() else {
        panic!("{:?}", summary.failures);
    };
    assert_eq!(failure.expectation, Expectation::BoundShown);
    assert_eq!(failure.point.as_deref(), Some("resource-1"));
    assert!(
        failure.what.starts_with("none of 500 accounts"),
        "{failure:?}"
    );
    assert_eq!(exit_code(&summary), 1);
    mass_at(&mut run, "session").points[0].bound_ms = None;
    assert_eq!(Summary::of(&run).failures, []);
}

#[test]
fn whoever_nobody_asked_about_afterwards_leaves_the_end_open() {
    let mut run = fixture::mass();
    mass_at(&mut run, "session").accounts.refused_ns[7] = None;
    let open = of(&run, "session");
    assert_eq!(open.last_out_ms.map(|last| last.until), Some(None));
    assert_eq!((open.censored, open.unknown), (0, 1));
    let page = text(&run, &Summary::of(&run), TextOptions::default());
    let said = "with `session` not everybody was seen to be out";
    assert!(page.replace("\n  ", " ").contains(said), "{page}");
}

#[test]
fn a_p99_needs_accounts_of_which_something_is_known() {
    let p99 = |known: usize| {
        let mut run = fixture::mass();
        mass_at(&mut run, "session").accounts.accepted_before[known..].fill(false);
        of(&run, "session").out_by_ms.and_then(|by| by.p99)
    };
    assert_eq!((p99(300), p99(299)), (Some(1.0), None));
}

#[test]
fn a_command_widens_what_is_counted_from_the_last_acknowledgement() {
    let mut run = fixture::mass();
    let accounts = &mut mass_at(&mut run, "session").accounts;
    // Each ran for five milliseconds, the last until 1,004.
    accounts.acknowledged_from_ns = accounts.requested_ns.clone();
    let since = OutMs {
        from: 0.0,
        until: Some(6.0),
    };
    assert_eq!(of(&run, "session").last_out_after_last_ack_ms, Some(since));
}

#[test]
fn a_target_is_found_in_whichever_scenario_it_took_part() {
    let mut run = fixture::mass();
    let mut second = run.scenarios[0].clone();
    let keep = |scenario: &mut authbench_reports::run_file::ScenarioRecord, name: &str| {
        let record = scenario.mass.as_mut().expect("the fixture has one");
        record.targets.retain(|target| target.target == name);
    };
    keep(&mut run.scenarios[0], "session");
    keep(&mut second, "jwt");
    run.scenarios.push(second);
    assert_eq!(of(&run, "session").accounts, 1000);
    assert_eq!(of(&run, "jwt").accounts, 1000);
}

#[test]
fn the_p99_is_named_only_where_every_target_has_one() {
    let mut run = fixture::mass();
    let said = |run: &RunFile| {
        let page = text(run, &Summary::of(run), TextOptions::default());
        page.replace("\n  ", " ")
    };
    mass_at(&mut run, "session").slices[1].others.response = mass_samples(300, 600);
    let page = said(&run);
    assert!(page.contains("everybody else's p90 was at most"), "{page}");
    assert!(!page.contains("too soon to tell"), "{page}");
    mass_at(&mut run, "session").slices[1].others.response = mass_samples(30, 600);
    let page = said(&run);
    assert!(
        page.contains("with `session` the calls were over too soon to tell"),
        "{page}"
    );
}

#[test]
fn the_generator_is_judged_in_each_part_by_itself() {
    let late = |part: usize, n: u64| {
        let mut run = fixture::mass();
        mass_at(&mut run, "session").slices[part].others.send_lag = mass_samples(n, 900);
        found(&run)
    };
    let told = late(1, 2500);
    assert!(
        matches!(told.as_slice(), [(Check::SendLag, what)] if what.contains("during it")),
        "{told:?}"
    );
    assert_eq!(late(1, 30), [], "the calls were over too soon to tell");
    let told = late(0, 30);
    assert!(
        matches!(told.as_slice(), [(Check::SendLag, what)] if what.starts_with("cannot tell")),
        "{told:?}"
    );
}

#[test]
fn sizes_are_missed_at_a_single_moment() {
    let mut run = fixture::mass();
    let mut targets = run.targets.iter_mut();
    let session = targets.find(|target| target.name == "session");
    let file = &mut session.expect("it took part").file;
    file["process"] = json!([{ "sizes": { "store_keys": "keys" } }]);
    assert_eq!(found(&run), []);
    mass_at(&mut run, "session").sizes.remove(2);
    let told = found(&run);
    assert!(
        matches!(told.as_slice(), [(Check::MassEvent, what)] if what.ends_with("at 3 of 4 moments")),
        "{told:?}"
    );
}

#[test]
fn a_list_that_is_too_short_is_no_panic() {
    let mut run = fixture::mass();
    let accounts = &mut mass_at(&mut run, "session").accounts;
    accounts.acknowledged_ns.truncate(400);
    accounts.refused_ns.truncate(300);
    assert_eq!(of(&run, "session").unknown, 700);
    assert!(!text(&run, &Summary::of(&run), TextOptions::default()).is_empty());
}

#[test]
fn what_could_not_be_measured_is_said() {
    assert_eq!(found(&fixture::mass()), []);
    let spoilt: [(&str, Spoil); 3] = [
        ("3 of 1,000 calls were not acknowledged", |here| {
            here.calls_unknown = 3;
        }),
        ("2 % of the credentials", |here| {
            here.accounts.accepted_before[..20].fill(false);
        }),
        ("answered as few as", |here| here.slices[1].probes /= 2),
    ];
    for (expected, spoil) in spoilt {
        let mut run = fixture::mass();
        spoil(mass_at(&mut run, "session"));
        let found = found(&run);
        assert!(
            matches!(found.as_slice(), [(Check::MassEvent, what)] if what.contains(expected)),
            "{expected}: {found:?}"
        );
        let verdict = Summary::of(&run).validity.verdict;
        assert_eq!(verdict, Verdict::Degraded);
    }
}
