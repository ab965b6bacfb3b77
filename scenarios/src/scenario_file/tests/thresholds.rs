//! Thresholds in scenario files.

use super::*;

fn asking(thresholds: &str) -> String {
    STEADY.replace("[vars]", &format!("{thresholds}\n[vars]"))
}

#[test]
fn a_list_is_for_every_target_and_a_table_for_each() {
    let list = read(&asking(
        "thresholds = [\"p99 < 10ms\", \"unexpected == 0\"]",
    ))
    .expect("a list");
    let measured = list.as_measured(&["jwt"], |_| true);
    assert_eq!(measured["thresholds"][0], "p99 < 10ms", "as written");
    let table =
        "[thresholds]\n\"*\" = [\"p99 < 10ms\"]\njwt = [\"p99 < 5ms\", \"cpu_total < 60us\"]";
    let table = read(&asking(table)).expect("a table");
    let measured = table.as_measured(&["jwt"], |_| true);
    assert_eq!(measured["thresholds"]["jwt"][1], "cpu_total < 60us");
    table.load_targets().expect("targets of these names");
}

#[test]
fn what_is_asked_is_measured_by_this_kind_of_scenario() {
    let lag = "thresholds = [\"revocation.logout.max <= bound\"]\n[vars]";
    read(&revocation().replace("[vars]", lag)).expect("revocations");
    assert_eq!(
        message(STEADY, "[vars]", lag),
        "demo.toml:6: thresholds: revocation.logout.max is not measured by this scenario (allowed: in kind \"revocation\")"
    );
    let event = lag.replace("logout", "lockout");
    assert_eq!(
        message(&revocation(), "[vars]", &event),
        "demo.toml:6: thresholds: \"lockout\" is no event of this scenario (allowed: logout)"
    );
    let stream = "thresholds = [\"p99 < 10ms\"]\n[vars]";
    assert_eq!(
        message(&revocation(), "[vars]", stream),
        "demo.toml:6: thresholds: p99 is not measured by this scenario (allowed: in kind \"steady\", or \"revocation\" with a table [steady])"
    );
    assert_eq!(
        message(
            STEADY,
            "[vars]",
            "thresholds = [\"capacity > 1/s\"]\n[vars]"
        ),
        "demo.toml:6: thresholds: capacity is not measured by this scenario (allowed: in kind \"capacity\")"
    );
}

#[test]
fn mistakes_in_thresholds() {
    let cases = [
        (
            "thresholds = [\"p99 < 10\"]",
            "6: thresholds: \"10\" is no limit of p99 (allowed: a number and a unit: us, ms, s, m or h, such as 10ms or 0.5s)",
        ),
        (
            "thresholds = [\"p99 < 10ms\",\n  \"p99 under 5ms\"]",
            "7: thresholds: \"p99 under 5ms\" compares nothing (allowed: a figure, <, <=, >, >= or ==, and a limit, such as \"p99 < 10ms\")",
        ),
        (
            "thresholds = [\"p99 < 10ms\", \"p99 < 5ms\"]",
            "6: thresholds: \"p99 < 5ms\" compares the same a second time (allowed: one limit each way)",
        ),
        (
            "thresholds = []",
            "6: thresholds: is empty (allowed: at least one, such as \"p99 < 10ms\")",
        ),
        (
            "thresholds = \"p99 < 10ms\"",
            "6: thresholds: is a string (allowed: a list such as [\"p99 < 10ms\"], or a table of lists by target)",
        ),
        (
            "[thresholds]\njtw = [\"p99 < 10ms\"]",
            "7: thresholds.jtw: no target of this scenario has this name (allowed: \"*\" for every target, jwt, no_auth)",
        ),
        (
            "[thresholds]\njwt = [\"p98 < 10ms\"]",
            "7: thresholds.jwt: \"p98\" is no figure of a threshold (allowed: p50, p90, p99, p99.9, max, cpu_total, wire_bytes, store_commands, achieved, unexpected, unsent, capacity, or revocation.EVENT.p50, .p99 or .max)",
        ),
    ];
    for (thresholds, expected) in cases {
        assert_eq!(
            message(STEADY, "[vars]", &format!("{thresholds}\n[vars]")),
            format!("demo.toml:{expected}"),
            "{thresholds}"
        );
    }
}

#[test]
fn a_target_that_only_its_file_names_may_have_its_own() {
    let jwt = concat!(env!("CARGO_MANIFEST_DIR"), "/targets/jwt.toml");
    let by_path = asking("[thresholds]\njwt = [\"p99 < 10ms\"]")
        .replace("targets = [\"jwt\", ", &format!("targets = [{jwt:?}, "));
    read(&by_path)
        .expect("a scenario")
        .load_targets()
        .expect("thresholds of the file's target");
    let mistaken = message(&by_path, "jwt = [\"p99", "jtw = [\"p99");
    assert!(
        mistaken.contains("7: thresholds.jtw: no target"),
        "{mistaken}"
    );
}
