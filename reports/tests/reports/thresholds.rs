//! Thresholds of scenarios: for every figure one that is kept and one that is not, and what shows nothing.

use crate::fixture;
use authbench_reports::expectation::exit_code;
use authbench_reports::render::{TextOptions, html, markdown, text};
use authbench_reports::revocation::{Acknowledgement, Segment, Verdict};
use authbench_reports::run_file::{Canary, RunFile, Status};
use authbench_reports::summary::Summary;
use authbench_reports::threshold::{ThresholdOutcome, ThresholdResult, Unit, judge};
use serde_json::{Value, json};

const STREAM: usize = 0;
const REVOCATIONS: usize = 1;

/// `run` with `thresholds` in its scenario of this number.
fn asking(mut run: RunFile, scenario: usize, thresholds: Value) -> RunFile {
    run.scenarios[scenario].resolved["thresholds"] = thresholds;
    run
}

fn outcome(result: &ThresholdResult) -> &'static str {
    result.outcome.words()
}

/// Of one threshold of `jwt`, or at all its points.
fn of_jwt(run: RunFile, scenario: usize, threshold: &str) -> Vec<&'static str> {
    let run = asking(run, scenario, json!({"jwt": [threshold]}));
    judge(&run).iter().map(outcome).collect()
}

#[test]
fn every_figure_of_a_stream_is_kept_or_not() {
    let cases = [
        ("p50 < 0.2ms", "p50 < 100us"),
        ("p90 < 1ms", "p90 > 1s"),
        ("p99 <= 10ms", "p99 <= 0.2ms"),
        ("max < 1s", "max < 150us"),
        ("cpu_total <= 68us", "cpu_total < 68us"),
        ("wire_bytes == 819B", "wire_bytes <= 818B"),
        ("store_commands == 0", "store_commands >= 1"),
        ("achieved >= 0.99", "achieved > 1"),
        ("unexpected == 0", "unexpected >= 1"),
        ("unsent == 0", "unsent > 0"),
    ];
    for (kept, not_kept) in cases {
        let of = |threshold| of_jwt(fixture::run(), STREAM, threshold);
        assert_eq!(
            (of(kept), of(not_kept)),
            (vec!["kept"], vec!["not kept"]),
            "{kept}"
        );
    }
}

#[test]
fn the_tail_needs_its_samples() {
    let run = asking(fixture::run(), STREAM, json!({"jwt": ["p99.9 < 1s"]}));
    let results = judge(&run);
    assert_eq!(outcome(&results[0]), "not shown");
    assert_eq!(
        results[0].what,
        "12,000 of 20,000 requests that it needs were sent"
    );
    let longer = || {
        let mut run = fixture::run();
        let rounds = &mut fixture::stream(&mut run).rounds;
        rounds.extend(rounds.clone());
        run
    };
    assert_eq!(of_jwt(longer(), STREAM, "p99.9 < 1s"), ["kept"]);
    assert_eq!(of_jwt(longer(), STREAM, "p99.9 < 0.2ms"), ["not kept"]);
}

#[test]
fn unexpected_answers_and_unsent_starts_are_figures_even_where_the_run_is_invalid() {
    let mut run = fixture::run();
    for round in &mut fixture::stream(&mut run).rounds {
        let jwt = round.targets.iter_mut().find(|part| part.target == "jwt");
        let jwt = jwt.expect("a part");
        jwt.outcomes.unexpected_status.insert(401, 2);
        jwt.outcomes.expected -= 2;
        jwt.unsent = 1;
    }
    for threshold in ["unexpected == 0", "unsent == 0"] {
        assert_eq!(of_jwt(run.clone(), STREAM, threshold), ["not kept"]);
    }
    // What is timed or counted per request is that of errors, too.
    for threshold in ["p99 < 1s", "wire_bytes < 1000B"] {
        assert_eq!(of_jwt(run.clone(), STREAM, threshold), ["not shown"]);
    }
    assert_eq!(exit_code(&Summary::of(&run)), 4);
}

