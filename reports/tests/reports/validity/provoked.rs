//! Every check, provoked by one change of a run that is fine, and not provoked by the same change just short of it.

mod cases;

use super::found;
use crate::fixture::{ROUNDS, revocations, stream};
use authbench_reports::validity::{Check, Verdict};
use cases::CASES;
use std::collections::BTreeSet;

#[test]
fn every_check_finds_what_it_is_for_and_nothing_else_does() {
    for case in CASES {
        let (verdict, checks) = found(|run| (case.spoil)(run, case.found_at));
        let place = format!("{} at {}: {checks:?}", case.what, case.found_at);
        assert_eq!(verdict, case.verdict, "{place}");
        assert!(!checks.is_empty(), "{place}");
        assert!(checks.iter().all(|check| *check == case.check), "{place}");
    }
}

#[test]
fn no_check_finds_what_is_just_short_of_it() {
    for case in CASES {
        let (verdict, checks) = found(|run| (case.spoil)(run, case.fine_at));
        assert_eq!(
            (verdict, checks),
            (Verdict::Valid, vec![]),
            "{} at {}",
            case.what,
            case.fine_at
        );
    }
}

#[test]
fn every_check_is_provoked_here_and_explained_in_the_documentation() {
    let schema = schemars::schema_for!(Check);
    let mut variants = BTreeSet::new();
    names(schema.as_value(), &mut variants);
    let provoked: BTreeSet<String> = CASES
        .iter()
        .map(|case| case.check.name().to_owned())
        .collect();
    let alone = crate::alone::PROVOKED.map(|check| check.name().to_owned());
    let mass = crate::mass::PROVOKED.map(|check| check.name().to_owned());
    let elsewhere = alone.into_iter().chain(mass);
    let provoked: BTreeSet<String> = provoked.into_iter().chain(elsewhere).collect();
    assert_eq!(provoked, variants);
    let methodology = include_str!("../../../../docs/METHODOLOGY.md");
    for name in variants {
        assert!(
            methodology.contains(&format!("| `{name}` |")),
            "docs/METHODOLOGY.md has no row for {name}"
        );
    }
}

/// Every constant of an enumeration in a JSON Schema.
fn names(schema: &serde_json::Value, found: &mut BTreeSet<String>) {
    for part in schema["oneOf"].as_array().into_iter().flatten() {
        names(part, found);
    }
    let listed = schema["enum"].as_array().into_iter().flatten();
    let constants = listed.chain(schema.get("const"));
    found.extend(constants.filter_map(|name| Some(name.as_str()?.to_owned())));
}

#[test]
fn the_fixture_has_what_every_check_needs() {
    let mut run = crate::fixture::run();
    assert_eq!(stream(&mut run).rounds.len(), ROUNDS);
    assert!(!revocations(&mut run).events.is_empty());
    let unjudged = authbench_reports::validity::unjudged(&run);
    assert_eq!(unjudged, [], "a check that is not made cannot be provoked");
}
