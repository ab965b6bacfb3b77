//! What a scenario asks of each of its targets, held against what the target has and allows: before anything is started or sent.

mod error;
mod mass;
mod requests;
mod users;

pub use error::DemandError;
use error::LimitOrigin;
pub(super) use mass::{MassTimes, at_most_one as at_most_one_mass_event};

use super::hosts::{self, Allowance};
use super::system::System;
use crate::scenario_file::{Profile, Scenario};
use crate::target::TargetFile;

/// Checks every target of one scenario.
///
/// # Errors
/// With the first target that has too little or allows too little.
pub(super) fn check(
    scenario: &Scenario,
    profile: Profile,
    targets: &[TargetFile],
) -> Result<(), DemandError> {
    for target in targets {
        users::enough_users(scenario, profile, target, targets.len())?;
    }
    within_limits(scenario, profile, &hosts::of_files(targets))
}

/// Checks the limits of one scenario's targets again, now that it is known where they run: a process may have named another machine.
///
/// # Errors
/// With the first target that allows too little.
pub(super) fn check_running(
    scenario: &Scenario,
    profile: Profile,
    systems: &[System],
) -> Result<(), DemandError> {
    within_limits(scenario, profile, &hosts::of_systems(systems))
}

fn within_limits(
    scenario: &Scenario,
    profile: Profile,
    targets: &[Allowance<'_>],
) -> Result<(), DemandError> {
    targets.iter().try_for_each(|here| {
        requests::within_login_limit(scenario, profile, here)?;
        mass::within_lifetime(scenario, profile, here)?;
        requests::within_limit(scenario, profile, here, targets.len())
    })
}

/// How many tables called `name` the target file has.
fn tables(target: &TargetFile, name: &str) -> usize {
    let tables = target.as_written().get(name);
    tables
        .and_then(|tables| tables.as_array())
        .map_or(0, Vec::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn target(users: u32, requests_per_s: u32) -> TargetFile {
        let text = format!(
            r#"
            schema = "authbench.target/1"
            name = "mine"
            model = "session"
            [vars]
            password = "${{secret}}"
            [limits]
            requests_per_s = {requests_per_s}
            [users]
            count = {users}
            name = "user-${{number}}"
            password = "${{vars.password}}"
            [[login]]
            request = "POST http://127.0.0.1:1/login"
            form = {{ username = "${{user.name}}", password = "${{user.password}}" }}
            expect = 200
            capture = {{ token = {{ json = "/token" }} }}
            [[point]]
            name = "resource"
            request = "GET http://127.0.0.1:1/"
            headers = {{ authorization = "Bearer ${{token}}" }}
            accept = {{ status = 200 }}
            refuse = {{ status = 401 }}
            [[event]]
            name = "logout"
            bound = {{ resource = "0s" }}
            [[event.step]]
            request = "POST http://127.0.0.1:1/logout"
            headers = {{ authorization = "Bearer ${{token}}" }}
            expect = 204
            "#
        );
        TargetFile::parse("mine.toml", &text, &BTreeMap::new()).expect("a target")
    }

    /// The same on another machine, without limits of its own.
    fn elsewhere(name: &str, host: &str) -> TargetFile {
        let text = format!(
            r#"
            schema = "authbench.target/1"
            name = "{name}"
            model = "session"
            [users]
            count = 10000
            name = "user-${{number}}"
            password = "p"
            [[login]]
            request = "POST http://{host}/login"
            expect = 200
            [[point]]
            name = "resource"
            request = "GET http://{host}/"
            accept = {{ status = 200 }}
            refuse = {{ status = 401 }}
            "#
        );
        TargetFile::parse("mine.toml", &text, &BTreeMap::new()).expect("a target")
    }

    /// `steady` with this rate over all targets.
    fn stream_of(rate_per_s: u32) -> Scenario {
        let mut scenario = Scenario::load("steady").expect("built in");
        scenario.load.rate_per_s = rate_per_s;
        scenario
    }

    #[test]
    fn targets_on_one_host_share_what_it_may_get() {
        let refusal = |rate: u32, targets: &[TargetFile]| {
            let refused = check(&stream_of(rate), Profile::Quick, targets).err();
            refused.map(|error| error.to_string())
        };
        let apart = [elsewhere("a", "10.0.0.1"), elsewhere("b", "10.0.0.2")];
        assert_eq!(refusal(40, &apart), None);
        let together = [elsewhere("a", "10.0.0.1"), elsewhere("b", "10.0.0.1:81")];
        assert_eq!(refusal(20, &together), None);
        let message = refusal(21, &together).expect("refused");
        for part in [
            "target a (with b, on the same host) allows 20 requests per second",
            "up to 21",
            "load.rate_per_s may be 20 with 2 targets",
        ] {
            assert!(message.contains(part), "no {part:?} in {message}");
        }
    }

    fn refusal(scenario: &str, targets: &[TargetFile]) -> Option<String> {
        let scenario = Scenario::load(scenario).expect("built in");
        let refused = check(&scenario, Profile::Quick, targets).err();
        refused.map(|error| error.to_string())
    }

    /// A target with these limits whose tokens live for this long.
    fn slow(limits: &str, access_ttl: &str) -> TargetFile {
        let text = format!(
            r#"
            schema = "authbench.target/1"
            name = "slow"
            model = "jwt"
            [facts]
            access_ttl = "{access_ttl}"
            [limits]
            {limits}
            [users]
            count = 12000
            name = "user-${{number}}"
            password = "p"
            [[login]]
            request = "POST http://127.0.0.1:1/login"
            expect = 200
            [[point]]
            name = "resource"
            request = "GET http://127.0.0.1:1/"
            accept = {{ status = 200 }}
            refuse = {{ status = 401 }}
            [[event]]
            name = "account_disabled"
            [[event.step]]
            request = "POST http://127.0.0.1:1/look"
            expect = 200
            [[event.step]]
            request = "POST http://127.0.0.1:1/disable"
            expect = 200
            "#
        );
        TargetFile::parse("slow.toml", &text, &BTreeMap::new()).expect("a target")
    }

    #[test]
    fn tokens_must_outlive_logging_in_and_the_calls_as_fast_as_limits_let_them() {
        // 1,000 accounts; 4.5 s go by between the last login and the first call. Two steps a call.
        let fits = [
            ("logins_per_s = 100", "15s"),
            ("admin_calls_per_s = 100", "25s"),
            ("logins_per_s = 100\nadmin_calls_per_s = 200", "15s"),
            ("", "5s"),
        ];
        for (limits, access_ttl) in fits {
            let refused = refusal("mass-disable", &[slow(limits, access_ttl)]);
            assert_eq!(refused, None, "{limits}, {access_ttl}");
        }
        let refused = |limits, access_ttl| {
            refusal("mass-disable", &[slow(limits, access_ttl)]).expect("refused")
        };
        for (limits, access_ttl, parts) in [
            (
                "logins_per_s = 100",
                "14s",
                ["up to 15 s", "10 s of logins (limits.logins_per_s = 100)"],
            ),
            (
                "admin_calls_per_s = 100",
                "24s",
                [
                    "lives for 24 s",
                    "20 s of calls (limits.admin_calls_per_s = 100)",
                ],
            ),
        ] {
            let message = refused(limits, access_ttl);
            for part in parts {
                assert!(message.contains(part), "no {part:?} in {message}");
            }
        }
    }

    #[test]
    fn a_run_has_one_event_for_many_accounts() {
        let mass = |name: &str| {
            let mut scenario = Scenario::load("mass-disable").expect("built in");
            scenario.name = name.to_owned();
            scenario
        };
        let (one, other) = (mass("one"), mass("other"));
        let steady = Scenario::load("steady").expect("built in");
        let check = |scenarios: &[&Scenario]| {
            let refused = at_most_one_mass_event(scenarios.iter().copied(), Profile::Quick).err();
            refused.map(|error| error.to_string())
        };
        assert_eq!(check(&[&steady, &one]), None);
        let message = check(&[&one, &steady, &other]).expect("refused");
        assert!(message.starts_with("scenarios one and other"), "{message}");
    }

    #[test]
    fn every_credential_and_every_trial_needs_a_user_of_its_own() {
        // Of the scenario's two events the target has one: 20 credentials and 100 trials.
        assert_eq!(refusal("revocation", &[target(120, 1_000_000)]), None);
        let message = refusal("revocation", &[target(119, 1_000_000)]).expect("refused");
        for part in [
            "target mine",
            "has 119",
            "120 are needed",
            "raise users.count",
        ] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn a_share_above_the_limit_is_refused_with_the_rate_that_would_do() {
        let other = target(10_000, 1_000_000);
        assert_eq!(
            refusal("steady", &[target(10_000, 1000), other.clone()]),
            None
        );
        let message = refusal("steady", &[target(10_000, 999), other]).expect("refused");
        for part in ["allows 999", "up to 1000", "may be 1998 with 2 targets"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn probes_count_against_the_limit() {
        // 200 of the stream; 20 slots, one point, 5 ms.
        assert_eq!(refusal("revocation", &[target(10_000, 4200)]), None);
        let message = refusal("revocation", &[target(10_000, 3000)]).expect("refused");
        assert!(message.contains("4000 probes"), "{message}");
        assert!(message.contains("fewer slots_per_target"), "{message}");
    }
}
