//! Whole scenario files, and for every mistake the exact message.

mod crowd;
mod revocations;
mod solo;
mod thresholds;
mod variant;

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
    check::check(Source::new("demo.toml", text)).map_err(|error| error.to_string())
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
            .find(|target| target.about.name.starts_with("jwt"))
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
            "3: kind: unknown \"stable\" (allowed: steady, revocation, mass, capacity, sweep, login, journey)",
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
