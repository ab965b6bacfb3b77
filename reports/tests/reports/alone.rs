//! Capacity and curves: what is derived from searches and ladders, and what is said of it.

use crate::fixture::{alone, searches, steps};
use authbench_reports::histogram::Histogram;
use authbench_reports::render::sentences::sentences;
use authbench_reports::render::{TextOptions, html, markdown, text};
use authbench_reports::run_file::{RunFile, SearchEnd, SearchRecord};
use authbench_reports::summary::capacity::{CapacitySummary, LimitedBy};
use authbench_reports::summary::sweep::SweepSummary;
use authbench_reports::summary::{Summary, TargetSummary};
use authbench_reports::validity::{Check, Verdict};
use std::time::Duration;

/// The checks that tests of this file provoke, and that only targets loaded alone can provoke.
pub(crate) const PROVOKED: [Check; 4] = [
    Check::OthersBusy,
    Check::NothingHeld,
    Check::NothingGaveOut,
    Check::RoundsDisagree,
];

fn target(run: &RunFile, name: &str) -> TargetSummary {
    let summary = Summary::of(run);
    let mut targets = summary.targets.into_iter();
    targets.find(|target| target.name == name).expect(name)
}

fn capacity(run: &RunFile, name: &str) -> CapacitySummary {
    target(run, name).capacity.expect("was searched")
}

fn curve(run: &RunFile, name: &str) -> SweepSummary {
    target(run, name).sweep.expect("climbed a ladder")
}

fn checks(run: &RunFile) -> Vec<(Check, Verdict)> {
    let findings = Summary::of(run).validity.findings;
    let found = findings
        .iter()
        .map(|finding| (finding.check, finding.verdict));
    found.collect()
}

#[test]
fn the_capacity_is_the_median_round_and_the_fullest_processor_is_named() {
    let run = alone();
    let jwt = target(&run, "jwt");
    assert_eq!(jwt.capacity_per_s, Some(20_100.0));
    let found = jwt.capacity.expect("was searched");
    assert_eq!((found.repeats, found.at_least), (3, false));
    assert_eq!(found.limited_by, Some(LimitedBy::ResourceServer));
    let [from, to] = found.interval_95.expect("three rounds");
    assert!(
        from < 19_700.0 && 20_300.0 * 1.02 < to && to / from < 1.11,
        "{from} to {to}"
    );
    assert!(
        found
            .response_ms
            .and_then(|ms| ms.p99)
            .is_some_and(|p99| p99 < 10.0)
    );
    assert_eq!(checks(&run), []);
}

#[test]
fn where_the_processes_share_a_processor_their_sum_counts_and_the_busiest_is_named() {
    let found = capacity(&alone(), "opaque");
    assert_eq!(found.limited_by, Some(LimitedBy::AuthorizationServer));
    let used = found.processors.expect("missed rates");
    assert!(used.processes.values().all(|cores| *cores < 0.9) && used.target > 0.9);
}

#[test]
fn a_target_with_processors_to_spare_was_limited_by_none() {
    let mut run = alone();
    run.manifest.target_cpus = vec![1, 2, 3];
    assert_eq!(capacity(&run, "opaque").limited_by, None);
    // Its search and its ladder.
    let found = [(Check::NothingGaveOut, Verdict::Degraded); 2];
    assert_eq!(checks(&run), found);
    assert_eq!(
        capacity(&run, "jwt").limited_by,
        Some(LimitedBy::ResourceServer)
    );
}

#[test]
fn a_knee_is_held_against_the_processors_that_the_target_had() {
    // Three processes, all but one at a fixed share of a processor.
    let at_the_knee = |processors: Vec<usize>, fullest: u64| {
        let mut run = alone();
        run.manifest.target_cpus = processors;
        run.scenarios.remove(0);
        let climbed = run.scenarios[0].sweep.as_mut().expect("the ladders");
        climbed.steps.retain(|step| step.target == "opaque");
        for step in &mut climbed.steps {
            let wall_ns = (step.probe.wall_s * 1e9) as u64;
            for (process, percent) in step.probe.processes.iter_mut().zip([fullest, 60, 20]) {
                process.cpu_ns = wall_ns * percent / 100;
            }
        }
        checks(&run)
    };
    let found = [(Check::NothingGaveOut, Verdict::Degraded)];
    assert_eq!(at_the_knee(vec![1], 60), []);
    assert_eq!(at_the_knee(vec![1, 2], 60), found);
    assert_eq!(at_the_knee(vec![1, 2, 3], 89), found);
    assert_eq!(at_the_knee(vec![1, 2, 3], 91), []);
    // Not pinned: the machine of the fixture has two.
    assert_eq!(at_the_knee(vec![], 60), found);
}

