//! Whether what the targets of one host are sent stays within what it may get.

use super::{DemandError, LimitOrigin, tables};
use crate::run::hosts::Allowance;
use crate::scenario_file::{
    ClientPlan, Journeys, Ladder, Plan, Profile, Revocations, Scenario, Sweep,
};
use crate::target::TargetFile;

pub(super) fn within_login_limit(
    scenario: &Scenario,
    profile: Profile,
    here: &Allowance<'_>,
) -> Result<(), DemandError> {
    let (Plan::Login(plan), Some(allows)) = (scenario.plan(profile), here.limits.logins_per_s)
    else {
        return Ok(());
    };
    match plan.rates_per_s.iter().copied().max() {
        Some(asked) if asked > allows => Err(DemandError::TooManyLogins {
            scenario: scenario.name.clone(),
            target: here.to_string(),
            allows,
            asked,
        }),
        _ => Ok(()),
    }
}

/// What would be sent at most, per second.
struct Demand {
    sent: f64,
    what: String,
    remedy: String,
}

/// `targets`: how many the scenario has, here and elsewhere.
pub(super) fn within_limit(
    scenario: &Scenario,
    profile: Profile,
    here: &Allowance<'_>,
    targets: usize,
) -> Result<(), DemandError> {
    let Some(allows) = here.limits.requests_per_s else {
        return Ok(());
    };
    let demand = match scenario.plan(profile) {
        Plan::Steady(_) => stream(scenario, here, targets, 0.0),
        Plan::Revocation(plan) => {
            let files = here.together.iter();
            let probes = files.map(|file| most_probes_per_s(plan, file)).sum();
            stream(scenario, here, targets, probes)
        }
        // A search ends at the limit: see `solo::ceiling_per_s`.
        Plan::Capacity(_) => return Ok(()),
        Plan::Sweep(plan) => ladder(plan),
        Plan::Login(plan) => {
            // One target at a time has the stream.
            let highest = plan.rates_per_s.iter().copied().max();
            stream(scenario, &here.alone(), 1, highest.map_or(0.0, f64::from))
        }
        // One target at a time.
        Plan::Mass(plan) => {
            let probes = f64::from(plan.probes_per_s);
            stream(scenario, &here.alone(), 1, probes)
        }
        Plan::Journey(plan) => sessions(plan, here, targets),
    };
    if demand.sent <= f64::from(allows) {
        return Ok(());
    }
    Err(DemandError::TooManyRequests {
        scenario: scenario.name.clone(),
        target: here.to_string(),
        allows,
        origin: origin(here),
        sent: demand.sent.ceil() as u64,
        what: demand.what,
        remedy: demand.remedy,
    })
}

/// The stream's share of those who are `here`, and `more` beside it: probes, or logins.
fn stream(scenario: &Scenario, here: &Allowance<'_>, targets: usize, more: f64) -> Demand {
    let allows = here.limits.requests_per_s.map_or(0.0, f64::from);
    let together = here.together.len() as f64;
    let share = f64::from(scenario.load.rate_per_s) / targets as f64 * together;
    let rate = ((allows - more).max(0.0) * targets as f64 / together).floor();
    Demand {
        sent: share + more,
        what: made_of(share, more, targets),
        remedy: if rate >= 1.0 {
            format!("load.rate_per_s may be {rate} with {targets} targets")
        } else {
            "use fewer slots_per_target or probes_per_s, or a longer probe_every".to_owned()
        },
    }
}

fn made_of(share: f64, more: f64, targets: usize) -> String {
    let stream = format!("{share:.0} of the stream (load.rate_per_s / {targets} targets)");
    if more > 0.0 {
        format!(
            "{stream} and {more:.0} probes (slots_per_target × points / probe_every, or mass.probes_per_s) or logins (login.rates)"
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

/// Rates that a scenario names are meant; those that it has looked for end at the limit by themselves. One target at a time is asked.
fn ladder(plan: &Sweep) -> Demand {
    let highest = match &plan.ladder {
        Ladder::Rates(rates) => rates.last().copied(),
        Ladder::Fractions { .. } => None,
    };
    Demand {
        sent: highest.unwrap_or(0.0),
        what: "the highest of sweep.rates".to_owned(),
        remedy: "leave out the rates above the limit".to_owned(),
    }
}

/// The type that asks most is alone in a slice, at all targets at once.
fn sessions(plan: &Journeys, here: &Allowance<'_>, targets: usize) -> Demand {
    let clients = plan.clients.iter().filter(|client| client.share > 0.0);
    let per_session = clients.map(most_requests).fold(0.0, f64::max);
    let together = here.together.len() as f64;
    let allows = here.limits.requests_per_s.map_or(0.0, f64::from);
    let rate = (allows * targets as f64 / together / per_session).floor();
    Demand {
        sent: f64::from(plan.sessions_per_s) / targets as f64 * together * per_session,
        what: format!(
            "journey.sessions_per_s / {targets} targets × {together} on the host × {per_session} requests, repeated ones included"
        ),
        remedy: if rate >= 1.0 {
            format!("journey.sessions_per_s may be {rate} with {targets} targets")
        } else {
            "use fewer requests_per_session, or fewer targets at a time".to_owned()
        },
    }
}

/// Requests of a session: those that are sent twice, and those whose answer is lost, count as often as they are sent.
fn most_requests(client: &ClientPlan) -> f64 {
    let sent = 1.0 + client.shares.retry + client.shares.lost_response;
    f64::from(client.requests) * sent
}

fn origin(here: &Allowance<'_>) -> LimitOrigin {
    let allows = here.limits.requests_per_s;
    let mut files = here.together.iter();
    match files.any(|file| file.about.limits.requests_per_s == allows) {
        true => LimitOrigin::File,
        false => LimitOrigin::OtherMachine,
    }
}
