//! Kinds that load one target at a time.

use super::*;

/// The kind that is to be tested, its tables before the profiles, `rounds` and `slice` in them.
fn solo(kind: &str, tables: &str) -> String {
    STEADY
        .replace("\"steady\"", &format!("{kind:?}"))
        .replace("rate_per_s = 100\n", "")
        .replace("round = ", "slice = ")
        .replace("[profile.quick]", &format!("{SLO}{tables}[profile.quick]"))
}

const SLO: &str =
    "[slo]\np99 = \"10ms\"\nunexpected = 0\nachieved = 0.99\n[slo.jwt]\np99 = \"50ms\"\n";
const CAPACITY: &str = "[capacity]\nstart_per_s = 500\nresolution = 0.05\n";
const SWEEP: &str = "[sweep]\nrates = [100, 200]\n";

#[test]
fn every_target_has_an_objective_and_may_have_its_own() {
    let scenario = read(&solo("capacity", CAPACITY)).expect("a scenario");
    let Plan::Capacity(plan) = scenario.plan(Profile::Standard) else {
        panic!("searches")
    };
    assert_eq!(
        (plan.rounds, plan.slice, plan.start_per_s, plan.resolution),
        (3, Duration::from_secs(2), 500, 0.05)
    );
    assert_eq!(scenario.load.rate_per_s, 500);
    assert_eq!(plan.slos.of("no_auth").p99_ms, 10.0);
    let own = plan.slos.of("jwt");
    assert_eq!((own.p99_ms, own.achieved), (50.0, 0.99));
}

#[test]
fn a_ladder_is_of_rates_or_of_fractions() {
    let ladder = |tables: &str| match read(&solo("sweep", tables))
        .expect("a scenario")
        .plan(Profile::Quick)
    {
        Plan::Sweep(plan) => plan.ladder.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ladder(SWEEP), Ladder::Rates(vec![100.0, 200.0]));
    assert_eq!(
        ladder("[sweep]\nstart_per_s = 300\nfractions = [0.5, 1]\n"),
        Ladder::Fractions {
            start_per_s: 300,
            of: vec![0.5, 1.0]
        }
    );
}