#[test]
fn what_the_generator_limits_is_a_lower_bound_and_no_capacity() {
    let mut run = alone();
    // The rounds found 20,100, 19,700 and 20,300: a bound above the median leaves it as it is.
    let rounds = [(3, 20_300.0, false), (1, 20_100.0, true)];
    for (round, held, at_least) in rounds {
        let search = searches(&mut run)
            .iter_mut()
            .find(|search| search.target == "jwt" && search.round == round)
            .expect("the round");
        assert_eq!(search.held_per_s, Some(held));
        for probe in &mut search.probes {
            probe.figures.generator_cores = 0.95;
        }
        let jwt = target(&run, "jwt");
        assert_eq!(jwt.capacity_per_s.is_none(), at_least);
        let found = jwt.capacity.expect("was searched");
        assert_eq!((found.per_s, found.at_least), (Some(20_100.0), at_least));
        assert_eq!(found.interval_95, None);
    }
    assert_eq!(capacity(&run, "jwt").limited_by, Some(LimitedBy::Generator));
    assert_eq!(
        checks(&run),
        [(Check::GeneratorSaturated, Verdict::Degraded)]
    );
    let page = text(&run, &Summary::of(&run), TextOptions::default());
    assert!(
        page.contains("≥ 20,100") && page.contains("`jwt` ≥ 20,100, `opaque`"),
        "{page}"
    );
}

#[test]
fn a_generator_that_sends_late_gives_out_first_too() {
    let mut run = alone();
    for search in searches(&mut run) {
        for probe in &mut search.probes {
            probe.figures.send_lag_p99_ms = Some(8.0);
            probe.figures.p99_ms = Some(20.0);
        }
    }
    assert!(capacity(&run, "opaque").at_least);
    for search in searches(&mut run) {
        for probe in &mut search.probes {
            probe.figures.p99_ms = Some(40.0);
        }
    }
    assert!(!capacity(&run, "opaque").at_least);
}

#[test]
fn late_sends_show_at_rates_too_low_for_a_p99() {
    let sent_late = |response_ms| {
        let mut run = alone();
        for search in searches(&mut run) {
            for probe in &mut search.probes {
                probe.figures.send_lag_p99_ms = None;
                probe.send_lag = three_hundred(Duration::from_millis(8));
                probe.response = three_hundred(Duration::from_millis(response_ms));
            }
        }
        capacity(&run, "opaque").at_least
    };
    assert!(sent_late(20));
    assert!(!sent_late(40));
}

/// Enough samples for a p90, too few for a p99.
fn three_hundred(each: Duration) -> Histogram {
    let mut histogram = Histogram::default();
    (0..300).for_each(|_| histogram.record(each));
    assert!(histogram.quantile_ms(0.9).is_some() && histogram.quantile_ms(0.99).is_none());
    histogram
}

#[test]
fn a_rate_that_may_not_be_exceeded_is_a_lower_bound() {
    let mut run = alone();
    for search in searches(&mut run) {
        search.end = SearchEnd::Ceiling;
        search.missed_per_s = None;
        search.probes.truncate(1);
    }
    let found = capacity(&run, "jwt");
    assert!(found.at_least && found.processors.is_none());
    assert_eq!(found.limited_by, Some(LimitedBy::HighestRateAllowed));
    assert_eq!(checks(&run), []);
}

#[test]
fn a_target_that_holds_nothing_has_no_capacity() {
    let mut run = alone();
    let hold_nothing = |run: &mut RunFile, which: &dyn Fn(&str) -> bool| {
        for search in searches(run)
            .iter_mut()
            .filter(|search| which(&search.target))
        {
            search.end = SearchEnd::NothingHeld;
            search.held_per_s = None;
        }
    };
    hold_nothing(&mut run, &|target| target == "jwt");
    let found = capacity(&run, "jwt");
    assert_eq!((found.per_s, found.spread, found.repeats), (None, None, 3));
    assert_eq!(checks(&run), [(Check::NothingHeld, Verdict::Degraded)]);
    let page = text(&run, &Summary::of(&run), TextOptions::default());
    assert!(page.contains("none held"), "{page}");
    let said = "`jwt` held no rate within its objective (not met: response time)";
    assert_eq!(Summary::of(&run).validity.findings[0].what, said);
    hold_nothing(&mut run, &|_| true);
    assert_eq!(checks(&run), [(Check::NothingHeld, Verdict::Invalid)]);
}

