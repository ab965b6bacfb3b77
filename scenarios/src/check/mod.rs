//! `authbench check`: walks one user through every flow of a target, once and without load, and holds what it sees against the file.
//!
//! * `walker`: makes the calls, keeps the transcript
//! * `ask`: asks the points, with the credential as it is, left out, or changed
//! * `stages`: login, refresh, logout; `event`, `lag`: an event and what the points do after it
//! * `declared`: what the file alone lacks; `lifetime`: what responses say of lifetimes; `explain`: what a failure looks like
//! * `shown`: how a captured value may be shown

mod ask;
mod declared;
mod event;
mod explain;
mod lag;
mod lifetime;
mod shown;
mod stages;
mod walker;

use self::walker::Walker;
use crate::run::system::System;
use crate::undo::Journal;
use authbench_reports::check::{Outcome, Severity, TargetCheck};
use std::sync::Arc;
use tokio::sync::watch;

/// What is checked.
#[derive(Clone, Debug)]
pub struct CheckPlan {
    /// The user who walks, by number. Events without an undo take the accounts after it, one each, for they may end them.
    pub user: u32,
    /// Names of the events to make happen; empty: all.
    pub events: Vec<String>,
    /// Where it is written down whom events touch.
    pub journal: Arc<Journal>,
}

/// Why a target cannot be checked as asked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The file has no such event.
    #[error("target {target} has no event {event:?} (it has: {known})")]
    NoEvent {
        /// The target's name.
        target: String,
        /// What was asked for.
        event: String,
        /// The events that there are.
        known: String,
    },
    /// The file has no such user.
    #[error("target {target} has no user {user}: users.count is {count}, and numbers run from 0")]
    NoUser {
        /// The target's name.
        target: String,
        /// What was asked for.
        user: u32,
        /// How many there are.
        count: u32,
    },
}

/// Checks `system`, in less than a minute where it answers. `progress` is told what is being done. When `interrupted` becomes true, the
/// check ends soon, and what an event did to a user is undone first.
///
/// # Errors
/// When the plan names what the file does not have. Whatever the target does is a finding, no error.
pub async fn check(
    system: &System,
    plan: &CheckPlan,
    interrupted: watch::Receiver<bool>,
    progress: &dyn Fn(&str),
) -> Result<TargetCheck, CheckError> {
    exists(system, plan)?;
    let mut walker = Walker::new(system, interrupted, progress);
    walker.check.findings = declared::lacks(system.target());
    stages::walk(&mut walker, plan).await;
    Ok(walker.finished())
}

fn exists(system: &System, plan: &CheckPlan) -> Result<(), CheckError> {
    let target = system.target();
    let events = &target.flows.events;
    let known = |event: &String| target.flows.event(event).is_some();
    if let Some(event) = plan.events.iter().find(|event| !known(event)) {
        let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
        return Err(CheckError::NoEvent {
            target: target.about.name.clone(),
            event: event.clone(),
            known: names.join(", "),
        });
    }
    match &target.about.users {
        Some(users) if plan.user >= users.count => Err(CheckError::NoUser {
            target: target.about.name.clone(),
            user: plan.user,
            count: users.count,
        }),
        _ => Ok(()),
    }
}

/// What a check comes to, by its worst finding.
fn outcome(check: &TargetCheck, unreachable: bool, interrupted: bool) -> Outcome {
    let wrong = |severity| severity == Severity::Wrong;
    match () {
        () if interrupted => Outcome::Interrupted,
        () if unreachable => Outcome::Unreachable,
        () if check.findings.iter().any(|found| wrong(found.severity)) => Outcome::Differs,
        () => Outcome::Fine,
    }
}