#[test]
fn lags_are_intervals_and_one_around_the_limit_shows_nothing() {
    let lag = |threshold: &str| of_jwt(fixture::run(), REVOCATIONS, threshold);
    assert_eq!(lag("revocation.logout.max < 2.1s"), ["kept"; 2]);
    assert_eq!(lag("revocation.logout.max < 1s"), ["not kept"; 2]);
    assert_eq!(lag("revocation.logout.p50 < 1.5s"), ["kept"; 2]);
    assert_eq!(lag("revocation.logout.p50 < 100ms"), ["not kept"; 2]);
    assert_eq!(
        lag("revocation.logout.p99 < 3s"),
        ["not shown"; 2],
        "100 of 300 samples"
    );
    assert_eq!(lag("revocation.logout.max <= bound"), ["kept"; 2]);
    assert_eq!(lag("revocation.token_revoked.max < 1s"), ["not shown"]);
    let session = |threshold: &str| {
        let run = asking(fixture::run(), REVOCATIONS, json!({"session": [threshold]}));
        judge(&run)
    };
    let results = session("revocation.logout.max <= 2ms");
    assert_eq!(outcome(&results[0]), "not shown");
    assert!(
        results[0].what.contains("too far apart"),
        "{}",
        results[0].what
    );
    // The same interval against a promise: only what is certain breaks it.
    let results = session("revocation.logout.max <= bound");
    assert_eq!(
        (outcome(&results[0]), results[0].limit, results[0].unit),
        ("kept", Some(0.0), Some(Unit::Ms))
    );
}

#[test]
fn the_p99_of_lags_is_judged_from_300_samples_on() {
    let many = || {
        let mut run = fixture::run();
        let trials = &mut fixture::event(&mut run, "jwt", "logout").trials;
        *trials = [trials.clone(), trials.clone(), trials.clone()].concat();
        run
    };
    let lag = |threshold: &str| of_jwt(many(), REVOCATIONS, threshold);
    assert_eq!(lag("revocation.logout.p99 < 2.1s"), ["kept"; 2]);
    assert_eq!(lag("revocation.logout.p99 < 0.5s"), ["not kept"; 2]);
}

#[test]
fn a_broken_bound_an_unseen_end_and_no_promise() {
    let mut run = fixture::run();
    let breach = |acceptance_ms: u64, end: Option<u64>| {
        let accepted = segment(Verdict::Accepted, 1, acceptance_ms);
        let refused = end.map(|at| segment(Verdict::Refused, at, at + 90));
        [Some(accepted), refused]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
    };
    let mut put = |point: &str, segments: &[Segment]| {
        let trial = &mut fixture::event(&mut run, "session", "logout").trials[3];
        let t0 = trial.answered_ns;
        let later = |segment: &Segment| Segment {
            first_sent_ns: t0 + segment.first_sent_ns,
            first_done_ns: t0 + segment.first_done_ns,
            last_sent_ns: t0 + segment.last_sent_ns,
            last_done_ns: t0 + segment.last_done_ns,
            ..*segment
        };
        let segments: Vec<Segment> = segments.iter().map(later).collect();
        fixture::answered_after(trial, point, &segments);
    };
    put("resource-1", &breach(20, Some(26)));
    put("resource-2", &breach(20, None));
    fixture::event(&mut run, "session", "account_disabled")
        .bounds_ms
        .values_mut()
        .for_each(|bound| *bound = None);
    let run = asking(
        run,
        REVOCATIONS,
        json!({"session": [
            "revocation.logout.max <= bound",
            "revocation.logout.max < 1s",
            "revocation.account_disabled.max <= bound",
        ]}),
    );
    let seen: Vec<(&str, Option<&str>)> = judge(&run)
        .iter()
        .map(|result| {
            (
                outcome(result),
                result.point.as_deref().map(|_| "at a point"),
            )
        })
        .collect();
    let at = Some("at a point");
    assert_eq!(
        seen,
        [
            ("not kept", at),
            ("not kept", at),
            ("kept", at),
            ("not shown", at),
            ("not shown", None),
        ]
    );
}

