//! What targets alone under load are asked besides their figures, from both sides of each threshold.

use crate::fixture::{alone, search_for_ladders, searches, steps};
use authbench_reports::run_file::{Clocks, Counters, Probe, RunFile, SearchRecord, Unmet};
use authbench_reports::validity::{Check, Validity, Verdict};

fn found(spoil: impl FnOnce(&mut RunFile)) -> Vec<(Check, Verdict)> {
    let mut run = alone();
    spoil(&mut run);
    let findings = Validity::of(&run).findings;
    let found = findings
        .iter()
        .map(|finding| (finding.check, finding.verdict));
    found.collect()
}

/// The probes of the searches.
fn searched(run: &mut RunFile) -> impl Iterator<Item = &mut Probe> {
    let searches = searches(run).iter_mut();
    searches.flat_map(|search| &mut search.probes)
}

/// Those of the ladders.
fn climbed(run: &mut RunFile) -> impl Iterator<Item = &mut Probe> {
    steps(run).iter_mut().map(|step| &mut step.probe)
}

fn which(run: &mut RunFile, held: bool) -> &mut Probe {
    let mut probes = searched(run);
    let probe = probes.find(|probe| probe.held() == held);
    probe.expect("the fixture has both")
}

#[test]
fn the_fixture_lacks_nothing() {
    assert_eq!(found(|_| ()), []);
    assert_eq!(Validity::of(&alone()).unjudged, []);
}

#[test]
fn a_processor_that_changes_its_speed_is_seen_in_searches_and_ladders() {
    let slowed = |by: f64| {
        let slow = move |probes: &mut dyn Iterator<Item = &mut Probe>| {
            for probe in probes.step_by(2) {
                probe.canary[1].median_ns = (500_000.0 * by) as u64;
            }
        };
        let of_searches = found(|run| slow(&mut searched(run)));
        assert_eq!(of_searches, found(|run| slow(&mut climbed(run))));
        of_searches
    };
    assert_eq!(slowed(1.05), []);
    assert_eq!(slowed(1.2), [(Check::Canary, Verdict::Degraded)]);
    assert_eq!(slowed(2.1), [(Check::Canary, Verdict::Invalid)]);
}

#[test]
fn a_suspended_machine_and_a_clock_that_was_set_are_seen() {
    let clocks = |stepped_ms: u64, suspended_ms: u64| {
        found(move |run| {
            which(run, true).clocks = Some(Clocks {
                realtime_stepped_ns: stepped_ms * 1_000_000,
                suspended_ns: suspended_ms * 1_000_000,
            });
        })
    };
    assert_eq!(clocks(999, 9), []);
    assert_eq!(clocks(1001, 0), [(Check::ClockSteps, Verdict::Degraded)]);
    assert_eq!(clocks(0, 11), [(Check::ClockSteps, Verdict::Invalid)]);
}

#[test]
fn connections_are_counted_where_the_rate_was_held() {
    // The control held 40,000, 41,000 and 40,400 requests in its three searches.
    let churn = |held: bool, made: u64| found(move |run| which(run, held).reconnects = Some(made));
    assert_eq!(churn(true, 1213), []);
    let found = [(Check::ConnectionChurn, Verdict::Degraded)];
    assert_eq!(churn(true, 1214), found);
    assert_eq!(churn(false, 100_000), []);
}

#[test]
fn a_part_that_was_out_of_order_degrades_a_rate_that_counts_as_held() {
    let broken = |held: bool| {
        found(move |run| {
            let outcomes = &mut which(run, held).outcomes;
            outcomes.expected -= 3;
            outcomes.unexpected_status.insert(503, 3);
        })
    };
    let infrastructure = [(Check::InfrastructureErrors, Verdict::Degraded)];
    assert_eq!(broken(true), infrastructure);
    assert_eq!(broken(false), []);
}

#[test]
fn a_store_that_loses_keys_spoils_whatever_comes_after() {
    for held in [true, false] {
        let evicted = |keys: u64| {
            found(move |run| {
                which(run, held).counters = Some(Counters {
                    store_evictions: Some(keys),
                    ..Counters::default()
                });
            })
        };
        assert_eq!(evicted(0), []);
        assert_eq!(evicted(1), [(Check::StoreEvictions, Verdict::Invalid)]);
    }
}

#[test]
fn few_credentials_are_mentioned_of_searches_and_of_ladders() {
    let credentials = |searching: u32, climbing: u32| {
        found(move |run| {
            let record = run.scenarios[0].capacity.as_mut();
            record.expect("searches").credentials_per_target = searching;
            let record = run.scenarios[1].sweep.as_mut();
            record.expect("ladders").credentials_per_target = climbing;
        })
    };
    let reuse = (Check::CredentialReuse, Verdict::Degraded);
    assert_eq!(credentials(100, 100), []);
    assert_eq!(credentials(99, 100), [reuse]);
    assert_eq!(credentials(99, 99), [reuse; 2]);
}

