//! A published comparison of two ways to authenticate gave mean response times of 279 ms and 7,870 ms "at the same 3.39 requests/s".
//! However such figures come about, a run like that measures a queue, and must say so instead of naming a winner.

use super::samples;
use crate::fixture;
use authbench_reports::expectation::exit_code;
use authbench_reports::histogram::Histogram;
use authbench_reports::render::{TextOptions, html, markdown, text};
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;
use authbench_reports::validity::{Check, Verdict};
use std::time::Duration;

/// How a ranking begins.
const RANKING: &str = "Checking a caller cost";
/// Requests per second of each side.
const RATE: f64 = 3.39;
const FAST_MS: f64 = 279.0;
const SLOW_MS: f64 = 7870.0;

/// How the slower side may have been measured.
struct Measured {
    connections: u32,
    /// One round, as long as it took to make some hundred requests.
    scheduled_s: f64,
    /// Response times that it had.
    response: Histogram,
    /// Those without the time waited for a connection.
    service: Histogram,
    /// How long after the schedule the last answer came.
    late_s: f64,
}

/// `session` is the fast side and `jwt` the slow one; nothing else is in the run.
fn paper(slow: &Measured) -> RunFile {
    let mut run = fixture::only(&["session", "jwt"]);
    run.scenarios.truncate(1);
    let stream = fixture::stream(&mut run);
    stream.offered_per_s = 2.0 * RATE;
    stream.connections_per_target = slow.connections;
    stream.rounds.truncate(1);
    let round = &mut stream.rounds[0];
    round.scheduled_s = slow.scheduled_s;
    round.wall_s = slow.scheduled_s + slow.late_s;
    let requests = (RATE * slow.scheduled_s).round() as u64;
    for part in &mut round.targets {
        part.intended = requests;
        part.outcomes.expected = requests;
        part.send_lag = samples(0.014, requests as u32);
        part.response = samples(FAST_MS, requests as u32);
        part.service = samples(FAST_MS, requests as u32);
    }
    round.targets[1].response = slow.response.clone();
    round.targets[1].service = slow.service.clone();
    run
}

/// Evenly from `from_ms` to `to_ms`: waiting times of a queue that grows.
fn growing(from_ms: f64, to_ms: f64, requests: u32) -> Histogram {
    let mut histogram = Histogram::default();
    for request in 0..requests {
        let share = f64::from(request) / f64::from(requests - 1);
        let ms = from_ms + share * (to_ms - from_ms);
        histogram.record(Duration::from_secs_f64(ms / 1e3));
    }
    histogram
}

/// Past its capacity: what waits grows until the schedule ends, and is answered after it. Divided by the schedule, the rate is "the same".
fn backlog() -> Measured {
    Measured {
        connections: 12,
        scheduled_s: 60.0,
        response: growing(279.0, 15_461.0, 203),
        service: samples(2_500.0, 203),
        late_s: 15.4,
    }
}

/// So many users in a closed loop as the figures need: requests per second × response time. They had 12 connections.
fn closed_loop() -> Measured {
    Measured {
        connections: 12,
        scheduled_s: 60.0,
        response: samples(SLOW_MS, 203),
        service: samples(SLOW_MS, 203),
        late_s: 0.3,
    }
}

/// Connections without end, so that nothing waits: then the last answers come long after the last request.
fn connections_without_end() -> Measured {
    Measured {
        connections: 200,
        late_s: SLOW_MS / 1e3,
        ..closed_loop()
    }
}

/// As many users in a closed loop as keep the figures: all of them waiting all the time.
fn just_enough_connections() -> Measured {
    Measured {
        connections: 27,
        ..closed_loop()
    }
}

fn checks(run: &RunFile) -> (Verdict, Vec<Check>) {
    let validity = Summary::of(run).validity;
    let invalid = validity
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Invalid);
    (
        validity.verdict,
        invalid.map(|finding| finding.check).collect(),
    )
}

#[test]
fn it_is_invalid_however_it_came_about() {
    let cases = [
        (backlog(), Check::AchievedRate),
        (closed_loop(), Check::Concurrency),
        (connections_without_end(), Check::AchievedRate),
        (just_enough_connections(), Check::Concurrency),
    ];
    for (slow, why) in cases {
        assert_eq!(checks(&paper(&slow)), (Verdict::Invalid, vec![why]));
    }
}

#[test]
fn the_finding_says_what_cannot_be() {
    let summary = Summary::of(&paper(&closed_loop()));
    let said = summary
        .validity
        .findings
        .iter()
        .find(|finding| finding.check == Check::Concurrency)
        .map(|finding| finding.what.as_str());
    assert_eq!(
        said,
        Some(
            "`jwt` in the stream of `steady` answered 3.37 requests/s in 7.87 s each, so 26.5 were in service at a time, on 12 connections: that cannot be (Little's law)"
        )
    );
}

#[test]
fn it_is_too_short_besides() {
    let findings = Summary::of(&paper(&backlog())).validity.findings;
    let few = findings
        .iter()
        .filter(|finding| finding.check == Check::TooFewSamples);
    let few: Vec<&str> = few.map(|finding| finding.what.as_str()).collect();
    assert_eq!(few.len(), 3, "one round, and no p99 of either: {few:#?}");
}

#[test]
fn nobody_is_named_the_better_one() {
    let fine = fixture::run();
    assert!(markdown(&fine, &Summary::of(&fine)).contains(RANKING));
    for slow in [backlog(), closed_loop(), connections_without_end()] {
        let run = paper(&slow);
        let summary = Summary::of(&run);
        assert_eq!(exit_code(&summary), 4);
        let reports = [
            text(&run, &summary, TextOptions::default()),
            markdown(&run, &summary),
            html(&run, &summary),
        ];
        for report in reports {
            let report = report.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                report.contains("This run does not measure the targets, so it ranks none of them."),
                "{report}"
            );
            assert!(!report.contains(RANKING), "{report}");
        }
    }
}

/// The same latencies are a measurement where they are the target's own: long rounds, many requests, enough connections.
#[test]
fn a_slow_target_that_keeps_up_is_not_invalid() {
    let requests = 3.39 * 3600.0;
    let mut run = paper(&Measured {
        connections: 200,
        scheduled_s: 3600.0,
        response: samples(SLOW_MS, requests as u32),
        service: samples(SLOW_MS, requests as u32),
        late_s: SLOW_MS / 1e3,
    });
    let stream = fixture::stream(&mut run);
    stream.rounds = vec![stream.rounds[0].clone(); 5];
    assert_eq!(checks(&run), (Verdict::Valid, vec![]));
}