#[test]
fn a_target_whose_median_round_held_nothing_has_no_capacity_either() {
    let mut run = alone();
    let holds_nothing_in = |run: &mut RunFile, round: u32| {
        let mut all = searches(run).iter_mut();
        let search = all.find(|search| search.target == "jwt" && search.round == round);
        let search = search.expect("the round");
        search.end = SearchEnd::NothingHeld;
        search.held_per_s = None;
    };
    holds_nothing_in(&mut run, 1);
    assert_eq!(checks(&run), []);
    holds_nothing_in(&mut run, 2);
    assert_eq!(checks(&run), [(Check::NothingHeld, Verdict::Degraded)]);
}

#[test]
fn an_interrupted_search_is_no_round() {
    let mut run = alone();
    searches(&mut run).retain(|search| search.round < 3);
    searches(&mut run)
        .iter_mut()
        .filter(|search| search.round == 2)
        .for_each(|search| search.end = SearchEnd::Interrupted);
    let found = capacity(&run, "jwt");
    assert_eq!((found.repeats, found.interval_95), (1, None));
    assert_eq!(checks(&run), [(Check::TooFewSamples, Verdict::Degraded); 3]);
    searches(&mut run).clear();
    assert_eq!(target(&run, "jwt").capacity, None);
    assert_eq!(checks(&run), []);
}

#[test]
fn one_round_of_a_ladder_is_mentioned() {
    let mut run = alone();
    steps(&mut run).retain(|step| step.round == 1);
    assert_eq!(checks(&run), [(Check::TooFewSamples, Verdict::Degraded); 3]);
}

#[test]
fn rounds_that_disagree_are_mentioned() {
    let mut run = alone();
    searches(&mut run)[1].held_per_s = Some(18_000.0);
    assert_eq!(checks(&run), [(Check::RoundsDisagree, Verdict::Degraded)]);
    searches(&mut run)[1].held_per_s = Some(19_000.0);
    assert_eq!(checks(&run), []);
}

#[test]
fn stolen_time_and_busy_neighbours_are_mentioned() {
    for (share, verdict) in [(0.02, Verdict::Degraded), (0.2, Verdict::Invalid)] {
        let mut run = alone();
        for search in searches(&mut run) {
            search
                .probes
                .iter_mut()
                .for_each(|probe| probe.steal_share = Some(share));
        }
        assert_eq!(checks(&run), [(Check::Steal, verdict)]);
    }
    let mut run = alone();
    for step in steps(&mut run) {
        step.probe.others_cpu_ns = 100_000_000;
    }
    assert_eq!(checks(&run), [(Check::OthersBusy, Verdict::Degraded)]);
}

#[test]
fn the_knee_is_the_last_rate_before_one_that_is_not_held() {
    let mut run = alone();
    let jwt = curve(&run, "jwt");
    assert_eq!(jwt.steps.len(), 6);
    assert_eq!(
        (jwt.knee_per_s, jwt.knee_at_least),
        (Some(20_100.0 * 0.9), false)
    );
    let knee = jwt.knee().expect("a knee");
    assert_eq!((knee.rounds, knee.held, knee.requests), (2, 2, 36_180));
    // 48 µs, and 2 ms a second of idle use over 18,090 requests.
    assert_eq!(knee.cpu_us_per_request, Some(47.89));

    // One bad round of two is a hiccup; two are the end of the way up, whatever comes after.
    let spoil = |run: &mut RunFile, round| {
        let step = steps(run)
            .iter_mut()
            .find(|step| {
                step.target == "jwt" && step.round == round && step.probe.rate_per_s == 10_050.0
            })
            .expect("the step");
        step.probe.unmet = vec![authbench_reports::run_file::Unmet::P99];
    };
    spoil(&mut run, 1);
    assert_eq!(curve(&run, "jwt").knee_per_s, Some(18_090.0));
    assert_eq!(checks(&run), []);
    spoil(&mut run, 2);
    assert_eq!(curve(&run, "jwt").knee_per_s, Some(20_100.0 * 0.3));
    // Held above it, and with half of a processor to spare: that was not the rate.
    let found = [Check::RoundsDisagree, Check::NothingGaveOut];
    assert_eq!(checks(&run), found.map(|check| (check, Verdict::Degraded)));
}

#[test]
fn a_ladder_that_was_held_to_its_end_has_its_knee_there_or_above() {
    let mut run = alone();
    steps(&mut run).retain(|step| step.probe.held());
    assert!(curve(&run, "jwt").knee_at_least);
    let none: fn(&mut RunFile) = |run| {
        for step in steps(run) {
            step.probe.unmet = vec![authbench_reports::run_file::Unmet::P99];
        }
    };
    none(&mut run);
    assert_eq!(
        (
            curve(&run, "jwt").knee_per_s,
            curve(&run, "jwt").knee_at_least
        ),
        (None, false)
    );
}

