//! `[variant.NAME]`: one target in several forms.

use super::*;

const VARIANT: &str = "[variant.\"jwt+es256\"]\ntarget = \"jwt\"\nvars = { alg = \"ES256\" }\n";

/// A scenario with `jwt` and a variant of it.
fn scenario(variant: &str) -> String {
    let targets = STEADY.replace("\"no_auth\"]", "\"no_auth\", \"jwt+es256\"]");
    targets.replace("[load]\n", &format!("{variant}[load]\n"))
}

#[test]
fn a_target_is_measured_in_two_forms() {
    let scenario = read(&scenario(VARIANT)).expect("a scenario");
    let files = scenario.load_targets().expect("targets");
    let setting = |name: &str, setting: &str| {
        let file = files.iter().find(|file| file.about.name == name);
        file.expect(name).about.settings[setting].clone()
    };
    assert_eq!(setting("jwt", "alg"), "RS256");
    assert_eq!(setting("jwt+es256", "alg"), "ES256");
    assert_eq!(
        setting("jwt+es256", "access_ttl"),
        "60s",
        "the scenario's own"
    );
    let variant = |name: &str| {
        let file = files.iter().find(|file| file.about.name == name);
        file.expect(name).variant().cloned()
    };
    assert_eq!(variant("jwt"), None);
    let record = variant("jwt+es256").expect("a variant");
    assert_eq!(
        (record.of.as_str(), record.vars["alg"].as_str()),
        ("jwt", "ES256")
    );
}

#[test]
fn a_variant_outranks_the_scenario_and_may_be_asked_for_by_name() {
    let text = scenario(VARIANT).replace("alg = \"ES256\"", "access_ttl = \"9s\"");
    let scenario = read(&text).expect("a scenario");
    let files = scenario
        .load_in_their_place(&["jwt+es256".to_owned()])
        .expect("targets");
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].about.settings["access_ttl"], "9s");
}

#[test]
fn what_a_variant_sets_is_masked_where_it_may_be_a_credential() {
    let text = scenario(VARIANT).replace("alg = \"ES256\"", "alg = \"ES256\", namespace = \"x\"");
    let scenario = read(&text).expect("a scenario");
    let files = scenario.load_targets().expect("targets");
    let file = files.iter().find(|file| file.about.name == "jwt+es256");
    let record = file.and_then(|file| file.variant()).expect("a variant");
    assert_eq!(record.vars["namespace"], "(masked)");
    let json = scenario.as_measured(&[], |name| name == "alg");
    assert_eq!(json["variant"]["jwt+es256"]["vars"]["alg"], "ES256");
    assert_eq!(
        json["variant"]["jwt+es256"]["vars"]["namespace"],
        "(masked)"
    );
}

#[test]
fn mistakes_in_variants() {
    for (from, to, expected) in [
        (
            "\"jwt+es256\"]\ntarget",
            "\"jwt es256\"]\ntarget",
            "variant.jwt es256: is no name for a variant",
        ),
        (
            "\"jwt+es256\"]\ntarget",
            "\"jwt.toml\"]\ntarget",
            "variant.jwt.toml: is no name for a variant",
        ),
        (
            "\"jwt+es256\"]\ntarget",
            "\"jwt+es384\"]\ntarget",
            "variant.jwt+es384: is not one of targets (allowed: jwt, no_auth, jwt+es256)",
        ),
        (
            "target = \"jwt\"",
            "target = \"jwt+es256\"",
            "demo.toml:9: variant.jwt+es256.target: is the variant itself, or empty (allowed: a built-in target or a path)",
        ),
        (
            "target = \"jwt\"",
            "target = \"jqt\"",
            "no target is called \"jqt\"",
        ),
        (
            "alg = \"ES256\"",
            "algo = \"ES256\"",
            "variant.jwt+es256.vars.algo: jwt has no variable of this name",
        ),
        (
            "alg = \"ES256\"",
            "alg = \"${env.ALG}\"",
            "demo.toml:10: variant.jwt+es256.vars.alg: has a reference; a scenario gives plain text",
        ),
        (
            "target = \"jwt\"",
            "targets = \"jwt\"",
            "unknown field `targets`",
        ),
    ] {
        let message = message(&scenario(VARIANT), from, to);
        assert!(message.contains(expected), "{expected}\n{message}");
    }
}
