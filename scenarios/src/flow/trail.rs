//! The way of one request through redirects, and the cookies that were set on it.

use std::time::Instant;

use super::capture::Cookies;
use super::client::{Exchange, FlowClient};
use super::credential::Credential;
use super::encode::Rendered;
use super::error::StepFailure;
use super::mask;
use super::redirect::{self, RedirectError};
use super::step::receive;
use crate::target::{Call, Origin, Reached, Target, UrlError};
use crate::wire::ResponseReader;
use url::Url;

/// The way so far.
pub(super) struct Trail {
    /// Just before the first request was written.
    pub(super) started: Option<Instant>,
    pub(super) cookies: Cookies,
    /// Whether the jar takes part; not where the step has cookies of its own.
    uses_jar: bool,
    /// Where the last answer came from.
    origin: Origin,
    path: String,
}

impl Trail {
    /// The way that begins with `request` at `origin`.
    pub(super) fn of(origin: &Origin, request: &Rendered) -> Self {
        Self {
            started: None,
            cookies: Cookies::default(),
            uses_jar: request.cookies.is_none(),
            origin: origin.clone(),
            path: request.path().to_owned(),
        }
    }

    /// Sends `request` and what its redirects lead to, as far as `call` says, or up to a URL that begins with `stop`. Cookies of all answers but
    /// the last go into the jar.
    pub(super) async fn follow(
        &mut self,
        client: &mut FlowClient,
        target: &Target,
        call: &Call,
        stop: Option<&str>,
        mut request: Rendered,
        credential: &mut Credential,
    ) -> Result<Exchange, StepFailure> {
        let mut hops = 0;
        loop {
            let announced = client.announce(target, &self.origin, &mut request, credential.jar());
            announced.await?;
            let bytes = request.bytes(&self.origin, credential.jar())?;
            let exchange = client.exchange(&self.origin.peer(), &bytes).await;
            let exchange = exchange.map_err(|error| match self.started {
                None => StepFailure::Exchange(error),
                Some(_) => StepFailure::Redirected(error),
            })?;
            self.started.get_or_insert(exchange.sent);
            let Some(follow) = &call.follow else {
                return Ok(exchange);
            };
            let asked = self.origin.url(&request.target);
            let asked = asked.map_err(|_| RedirectError::Location)?;
            let location = client.response().header("location");
            let Some(url) = redirect::next(exchange.head.status, location, &asked)? else {
                return Ok(exchange);
            };
            if stop.is_some_and(|stop| url.as_str().starts_with(stop)) {
                return Ok(exchange);
            }
            hops += 1;
            if hops > follow.max {
                return Err(RedirectError::TooMany(follow.max).into());
            }
            self.receive(credential, client.response());
            let Reached { origin, is_another } =
                target
                    .redirected_to(&url, &self.origin)
                    .map_err(|error| match error {
                        UrlError::Inward => RedirectError::Inward(shown_host(&url, credential)),
                        _ => RedirectError::Host(shown_host(&url, credential)),
                    })?;
            request = request.redirected(exchange.head.status, &url, is_another);
            self.origin = origin;
            request.path().clone_into(&mut self.path);
        }
    }

    /// Lets the jar take the cookies of the last answer, if it takes part.
    pub(super) fn receive(&mut self, credential: &mut Credential, response: &ResponseReader) {
        if self.uses_jar {
            receive(
                &mut self.cookies,
                credential,
                response,
                &self.origin,
                &self.path,
            );
        }
    }
}

/// Host and port, which the server has chosen: without what it was sent, and without the user information of the URL.
fn shown_host(url: &Url, credential: &Credential) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    mask::without(
        &format!("{host}{}", port.unwrap_or_default()),
        credential.secrets(),
    )
}
