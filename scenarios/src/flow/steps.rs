//! Walks through step lists.

use std::time::{Instant, SystemTime};

use serde_json::Value;

use super::client::{Exchange, FlowClient};
use super::credential::Credential;
use super::encode::encode;
use super::error::{StepError, StepFailure};
use super::jar::CookieRefusal;
use super::mask;
use crate::target::{Capture, CaptureFrom, Origin, Step, Target};
use crate::wire::ResponseReader;

/// A step list was walked to its end: every step had the status it should have.
#[derive(Debug, Clone, Copy)]
pub struct Acknowledged {
    /// Just before the first request was written.
    pub started: Instant,
    /// Just before the last request was written.
    pub sent: Instant,
    /// Just after the last response was read in full: the acknowledgement.
    pub done: Instant,
    /// The last response's status.
    pub status: u16,
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
    let account = target.about.users.as_ref().map(|users| users.account(user));
    let mut credential = Credential::of(account);
    run_steps(client, target, &target.flows.login, &mut credential).await?;
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

/// Walks through `steps`; what they capture and the cookies they are sent go into `credential`. `None` when there are no steps.
///
/// # Errors
/// With the first step that fails; what earlier steps changed stays.
pub async fn run_steps(
    client: &mut FlowClient,
    target: &Target,
    steps: &[Step],
    credential: &mut Credential,
) -> Result<Option<Acknowledged>, StepError> {
    let mut acknowledged: Option<Acknowledged> = None;
    for step in steps {
        let failed = |failure| StepError {
            target: target.about.name.clone(),
            step: step.label.clone(),
            failure,
        };
        let exchange = run_step(client, target, step, credential)
            .await
            .map_err(failed)?;
        let started = acknowledged.map_or(exchange.sent, |earlier| earlier.started);
        let (sent, done, status) = (exchange.sent, exchange.done, exchange.head.status);
        acknowledged = Some(Acknowledged {
            started,
            sent,
            done,
            status,
        });
    }
    Ok(acknowledged)
}

async fn run_step(
    client: &mut FlowClient,
    target: &Target,
    step: &Step,
    credential: &mut Credential,
) -> Result<Exchange, StepFailure> {
    let origin = &step.request.origin;
    let encoded = encode(&step.request, credential)?;
    let exchange = client.exchange(origin.address, &encoded.bytes).await?;
    let response = client.response();
    if !step.expect.contains(exchange.head.status) {
        let body = mask::excerpt(response.body(), credential.secrets());
        return Err(StepFailure::Status {
            expected: step.expect.clone(),
            got: exchange.head.status,
            body,
        });
    }
    let uses_jar = step.request.parts.cookies.is_none();
    let cookies = if uses_jar {
        receive_cookies(credential, response, origin, &encoded.path)
    } else {
        Cookies::default()
    };
    for capture in &step.captures {
        let value = find(capture, response, credential, &cookies).map_err(|reason| {
            StepFailure::Capture {
                name: capture.name.clone(),
                reason,
            }
        })?;
        credential.keep(target, &capture.name, value);
    }
    if !step.captures.is_empty() || !cookies.kept.is_empty() {
        credential.issued = exchange.done;
    }
    Ok(exchange)
}

/// What became of a response's cookies.
#[derive(Default)]
struct Cookies {
    kept: Vec<String>,
    refused: Vec<CookieRefusal>,
}

fn receive_cookies(
    credential: &mut Credential,
    response: &ResponseReader,
    origin: &Origin,
    path: &str,
) -> Cookies {
    let now = SystemTime::now();
    let mut cookies = Cookies::default();
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
    cookies
}

fn find(
    capture: &Capture,
    response: &ResponseReader,
    credential: &Credential,
    cookies: &Cookies,
) -> Result<String, String> {
    match &capture.from {
        CaptureFrom::Json(pointer) => find_json(response.body(), pointer),
        CaptureFrom::Header(name) => {
            let value = response
                .header(name)
                .and_then(|value| std::str::from_utf8(value).ok());
            value
                .map(str::to_owned)
                .ok_or_else(|| format!("the response has no header {name}"))
        }
        CaptureFrom::Cookie(name) => {
            let kept = cookies
                .kept
                .contains(name)
                .then(|| credential.jar.value(name))
                .flatten();
            kept.map(str::to_owned)
                .ok_or_else(|| no_cookie(name, &cookies.refused))
        }
    }
}

/// A browser drops a cookie without a word; here the word is what the user needs.
fn no_cookie(name: &str, refused: &[CookieRefusal]) -> String {
    let reasons: Vec<String> = refused.iter().map(CookieRefusal::to_string).collect();
    let why = if reasons.is_empty() {
        String::new()
    } else {
        format!(" ({})", reasons.join("; "))
    };
    format!("the response sets no cookie {name}{why}")
}

fn find_json(body: &[u8], pointer: &str) -> Result<String, String> {
    let json: Value =
        serde_json::from_slice(body).map_err(|_| "the body is not JSON".to_owned())?;
    match json.pointer(pointer) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(_) => Err(format!(
            "{pointer} in the body is neither a text nor a number"
        )),
        None => Err(format!("the body has no {pointer}")),
    }
}

#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;