#[test]
fn mistakes_in_capacity_scenarios() {
    let cases = [
        ("[slo]\np99 = \"10ms\"", "[slo]", "11: slo.p99: is missing"),
        (
            "\"10ms\"",
            "\"10\"",
            "12: slo.p99: is not a duration above zero (allowed: a whole number and a unit: ms, s, m, h or d, such as 150ms or 2s)",
        ),
        (
            "\"10ms\"",
            "10",
            "12: slo.p99: is not a duration above zero (allowed: a whole number and a unit: ms, s, m, h or d, such as 150ms or 2s)",
        ),
        (
            "unexpected = 0",
            "unexpected = 1",
            "13: slo.unexpected: is not such a share (allowed: 0 to less than 1)",
        ),
        (
            "achieved = 0.99",
            "achieved = 99",
            "14: slo.achieved: is not such a share (allowed: more than 0, up to 1)",
        ),
        (
            "achieved = 0.99",
            "achieved = true",
            "14: slo.achieved: is a boolean (allowed: a duration, a share, or a table of a target)",
        ),
        (
            "achieved = 0.99",
            "achieved = 0.99\np90 = \"1ms\"",
            "15: slo.p90: is no limit (allowed: p99, unexpected, achieved, or a table of a target)",
        ),
        (
            "[slo.jwt]",
            "[slo.jtw]",
            "15: slo.jtw: no target of this scenario has this name (allowed: jwt, no_auth)",
        ),
        (
            "\"50ms\"",
            "\"0ms\"",
            "16: slo.jwt.p99: is not a duration above zero (allowed: a whole number and a unit: ms, s, m, h or d, such as 150ms or 2s)",
        ),
        (
            "\"50ms\"",
            "\"101ms\"",
            "22: profile.quick.slice: is too short to tell an overload from a latency that the objective allows (allowed: 10 times the longest slo.p99: 1010ms or more)",
        ),
        (
            "resolution = 0.05",
            "resolution = 5",
            "19: capacity.resolution: 5 is out of range (allowed: 0.005 to 0.5)",
        ),
        (
            "start_per_s = 500",
            "start_per_s = 0",
            "18: capacity.start_per_s: 0 is out of range (allowed: 1 to 1000000)",
        ),
        (
            "start_per_s = 500",
            "start = 500",
            "18: capacity.start: unknown field `start` (allowed: `start_per_s` or `resolution`)",
        ),
        (
            "[load]",
            "[load]\nrate_per_s = 9",
            "9: load.rate_per_s: does not belong to this kind of scenario",
        ),
        (
            "slice = \"1s\"",
            "round = \"1s\"",
            "22: profile.quick.round: does not belong to this kind of scenario",
        ),
        (
            "slice = \"1s\"\n",
            "",
            "20: profile.quick.slice: is missing",
        ),
        (
            "\"capacity\"",
            "\"steady\"",
            "11: slo: does not belong to kind \"steady\"",
        ),
        (
            "\"capacity\"",
            "\"sweep\"",
            "17: capacity: does not belong to kind \"sweep\"",
        ),
        (
            CAPACITY,
            "",
            "3: capacity: is missing (allowed: a table [capacity])",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(
            message(&solo("capacity", CAPACITY), from, to),
            format!("demo.toml:{expected}"),
            "{from:?} → {to:?}"
        );
    }
    let without = solo("capacity", CAPACITY).replace(SLO, "");
    assert_eq!(
        message(&without, "demo", "demo"),
        "demo.toml:3: slo: is missing (allowed: a table [slo])"
    );
    assert_eq!(
        message(STEADY, "rate_per_s = 100\n", ""),
        "demo.toml:8: load.rate_per_s: is missing"
    );
}

#[test]
fn an_objective_is_of_a_target_even_where_only_its_file_knows_its_name() {
    let jwt = concat!(env!("CARGO_MANIFEST_DIR"), "/targets/jwt.toml");
    let by_path = solo("capacity", CAPACITY)
        .replace("targets = [\"jwt\", ", &format!("targets = [{jwt:?}, "));
    let scenario = read(&by_path).expect("a scenario");
    let names: Vec<String> = scenario
        .load_targets()
        .expect("[slo.jwt] is of the file's target")
        .iter()
        .map(|target| target.about.name.clone())
        .collect();
    assert_eq!(names, ["jwt", "no_auth"]);
    assert_eq!(
        message(&by_path, "[slo.jwt]", "[slo.jtw]"),
        "demo.toml:15: slo.jtw: no target of this scenario has this name (allowed: jwt, no_auth)"
    );
}

#[test]
fn mistakes_in_sweeps() {
    let cases = [
        (
            "[100, 200]",
            "[200, 100]",
            "18: sweep.rates: is not above the one before (allowed: rising steps)",
        ),
        (
            "[100, 200]",
            "[100]",
            "18: sweep.rates: is no ladder (allowed: two steps or more)",
        ),
        (
            "[100, 200]",
            "[0, 100]",
            "18: sweep.rates: 0 is out of range (allowed: 1 to 1000000)",
        ),
        (
            "rates = [100, 200]",
            "",
            "17: sweep: needs either rates or fractions (allowed: one of the two)",
        ),
        (
            "rates = [100, 200]",
            "fractions = [0.1, 1.0]",
            "17: sweep.start_per_s: is missing (allowed: where to begin looking)",
        ),
        (
            "rates = [100, 200]",
            "start_per_s = 1\nfractions = [0.1, 10]",
            "19: sweep.fractions: 10 is out of range (allowed: 0.01 to 2)",
        ),
        (
            "rates = [100, 200]",
            "start_per_s = 1\nrates = [100, 200]",
            "18: sweep.start_per_s: does not belong to rates: there is nothing to look for",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(
            message(&solo("sweep", SWEEP), from, to),
            format!("demo.toml:{expected}"),
            "{from:?} → {to:?}"
        );
    }
}