#[test]
fn a_capacity_that_is_only_a_lower_bound_is_enough_or_nothing() {
    let of = |run: RunFile, threshold: &str| {
        let run = asking(run, 0, json!({"jwt": [threshold]}));
        judge(&run).iter().map(outcome).collect::<Vec<_>>()
    };
    assert_eq!(of(fixture::alone(), "capacity >= 15000/s"), ["kept"]);
    assert_eq!(of(fixture::alone(), "capacity >= 25000/s"), ["not kept"]);
    let mut unsearched = fixture::alone();
    fixture::searches(&mut unsearched).retain(|search| search.target != "jwt");
    assert_eq!(of(unsearched, "capacity >= 1/s"), ["not shown"]);
    assert_eq!(
        of_jwt(fixture::run(), STREAM, "capacity >= 1/s"),
        ["not shown"]
    );
}

#[test]
fn a_figure_that_the_run_does_not_trust_shows_nothing() {
    let mut disturbed = fixture::run();
    for round in &mut fixture::stream(&mut disturbed).rounds {
        round
            .canary
            .iter_mut()
            .for_each(|reading: &mut Canary| reading.cv = 0.2);
    }
    for reading in fixture::stream(&mut disturbed).rounds.iter_mut().step_by(2) {
        reading
            .canary
            .iter_mut()
            .for_each(|reading| reading.median_ns += 100_000);
    }
    assert_eq!(
        of_jwt(disturbed.clone(), STREAM, "cpu_total < 1s"),
        ["not shown"]
    );
    assert_eq!(
        of_jwt(disturbed.clone(), STREAM, "cpu_total < 1us"),
        ["not shown"]
    );
    assert_eq!(
        of_jwt(disturbed.clone(), STREAM, "store_commands == 0"),
        ["kept"],
        "counted all the same"
    );
    assert_eq!(
        of_jwt(disturbed, REVOCATIONS, "revocation.logout.max <= bound"),
        ["kept"; 2],
        "another scenario"
    );
    let mut interrupted = fixture::run();
    interrupted.status = Status::Interrupted;
    assert_eq!(
        of_jwt(interrupted, STREAM, "unexpected == 0"),
        ["not shown"]
    );
    // One event gave too few samples; the other is none the worse for it.
    let mut few = fixture::run();
    for trial in fixture::event(&mut few, "jwt", "logout")
        .trials
        .iter_mut()
        .skip(5)
    {
        trial.acknowledgement = Acknowledgement::Unknown;
    }
    let lag = |threshold: &str| of_jwt(few.clone(), REVOCATIONS, threshold);
    assert_eq!(lag("revocation.logout.max <= bound"), ["not shown"; 2]);
    assert_eq!(lag("revocation.account_disabled.max <= bound"), ["kept"; 2]);
}

