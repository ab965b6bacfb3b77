//! Sessions of several kinds of clients: what is derived from them, shown, and checked.

use crate::fixture::{self, parts, slices};
use authbench_reports::render::{TextOptions, html, markdown, text};
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;
use authbench_reports::summary::journey::{JourneySummary, SessionSummary};
use authbench_reports::validity::{Check, Verdict};

fn of(run: &RunFile, target: &str) -> JourneySummary {
    JourneySummary::of(run, target).expect("it took part")
}

fn row(run: &RunFile, target: &str, client: &str) -> SessionSummary {
    let clients = of(run, target).clients;
    let row = clients.into_iter().find(|row| row.client == client);
    row.and_then(|row| row.sessions).expect("it had sessions")
}

fn found(run: &RunFile) -> Vec<(Check, Verdict)> {
    let findings = Summary::of(run).validity.findings;
    let found = findings
        .iter()
        .map(|finding| (finding.check, finding.verdict));
    found.collect()
}

#[test]
fn text_of_sessions() {
    let run = fixture::sessions();
    insta::assert_snapshot!(text(&run, &Summary::of(&run), TextOptions::default()));
}

#[test]
fn markdown_of_sessions() {
    let run = fixture::sessions();
    insta::assert_snapshot!(markdown(&run, &Summary::of(&run)));
}

#[test]
fn the_page_has_a_section_of_them() {
    let run = fixture::sessions();
    let page = html(&run, &Summary::of(&run));
    assert!(page.contains("<h2>Journeys</h2>"));
    assert!(page.contains("not served: it has no cookie jar"));
    assert!(page.contains("journey-title"));
    let without = fixture::run();
    assert!(!html(&without, &Summary::of(&without)).contains("Journeys"));
}

#[test]
fn cpu_of_a_client_type_is_that_of_its_own_slices_without_the_idle_share() {
    let run = fixture::sessions();
    // 3 logins of 900 µs and 12 requests of 55 µs; rounds at 100 and 101 %; 14 s at 2 ms/s of idle use among 200 sessions.
    let (work, idle) = (3.0 * 900.0 + 12.0 * 55.0, 14.0 * 2000.0 / 200.0);
    let cpu = row(&run, "jwt", "spa")
        .cpu_us_per_session
        .expect("measured");
    assert!((cpu.total - (work * 1.005 - idle)).abs() < 2.0, "{cpu:?}");
    let mut without = run;
    slices(&mut without).retain(|slice| slice.client.is_none());
    assert_eq!(row(&without, "jwt", "spa").cpu_us_per_session, None);
    assert_eq!(row(&without, "jwt", "spa").counts.sessions, 120);
    let mix = of(&without, "jwt").mix.expect("measured");
    assert_eq!(mix.cpu_us_from_types_alone, None);
}

#[test]
fn the_mix_is_held_against_the_types_alone() {
    let run = fixture::sessions();
    // The same work, alone or not: nothing is idle at `session`.
    let mix = of(&run, "session").mix.expect("measured");
    assert_eq!(mix.sessions, 320);
    let (measured, computed) = mix
        .cpu_us_per_session
        .zip(mix.cpu_us_from_types_alone)
        .expect("both");
    assert!((measured / computed - 1.0).abs() < 0.005, "{mix:?}");
}

#[test]
fn counts_are_told_per_session() {
    let mut run = fixture::sessions();
    for part in parts(&mut run, "jwt", "service") {
        part.counts.visible_refusals = part.counts.sessions / 4;
        part.counts.false_logouts = part.counts.sessions / 20;
    }
    let row = row(&run, "jwt", "service");
    assert_eq!(row.counts.sessions, 480);
    assert_eq!(row.visible_refusals_per_1000, 250.0);
    assert_eq!(row.false_logouts_per_1000, 50.0);
    assert_eq!(row.repeated_logins_per_1000, 2000.0);
    assert_eq!(row.wire_bytes_per_session.sent, 40.0 * 150.0 + 400.0);
}

