//! Measures sessions of several kinds of clients, in slices: each client type alone, and all of them together.
//!
//! What a session of one type costs can only be told where no other type is at work: the processes' CPU clocks do not say for whom they ran. So it is
//! read from the slices in which a type was alone. The slices of a round come in an order drawn anew, and each is waited for to the end of its last
//! session, so that every session's cost falls into the slice in which it began.

mod stage;

use self::stage::{Place, Stage};
use super::steady::watch_idle;
use super::system::System;
use super::{Context, MeasureError};
use crate::journey::served::powers;
use crate::journey::session::Tally;
use crate::journey::visitor::{Crew, Visitor};
use crate::load::attack::Attack;
use crate::scenario_file::{ClientPlan, Journeys};
use authbench_reports::run_file::{ClientShare, IdleUse, JourneyRecord, JourneySlice, NotServed};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Visitors are this many times those who are busy at once when a target answers at once: a slow one keeps them longer.
const HEADROOM: f64 = 2.0;
/// And this many more, for chance.
const SPARE: u32 = 8;

/// Runs the slices of `plan` at `systems`. Interrupted, it returns those that were completed.
///
/// # Errors
/// When a process ends, or the generator fails.
pub(super) async fn measure(
    systems: &[System],
    plan: &Journeys,
    mut attack: Attack,
    context: &Context<'_>,
) -> Result<JourneyRecord, MeasureError> {
    let clients: Vec<Arc<ClientPlan>> = plan.clients.iter().cloned().map(Arc::new).collect();
    let mut stage = Stage {
        systems,
        plan,
        context,
        places: Vec::new(),
    };
    let mut not_served = Vec::new();
    for system in systems {
        let mut first_user = 0;
        for client in &clients {
            let place = match powers(system.target(), client) {
                Ok(powers) if client.share > 0.0 => {
                    let crew = Arc::new(crew(system, client, powers, &stage));
                    let many = visitors(client, plan, systems.len());
                    let users = (first_user..first_user + many)
                        .map(|user| Visitor::new(Arc::clone(&crew), user));
                    attack.crew(
                        &format!("{}, {}", system.name(), client.name),
                        users.collect(),
                    )?;
                    first_user += many;
                    Place {
                        queue: Arc::clone(&crew.queue),
                        crew: Some(crew),
                    }
                }
                Ok(_) => Place::empty(),
                Err(why) => {
                    not_served.push(NotServed {
                        target: system.name().to_owned(),
                        client: client.name.clone(),
                        why,
                    });
                    Place::empty()
                }
            };
            stage.places.push(place);
        }
    }
    let idle = context
        .unless_interrupted(watch_idle(systems, context))
        .await?;
    let slices = attack.run(stage.slices()).await??;
    Ok(record(plan, idle, slices, not_served))
}

/// How many visitors of one type a target of `targets` needs. Each of them has an account of its own.
pub(super) fn visitors(client: &ClientPlan, plan: &Journeys, targets: usize) -> u32 {
    // As many as when the type is alone: all sessions are its own then.
    let per_s = f64::from(plan.sessions_per_s) / targets as f64;
    let busy = per_s * client.expected().as_secs_f64();
    (busy * HEADROOM).ceil() as u32 + SPARE
}

fn crew(
    system: &System,
    client: &Arc<ClientPlan>,
    powers: crate::journey::served::Powers,
    stage: &Stage<'_>,
) -> Crew {
    // Each crew draws for itself: with the same draws, an odd one would look like agreement between targets.
    let number = stage.places.len() as u64;
    Crew {
        target: Arc::clone(system.target()),
        limit: Arc::clone(system.login_limit()),
        plan: Arc::clone(client),
        powers,
        renew_before: stage.plan.renew_before,
        queue: Arc::default(),
        tally: Tally::default(),
        seed: stage.context.seed ^ (number << 40),
        begun: AtomicU64::new(0),
        interrupted: stage.context.interrupted.clone(),
    }
}

fn record(
    plan: &Journeys,
    idle: Vec<IdleUse>,
    slices: Vec<JourneySlice>,
    not_served: Vec<NotServed>,
) -> JourneyRecord {
    let shares = plan.clients.iter().map(|client| ClientShare {
        client: client.name.clone(),
        share: client.share,
    });
    JourneyRecord {
        sessions_per_s: f64::from(plan.sessions_per_s),
        mix: shares.collect(),
        idle,
        rounds: plan.rounds,
        slices,
        not_served,
    }
}
