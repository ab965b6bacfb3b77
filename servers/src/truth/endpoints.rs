//! The endpoints of the truth server.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::credentials::Credentials;
use super::ledger::{Entry, Ledger};
use super::revocation::Verdict;
use super::work::Work;
use crate::secret::Fingerprint;

/// The longest body that is read: forms with a token of usual length.
const BODY_LIMIT: usize = 16 * 1024;

const OK: &str = r#"{"ok":true}"#;

/// Everything that all instances and connections share.
#[derive(Debug)]
pub(super) struct Truth {
    /// Whether there is none of the rest.
    pub(super) bare: bool,
    pub(super) ledger: Ledger,
    pub(super) work: Work,
    pub(super) credentials: Credentials,
    pub(super) block_revocation: Duration,
}

/// An answer, and what is to be noted at the moment it leaves.
pub(super) struct Answer {
    pub(super) response: Response<Full<Bytes>>,
    pub(super) leaving: Option<Leaving>,
}

/// What is to be noted when an answer leaves.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leaving {
    /// The time it was held.
    Held { entry: Entry, read: Instant },
    /// The moment from which the lag of a revocation counts.
    Acknowledgement(Fingerprint),
}

impl Truth {
    /// Answers a request that was read at `read` by an instance, counted from 1.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        read: Instant,
        instance: NonZeroUsize,
    ) -> Answer {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => self.load(read).await,
            (&Method::GET, "/resource") => self.resource(&request, instance).await,
            (&Method::POST, "/login") => self.login().await,
            (&Method::POST, "/revoke") => self.revoke(request).await,
            (&Method::GET, "/metrics") => {
                with_type(self.work.metrics().into(), "text/plain; version=0.0.4").into()
            }
            (&Method::GET, "/truth") => json(&self.ledger.report()).into(),
            (&Method::POST, "/truth/reset") => {
                self.ledger.reset();
                empty(StatusCode::NO_CONTENT).into()
            }
            _ => empty(StatusCode::NOT_FOUND).into(),
        }
    }

    /// An answer to a request leaves now.
    pub(super) fn left(&self, leaving: Leaving, now: Instant) {
        match leaving {
            Leaving::Held { entry, read } => self.ledger.held(entry, now.duration_since(read)),
            Leaving::Acknowledgement(credential) => self.credentials.acknowledged(credential, now),
        }
    }

    async fn load(&self, read: Instant) -> Answer {
        let entry = self.ledger.enter();
        let done = self.work.done_for(entry, read, &self.ledger).await;
        self.work.thawed(&self.ledger).await;
        let response = match done {
            Ok(()) => with_type(OK.into(), "application/json"),
            Err(_) => empty(StatusCode::SERVICE_UNAVAILABLE),
        };
        let leaving = Some(Leaving::Held { entry, read });
        Answer { response, leaving }
    }

    /// Whatever name and password the form has. They are not even read: this endpoint is about what it issues.
    async fn login(&self) -> Answer {
        self.work.thawed(&self.ledger).await;
        let Ok(issued) = self.credentials.issue() else {
            return empty(StatusCode::SERVICE_UNAVAILABLE).into();
        };
        self.ledger.issued();
        let mut body = json!({ "access_token": issued.token, "token_type": "Bearer" });
        if let Some(seconds) = issued.expires_in {
            body["expires_in"] = seconds.into();
        }
        json(&body).into()
    }

    async fn resource(&self, request: &Request<Incoming>, instance: NonZeroUsize) -> Answer {
        self.work.thawed(&self.ledger).await;
        let verdict = bearer(request).map_or(Verdict::Refused, |token| {
            self.credentials.judge(token, instance)
        });
        self.ledger.judged(verdict);
        match verdict {
            Verdict::Accepted => with_type(OK.into(), "application/json").into(),
            Verdict::Unavailable => empty(StatusCode::SERVICE_UNAVAILABLE).into(),
            Verdict::Refused => {
                let mut response = empty(StatusCode::UNAUTHORIZED);
                let challenge = HeaderValue::from_static("Bearer");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                response.into()
            }
        }
    }

    /// Token revocation (RFC 7009 §2.1, but answered 204): an unknown token is as good as revoked.
    async fn revoke(&self, request: Request<Incoming>) -> Answer {
        let Some(token) = token_of(request).await else {
            return empty(StatusCode::BAD_REQUEST).into();
        };
        self.work.withheld(self.block_revocation).await;
        self.work.thawed(&self.ledger).await;
        let revoked = self.credentials.revoke(&token);
        if revoked.is_some() {
            self.ledger.revoked();
        }
        Answer {
            response: empty(StatusCode::NO_CONTENT),
            leaving: revoked.map(Leaving::Acknowledgement),
        }
    }
}

/// The credential in the Authorization header (RFC 6750 §2.1).
fn bearer(request: &Request<Incoming>) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ")
}

/// The form's `token`.
async fn token_of(request: Request<Incoming>) -> Option<String> {
    let body = Limited::new(request.into_body(), BODY_LIMIT);
    let form = body.collect().await.ok()?.to_bytes();
    form_urlencoded::parse(&form)
        .find(|(name, _)| name == "token")
        .map(|(_, token)| token.into_owned())
}

fn json(body: &impl serde::Serialize) -> Response<Full<Bytes>> {
    match serde_json::to_string(body) {
        Ok(text) => with_type(text.into(), "application/json"),
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn with_type(body: Bytes, content_type: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

impl From<Response<Full<Bytes>>> for Answer {
    fn from(response: Response<Full<Bytes>>) -> Self {
        Self {
            response,
            leaving: None,
        }
    }
}
