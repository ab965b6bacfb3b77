//! What a scenario asks of each of its targets, held against what the target has and allows: before anything is started or sent.

use super::system::System;
use super::{journey, renewal};
use crate::scenario_file::{Journeys, Ladder, Plan, Profile, Revocations, Scenario, Sweep};
use crate::target::{Limits, TargetFile};
use authbench_reports::revocation::WitnessOf;

/// Why a scenario may not be run against a target.
#[derive(Debug, thiserror::Error)]
pub enum DemandError {
    /// Numbers past the population would wrap around, and one account would serve two credentials: a revocation of one ends both.
    #[error(
        "scenario {scenario}: target {target} has {has} users (users.count), {needed} are needed: {what}; raise users.count, or lower \
         load.credentials_per_target or the number of revocations"
    )]
    TooFewUsers {
        /// The scenario's name.
        scenario: String,
        /// The target's name.
        target: String,
        /// How many it has.
        has: u32,
        /// How many are needed.
        needed: u64,
        /// What for.
        what: String,
    },
    /// The target's limit on logins is below a rate that is asked for.
    #[error(
        "scenario {scenario}: target {target} allows {allows} logins per second (limits.logins_per_s, or the default for other machines), login.rates goes up to {asked}; \
         leave out the rates above the limit"
    )]
    TooManyLogins {
        /// The scenario's name.
        scenario: String,
        /// The target's name.
        target: String,
        /// How many per second it allows.
        allows: u32,
        /// The highest rate.
        asked: u32,
    },
    /// The target's limit on requests is below what it would be sent.
    #[error(
        "scenario {scenario}: target {target} allows {allows} requests per second ({origin}) and would be sent up to {sent}: \
         {what}; {remedy}{}", raised(.origin, *.sent)
    )]
    TooManyRequests {
        /// The scenario's name.
        scenario: String,
        /// The target's name.
        target: String,
        /// How many per second it allows.
        allows: u32,
        /// Where that is said.
        origin: LimitOrigin,
        /// How many per second it would be sent at most, rounded up.
        sent: u64,
        /// What they are made of.
        what: String,
        /// What would be right.
        remedy: String,
    },
}

/// Who set a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitOrigin {
    /// The target file.
    File,
    /// The default for other machines.
    OtherMachine,
}

impl std::fmt::Display for LimitOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File => "limits.requests_per_s",
            Self::OtherMachine => {
                "what a host that is not this machine gets unless its target file says otherwise"
            }
        })
    }
}

/// How a default is raised: by whoever may decide it.
fn raised(origin: &LimitOrigin, sent: u64) -> String {
    match origin {
        LimitOrigin::File => String::new(),
        LimitOrigin::OtherMachine => format!(
            "; or, if those who run it agree, write requests_per_s = {sent} under [limits] in the target file"
        ),
    }
}

/// Checks every target of one scenario.
///
/// # Errors
/// With the first target that has too little or allows too little.
pub(super) fn check(
    scenario: &Scenario,
    profile: Profile,
    targets: &[TargetFile],
) -> Result<(), DemandError> {
    targets.iter().try_for_each(|target| {
        enough_users(scenario, profile, target, targets.len())?;
        within_login_limit(scenario, profile, target, target.limits())?;
        within_limit(scenario, profile, target, target.limits(), targets.len())
    })
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
    systems.iter().try_for_each(|system| {
        let (file, limits) = (system.file(), system.target().limits);
        within_login_limit(scenario, profile, file, limits)?;
        within_limit(scenario, profile, file, limits, systems.len())
    })
}

fn enough_users(
    scenario: &Scenario,
    profile: Profile,
    target: &TargetFile,
    targets: usize,
) -> Result<(), DemandError> {
    let Some(users) = &target.about.users else {
        return Ok(());
    };
    let credentials = u64::from(scenario.load.credentials_per_target);
    let (others, purpose) = match scenario.plan(profile) {
        Plan::Steady(_) if tables(target, "refresh") == 0 => (0, "besides"),
        Plan::Steady(_) => (u64::from(renewal::USERS), "whose renewals are measured"),
        Plan::Revocation(plan) => (trials(plan, target), "revoked, each once"),
        Plan::Capacity(_) | Plan::Sweep(_) => (0, "besides"),
        Plan::Login(plan) => (u64::from(plan.connections), "who log in at once"),
        Plan::Journey(plan) => {
            let clients = plan.clients.iter().filter(|client| client.share > 0.0);
            let visitors =
                clients.map(|client| u64::from(journey::visitors(client, plan, targets)));
            (visitors.sum(), "who have sessions, each one at a time")
        }
    };
    let needed = credentials + others;
    if u64::from(users.count) >= needed {
        return Ok(());
    }
    Err(DemandError::TooFewUsers {
        scenario: scenario.name.clone(),
        target: target.about.name.clone(),
        has: users.count,
        needed,
        what: format!("{credentials} for the load and {others} {purpose}"),
    })
}

/// Whoever is revoked, and for each slot somebody who must not be, where an event has such a witness.
fn trials(plan: &Revocations, target: &TargetFile) -> u64 {
    let wanted = plan.events.iter();
    let wanted = wanted.filter(|event| plan.wants(&target.about.name, event));
    let events: Vec<_> = wanted.filter_map(|event| target.event(event)).collect();
    let revoked = events.iter().map(|event| plan.revocations_of(&event.name));
    let mut witnesses = events.iter().flat_map(|event| &event.witnesses);
    let witnesses = match witnesses.any(|of| *of == WitnessOf::OtherUser) {
        true => plan.slots_per_target,
        false => 0,
    };
    revoked.map(u64::from).sum::<u64>() + u64::from(witnesses)
}

