//! Walks through step lists.

use std::time::Instant;

use super::client::FlowClient;
use super::credential::Credential;
use super::error::StepError;
use super::step::run_step;
use super::walk::Walk;
use crate::target::{Event, Step, Target};

/// A step list was walked to its end: every step ended as it should.
#[derive(Debug, Clone, Copy)]
pub struct Acknowledged {
    /// Just before the first request was written, or the first command started.
    pub started: Instant,
    /// Just before the last request was written, or the last command started.
    pub sent: Instant,
    /// Not before this was the last step acknowledged: `done` for a response, the start of a command, which may have had its answer at any
    /// time until its exit.
    pub not_before: Instant,
    /// Just after the last response was read in full, or the last command had exited: the acknowledgement.
    pub done: Instant,
    /// The last response's status; absent for a command.
    pub status: Option<u16>,
}

/// Logs in user number `user` and gives the credential; one without content where the target has no login.
///
/// # Errors
/// With the first step that fails.
pub async fn login(
    client: &mut FlowClient,
    target: &Target,
    user: u32,
) -> Result<Credential, StepError> {
    login_by(client, target, &target.flows.login, user).await
}

/// The same by steps of one's own.
///
/// # Errors
/// With the first step that fails.
pub async fn login_by(
    client: &mut FlowClient,
    target: &Target,
    steps: &[Step],
    user: u32,
) -> Result<Credential, StepError> {
    let account = target.about.users.as_ref().map(|users| users.account(user));
    let mut credential = Credential::of(account);
    run_steps(client, target, steps, &mut credential).await?;
    Ok(credential)
}

/// Renews a credential. `None` where the target has no refresh.
///
/// # Errors
/// With the first step that fails.
pub async fn refresh(
    client: &mut FlowClient,
    target: &Target,
    credential: &mut Credential,
) -> Result<Option<Acknowledged>, StepError> {
    run_steps(client, target, &target.flows.refresh, credential).await
}

/// Ends a credential's session as its user would. `None` where the target has no logout.
///
/// # Errors
/// With the first step that fails.
pub async fn logout(
    client: &mut FlowClient,
    target: &Target,
    credential: &mut Credential,
) -> Result<Option<Acknowledged>, StepError> {
    run_steps(client, target, &target.flows.logout, credential).await
}

/// Brings user number `user` back after `event`, without a credential of theirs: from the file, the account and the administrator's
/// session alone. `None` where the event has no undo.
///
/// # Errors
/// With the first step that fails.
pub async fn undo(
    client: &mut FlowClient,
    target: &Target,
    event: &Event,
    user: u32,
) -> Result<Option<Acknowledged>, StepError> {
    let account = target.about.users.as_ref().map(|users| users.account(user));
    run_steps(client, target, &event.undo, &mut Credential::of(account)).await
}

/// Walks through `steps`; what they capture and the cookies they are sent go into `credential`. `None` when there are no steps.
///
/// Where a step needs the administrator's session, that login comes first; a step that is refused with it (401, 403) is tried once more with
/// a new one.
///
/// # Errors
/// With the first step that fails; what earlier steps changed stays.
pub async fn run_steps(
    client: &mut FlowClient,
    target: &Target,
    steps: &[Step],
    credential: &mut Credential,
) -> Result<Option<Acknowledged>, StepError> {
    let turn = await_turn(client, target, steps).await?;
    run_steps_now(client, target, steps, credential, turn).await
}

/// A walk that has waited for everything that it had to wait for: its first step can be sent at once.
pub(crate) struct StepsTurn(Walk);

/// Waits until `steps` may begin: for the administrator's session, where one of them needs it, and for the first step's turn among the
/// administrator's calls. Nothing of `steps` has been sent then, so this may be given up.
///
/// # Errors
/// With the step of the administrator's login that fails.
pub(crate) async fn await_turn(
    client: &mut FlowClient,
    target: &Target,
    steps: &[Step],
) -> Result<StepsTurn, StepError> {
    let walk = begin_walk(client, target, steps).await?;
    if let Some(first) = steps.first() {
        wait_for_turn(target, first).await;
    }
    Ok(StepsTurn(walk))
}

/// Walks through `steps`, whose turn it is, like [`run_steps`].
///
/// # Errors
/// With the first step that fails; what earlier steps changed stays.
pub(crate) async fn run_steps_now(
    client: &mut FlowClient,
    target: &Target,
    steps: &[Step],
    credential: &mut Credential,
    turn: StepsTurn,
) -> Result<Option<Acknowledged>, StepError> {
    let StepsTurn(mut walk) = turn;
    let mut acknowledged = None;
    for step in steps {
        if acknowledged.is_some() {
            wait_for_turn(target, step).await;
        }
        let this = step_or_again(client, target, step, credential, &mut walk).await?;
        acknowledged = Some(this.after(acknowledged));
    }
    Ok(acknowledged)
}

/// Begins a walk through `steps`: with the administrator's session, where one of them needs it.
///
/// # Errors
/// With the step of the administrator's login that fails.
pub(crate) async fn begin_walk(
    client: &mut FlowClient,
    target: &Target,
    steps: &[Step],
) -> Result<Walk, StepError> {
    let mut walk = Walk::default();
    if steps.iter().any(|step| step.uses_admin) {
        walk.admin = Some(target.admin.session(client, target).await?);
    }
    Ok(walk)
}

/// Makes one step of a walk.
///
/// # Errors
/// When it fails.
pub(crate) async fn next_step(
    client: &mut FlowClient,
    target: &Target,
    step: &Step,
    credential: &mut Credential,
    walk: &mut Walk,
) -> Result<Acknowledged, StepError> {
    wait_for_turn(target, step).await;
    step_or_again(client, target, step, credential, walk).await
}

/// Makes a step whose turn it is; where the administrator's session is refused, once more with a new one.
async fn step_or_again(
    client: &mut FlowClient,
    target: &Target,
    step: &Step,
    credential: &mut Credential,
    walk: &mut Walk,
) -> Result<Acknowledged, StepError> {
    let outcome = run_step(client, target, step, credential, walk).await;
    if let Err(error) = &outcome
        && let Some(refused) = walk.admin.take_if(|_| is_refused_admin(step, error))
    {
        walk.admin = Some(target.admin.after(&refused, client, target).await?);
        wait_for_turn(target, step).await;
        return run_step(client, target, step, credential, walk).await;
    }
    outcome
}

async fn wait_for_turn(target: &Target, step: &Step) {
    if step.is_admin_call {
        target.turns.admin_calls.pass().await;
    }
}

/// The same without an administrator's session.
pub(super) async fn walk_through(
    client: &mut FlowClient,
    target: &Target,
    steps: &[Step],
    credential: &mut Credential,
    walk: &Walk,
) -> Result<(), StepError> {
    for step in steps {
        wait_for_turn(target, step).await;
        run_step(client, target, step, credential, walk).await?;
    }
    Ok(())
}

fn is_refused_admin(step: &Step, error: &StepError) -> bool {
    step.uses_admin && matches!(error.unexpected_status(), Some(401 | 403))
}

impl Acknowledged {
    /// The end of a walk that began with `earlier`.
    pub(crate) fn after(self, earlier: Option<Self>) -> Self {
        let started = earlier.map_or(self.started, |earlier| earlier.started);
        Self { started, ..self }
    }
}

#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod foreign_tests;
