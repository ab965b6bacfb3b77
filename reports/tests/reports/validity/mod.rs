//! When the instrument can be trusted.

mod paper;
mod provoked;
mod unjudged;

use crate::fixture;
use authbench_reports::expectation::exit_code;
use authbench_reports::histogram::Histogram;
use authbench_reports::revocation::EventReach;
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;
use authbench_reports::validity::{Check, Validity, Verdict};
use std::sync::OnceLock;
use std::time::Duration;

/// The fixture, which takes longer to make than to copy.
fn fine() -> &'static RunFile {
    static FINE: OnceLock<RunFile> = OnceLock::new();
    FINE.get_or_init(fixture::run)
}

/// Every finding of the fixture after `spoil`, which is the only one expected.
fn found(spoil: impl FnOnce(&mut RunFile)) -> (Verdict, Vec<Check>) {
    let mut run = fine().clone();
    spoil(&mut run);
    let validity = Validity::of(&run);
    let checks = validity.findings.iter().map(|finding| finding.check);
    (validity.verdict, checks.collect())
}

fn samples(ms: f64, samples: u32) -> Histogram {
    let mut histogram = Histogram::default();
    (0..samples).for_each(|_| histogram.record(Duration::from_secs_f64(ms / 1e3)));
    histogram
}

#[test]
fn a_clean_run_is_valid_and_carries_its_figures() {
    let validity = Validity::of(&fixture::run());
    assert_eq!(
        (validity.verdict, validity.findings.len()),
        (Verdict::Valid, 0)
    );
    assert_eq!(
        (validity.offered_per_s, validity.achieved_per_s),
        (Some(2000.0), Some(2000.0))
    );
    let send_lag = validity.send_lag_p99_us.expect("enough samples");
    assert!((20.0..100.0).contains(&send_lag), "{send_lag}");
    assert_eq!(exit_code(&Summary::of(&fixture::run())), 0);
}

#[test]
fn a_rate_one_percent_short_makes_it_invalid() {
    let short = |by: u64| {
        found(move |run| {
            for round in &mut fixture::stream(run).rounds {
                round.targets[0].outcomes.expected -= by;
            }
        })
    };
    // 2,400 requests a round to that target: 1 % is 24. Of all 12,000 it would disappear.
    assert_eq!(short(24), (Verdict::Valid, vec![]));
    assert_eq!(short(25), (Verdict::Invalid, vec![Check::AchievedRate]));
}

#[test]
fn a_shortfall_is_said_of_the_target_that_falls_behind() {
    let mut run = fixture::run();
    for round in &mut fixture::stream(&mut run).rounds {
        round.targets[2].outcomes.expected -= 30;
    }
    let findings = Validity::of(&run).findings;
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0]
            .what
            .starts_with("`jwt` in the stream of `steady` reached 395 of 400"),
        "{}",
        findings[0].what
    );
}

#[test]
fn a_late_last_answer_is_no_shortfall_of_the_generator() {
    let (verdict, _) = found(|run| {
        fixture::stream(run)
            .rounds
            .iter_mut()
            .for_each(|round| round.wall_s += 0.5);
    });
    assert_eq!(verdict, Verdict::Valid);
}

#[test]
fn a_backlog_at_the_end_of_the_schedule_is_a_rate_not_reached() {
    let overloaded = |run: &mut RunFile| {
        for round in &mut fixture::stream(run).rounds {
            round.wall_s += 3.0;
            round.targets[3].response = samples(3000.0, 2400);
        }
    };
    assert_eq!(
        found(overloaded),
        (Verdict::Invalid, vec![Check::AchievedRate])
    );
    let mut run = fixture::run();
    overloaded(&mut run);
    let summary = Summary::of(&run);
    let achieved = summary.targets.iter().map(|target| {
        let load = target.load.as_ref().expect("a stream");
        load.achieved_per_s
    });
    // 2,400 answers in 8.5 s instead of 6 s, and only where the backlog was.
    let achieved: Vec<f64> = achieved.collect();
    assert_eq!(achieved, [400.0, 400.0, 400.0, 282.4, 400.0]);
    let taints = &summary.validity.findings[0].taints;
    assert!(taints.contains("depend on the length of the round"));
}

#[test]
fn requests_without_an_answer_are_not_achieved() {
    let (_, checks) = found(|run| {
        for round in &mut fixture::stream(run).rounds {
            round.targets[1].outcomes.expected -= 130;
            round.targets[1].outcomes.timed_out = 100;
            round.targets[1].outcomes.broken = 30;
        }
    });
    assert_eq!(checks, [Check::AchievedRate, Check::InfrastructureErrors]);
}