#[test]
fn whom_a_threshold_concerns() {
    let run = asking(
        fixture::run(),
        STREAM,
        json!({"*": ["p99 < 10ms", "unexpected == 0"], "jwt": ["p99 < 0.2ms"], "jtw": ["p50 < 1ms"]}),
    );
    let results = judge(&run);
    let of = |target: &str| -> Vec<(&str, &str)> {
        let own = results.iter().filter(|result| result.target == target);
        own.map(|result| (result.threshold.as_str(), outcome(result)))
            .collect()
    };
    assert_eq!(
        of("no_auth"),
        [("p99 < 10ms", "kept"), ("unexpected == 0", "kept")]
    );
    // Its own takes the place of the one for every target.
    assert_eq!(
        of("jwt"),
        [("unexpected == 0", "kept"), ("p99 < 0.2ms", "not kept")]
    );
    assert_eq!(
        of("jtw"),
        [("p50 < 1ms", "not shown")],
        "it was no part of the run"
    );
    // The control makes no event; a negative control is there to fail.
    let mut run = asking(
        fixture::run(),
        REVOCATIONS,
        json!(["revocation.logout.max <= bound", "revocation.gone.max < 1s"]),
    );
    run.targets[1].control = Some("to fail".to_owned());
    let results = judge(&run);
    let concerned = |name: &str| {
        results
            .iter()
            .filter(|result| result.target == name)
            .count()
    };
    assert_eq!(
        (
            concerned("no_auth"),
            concerned("session"),
            concerned("opaque")
        ),
        (0, 0, 3)
    );
    let last = results.last().expect("results");
    assert_eq!(
        (last.target.as_str(), outcome(last)),
        ("*", "not shown"),
        "nobody has that event"
    );
}

#[test]
fn parts_of_a_scenario_are_one_scenario() {
    let mut run = fixture::run();
    for record in &mut run.scenarios {
        record.resolved["name"] = "ci".into();
        record.resolved["thresholds"] = json!(["p99 < 10ms", "revocation.logout.max <= bound"]);
    }
    let results = judge(&run);
    let count = |threshold: &str| {
        results
            .iter()
            .filter(|result| result.threshold == threshold)
            .count()
    };
    // Five targets in the stream; three with two points and one with three.
    assert_eq!(
        (count("p99 < 10ms"), count("revocation.logout.max <= bound")),
        (5, 9)
    );
    assert!(
        results
            .iter()
            .all(|result| result.outcome == ThresholdOutcome::Kept && result.scenario == "ci")
    );
    assert_eq!(exit_code(&Summary::of(&run)), 0);
}

#[test]
fn what_is_not_kept_or_not_shown_ends_the_run_with_exit_code_1_and_stands_in_every_report() {
    let of = |threshold: &str| asking(fixture::run(), STREAM, json!({"jwt": [threshold]}));
    let code = |run: &RunFile| exit_code(&Summary::of(run));
    assert_eq!(code(&of("p99 < 10ms")), 0);
    assert_eq!(code(&of("p99.9 < 10ms")), 1);
    assert_eq!(
        code(&of("p97 < 10ms")),
        1,
        "a run file of a program that knows more"
    );
    let run = of("cpu_total < 60us");
    let summary = Summary::of(&run);
    assert_eq!(exit_code(&summary), 1);
    let json = serde_json::to_value(&summary).expect("serializes");
    assert_eq!(
        json["thresholds"],
        json!([{
            "scenario": "steady", "target": "jwt", "threshold": "cpu_total < 60us", "outcome": "not_kept",
            "figure": 68.0, "limit": 60.0, "unit": "us", "what": "68.0 µs of CPU per request",
        }])
    );
    let sentence = "The threshold was not kept.";
    let plain = text(&run, &summary, TextOptions::default());
    assert!(
        plain.contains("✗ not kept: threshold `cpu_total < 60us` of `steady` for `jwt`: 68.0 µs"),
        "{plain}"
    );
    for report in [plain, markdown(&run, &summary), html(&run, &summary)] {
        assert!(report.contains(sentence));
        assert!(report.contains("What the scenario file asks") || report.contains("Thresholds"));
    }
    assert!(
        serde_json::to_value(Summary::of(&fixture::run()))
            .expect("serializes")
            .get("thresholds")
            .is_none()
    );
}

fn segment(verdict: Verdict, first_ms: u64, last_ms: u64) -> Segment {
    Segment {
        verdict,
        probes: 2,
        first_sent_ns: first_ms * 1_000_000,
        first_done_ns: first_ms * 1_000_000 + 200_000,
        last_sent_ns: last_ms * 1_000_000,
        last_done_ns: last_ms * 1_000_000 + 200_000,
    }
}
