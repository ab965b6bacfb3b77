//! What renewing a credential costs the processes of a target, measured while nothing else is asked of them.
//!
//! In the stream hardly any credential lives long enough to be renewed, and those that are cannot be told from the rest of the CPU time.
//! Only a refresh is measured here: where a renewal is a new login, its cost is that of the password hash, which these scenarios make
//! cheap on purpose.

use super::MeasureError;
use super::system::System;
use crate::accounting::book;
use crate::credentials::{STEP_DEADLINE, log_in};
use crate::flow::{FlowClient, refresh};
use authbench_reports::run_file::{IdleUse, RenewalCost};
use std::time::Instant;

/// Users who renew, one after another, and how often each does.
pub(super) const USERS: u32 = 20;
const ROUNDS: u32 = 10;

/// Measures every target that has a refresh; `idle` is what their processes use anyway.
pub(super) async fn measure(
    systems: &[System],
    first_user: u32,
    idle: &[IdleUse],
) -> Result<Vec<RenewalCost>, MeasureError> {
    let mut costs = Vec::new();
    for index in 0..systems.len() {
        let system = &systems[index..=index];
        if !system[0].target().flows.refresh.is_empty() {
            costs.push(measure_one(system, first_user, idle).await?);
        }
    }
    Ok(costs)
}

/// `system` is a slice of one, as the book wants it.
async fn measure_one(
    system: &[System],
    first_user: u32,
    idle: &[IdleUse],
) -> Result<RenewalCost, MeasureError> {
    let (target, limit) = (system[0].target(), system[0].login_limit());
    let mut credentials = log_in(target, limit, first_user..first_user + USERS, || ()).await?;
    let mut client = FlowClient::new(STEP_DEADLINE);
    let (before, began) = (book::read(system)?, Instant::now());
    for _ in 0..ROUNDS {
        for credential in &mut credentials {
            limit.pass().await;
            refresh(&mut client, target, credential).await?;
        }
    }
    let (used, seconds) = (
        book::read(system)?.since(&before, system),
        began.elapsed().as_secs_f64(),
    );
    let busy_ns: u64 = used.processes[0].iter().map(|process| process.cpu_ns).sum();
    let name = system[0].name();
    let idle_ns_per_s: f64 = idle
        .iter()
        .filter(|idle| idle.target == name)
        .map(|idle| idle.cpu_ns_per_s)
        .sum();
    Ok(RenewalCost {
        target: name.to_owned(),
        renewals: u64::from(USERS * ROUNDS),
        cpu_ns: busy_ns.saturating_sub((idle_ns_per_s * seconds) as u64),
        seconds,
    })
}
