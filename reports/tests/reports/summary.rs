//! What is derived from a run.

use crate::fixture::{self, REVOCATIONS};
use crate::load::target;
use authbench_reports::expectation::{Expectation, exit_code};
use authbench_reports::frontier::{Frontier, Known, Reach};
use authbench_reports::render::markdown;
use authbench_reports::revocation::{Acknowledgement, After, Segment, Verdict};
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;
use authbench_reports::summary::lag::{NotProjected, RevocationSummary};
use serde_json::{Value, json};

fn row<'a>(summary: &'a Summary, name: &str, event: &str) -> &'a RevocationSummary {
    target(summary, name)
        .revocation
        .iter()
        .find(|row| row.event == event && row.point == "resource-1")
        .expect("the row is there")
}

#[test]
fn never_accepted_after_the_acknowledgement_is_no_lag_at_all() {
    let summary = Summary::of(&fixture::run());
    let row = row(&summary, "session", "logout");
    assert_eq!(row.never_accepted_after_ack, u64::from(REVOCATIONS));
    assert_eq!(
        (row.lag_ms, row.certain_max_ms, row.breaches),
        (None, None, 0)
    );
    assert_eq!(row.uniformity, None);
    let json = serde_json::to_value(row).expect("serializes");
    assert_eq!(json.get("lag_ms"), None);
}

#[test]
fn lags_of_a_self_contained_token_follow_the_law_and_are_projected() {
    let summary = Summary::of(&fixture::run());
    let row = row(&summary, "jwt", "logout");
    let law = row.uniformity.expect("the law is asked");
    assert!(law.holds(), "{law:?}");
    let projected = row.projected.expect("projected");
    assert_eq!(
        (projected.access_ttl_s, projected.p50_ms, projected.max_ms),
        (300.0, 150_000.0, 300_000.0)
    );
    let lag = row.lag_ms.expect("lags");
    assert_eq!(lag.p99, None, "fewer than 300 revocations");
    assert!(lag.max.expect("not censored") >= row.certain_max_ms.expect("accepted"));
    assert_eq!(row.resolution_ms, Some(5.2));
    assert_eq!(row.ack_ms.expect("acknowledged").p50, 0.7);
}

#[test]
fn nothing_is_projected_from_a_law_that_does_not_hold() {
    let mut run = fixture::run();
    for trial in &mut fixture::event(&mut run, "jwt", "logout").trials {
        // Refused 50 ms after the acknowledgement at the latest, long before expiry.
        let t0 = trial.answered_ns;
        let segments = [
            segment(Verdict::Accepted, t0 + 1, t0 + 45_000_000),
            segment(Verdict::Refused, t0 + 50_000_000, t0 + 90_000_000),
        ];
        fixture::answered_after(trial, "resource-1", &segments);
    }
    let summary = Summary::of(&run);
    let row = row(&summary, "jwt", "logout");
    assert_eq!(row.projected, None);
    assert_eq!(row.uniformity.map(|law| law.holds()), Some(false));
    // A fact to report, and no promise: the bound of 2 s was kept.
    assert_eq!((summary.failures.len(), exit_code(&summary)), (0, 0));
    assert_eq!(row.not_projected, Some(NotProjected::LawRejected));
    assert_eq!(row.laboratory_ttl_s(), Some(2.0));
}

#[test]
fn an_open_stream_is_not_held_against_the_law_of_expiry() {
    let mut run = fixture::run();
    assert!(
        row(&Summary::of(&run), "jwt", "logout")
            .uniformity
            .is_some()
    );
    let jwt = run.targets.iter_mut().find(|target| target.name == "jwt");
    jwt.expect("a target").file["point"][0]["kind"] = json!("stream");
    let summary = Summary::of(&run);
    let row = row(&summary, "jwt", "logout");
    assert_eq!((row.uniformity, row.projected), (None, None));
    assert_eq!(row.not_projected, Some(NotProjected::EndsOtherwise));
}

#[test]
fn a_bound_that_nobody_could_watch_is_not_kept() {
    let mut run = fixture::run();
    for trial in &mut fixture::event(&mut run, "session", "logout").trials {
        trial.acknowledgement = Acknowledgement::Unknown;
    }
    let summary = Summary::of(&run);
    let failures: Vec<Expectation> = summary.failures.iter().map(|one| one.expectation).collect();
    assert_eq!(failures, [Expectation::BoundShown; 2], "once per point");
    assert!(summary.failures[0].what.contains("could not be shown"));
    assert_eq!(exit_code(&summary), 1);
}

#[test]
fn a_refresh_breaks_only_the_promise_that_it_is_refused() {
    let failures = |promised: Option<&str>, after: After| {
        let mut run = fixture::run();
        let event = fixture::event(&mut run, "hybrid", "logout");
        event.refresh_after = promised.map(str::to_owned);
        event
            .trials
            .iter_mut()
            .for_each(|trial| trial.refresh_after = Some(after));
        Summary::of(&run).failures.len()
    };
    assert_eq!(failures(Some("refused"), After::Worked), 1);
    for promised in [Some("works"), None] {
        assert_eq!(failures(promised, After::Worked), 0, "{promised:?}");
        assert_eq!(failures(promised, After::Refused), 0, "{promised:?}");
    }
}

