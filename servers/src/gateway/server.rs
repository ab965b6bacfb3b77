//! One request: recognise the caller, pass the request on, relay the answer.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_LENGTH, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};

use super::failure::{Failure, Failures};
use super::fields::{self, REVEALED};
use super::route::{EVENTS, Route};
use crate::audit::{AuditEvent, AuditKind, AuditLog};
use crate::http::connection::Handler;
use crate::http::content::Content;
use crate::http::cors::Cors;
use crate::http::reply::{self, Reply};
use crate::http::upstream::Upstream;
use crate::http::{Limits, Presented, body};
use crate::metrics::{Exposition, Outcomes};
use crate::model::gateway::{Admitted, Exchange};
use crate::model::{Refusal, Scheme};
use crate::outage::OutageReport;
use crate::refusal::Unavailable;
use crate::resource::challenge::refuse;
use crate::resource::streams::Streams;
use crate::scope::Scope;

const METHODS: &str = "GET, HEAD, POST, OPTIONS";

/// What callers reach.
pub(super) struct Gateway {
    pub(super) exchange: Exchange,
    pub(super) services: Vec<Service>,
    pub(super) reveal_internal_token: bool,
    pub(super) audit: AuditLog,
    pub(super) outcomes: Outcomes,
    pub(super) failures: Failures,
    pub(super) outage: OutageReport,
    pub(super) limits: Limits,
    pub(super) cors: Arc<Cors>,
    pub(super) streams: Arc<Streams>,
}

/// A service, and the way to it.
pub(super) struct Service {
    pub(super) route: Route,
    pub(super) upstream: Upstream,
    pub(super) outage: OutageReport,
}

/// A request on its way to a service.
struct Onward<'a> {
    head: &'a Parts,
    uri: Uri,
    body: Bytes,
}

/// Why a caller gets no answer of a service; each has a reply of its own.
pub(super) enum Stopped {
    Refused(Refusal),
    Unavailable(Unavailable),
    Failed(Failure),
}

impl Handler for Arc<Gateway> {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        match request.uri().path() {
            "/healthz" | "/metrics" if *request.method() != Method::GET => {
                reply::method_not_allowed("GET")
            }
            "/healthz" => reply::empty(StatusCode::OK),
            "/metrics" => self.metrics(),
            path => match self.find(path) {
                None => reply::not_found(),
                Some((service, EVENTS)) => match *request.method() {
                    Method::GET => self.open_events(service, request.into_parts().0).await,
                    _ => reply::method_not_allowed("GET"),
                },
                Some((service, path)) => {
                    let uri = onward_uri(path, request.uri());
                    self.at_service(service, uri, request).await
                }
            },
        }
    }
}