#[test]
fn preflights_are_told_per_session_where_there_were_any() {
    let mut run = fixture::sessions();
    let told = |run: &RunFile| markdown(run, &Summary::of(run));
    assert_eq!(row(&run, "jwt", "spa").preflights_per_session, None);
    assert!(!told(&run).contains("their bytes"));
    for part in parts(&mut run, "jwt", "spa") {
        part.counts.preflights = 2 * part.counts.sessions;
        part.preflight_bytes_sent = 300 * part.counts.sessions;
        part.preflight_bytes_received = 400 * part.counts.sessions;
    }
    let spa = row(&run, "jwt", "spa");
    assert_eq!(spa.preflights_per_session, Some(2.0));
    let bytes = spa.preflight_bytes_per_session.expect("there were some");
    assert_eq!((bytes.sent, bytes.received), (300.0, 400.0));
    assert_eq!(row(&run, "session", "spa").preflights_per_session, None);
    assert!(told(&run).contains("their bytes"));
}

#[test]
fn who_is_not_served_has_a_reason_and_nothing_else() {
    let run = fixture::sessions();
    let clients = of(&run, "session").clients;
    let service = clients.iter().find(|row| row.client == "service");
    let service = service.expect("the row is there");
    assert!(
        service
            .not_served
            .as_ref()
            .is_some_and(|why| why.contains("no cookie jar"))
    );
    assert_eq!(service.sessions, None);
}

#[test]
fn a_clean_run_is_valid_and_every_provocation_is_found() {
    let mut run = fixture::sessions();
    assert_eq!(found(&run), []);
    slices(&mut run)[0].generator_cpu_ns = 13_000_000_000;
    assert_eq!(found(&run), [(Check::GeneratorSaturated, Verdict::Invalid)]);

    let provoked = |provoke: fn(&mut RunFile)| {
        let mut run = fixture::sessions();
        provoke(&mut run);
        found(&run)
    };
    let unexpected = provoked(|run| {
        let part = parts(run, "session", "spa").next().expect("is there");
        part.outcomes.unexpected_status.insert(401, 1);
    });
    assert_eq!(unexpected, [(Check::UnexpectedOutcomes, Verdict::Invalid)]);
    let unsent = provoked(|run| {
        parts(run, "session", "spa")
            .next()
            .expect("is there")
            .unsent = 1;
    });
    assert_eq!(unsent, [(Check::UnsentStarts, Verdict::Invalid)]);
    let abandoned = provoked(|run| {
        for part in parts(run, "session", "browser") {
            part.counts.abandoned = 20;
        }
    });
    assert_eq!(abandoned, [(Check::AchievedRate, Verdict::Invalid)]);
    let stolen = provoked(|run| slices(run)[3].steal_share = Some(0.05));
    assert_eq!(stolen, [(Check::Steal, Verdict::Degraded)]);
    let few = provoked(|run| {
        for part in parts(run, "jwt", "spa") {
            part.counts.sessions = 3;
            part.intended = 3;
        }
    });
    assert_eq!(few, [(Check::TooFewSamples, Verdict::Degraded)]);
    let late = provoked(|run| {
        for part in parts(run, "jwt", "spa") {
            (0..200).for_each(|_| part.start_lag.record(std::time::Duration::from_millis(9)));
        }
    });
    assert_eq!(late, [(Check::SendLag, Verdict::Invalid)]);
    let evicted = provoked(|run| {
        let counters = slices(run)[0].targets[1].counters.as_mut();
        counters.expect("are there").store_evictions = Some(4);
    });
    assert_eq!(evicted, [(Check::StoreEvictions, Verdict::Invalid)]);
}

#[test]
fn checks_without_figures_are_not_judged() {
    let mut run = fixture::sessions();
    assert_eq!(Summary::of(&run).validity.unjudged, []);
    for slice in slices(&mut run) {
        slice.clocks = None;
    }
    let unjudged = Summary::of(&run).validity.unjudged;
    let checks: Vec<Check> = unjudged.iter().map(|one| one.check).collect();
    assert_eq!(checks, [Check::ClockSteps]);
}
