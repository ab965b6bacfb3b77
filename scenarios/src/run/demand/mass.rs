//! Whether a mass event is possible with tokens that live no longer than they do, and how long it takes with the limits that there are.

use super::DemandError;
use crate::run::hosts::Allowance;
use crate::scenario_file::{MassEvent, Plan, Profile, Scenario};
use std::time::Duration;

/// What limits make of the logins and calls of one target.
pub(in crate::run) struct MassTimes {
    /// All logins; nothing where there is no limit.
    pub(in crate::run) logins: Duration,
    /// The calls of all accounts, likewise.
    pub(in crate::run) calls: Duration,
}

impl MassTimes {
    pub(in crate::run) fn of(plan: &MassEvent, here: &Allowance<'_>) -> Self {
        let event = here.file().event(&plan.event);
        let steps = event.map_or(0, |event| {
            event.steps.iter().filter(|step| step.is_admin_call).count()
        });
        let (accounts, limits) = (f64::from(plan.accounts), here.limits);
        let at = |per_s: Option<u32>, each: f64| {
            let seconds = per_s.map_or(0.0, |per_s| accounts * each / f64::from(per_s.max(1)));
            Duration::from_secs_f64(seconds)
        };
        Self {
            logins: at(limits.logins_per_s, 1.0),
            calls: at(limits.admin_calls_per_s, steps as f64),
        }
    }
}

/// Accounts are called in the order in which they logged in: the first waits for all other logins, the last for all other calls, and both for what is
/// measured in between.
pub(super) fn within_lifetime(
    scenario: &Scenario,
    profile: Profile,
    here: &Allowance<'_>,
) -> Result<(), DemandError> {
    let (Plan::Mass(plan), Some(lives)) = (
        scenario.plan(profile),
        here.file().about.facts.get("access_ttl"),
    ) else {
        return Ok(());
    };
    let MassTimes { logins, calls } = MassTimes::of(plan, here);
    let between = plan.warm_up + plan.slice;
    let age = logins.max(calls) + between;
    // What is not limited takes as long as the target wants.
    if age <= *lives || logins.max(calls).is_zero() {
        return Ok(());
    }
    let limited = match logins > calls {
        true => (logins, "logins", "logins_per_s", here.limits.logins_per_s),
        false => (
            calls,
            "calls",
            "admin_calls_per_s",
            here.limits.admin_calls_per_s,
        ),
    };
    let (takes, what, limit, per_s) = limited;
    Err(DemandError::TooSlow {
        scenario: scenario.name.clone(),
        target: here.to_string(),
        lives: lives.as_secs_f64(),
        age: age.as_secs_f64().ceil() as u64,
        what: format!(
            "{} s of {what} (limits.{limit} = {}) for {} accounts, and {} s of warm_up and slice",
            takes.as_secs_f64().round(),
            per_s.unwrap_or_default(),
            plan.accounts,
            between.as_secs_f64()
        ),
    })
}

/// Refuses a second one in the same run.
///
/// # Errors
/// [`DemandError::TwoMassEvents`].
pub(in crate::run) fn at_most_one<'a>(
    scenarios: impl Iterator<Item = &'a Scenario>,
    profile: Profile,
) -> Result<(), DemandError> {
    let mut events = scenarios.filter(|scenario| matches!(scenario.plan(profile), Plan::Mass(_)));
    match (events.next(), events.next()) {
        (Some(one), Some(other)) => Err(DemandError::TwoMassEvents {
            one: one.name.clone(),
            other: other.name.clone(),
        }),
        _ => Ok(()),
    }
}
