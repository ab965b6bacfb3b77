//! Revocations in parts: what they cost, several targets at a time, events that many share.

use super::*;

fn matrix() -> String {
    revocation()
        .replace("[\"jwt\", \"no_auth\"]", "[\"session\", \"jwt\", \"opaque\", \"short\"]\ndefault_profile = \"standard\"")
        .replace(
            "events = [\"logout\"]",
            "events = [\"logout\", \"global_cut_off\"]\nheadline = [\"logout\"]\noccurrences = 5\nresolution = 0.02\ntogether = 3",
        )
        .replace(
            "[load]",
            "[variant.short]\ntarget = \"jwt\"\nvars = { access_ttl = \"2s\" }\nevents = [\"logout\"]\n[steady]\nquestion = \"How much?\"\n\
             targets = [\"no_auth\", \"jwt\"]\nvars = { access_ttl = \"300s\" }\nrate_per_s = 900\nconnections_per_target = 3\n\
             credentials_per_target = 7\n[load]",
        )
        .replace("revocations = ", "rounds = 2\nround = \"1s\"\nheadline_revocations = 30\nrevocations = ")
}

fn plan(scenario: &Scenario) -> &Revocations {
    match scenario.plan(Profile::Quick) {
        Plan::Revocation(plan) => plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_scenario_is_measured_in_parts() {
    let scenario = read(&matrix()).expect("a scenario");
    assert_eq!(scenario.default_profile, Profile::Standard);
    let files = scenario.load_targets().expect("targets");
    let parts = scenario.into_parts(files, &[]).expect("parts");
    let names = |files: &[TargetFile]| {
        let names = files.iter().map(|file| file.about.name.clone());
        names.collect::<Vec<_>>().join(" ")
    };
    let seen: Vec<(&str, String)> = parts
        .iter()
        .map(|(part, files)| (part.name.as_str(), names(files)))
        .collect();
    assert_eq!(
        seen,
        [
            ("demo-cost", "no_auth jwt".to_owned()),
            ("demo-1", "session jwt opaque".to_owned()),
            ("demo-2", "short".to_owned()),
        ]
    );
    let (cost, files) = &parts[0];
    assert_eq!(cost.load.rate_per_s, 900);
    assert_eq!(cost.question, "How much?");
    assert!(matches!(cost.plan(Profile::Quick), Plan::Steady(rounds) if rounds.rounds == 2));
    assert_eq!(files[1].about.settings["access_ttl"], "300s");
    assert_eq!(parts[1].1[1].about.settings["access_ttl"], "60s");
    let recorded = cost.as_measured(&["no_auth", "jwt"], |_| true);
    assert_eq!(recorded["vars"]["access_ttl"], "300s", "as it was measured");
}

#[test]
fn targets_in_the_place_of_its_own_are_measured_in_the_same_parts() {
    let scenario = read(&matrix()).expect("a scenario");
    let instead = ["opaque".to_owned()];
    let files = scenario.load_in_their_place(&instead).expect("targets");
    let parts = scenario.into_parts(files, &instead).expect("parts");
    let of_cost: Vec<&str> = parts[0]
        .1
        .iter()
        .map(|file| file.about.name.as_str())
        .collect();
    assert_eq!(of_cost, ["no_auth", "opaque"], "the control stays");
    assert_eq!((parts.len(), parts[1].0.name.as_str()), (2, "demo"));
}

#[test]
fn events_are_made_as_often_as_it_says() {
    let scenario = read(&matrix()).expect("a scenario");
    let plan = plan(&scenario);
    assert_eq!(
        (
            plan.revocations_of("logout"),
            plan.revocations_of("global_cut_off")
        ),
        (30, 2)
    );
    assert!(plan.wants("jwt", "global_cut_off") && !plan.wants("short", "global_cut_off"));
    assert!(plan.wants("short", "logout"));
    assert_eq!(
        (plan.occurrences, plan.resolution, plan.together),
        (5, Some(0.02), Some(3))
    );
}

#[test]
fn mistakes_in_parts() {
    for (from, to, expected) in [
        (
            "headline = [\"logout\"]",
            "headline = [\"log_out\"]",
            "revocation.headline: \"log_out\" is not one of revocation.events (allowed: logout, global_cut_off)",
        ),
        (
            "headline = [\"logout\"]\n",
            "",
            "profile.quick.headline_revocations: does not belong to this kind of scenario",
        ),
        (
            "headline_revocations = 30\n",
            "",
            "profile.quick.headline_revocations: is missing",
        ),
        (
            "resolution = 0.02",
            "resolution = 1.0",
            "revocation.resolution: 1 is out of range (allowed: more than 0, less than 1)",
        ),
        (
            "occurrences = 5",
            "occurrences = 0",
            "revocation.occurrences: 0 is out of range",
        ),
        (
            "together = 3",
            "together = 0",
            "revocation.together: 0 is out of range",
        ),
        (
            "\"standard\"",
            "\"long\"",
            "default_profile: unknown \"long\" (allowed: quick, standard, full)",
        ),
        (
            "events = [\"logout\"]\n[steady]",
            "events = [\"other\"]\n[steady]",
            "variant.short.events: \"other\" is not one of revocation.events",
        ),
        ("round = \"1s\"\n", "", "profile.quick.round: is missing"),
        (
            "question = \"How much?\"",
            "question = \"\"",
            "question: is empty",
        ),
        ("rate_per_s = 900\n", "", "steady.rate_per_s: is missing"),
    ] {
        let text = matrix();
        assert!(text.contains(from), "{from}");
        let message = read(&text.replacen(from, to, 1)).expect_err(to);
        assert!(message.contains(expected), "{expected}\n{message}");
    }
    let steady = STEADY.replace("[load]", "[steady]\nquestion = \"x\"\ntargets = [\"jwt\"]\nrate_per_s = 1\nconnections_per_target = 1\ncredentials_per_target = 1\n[load]");
    let message = read(&steady).expect_err("steady twice");
    assert!(
        message.contains("steady: does not belong to kind \"steady\""),
        "{message}"
    );
}
