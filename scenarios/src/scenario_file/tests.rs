//! Whole scenario files, and for every mistake the exact message.

use super::*;

const STEADY: &str = r#"schema = "authbench.scenario/1"
name = "demo"
kind = "steady"
question = "How fast?"
targets = ["jwt", "no_auth"]
[vars]
access_ttl = "60s"
[load]
rate_per_s = 100
connections_per_target = 2
credentials_per_target = 10
[profile.quick]
rounds = 2
round = "1s"
warm_up = "0s"
[profile.standard]
rounds = 3
round = "2s"
warm_up = "1s"
[profile.full]
rounds = 4
round = "3s"
warm_up = "2s"
"#;

fn revocation() -> String {
    let steady = STEADY.replace("\"steady\"", "\"revocation\"").replace("[profile.quick]", "[revocation]\nevents = [\"logout\"]\nprobe_every = \"5ms\"\ntail = \"0s\"\nslots_per_target = 4\n[profile.quick]");
    let without_rounds = steady.lines().filter(|line| !line.starts_with("round = "));
    without_rounds
        .map(|line| format!("{}\n", line.replace("rounds = ", "revocations = ")))
        .collect()
}

fn read(text: &str) -> Result<Scenario, String> {
    check::check(Source {
        name: "demo.toml".into(),
        text: text.into(),
    })
    .map_err(|error| error.to_string())
}

fn message(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from:?} must stand in the file");
    let text = text.replacen(from, to, 1);
    let scenario = match read(&text) {
        Ok(scenario) => scenario,
        Err(message) => return message,
    };
    scenario.load_targets().expect_err(to).to_string()
}

#[test]
fn the_built_in_scenarios_load_with_their_targets() {
    assert!(
        DEFAULT
            .iter()
            .all(|name| names().any(|other| other == *name))
    );
    for name in names() {
        let scenario = Scenario::load(name).expect(name);
        assert_eq!(scenario.name, name);
        let targets = scenario.load_targets().expect(name);
        let loaded: Vec<&str> = targets
            .iter()
            .map(|target| target.about.name.as_str())
            .collect();
        assert_eq!(loaded, scenario.targets);
        let wanted = &scenario.vars["access_ttl"];
        let jwt = targets
            .iter()
            .find(|target| target.about.name == "jwt")
            .expect("jwt");
        assert_eq!(
            jwt.about.settings.get("access_ttl"),
            Some(wanted),
            "the override reaches the row label"
        );
        assert_eq!(scenario.as_measured(&[], |_| true)["name"], name);
    }
}

#[test]
fn the_quick_profile_keeps_its_promises() {
    let steady = Scenario::load("steady").expect("steady");
    let Plan::Steady(rounds) = steady.plan(Profile::Quick) else {
        panic!("rounds")
    };
    let measured = rounds.warm_up + rounds.round * rounds.rounds;
    assert!(measured <= Duration::from_secs(40), "{measured:?}");
    let capacity = Scenario::load("capacity").expect("capacity");
    for (profile, least) in [(Profile::Quick, 3), (Profile::Standard, 5)] {
        let Plan::Capacity(plan) = capacity.plan(profile) else {
            panic!("searches")
        };
        assert!(plan.rounds >= least && plan.slice >= Duration::from_secs(1));
    }
    let revocation = Scenario::load("revocation").expect("revocation");
    for (profile, least) in [
        (Profile::Quick, 100),
        (Profile::Standard, 300),
        (Profile::Full, 300),
    ] {
        let Plan::Revocation(plan) = revocation.plan(profile) else {
            panic!("revocations")
        };
        assert!(plan.revocations >= least, "{}", profile.name());
    }
}

#[test]
fn plans_differ_by_profile() {
    let scenario = read(STEADY).expect("a scenario");
    let plan = |profile| scenario.plan(profile).clone();
    let rounds = |rounds, round, warm_up| {
        let (round, warm_up) = (Duration::from_secs(round), Duration::from_secs(warm_up));
        Plan::Steady(Rounds {
            warm_up,
            rounds,
            round,
        })
    };
    assert_eq!(
        Profile::ALL.map(plan),
        [rounds(2, 1, 0), rounds(3, 2, 1), rounds(4, 3, 2)]
    );
    let scenario = read(&revocation()).expect("a scenario");
    let Plan::Revocation(plan) = scenario.plan(Profile::Full) else {
        panic!("revocations")
    };
    assert_eq!(
        (plan.revocations, plan.probe_every, plan.slots_per_target),
        (4, Duration::from_millis(5), 4)
    );
    assert_eq!(
        (plan.tail, plan.events.as_slice()),
        (Duration::ZERO, &["logout".to_owned()][..])
    );
}

