//! Whether a target has an account for every credential.

use super::{DemandError, tables};
use crate::run::{journey, renewal};
use crate::scenario_file::{Plan, Profile, Revocations, Scenario};
use crate::target::TargetFile;
use authbench_reports::revocation::WitnessOf;

pub(super) fn enough_users(
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
        Plan::Steady(_) if tables(target, "refresh") == 0 => (0, ""),
        Plan::Steady(_) => (u64::from(renewal::USERS), "whose renewals are measured"),
        Plan::Revocation(plan) => (trials(plan, target), "revoked, each once"),
        Plan::Capacity(_) | Plan::Sweep(_) => (0, ""),
        Plan::Mass(plan) => (u64::from(plan.accounts), "to whom the event happens"),
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
        what: match others {
            0 => "one for each credential of the load".to_owned(),
            _ => format!("{credentials} for the load and {others} {purpose}"),
        },
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