#[test]
fn send_lag_counts_when_it_is_long_and_a_large_part_of_what_is_reported() {
    let late = |send_lag_ms: f64, response_ms: f64| {
        found(move |run| {
            for round in &mut fixture::stream(run).rounds {
                round.targets[2].send_lag = samples(send_lag_ms, 2400);
                round.targets[2].response = samples(response_ms, 2400);
            }
        })
    };
    assert_eq!(late(0.19, 0.3).0, Verdict::Valid);
    assert_eq!(late(0.5, 2.5).0, Verdict::Valid);
    assert_eq!(late(0.5, 1.5), (Verdict::Invalid, vec![Check::SendLag]));
}

#[test]
fn send_lag_of_a_short_stream_is_judged_at_a_lower_quantile() {
    let late = |n: u32, send_lag_ms: f64| {
        found(move |run| {
            for round in &mut fixture::stream(run).rounds {
                round.targets[2].send_lag = Histogram::default();
                round.targets[2].response = Histogram::default();
            }
            let part = &mut fixture::stream(run).rounds[0].targets[2];
            part.send_lag = samples(send_lag_ms, n);
            part.response = samples(1.0, n);
        })
    };
    // Too few for a p99 they are as well; that is another finding.
    for n in [1999, 200, 199, 40] {
        assert_eq!(
            late(n, 0.1),
            (Verdict::Degraded, vec![Check::TooFewSamples]),
            "{n}"
        );
        assert_eq!(
            late(n, 0.5),
            (Verdict::Invalid, vec![Check::SendLag, Check::TooFewSamples]),
            "{n}"
        );
    }
    assert_eq!(
        late(39, 0.1),
        (
            Verdict::Degraded,
            vec![Check::SendLag, Check::TooFewSamples]
        )
    );
}

#[test]
fn late_probes_lose_resolution_and_do_not_invalidate() {
    let late =
        |run: &mut RunFile| fixture::revocations(run).background.send_lag = samples(5.0, 2400);
    assert_eq!(found(late), (Verdict::Degraded, vec![Check::SendLag]));
    let mut run = fixture::run();
    late(&mut run);
    let finding = &Validity::of(&run).findings[0];
    assert!(finding.taints.contains("resolution"));
}

#[test]
fn unexpected_answers_and_unsent_starts_make_it_invalid() {
    let spoiled = found(|run| {
        let part = &mut fixture::stream(run).rounds[0].targets[1];
        part.outcomes.expected -= 2;
        part.outcomes.unexpected_status.insert(401, 2);
        part.unsent = 1;
    });
    assert_eq!(
        spoiled,
        (
            Verdict::Invalid,
            vec![Check::UnsentStarts, Check::UnexpectedOutcomes]
        )
    );
}

#[test]
fn the_background_load_of_revocations_is_judged_likewise() {
    let spoiled = found(|run| {
        let background = &mut fixture::revocations(run).background;
        background.achieved_per_s = 300.0;
        background.send_lag = samples(5.0, 2400);
        if let Some(outcomes) = background.outcomes.get_mut("jwt") {
            outcomes.timed_out = 1;
        }
    });
    assert_eq!(
        spoiled,
        (
            Verdict::Invalid,
            vec![
                Check::AchievedRate,
                Check::SendLag,
                Check::InfrastructureErrors
            ]
        )
    );
}

#[test]
fn an_invalid_run_exits_with_4_whatever_it_found() {
    let mut run = fixture::run();
    fixture::stream(&mut run).rounds[0].targets[0].unsent = 1;
    fixture::event(&mut run, "jwt", "logout")
        .bounds_ms
        .insert("resource-1".to_owned(), Some(1.0));
    let summary = Summary::of(&run);
    assert!(!summary.failures.is_empty());
    assert_eq!(exit_code(&summary), 4);
}

#[test]
fn two_events_alone_are_no_matrix() {
    let mut run = fixture::run();
    for event in &mut fixture::revocations(&mut run).events {
        event.reach = Some(EventReach::Credential);
        assert!(["logout", "account_disabled"].contains(&event.event.as_str()));
        assert!(event.trials.len() < 300);
    }
    let findings = Summary::of(&run).validity.findings;
    let checks: Vec<Check> = findings.iter().map(|finding| finding.check).collect();
    assert!(!checks.contains(&Check::HeadlineCells), "{checks:?}");
}