#[test]
fn mistakes_in_steady_scenarios() {
    let cases = [
        (
            "scenario/1",
            "scenario/9",
            "1: schema: \"authbench.scenario/9\" is not a format this program reads here (allowed: authbench.scenario/1)",
        ),
        (
            "\"demo\"",
            "\"\"",
            "2: name: \"\" is not a name (allowed: letters, digits, _ and -)",
        ),
        (
            "\"steady\"",
            "\"stable\"",
            "3: kind: unknown \"stable\" (allowed: steady, revocation, capacity, sweep)",
        ),
        (
            "\"steady\"",
            "\"revocation\"",
            "3: revocation: is missing (allowed: a table [revocation])",
        ),
        (
            "\"How fast?\"",
            "\" \"",
            "4: question: is empty (allowed: one sentence)",
        ),
        (
            "[\"jwt\", \"no_auth\"]",
            "[]",
            "5: targets: is empty (allowed: at least one name)",
        ),
        (
            "\"no_auth\"",
            "\"jwt\"",
            "5: targets: \"jwt\" is empty or named twice (allowed: names used once)",
        ),
        (
            "access_ttl",
            "acces_ttl",
            "7: vars.acces_ttl: no target of this scenario has a variable of this name",
        ),
        (
            "60s",
            "${env.X}",
            "7: vars.access_ttl: has a reference; a scenario gives plain text",
        ),
        (
            "100",
            "0",
            "9: load.rate_per_s: 0 is out of range (allowed: 1 to 1000000)",
        ),
        (
            "rate_per_s",
            "rate",
            "9: load.rate: unknown field `rate` (allowed: one of `rate_per_s`, `connections_per_target`, `credentials_per_target`)",
        ),
        (
            "round = \"1s\"",
            "round = \"0s\"",
            "14: profile.quick.round: is zero (allowed: more than that)",
        ),
        (
            "round = \"1s\"",
            "round = \"1\"",
            "14: profile.quick.round: \"1\" is not a duration (allowed: a whole number and a unit: ms, s, m, h or d, such as 150ms or 2s)",
        ),
        (
            "round = \"1s\"\n",
            "",
            "12: profile.quick.round: is missing",
        ),
        (
            "rounds = 3",
            "rounds = 3\nrevocations = 3",
            "18: profile.standard.revocations: does not belong to this kind of scenario",
        ),
        (
            "[profile.full]",
            "[profile.fast]",
            "20: profile.fast: unknown field `fast` (allowed: one of `quick`, `standard`, `full`)",
        ),
        (
            "[profile.quick]",
            "[revocation]\nevents = [\"x\"]\nprobe_every = \"5ms\"\ntail = \"0s\"\nslots_per_target = 4\n[profile.quick]",
            "12: revocation: does not belong to kind \"steady\"",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(
            message(STEADY, from, to),
            format!("demo.toml:{expected}"),
            "{from:?} → {to:?}"
        );
    }
    assert!(message(STEADY, "no_auth", "noauth").starts_with("no target is called \"noauth\""));
}

#[test]
fn mistakes_in_revocation_scenarios() {
    let text = revocation();
    let cases = [
        (
            "\"logout\"",
            "\"log_out\"",
            "13: revocation.events: no target of this scenario has an event called \"log_out\"",
        ),
        (
            "probe_every = \"5ms\"",
            "probe_every = \"0ms\"",
            "14: revocation.probe_every: is zero (allowed: more than that)",
        ),
        (
            "revocations = 2\n",
            "",
            "17: profile.quick.revocations: is missing",
        ),
        (
            "revocations = 2\n",
            "revocations = 2\nround = \"1s\"\n",
            "19: profile.quick.round: does not belong to this kind of scenario",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(
            message(&text, from, to),
            format!("demo.toml:{expected}"),
            "{from:?} → {to:?}"
        );
    }
}

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
            "14: slo.achieved: invalid type: boolean `true` (allowed: a duration, a share, or a table of a target)",
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

#[test]
fn a_file_on_disk_finds_its_targets_beside_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let own = "schema = \"authbench.target/1\"\nname = \"own\"\nmodel = \"own\"\n[vars]\naccess_ttl = \"1s\"\n[[point]]\nname = \"api\"\n\
        request = \"GET http://127.0.0.1:1/\"\naccept = { status = 200 }\nrefuse = { status = 401 }\n";
    std::fs::write(dir.path().join("own.toml"), own).expect("a file");
    std::fs::write(dir.path().join("twin.toml"), own).expect("a file");
    let load = |targets: &str| {
        let path = dir.path().join("demo.toml");
        std::fs::write(&path, STEADY.replace("[\"jwt\", \"no_auth\"]", targets)).expect("a file");
        Scenario::load(&path.to_string_lossy())
            .expect("a scenario")
            .load_targets()
    };
    let names: Vec<String> = load("[\"own.toml\", \"jwt\"]")
        .expect("targets")
        .iter()
        .map(|file| file.about.name.clone())
        .collect();
    assert_eq!(names, ["own", "jwt"]);
    let twice = load("[\"own.toml\", \"./twin.toml\"]")
        .expect_err("two of one name")
        .to_string();
    assert!(
        twice.ends_with(
            "demo.toml:5: targets: two targets are called \"own\" (allowed: names used once)"
        ),
        "{twice}"
    );
}

#[test]
fn the_run_file_shows_what_was_measured_and_no_value_that_may_be_a_credential() {
    let scenario = Scenario::load("revocation").expect("is built in");
    let json = scenario.as_measured(&["mine"], |name| name == "access_ttl");
    assert_eq!(json["targets"], serde_json::json!(["mine"]));
    assert_eq!(
        (&json["vars"]["access_ttl"], &json["vars"]["login_hash"]),
        (&"2s".into(), &"(masked)".into())
    );
}