fn within_login_limit(
    scenario: &Scenario,
    profile: Profile,
    target: &TargetFile,
    limits: Limits,
) -> Result<(), DemandError> {
    let (Plan::Login(plan), Some(allows)) = (scenario.plan(profile), limits.logins_per_s) else {
        return Ok(());
    };
    match plan.rates_per_s.iter().copied().max() {
        Some(asked) if asked > allows => Err(DemandError::TooManyLogins {
            scenario: scenario.name.clone(),
            target: target.about.name.clone(),
            allows,
            asked,
        }),
        _ => Ok(()),
    }
}

fn within_limit(
    scenario: &Scenario,
    profile: Profile,
    target: &TargetFile,
    limits: Limits,
    targets: usize,
) -> Result<(), DemandError> {
    let Some(allows) = limits.requests_per_s else {
        return Ok(());
    };
    if let Plan::Journey(plan) = scenario.plan(profile) {
        return sessions_within(scenario, plan, target, allows, targets);
    }
    let turns = match scenario.plan(profile) {
        // One target at a time has the stream.
        Plan::Login(_) => 1,
        _ => targets,
    };
    let share = f64::from(scenario.load.rate_per_s) / turns as f64;
    let probes = match scenario.plan(profile) {
        Plan::Steady(_) => 0.0,
        Plan::Revocation(plan) => most_probes_per_s(plan, target),
        // A search ends at the limit: see `solo::ceiling_per_s`.
        Plan::Capacity(_) => return Ok(()),
        Plan::Sweep(plan) => return ladder_within(scenario, plan, target, allows),
        Plan::Login(plan) => plan
            .rates_per_s
            .iter()
            .copied()
            .max()
            .map_or(0.0, f64::from),
        // Dealt with above: it has no stream.
        Plan::Journey(_) => 0.0,
    };
    if share + probes <= f64::from(allows) {
        return Ok(());
    }
    let rate = ((f64::from(allows) - probes).max(0.0) * turns as f64).floor();
    Err(DemandError::TooManyRequests {
        scenario: scenario.name.clone(),
        target: target.about.name.clone(),
        allows,
        origin: origin(target),
        sent: (share + probes).ceil() as u64,
        what: made_of(share, probes, turns),
        remedy: if rate >= 1.0 {
            format!("load.rate_per_s may be {rate} with {turns} targets")
        } else {
            "use fewer slots_per_target, or a longer probe_every".to_owned()
        },
    })
}

/// Rates that a scenario names are meant; those that it has looked for end at the limit by themselves.
fn ladder_within(
    scenario: &Scenario,
    plan: &Sweep,
    target: &TargetFile,
    allows: u32,
) -> Result<(), DemandError> {
    let Ladder::Rates(rates) = &plan.ladder else {
        return Ok(());
    };
    let highest = rates.last().copied().unwrap_or(0.0);
    if highest <= f64::from(allows) {
        return Ok(());
    }
    Err(DemandError::TooManyRequests {
        scenario: scenario.name.clone(),
        target: target.about.name.clone(),
        allows,
        origin: origin(target),
        sent: highest as u64,
        what: "the highest of sweep.rates".to_owned(),
        remedy: "leave out the rates above the limit".to_owned(),
    })
}

/// The type that asks most is alone in a slice.
fn sessions_within(
    scenario: &Scenario,
    plan: &Journeys,
    target: &TargetFile,
    allows: u32,
    targets: usize,
) -> Result<(), DemandError> {
    let most = plan.clients.iter().map(|client| client.requests).max();
    let per_session = f64::from(most.unwrap_or(0));
    let sent = f64::from(plan.sessions_per_s) / targets as f64 * per_session;
    if sent <= f64::from(allows) {
        return Ok(());
    }
    let rate = (f64::from(allows) * targets as f64 / per_session).floor();
    Err(DemandError::TooManyRequests {
        scenario: scenario.name.clone(),
        target: target.about.name.clone(),
        allows,
        origin: origin(target),
        sent: sent.ceil() as u64,
        what: format!("journey.sessions_per_s / {targets} targets × {per_session} requests"),
        remedy: format!("journey.sessions_per_s may be {rate} with {targets} targets"),
    })
}

fn origin(target: &TargetFile) -> LimitOrigin {
    match target.about.limits.requests_per_s {
        Some(_) => LimitOrigin::File,
        None => LimitOrigin::OtherMachine,
    }
}

fn made_of(share: f64, probes: f64, targets: usize) -> String {
    let stream = format!("{share:.0} of the stream (load.rate_per_s / {targets} targets)");
    if probes > 0.0 {
        format!(
            "{stream} and {probes:.0} probes (slots_per_target × points / probe_every) or logins (login.rates)"
        )
    } else {
        stream
    }
}

/// With every slot under close watch at once.
fn most_probes_per_s(plan: &Revocations, target: &TargetFile) -> f64 {
    let points = tables(target, "point") as f64;
    f64::from(plan.slots_per_target) * points / plan.probe_every.as_secs_f64()
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

    fn refusal(scenario: &str, targets: &[TargetFile]) -> Option<String> {
        let scenario = Scenario::load(scenario).expect("built in");
        let refused = check(&scenario, Profile::Quick, targets).err();
        refused.map(|error| error.to_string())
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