#[test]
fn where_the_generator_gives_out_the_knee_is_a_lower_bound() {
    let mut run = alone();
    for step in steps(&mut run)
        .iter_mut()
        .filter(|step| step.target == "jwt")
    {
        step.probe.figures.generator_cores = 0.95;
    }
    let jwt = curve(&run, "jwt");
    assert_eq!((jwt.knee_per_s, jwt.knee_at_least), (Some(18_090.0), true));
    assert_eq!(
        checks(&run),
        [(Check::GeneratorSaturated, Verdict::Degraded)]
    );
    let page = text(&run, &Summary::of(&run), TextOptions::default());
    assert!(page.contains("18,090/s or above"), "{page}");
}

#[test]
fn text_of_targets_alone() {
    let run = alone();
    insta::assert_snapshot!(text(&run, &Summary::of(&run), TextOptions::default()));
}

#[test]
fn markdown_of_targets_alone() {
    let run = alone();
    insta::assert_snapshot!(markdown(&run, &Summary::of(&run)));
}

#[test]
fn the_page_draws_them_and_says_the_objective_once() {
    let run = alone();
    let page = html(&run, &Summary::of(&run));
    for drawing in ["capacity-title", "latency-curves-title", "cpu-curves-title"] {
        assert_eq!(
            page.matches(&format!("<title id=\"{drawing}\"")).count(),
            1,
            "{drawing}"
        );
    }
    assert_eq!(page.matches("<svg ").count(), 3);
    assert!(page.contains("objective: p99 ≤ 10 ms"));
}

#[test]
fn an_objective_of_its_own_stands_beside_the_target() {
    let mut run = alone();
    let record = run.scenarios[0].capacity.as_mut().expect("searches");
    record.slo.get_mut("jwt").expect("has one").p99_ms = 50.0;
    let page = text(&run, &Summary::of(&run), TextOptions::default());
    assert!(
        page.contains("p99 ≤ 50 ms, unexpected ≤ 0 %, achieved ≥ 99 %"),
        "{page}"
    );
    assert!(page.contains("objective"));
}

#[test]
fn what_the_intervals_do_not_tell_apart_is_not_ranked() {
    let mut run = alone();
    let said = |run: &RunFile| sentences(&Summary::of(run)).join("\n");
    assert!(!said(&run).contains("told apart"));
    for search in searches(&mut run)
        .iter_mut()
        .filter(|search| search.target == "opaque")
    {
        found(search, [19_000.0, 20_000.0, 20_500.0]);
    }
    assert!(said(&run).contains("requests/s; not told apart: `jwt` and `opaque`."));
}

/// The one next to `no_auth` is told apart from it, but the interval of the last reaches over both.
#[test]
fn a_wide_interval_is_not_told_apart_from_anything_that_it_reaches_over() {
    let mut run = alone();
    for search in searches(&mut run)
        .iter_mut()
        .filter(|search| search.target == "opaque")
    {
        found(search, [5_000.0, 12_000.0, 30_000.0]);
    }
    let [_, to] = capacity(&run, "opaque").interval_95.expect("three rounds");
    assert!(
        capacity(&run, "no_auth")
            .per_s
            .is_some_and(|per_s| per_s < to)
    );
    let said = sentences(&Summary::of(&run)).join("\n");
    assert!(
        said.contains("requests/s; not told apart: `no_auth`, `jwt` and `opaque`."),
        "{said}"
    );
}

#[test]
fn targets_with_different_objectives_are_not_ranked_against_each_other() {
    let mut run = alone();
    let records = run.scenarios.iter_mut();
    let record = records
        .filter_map(|scenario| scenario.capacity.as_mut())
        .next()
        .expect("a capacity scenario");
    record.slo.get_mut("jwt").expect("has one").p99_ms = 50.0;
    let said = sentences(&Summary::of(&run)).join("\n");
    assert!(
        said.contains("within p99 ≤ 10 ms, unexpected ≤ 0 %, achieved ≥ 99 %: `no_auth` 40,400, `opaque` 9,050 requests/s. Alone under load, within p99 ≤ 50 ms, unexpected ≤ 0 %, achieved ≥ 99 %: `jwt` 20,100 requests/s."),
        "{said}"
    );
}

fn found(search: &mut SearchRecord, by_round: [f64; 3]) {
    let held = by_round[search.round as usize - 1];
    (search.held_per_s, search.missed_per_s) = (Some(held), Some(held * 1.02));
}