#[test]
fn a_rate_missed_by_wrong_answers_may_not_be_one_of_speed() {
    let refused = |unmet: &[Unmet], spoiled: fn(&mut RunFile) -> Vec<&mut Probe>| {
        found(|run| {
            for probe in spoiled(run) {
                probe.unmet = unmet.to_vec();
                probe.outcomes.unexpected_status.insert(401, 7);
            }
        })
    };
    let of_jwt: fn(&mut RunFile) -> Vec<&mut Probe> = |run| {
        let searches = searches(run).iter_mut();
        let of_jwt = searches.filter(|search| search.target == "jwt");
        let probes = of_jwt.flat_map(|search| &mut search.probes);
        probes.filter(|probe| !probe.held()).collect()
    };
    let wrong = [(Check::UnexpectedOutcomes, Verdict::Degraded)];
    assert_eq!(refused(&[Unmet::Unexpected], of_jwt), wrong);
    assert_eq!(refused(&[Unmet::P99, Unmet::Unexpected], of_jwt), []);
    assert_eq!(refused(&[Unmet::Achieved], of_jwt), []);
    let half: fn(&mut RunFile) -> Vec<&mut Probe> = |run| {
        let searches = searches(run).iter_mut();
        let of_jwt = searches.filter(|search| search.target == "jwt");
        of_jwt.map(|search| &mut search.probes[1]).collect()
    };
    assert_eq!(refused(&[Unmet::Unexpected], half), []);
    let at_the_knee: fn(&mut RunFile) -> Vec<&mut Probe> = |run| {
        let steps = steps(run).iter_mut();
        let of_jwt = steps.filter(|step| step.target == "jwt" && !step.probe.held());
        of_jwt.map(|step| &mut step.probe).collect()
    };
    assert_eq!(refused(&[Unmet::Unexpected], at_the_knee), wrong);
}

#[test]
fn the_short_searches_that_ladders_are_made_from_are_looked_at_too() {
    let spoiled = |spoil: fn(&mut SearchRecord)| {
        found(|run| {
            let searches = search_for_ladders(run);
            let of_jwt = searches.iter_mut().find(|search| search.target == "jwt");
            spoil(of_jwt.expect("is there"));
        })
    };
    assert_eq!(spoiled(|_| ()), []);
    let slow = spoiled(|search| search.probes[0].canary[1].median_ns = 1_100_000);
    assert_eq!(slow, [(Check::Canary, Verdict::Invalid)]);
    let evicted = spoiled(|search| {
        search.probes[1].counters = Some(Counters {
            store_evictions: Some(1),
            ..Counters::default()
        });
    });
    assert_eq!(evicted, [(Check::StoreEvictions, Verdict::Invalid)]);
    let suspended = spoiled(|search| {
        search.probes[2].clocks = Some(Clocks {
            suspended_ns: 11_000_000,
            ..Clocks::default()
        });
    });
    assert_eq!(suspended, [(Check::ClockSteps, Verdict::Invalid)]);
    let wrong = spoiled(|search| {
        for probe in &mut search.probes[1..] {
            probe.unmet = vec![Unmet::Unexpected];
            probe.outcomes.unexpected_status.insert(401, 7);
        }
    });
    assert_eq!(wrong, [(Check::UnexpectedOutcomes, Verdict::Degraded)]);
    let nothing = spoiled(|search| search.held_per_s = None);
    assert_eq!(nothing, [(Check::NothingHeld, Verdict::Degraded)]);
}

#[test]
fn what_older_searches_and_ladders_lack_is_said_and_nothing_is_made_of_it() {
    let mut run = alone();
    let lose = |probe: &mut Probe| {
        probe.canary.clear();
        probe.clocks = None;
        probe.reconnects = None;
        probe.counters = None;
    };
    searched(&mut run).for_each(lose);
    let unjudged = |run: &RunFile| -> Vec<(Check, String)> {
        let unjudged = Validity::of(run).unjudged.into_iter();
        unjudged.map(|one| (one.check, one.why)).collect()
    };
    let lacking = [
        (Check::Canary, "no reading was taken"),
        (Check::ClockSteps, "the clocks were not compared"),
        (Check::ConnectionChurn, "connections were not counted"),
        (Check::StoreEvictions, "no process of `jwt`, `opaque` tells"),
    ];
    let of = |scenario: &str| lacking.map(|(check, why)| (check, format!("`{scenario}`: {why}")));
    assert_eq!(unjudged(&run), of("capacity"));
    climbed(&mut run).for_each(lose);
    assert_eq!(unjudged(&run), [of("capacity"), of("sweep")].concat());
    assert_eq!(Validity::of(&run).verdict, Verdict::Valid);
}

#[test]
fn without_stolen_time_and_readings_nothing_is_known_of_the_machine() {
    let blind = |readings: bool| {
        found(move |run| {
            for probe in searched(run) {
                probe.steal_share = None;
                if !readings {
                    probe.canary.clear();
                }
            }
        })
    };
    assert_eq!(blind(true), []);
    assert_eq!(blind(false), [(Check::Canary, Verdict::Degraded)]);
    let mut run = alone();
    searched(&mut run).for_each(|probe| probe.steal_share = None);
    let unjudged = Validity::of(&run).unjudged;
    let checks: Vec<Check> = unjudged.iter().map(|one| one.check).collect();
    assert_eq!(checks, [Check::Steal]);
}