impl Gateway {
    /// The service that a path leads to, and the path that it sees.
    fn find<'p>(&self, path: &'p str) -> Option<(&Service, &'p str)> {
        let mut services = self.services.iter();
        services.find_map(|service| Some((service, service.route.leads_to(path)?)))
    }

    async fn at_service(&self, service: &Service, uri: Uri, request: Request<Incoming>) -> Reply {
        match *request.method() {
            Method::GET | Method::HEAD | Method::POST => {}
            Method::OPTIONS => {
                let allow = HeaderValue::from_static(METHODS);
                return reply::with_header(reply::empty(StatusCode::NO_CONTENT), ALLOW, allow);
            }
            _ => return reply::method_not_allowed(METHODS),
        }
        let (head, body) = request.into_parts();
        let body = match body::read(body, &self.limits).await {
            Ok(body) => body,
            Err(error) => return error.reply(),
        };
        let onward = Onward {
            head: &head,
            uri,
            body,
        };
        let passed_on = self.pass_on(service, &onward).await;
        self.answer(service, &head, passed_on)
    }

    /// What a caller is answered, whatever came of the request, and what is counted of it.
    pub(super) fn answer(
        &self,
        service: &Service,
        head: &Parts,
        passed_on: Result<Reply, Stopped>,
    ) -> Reply {
        match passed_on {
            Ok(reply) => {
                match reply.status() {
                    StatusCode::TOO_MANY_REQUESTS => self.outcomes.throttled(),
                    _ => self.outcomes.accepted(),
                }
                service.outage.answered();
                reply
            }
            Err(Stopped::Refused(refusal)) => self.refuse(refusal, head),
            Err(Stopped::Unavailable(unavailable)) => self.unavailable(&unavailable),
            Err(Stopped::Failed(failure)) => self.failed(service, &failure),
        }
    }

    /// A service that refuses an internal token may know more than what is remembered here. So
    /// everything is forgotten, the session looked up again, and the service asked once more, which
    /// has not acted on a request that it refused. What it refuses then is not the caller's fault.
    async fn pass_on(&self, service: &Service, onward: &Onward<'_>) -> Result<Reply, Stopped> {
        let admitted = self.admit(onward.head).await?;
        let answer = ask(service, onward, &admitted).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(self.relay(onward.head, answer, &admitted));
        }
        self.exchange.forget(&admitted.handle);
        let admitted = self.admit(onward.head).await?;
        let answer = ask(service, onward, &admitted).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            return Err(Stopped::Failed(Failure::TokenRefused));
        }
        Ok(self.relay(onward.head, answer, &admitted))
    }

    pub(super) async fn admit(&self, head: &Parts) -> Result<Admitted, Stopped> {
        let judged = self.exchange.admit(&presented(head)).await;
        let judged = judged.map_err(Stopped::Unavailable)?;
        self.outage.answered();
        judged.map_err(Stopped::Refused)
    }

    pub(super) fn relay<B: Into<Content>>(
        &self,
        asked: &Parts,
        answer: Response<B>,
        admitted: &Admitted,
    ) -> Reply {
        let (head, body) = answer.into_parts();
        let mut fields = fields::back(&head.headers);
        if asked.method == Method::HEAD {
            // There is no body to tell it from.
            let length = head.headers.get(CONTENT_LENGTH).cloned();
            fields.extend(length.map(|length| (CONTENT_LENGTH, length)));
        }
        if self.reveal_internal_token {
            reveal(&mut fields, &admitted.authorization);
        }
        let mut reply = Reply::new(body.into());
        *reply.status_mut() = head.status;
        *reply.headers_mut() = fields;
        reply
    }

    fn refuse(&self, refusal: Refusal, head: &Parts) -> Reply {
        self.outcomes.refused(refusal.reason);
        self.record_refusal(&refusal);
        let needed = if head.method == Method::POST {
            Scope::WRITE
        } else {
            Scope::READ
        };
        refuse(Scheme::Cookie, refusal.reason, needed)
    }

    pub(super) fn record_refusal(&self, refusal: &Refusal) {
        if self.audit.is_enabled() {
            let event = AuditEvent::new(AuditKind::RequestRefused).reason(refusal.reason.label());
            self.audit.record(event.credential(refusal.credential));
        }
    }

    fn unavailable(&self, unavailable: &Unavailable) -> Reply {
        self.outcomes.unavailable();
        self.outage.failed(unavailable);
        reply::unavailable()
    }

    fn failed(&self, service: &Service, failure: &Failure) -> Reply {
        self.outcomes.unavailable();
        self.failures.count(failure.index());
        service.outage.failed(failure);
        failure.reply()
    }

    fn metrics(&self) -> Reply {
        let text = Exposition::default()
            .with(&self.outcomes)
            .with(&self.failures)
            .with_store(Some(self.exchange.store()))
            .with_internal_tokens(self.exchange.mints())
            .with_preflights(self.cors.preflights())
            .with(&*self.streams)
            .with_audit_drops(self.audit.dropped());
        reply::metrics(text.into_text())
    }
}

pub(super) fn presented(head: &Parts) -> Presented<'_> {
    Presented {
        method: &head.method,
        uri: &head.uri,
        headers: &head.headers,
    }
}

async fn ask(
    service: &Service,
    onward: &Onward<'_>,
    admitted: &Admitted,
) -> Result<Response<Bytes>, Stopped> {
    let mut request = Request::new(Full::new(onward.body.clone()));
    *request.method_mut() = onward.head.method.clone();
    *request.uri_mut() = onward.uri.clone();
    *request.headers_mut() = fields::onward(&onward.head.headers, admitted.authorization.clone());
    let answer = service.upstream.forward(request).await;
    answer.map_err(|error| Stopped::Failed(error.into()))
}

/// The path that the service sees, with the request's query.
pub(super) fn onward_uri(path: &str, asked: &Uri) -> Uri {
    let uri = match asked.query() {
        None => path.parse(),
        Some(query) => format!("{path}?{query}").parse(),
    };
    uri.expect("a path of ours and a query that was parsed before")
}

fn reveal(fields: &mut HeaderMap, authorization: &HeaderValue) {
    let token = authorization.as_bytes().strip_prefix(b"Bearer ");
    let token = token.and_then(|token| HeaderValue::from_bytes(token).ok());
    fields.extend(token.map(|token| (REVEALED, token)));
}

/// What services reach, and nobody else should.
pub(super) struct InternalSurface {
    pub(super) jwks: Bytes,
}

impl Handler for InternalSurface {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        match (request.uri().path(), request.method()) {
            ("/jwks.json", &Method::GET) => reply::json_text(StatusCode::OK, self.jwks.clone()),
            ("/healthz", &Method::GET) => reply::empty(StatusCode::OK),
            ("/jwks.json" | "/healthz", _) => reply::method_not_allowed("GET"),
            _ => reply::not_found(),
        }
    }
}
