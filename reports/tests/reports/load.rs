//! Cost and latency of the steady stream, as derived from a run.

use crate::fixture::{self, ROUNDS};
use authbench_reports::network_cost::Withheld;
use authbench_reports::summary::{Summary, TargetSummary};
use serde_json::json;

pub(crate) fn target<'a>(summary: &'a Summary, name: &str) -> &'a TargetSummary {
    summary
        .targets
        .iter()
        .find(|target| target.name == name)
        .expect("the target is summarized")
}

#[test]
fn cpu_is_what_the_processes_used_beyond_idling() {
    let summary = Summary::of(&fixture::run());
    let load = target(&summary, "opaque").load.as_ref().expect("a stream");
    let cpu = load.cpu_us_per_request.expect("processes");
    assert_eq!(
        (cpu.resource_server, cpu.authorization_server, cpu.store),
        (Some(71.0), Some(63.0), Some(9.9))
    );
    assert_eq!((cpu.other, cpu.total), (None, 143.9));
    assert_eq!(load.idle_cpu_us_per_request, Some(4.0));
    let rounds = load.rounds.cpu_us.expect("rounds");
    assert_eq!(load.rounds.n, ROUNDS as u64);
    assert!(rounds.min < cpu.total && cpu.total < rounds.max);
}

#[test]
fn counters_and_bytes_are_per_request_and_round_trips_include_introspection() {
    let summary = Summary::of(&fixture::run());
    let load = target(&summary, "opaque").load.as_ref().expect("a stream");
    assert_eq!(load.store_commands_per_request, Some(1.0));
    assert_eq!(load.introspections_per_request, Some(1.0));
    assert_eq!(load.round_trips_per_request, Some(2.0));
    assert_eq!(load.wire_bytes_per_request.sent, 148.0);
    let p50 = load.response_ms.p50.expect("enough samples");
    let computed = load.computed_network_cost[1].p50_ms.expect("computed");
    assert!((computed - (p50 + 2.0)).abs() < 0.001, "{computed}");
}

#[test]
fn renewals_are_amortised_over_what_a_caller_asks_in_one_lifetime() {
    let summary = Summary::of(&fixture::run());
    let amortised = |name: &str| target(&summary, name).load.as_ref()?.amortised;
    // 400 requests/s by 2,000 callers: 60 in 300 s, so a sixtieth of 800 µs each.
    let hybrid = amortised("hybrid").expect("renewals were measured");
    assert_eq!(
        (hybrid.renewals_per_request, hybrid.cpu_us_per_request),
        (0.016_67, 13.33)
    );
    assert_eq!(amortised("jwt"), None);
}

#[test]
fn memory_is_that_at_the_end_of_the_last_round() {
    let mut run = fixture::run();
    let rounds = &mut fixture::stream(&mut run).rounds;
    let last = rounds.last_mut().expect("rounds");
    let processes = &mut last.targets[3].processes;
    let second = processes[0].clone();
    processes.push(second);
    processes.iter_mut().for_each(|one| one.rss_bytes = 5 << 20);
    let summary = Summary::of(&run);
    let load = target(&summary, "opaque").load.as_ref().expect("a stream");
    let rss = load.rss_bytes.expect("processes");
    assert_eq!(
        (rss.resource_server, rss.store, rss.other, rss.total),
        (Some(10 << 20), Some(5 << 20), None, 20 << 20)
    );
}

#[test]
fn round_trips_of_renewals_are_not_multiplied_by_a_network() {
    let mut run = fixture::run();
    for (round, trips) in fixture::stream(&mut run).rounds.iter_mut().zip(300..) {
        let counters = round.targets[4].counters.as_mut().expect("counters");
        counters.store_round_trips = trips;
    }
    let summary = Summary::of(&run);
    let load = |name: &str| target(&summary, name).load.clone().expect("a stream");
    let hybrid = load("hybrid");
    assert_eq!(hybrid.computed_network_cost.len(), 0);
    assert_eq!(hybrid.network_cost_withheld, Some(Withheld::Renewals));
    assert!(!hybrid.rounds.work_repeats);
    let opaque = load("opaque");
    assert_eq!(opaque.computed_network_cost.len(), 3);
    assert!(opaque.rounds.work_repeats);
}

#[test]
fn what_was_not_measured_is_an_absent_key() {
    let mut run = fixture::run();
    for round in &mut fixture::stream(&mut run).rounds {
        for part in &mut round.targets {
            part.counters = None;
            part.processes.clear();
        }
    }
    let json = serde_json::to_value(Summary::of(&run)).expect("serializes");
    let control = &json["targets"][0];
    for key in [
        "revocation",
        "amortised",
        "cpu_us_per_request",
        "store_commands_per_request",
        "round_trips_per_request",
        "computed_network_cost",
        "network_cost_withheld",
        "rss_bytes",
        "store",
    ] {
        assert_eq!(control.get(key), None, "{key}");
    }
    assert_eq!(control["requests"], json!(12_000));
}
