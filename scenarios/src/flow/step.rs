//! One step: a request or a command, and what is kept of its answer.

use std::time::SystemTime;

use super::capture::{self, Cookies};
use super::client::{Exchange, FlowClient};
use super::command;
use super::credential::Credential;
use super::encode::Values;
use super::error::{StepError, StepFailure};
use super::jar::CookieRefusal;
use super::mask;
use super::steps::Acknowledged;
use super::trail::Trail;
use super::walk::Walk;
use crate::target::{Action, Call, Capture, CommandLine, Origin, Point, Step, THROTTLED, Target};
use crate::wire::ResponseReader;

/// Makes one step of a walk, whose turn it is.
///
/// # Errors
/// When it fails; nothing is kept of it then but cookies of redirects.
pub(super) async fn run_step(
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

/// Presents `credential` at `point`, as whoever `client` is.
///
/// # Errors
/// When the request cannot be built or may not be sent, or no whole answer came.
pub(crate) async fn present(
    client: &mut FlowClient,
    target: &Target,
    point: &Point,
    credential: &Credential,
) -> Result<Exchange, StepFailure> {
    let mut request = Values::of(credential, Walk::none()).rendered(&point.request)?;
    let (origin, jar) = (&point.request.origin, credential.jar());
    client.announce(target, origin, &mut request, jar).await?;
    let bytes = request.bytes(origin, jar)?;
    Ok(client.exchange(&origin.peer(), &bytes).await?)
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
