//! Walks through step lists.

use std::time::{Instant, SystemTime};

use super::capture::{self, Cookies};
use super::client::{Exchange, FlowClient};
use super::command;
use super::credential::Credential;
use super::encode::Values;
use super::error::{StepError, StepFailure};
use super::jar::CookieRefusal;
use super::mask;
use super::trail::Trail;
use super::walk::Walk;
use crate::target::{
    Action, Call, Capture, CommandLine, Event, Origin, Point, Step, THROTTLED, Target,
};
use crate::wire::ResponseReader;

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
        target.admin_calls.pass().await;
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

async fn run_step(
    client: &mut FlowClient,
    target: &Target,
    step: &Step,
    credential: &mut Credential,
    walk: &Walk,
) -> Result<Acknowledged, StepError> {
    let outcome = match &step.action {
        Action::Request(call) => send(client, target, call, &step.captures, credential, walk).await,
        Action::Command(command) => {
            execute(target, command, &step.captures, credential, walk).await
        }
    };
    outcome.map_err(|failure| StepError {
        target: target.about.name.clone(),
        step: step.label.clone(),
        failure: Box::new(failure),
    })
}

/// Sends a request, follows redirects as far as the file says, and captures from the last answer.
async fn send(
    client: &mut FlowClient,
    target: &Target,
    call: &Call,
    captures: &[Capture],
    credential: &mut Credential,
    walk: &Walk,
) -> Result<Acknowledged, StepFailure> {
    let (rendered, stop) = {
        let values = Values::of(credential, walk);
        let stop = call.follow.as_ref().and_then(|follow| follow.stop.as_ref());
        let stop = stop.map(|stop| values.url(stop)).transpose()?;
        (values.rendered(&call.request)?, stop)
    };
    let mut trail = Trail::of(&call.request.origin, &rendered);
    let exchange = trail.follow(client, target, call, stop.as_deref(), rendered, credential);
    let exchange = exchange.await?;
    expect(
        call,
        &exchange,
        client.response(),
        secrets(target, credential, walk),
    )?;
    trail.receive(credential, client.response());
    let response = client.response();
    let find = |capture: &Capture, credential: &Credential| {
        capture::in_response(&capture.from, response, credential.jar(), &trail.cookies)
    };
    keep(target, captures, credential, walk, response.body(), find)?;
    if !captures.is_empty() || !trail.cookies.kept.is_empty() {
        credential.issued = exchange.done;
    }
    Ok(Acknowledged {
        started: trail.started.unwrap_or(exchange.sent),
        sent: exchange.sent,
        not_before: exchange.done,
        done: exchange.done,
        status: Some(exchange.head.status),
    })
}

/// What a server or a command may say and we may not.
fn secrets<'s>(
    target: &'s Target,
    credential: &'s Credential,
    walk: &'s Walk,
) -> impl Iterator<Item = &'s str> {
    credential
        .secrets()
        .chain(walk.secrets())
        .chain(target.secrets())
}

fn expect<'s>(
    call: &Call,
    exchange: &Exchange,
    response: &ResponseReader,
    secrets: impl Iterator<Item = &'s str>,
) -> Result<(), StepFailure> {
    let got = exchange.head.status;
    if call.expect.contains(got) {
        return Ok(());
    }
    if got == THROTTLED {
        let after = response.header("retry-after");
        return Err(StepFailure::Throttled {
            after: after.and_then(super::error::retry_after),
        });
    }
    Err(StepFailure::Status {
        expected: call.expect.clone(),
        got,
        body: mask::excerpt(response.body(), secrets),
    })
}

/// Runs a command and captures from what it prints.
async fn execute(
    target: &Target,
    command: &CommandLine,
    captures: &[Capture],
    credential: &mut Credential,
    walk: &Walk,
) -> Result<Acknowledged, StepFailure> {
    let ran = {
        let values = Values::of(credential, walk);
        let secrets = secrets(target, credential, walk);
        command::run(command, &values, secrets).await??
    };
    let find = |capture: &Capture, _: &Credential| match &capture.from {
        crate::target::CaptureFrom::Json(place) => capture::in_json(&ran.output, place),
        // Refused when the file is read.
        _ => Err("a command has no response".to_owned()),
    };
    keep(target, captures, credential, walk, &ran.output, find)?;
    if !captures.is_empty() {
        credential.issued = ran.exited;
    }
    Ok(Acknowledged {
        started: ran.started,
        sent: ran.started,
        not_before: ran.started,
        done: ran.exited,
        status: None,
    })
}

/// Keeps what `find` finds, and how long it lives by the account of `body`.
fn keep(
    target: &Target,
    captures: &[Capture],
    credential: &mut Credential,
    walk: &Walk,
    body: &[u8],
    find: impl Fn(&Capture, &Credential) -> Result<String, String>,
) -> Result<(), StepFailure> {
    let mut is_credential = false;
    for capture in captures {
        let value = find(capture, credential).map_err(|reason| StepFailure::Capture {
            name: capture.name.clone(),
            reason,
        })?;
        let is_presented = walk.is_admin_login || target.presents(&capture.name);
        credential.keep(is_presented, &capture.name, value);
        is_credential |= is_presented;
    }
    if is_credential {
        let lifetimes = (!walk.is_admin_login).then_some(&*target.lifetimes);
        credential.note_lifetime(body, lifetimes);
    }
    Ok(())
}

/// Lets `credential` take the cookies that an ordinary call to `point` was answered with, as a browser would; whether there were any. A point
/// whose request has cookies of its own takes none.
pub fn adopt(point: &Point, credential: &mut Credential, response: &ResponseReader) -> bool {
    let Ok(rendered) = Values::of(credential, Walk::none()).rendered(&point.request) else {
        return false;
    };
    let mut cookies = Cookies::default();
    if rendered.cookies.is_none() {
        let origin = &point.request.origin;
        receive(&mut cookies, credential, response, origin, rendered.path());
    }
    !cookies.kept.is_empty()
}

/// Lets the jar take the cookies of a response.
pub(super) fn receive(
    cookies: &mut Cookies,
    credential: &mut Credential,
    response: &ResponseReader,
    origin: &Origin,
    path: &str,
) {
    let now = SystemTime::now();
    for header in response.headers("set-cookie") {
        let text = std::str::from_utf8(header).map_err(|_| CookieRefusal::Malformed);
        match text.and_then(|text| credential.jar.receive(text, origin, path, now)) {
            Ok(name) => cookies.kept.push(name),
            Err(refusal) => {
                credential.refused_cookies.push(refusal.clone());
                cookies.refused.push(refusal);
            }
        }
    }
}

#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod foreign_tests;