#[test]
fn too_few_to_ask_for_the_law_are_not_projected_either() {
    let mut run = fixture::run();
    fixture::event(&mut run, "jwt", "logout").trials.truncate(5);
    let summary = Summary::of(&run);
    let few = row(&summary, "jwt", "logout");
    assert_eq!((few.uniformity, few.projected), (None, None));
    assert_eq!(few.not_projected, Some(NotProjected::TooFew));
    let never = row(&summary, "opaque", "logout");
    assert_eq!(
        (never.not_projected, never.laboratory_ttl_s()),
        (None, None)
    );
}

#[test]
fn one_request_accepted_after_the_bound_is_a_breach() {
    let mut run = fixture::run();
    let trial = &mut fixture::event(&mut run, "session", "logout").trials[3];
    let t0 = trial.answered_ns;
    let segments = [
        segment(Verdict::Accepted, t0 + 1_000_000, t0 + 1_000_000),
        segment(Verdict::Refused, t0 + 6_000_000, t0 + 90_000_000),
    ];
    fixture::answered_after(trial, "resource-1", &segments);
    let summary = Summary::of(&run);
    let row = row(&summary, "session", "logout");
    assert_eq!((row.breaches, row.certain_max_ms), (1, Some(1.0)));
    assert_eq!(row.lag_ms.and_then(|lag| lag.max), Some(6.2));
    assert_eq!(summary.failures.len(), 1);
    assert_eq!(summary.failures[0].expectation, Expectation::Bound);
    assert_eq!(exit_code(&summary), 1);
}

#[test]
fn a_lag_that_outlasts_observation_hides_the_figures_it_reaches() {
    let mut run = fixture::run();
    let trial = &mut fixture::event(&mut run, "jwt", "logout").trials[0];
    let t0 = trial.answered_ns;
    let still_in = segment(Verdict::Accepted, t0 + 1, t0 + 60_000_000_000);
    fixture::answered_after(trial, "resource-1", &[still_in]);
    let summary = Summary::of(&run);
    let row = row(&summary, "jwt", "logout");
    assert_eq!((row.censored, row.breaches), (1, 1));
    assert_eq!(row.certain_max_ms, Some(60_000.0));
    assert_eq!(row.not_projected, Some(NotProjected::Breach));
    let lag = row.lag_ms.expect("lags");
    assert_eq!(lag.max, None);
    assert!(lag.p50.is_some());
}

#[test]
fn a_bound_that_outlasts_observation_is_neither_kept_nor_broken() {
    let mut run = fixture::run();
    let event = fixture::event(&mut run, "jwt", "logout");
    for bound in event.bounds_ms.values_mut() {
        *bound = Some(3_600_000.0);
    }
    let trial = &mut event.trials[0];
    let t0 = trial.answered_ns;
    let still_in = segment(Verdict::Accepted, t0 + 1, t0 + 60_000_000_000);
    fixture::answered_after(trial, "resource-1", &[still_in]);
    let summary = Summary::of(&run);
    let row = row(&summary, "jwt", "logout");
    assert_eq!((row.censored, row.breaches, row.not_observed), (1, 0, 1));
    assert!(!row.bound_was_observed());
    assert_eq!(exit_code(&summary), 0, "nothing was broken");
    let said = markdown(&run, &summary);
    assert!(said.contains("(not observed)"), "{said}");
    assert!(!said.contains("Every stated bound was kept"), "{said}");
}

#[test]
fn a_lost_acknowledgement_is_counted_and_never_a_sample() {
    let mut run = fixture::run();
    for trial in &mut fixture::event(&mut run, "jwt", "logout").trials[..3] {
        trial.acknowledgement = Acknowledgement::Unknown;
    }
    let summary = Summary::of(&run);
    let row = row(&summary, "jwt", "logout");
    assert_eq!((row.n, row.unknown, row.sampled()), (100, 3, 97));
}

#[test]
fn a_p99_needs_three_hundred_revocations() {
    let mut run = fixture::run();
    let trials = &mut fixture::event(&mut run, "jwt", "logout").trials;
    *trials = [trials.as_slice(); 3].concat();
    let summary = Summary::of(&run);
    let lag = row(&summary, "jwt", "logout").lag_ms.expect("lags");
    assert!(lag.p50 < lag.p99 && lag.p99 <= lag.max, "{lag:?}");
}

#[test]
fn a_refresh_that_still_works_is_a_failure_named_once_per_event() {
    let mut run = fixture::run();
    for trial in &mut fixture::event(&mut run, "hybrid", "account_disabled").trials[..2] {
        trial.refresh_after = Some(After::Worked);
    }
    let summary = Summary::of(&run);
    assert_eq!(summary.failures.len(), 1);
    let failure = &summary.failures[0];
    assert_eq!(failure.expectation, Expectation::RefreshRefused);
    assert_eq!(failure.what, "2 of 100 refreshes still worked afterwards");
}

