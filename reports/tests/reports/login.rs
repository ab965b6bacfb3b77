//! Login storms: what is derived from them, shown, and checked.

use crate::fixture::{self, storm_slices};
use authbench_reports::render::{TextOptions, html, text};
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;
use authbench_reports::summary::login::LoginSummary;
use authbench_reports::validity::{Check, Verdict};

fn of(run: &RunFile, target: &str) -> LoginSummary {
    LoginSummary::of(run, target).expect("it took part")
}

fn found(run: &RunFile) -> Vec<(Check, Verdict)> {
    let findings = Summary::of(run).validity.findings;
    let found = findings
        .iter()
        .map(|finding| (finding.check, finding.verdict));
    found.collect()
}

#[test]
fn text_of_login_storms() {
    let run = fixture::storms();
    insta::assert_snapshot!(text(&run, &Summary::of(&run), TextOptions::default()));
}

#[test]
fn the_page_has_a_section_of_them() {
    let run = fixture::storms();
    let page = html(&run, &Summary::of(&run));
    assert!(page.contains("<h2>Login storm</h2>") && page.contains("CPU per login"));
}

#[test]
fn who_is_turned_away_is_told_apart_from_who_fails_and_who_waits() {
    let mut run = fixture::storms();
    let point = of(&run, "jwt").rates[1].clone();
    assert_eq!((point.succeeded, point.turned_away), (600, 400));
    assert_eq!((point.told_when, point.failed), (400, 0));
    assert!((point.achieved_per_s - 60.0).abs() < 0.1);
    let waits = of(&run, "session").rates[1].clone();
    assert_eq!((waits.succeeded, waits.turned_away), (1000, 0));
    assert!(waits.response_ms.p50 > Some(900.0) && waits.service_ms.p50 < Some(20.0));

    let slices = storm_slices(&mut run).iter_mut();
    let storms = slices.filter(|slice| slice.others.target == "jwt");
    let mut logins = storms.filter_map(|slice| slice.logins.as_mut());
    let fierce = logins.find(|logins| logins.asked_per_s == 100.0);
    let outcomes = &mut fierce.expect("is there").outcomes;
    outcomes.timed_out = 3;
    outcomes.unexpected_status.insert(429, 2);
    let point = of(&run, "jwt").rates[1].clone();
    assert_eq!((point.turned_away, point.failed), (402, 3));
}

#[test]
fn cpu_of_a_login_is_what_goes_beyond_the_quiet_slices() {
    let run = fixture::storms();
    let cpu = of(&run, "session").rates[0]
        .cpu_us_per_login
        .expect("measured");
    assert_eq!(cpu.authorization_server, Some(15_000.0));
    assert_eq!((cpu.resource_server, cpu.total), (Some(0.0), 15_000.0));
    let mut without = run;
    storm_slices(&mut without).retain(|slice| slice.logins.is_some());
    assert_eq!(of(&without, "session").rates[0].cpu_us_per_login, None);
}

#[test]
fn the_other_routes_are_held_against_the_quiet_slices() {
    let login = of(&fixture::storms(), "session");
    assert_eq!(login.quiet.requests, 6000);
    // 200 µs against five times that.
    let ratio = login.rates[1].others_p99_ratio.expect("enough requests");
    assert!((ratio - 5.0).abs() < 0.05, "{ratio}");
}

#[test]
fn an_overload_is_a_result_and_a_quiet_slice_is_held_to_what_a_stream_is() {
    let mut run = fixture::storms();
    assert_eq!(found(&run), []);
    for slice in storm_slices(&mut run) {
        if let Some(logins) = &mut slice.logins {
            logins.unsent = 5;
            logins.outcomes.timed_out = 9;
            slice.others.outcomes.timed_out = 2;
        }
    }
    assert_eq!(found(&run), []);
    let quiet = |run: &mut RunFile, status| {
        let mut slices = storm_slices(run).iter_mut();
        let quiet = slices.find(|slice| slice.logins.is_none());
        let outcomes = &mut quiet.expect("is there").others.outcomes;
        outcomes.unexpected_status.insert(status, 1);
    };
    quiet(&mut run, 401);
    assert_eq!(found(&run), [(Check::UnexpectedOutcomes, Verdict::Invalid)]);
    let mut run = fixture::storms();
    quiet(&mut run, 503);
    assert_eq!(
        found(&run),
        [(Check::InfrastructureErrors, Verdict::Invalid)]
    );
    let mut run = fixture::storms();
    storm_slices(&mut run)[2].generator_cpu_ns = 5_000_000_000;
    assert_eq!(found(&run), [(Check::GeneratorSaturated, Verdict::Invalid)]);
}