#[test]
fn the_frontier_separates_the_laboratory_from_production() {
    let frontier = Frontier::of(&Summary::of(&fixture::run()));
    let of = |name: &str| -> Vec<_> {
        let points = frontier.points.iter();
        points.filter(|point| point.target == name).collect()
    };
    assert_eq!(of("no_auth").len(), 0);
    assert_eq!(
        frontier.control.as_ref().map(|control| control.cpu_us),
        Some(36.0)
    );
    assert_eq!(
        of("session")[0].reach,
        Reach::NeverAccepted { max_ms: None }
    );
    let jwt = of("jwt");
    assert_eq!(
        [jwt[0].known, jwt[1].known],
        [
            Known::Measured {
                laboratory_ttl_s: Some(2.0)
            },
            Known::Projected {
                access_ttl_s: 300.0
            }
        ]
    );
    assert_eq!(
        jwt[1].reach,
        Reach::Lasting {
            p50_ms: 150_000.0,
            max_ms: Some(300_000.0)
        }
    );
}

#[test]
fn the_frontier_names_every_event_that_is_as_bad_as_the_worst() {
    let after = |run: &RunFile, name: &str| {
        let points = Frontier::of(&Summary::of(run)).points;
        let mut of_target = points.into_iter().filter(|point| point.target == name);
        of_target.next().map(|point| point.after)
    };
    let mut run = fixture::run();
    assert_eq!(after(&run, "session").as_deref(), Some("all events"));
    let trial = &mut fixture::event(&mut run, "session", "logout").trials[3];
    let t0 = trial.answered_ns;
    for point in ["resource-1", "resource-2"] {
        let again = segment(Verdict::Accepted, t0 + 1_000_000, t0 + 1_000_000);
        let refused = segment(Verdict::Refused, t0 + 6_000_000, t0 + 90_000_000);
        fixture::answered_after(trial, point, &[again, refused]);
    }
    assert_eq!(
        after(&run, "session").as_deref(),
        Some("logout at resource-1, resource-2")
    );
}

#[test]
fn a_median_that_was_not_seen_is_not_on_the_frontier_as_if_it_had_been() {
    let mut run = fixture::run();
    for trial in &mut fixture::event(&mut run, "session", "logout").trials[..70] {
        let t0 = trial.answered_ns;
        let still_in = segment(Verdict::Accepted, t0 + 1, t0 + 5_900_000_000);
        fixture::answered_after(trial, "resource-1", &[still_in]);
    }
    let frontier = Frontier::of(&Summary::of(&run));
    let session = frontier
        .points
        .iter()
        .find(|point| point.target == "session");
    assert_eq!(
        session.map(|point| (point.after.as_str(), point.reach)),
        Some((
            "logout at resource-1",
            Reach::Outlasting {
                at_least_ms: 5900.0
            }
        ))
    );
}

#[test]
fn points_that_are_only_probed_do_not_make_the_frontier() {
    let mut run = fixture::run();
    for trial in &mut fixture::event(&mut run, "opaque", "logout").trials {
        let t0 = trial.answered_ns;
        let late = [
            segment(Verdict::Accepted, t0 + 1, t0 + 900_000_000),
            segment(Verdict::Refused, t0 + 905_000_000, t0 + 999_000_000),
        ];
        fixture::answered_after(trial, "introspection", &late);
    }
    let frontier = Frontier::of(&Summary::of(&run));
    let opaque = frontier
        .points
        .iter()
        .find(|point| point.target == "opaque");
    assert_eq!(
        opaque.map(|point| point.reach),
        Some(Reach::NeverAccepted { max_ms: None })
    );
}

#[test]
fn the_summary_reads_back_what_it_wrote() {
    for run in [fixture::run(), without_stream()] {
        let summary = Summary::of(&run);
        let json = serde_json::to_string(&summary).expect("serializes");
        let back: Summary = serde_json::from_str(&json).expect("reads back");
        assert_eq!(back, summary);
    }
}

#[test]
fn a_target_without_a_stream_has_no_load_keys() {
    let json = serde_json::to_value(Summary::of(&without_stream())).expect("serializes");
    let jwt = &json["targets"][2];
    assert_eq!(jwt.get("requests"), None);
    assert_eq!(jwt.get("response_ms"), None);
    assert!(matches!(jwt["revocation"], Value::Array(_)));
    assert_eq!(jwt["settings"]["access_ttl_s"], json!(2.0));
}

fn without_stream() -> RunFile {
    let mut run = fixture::run();
    run.scenarios.remove(0);
    run
}

fn segment(verdict: Verdict, first_ns: u64, last_ns: u64) -> Segment {
    Segment {
        verdict,
        probes: 2,
        first_sent_ns: first_ns,
        first_done_ns: first_ns + 200_000,
        last_sent_ns: last_ns,
        last_done_ns: last_ns + 200_000,
    }
}
