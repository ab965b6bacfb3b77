//! The protected resource, and what stands beside it.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ALLOW, AUTHORIZATION, HeaderValue, VARY};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, StatusCode};

use super::challenge::refuse;
use super::rate_limit::RateLimit;
use super::streams::{StreamSettings, Streams};
use crate::audit::{AuditEvent, AuditKind, AuditLog};
use crate::client::Client;
use crate::http::connection::Handler;
use crate::http::cors::Cors;
use crate::http::form::is_form;
use crate::http::reply::{self, Reply};
use crate::http::{Limits, Presented, body};
use crate::metrics::{Exposition, LatencyHistogram, Outcomes};
use crate::model::{Refusal, Scheme, Validated, Validator};
use crate::outage::OutageReport;
use crate::refusal::{Reason, Unavailable};
use crate::roles::Roles;
use crate::scope::Scope;
use crate::secret::Fingerprint;

const METHODS: &str = "GET, HEAD, POST, OPTIONS";
/// For caches that store what they must not: at least not for another caller (RFC 9111 §4.1).
pub(super) const CREDENTIALS: HeaderValue = HeaderValue::from_static("authorization, cookie");
/// The resource: as small as an answer can be, so that what is measured is the way to it.
const RESOURCE: &str = r#"{"ok":true}"#;

/// A resource server of one model.
#[derive(Debug)]
pub struct ResourceServer<V> {
    pub(super) validator: V,
    audit: AuditLog,
    outcomes: Outcomes,
    pub(super) outage: OutageReport,
    limits: Limits,
    cors: Arc<Cors>,
    partner_limit: Option<RateLimit>,
    pub(super) streams: Streams,
}

impl<V: Validator> ResourceServer<V> {
    /// A server that lets in whom `validator` accepts.
    pub fn new(
        validator: V,
        audit: AuditLog,
        limits: Limits,
        cors: Arc<Cors>,
        partner_limit: Option<RateLimit>,
        streams: StreamSettings,
    ) -> Self {
        Self {
            validator,
            audit,
            outcomes: Outcomes::default(),
            outage: OutageReport::new("resource server"),
            limits,
            cors,
            partner_limit,
            streams: Streams::new(streams),
        }
    }

    /// Ends the open streams of events.
    pub fn end_streams(&self) {
        self.streams.stop();
    }

    async fn resource(&self, request: Request<Incoming>) -> Reply {
        match *request.method() {
            Method::GET | Method::HEAD => self.read(request).await,
            Method::POST => self.write(request).await,
            Method::OPTIONS => {
                let allow = HeaderValue::from_static(METHODS);
                reply::with_header(reply::empty(StatusCode::NO_CONTENT), ALLOW, allow)
            }
            _ => reply::method_not_allowed(METHODS),
        }
    }

    async fn read(&self, request: Request<Incoming>) -> Reply {
        let (head, _body) = request.into_parts();
        self.judge(presented(&head), Scope::READ).await
    }

    async fn write(&self, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        // Read for the sake of the limits; nothing is done with it but to look for a token.
        let body = match body::read(body, &self.limits).await {
            Ok(body) => body,
            Err(error) => return error.reply(),
        };
        match token_in_form(&head.headers, &body) {
            Some(reason) if V::SCHEME == Scheme::Bearer => {
                self.refuse(Refusal::unseen(reason), None, Scope::WRITE)
            }
            _ => self.judge(presented(&head), Scope::WRITE).await,
        }
    }

    async fn judge(&self, presented: Presented<'_>, needed: Scope) -> Reply {
        match self.admit(presented, needed).await {
            Ok(_) => {
                let reply = reply::json_text(StatusCode::OK, RESOURCE);
                reply::with_header(reply, VARY, CREDENTIALS)
            }
            Err(reply) => reply,
        }
    }

    /// Judges a request that needs this scope. An error: what it is answered instead.
    pub(super) async fn admit(
        &self,
        presented: Presented<'_>,
        needed: Scope,
    ) -> Result<Validated, Reply> {
        let verdict = match self.validator.validate(presented).await {
            Ok(verdict) => verdict,
            Err(unavailable) => return Err(self.unavailable(&unavailable)),
        };
        self.outage.answered();
        if let Ok(validated) = &verdict
            && let Err(wait) = self.within_limits(validated)
        {
            self.outcomes.throttled();
            return Err(reply::too_many_requests(wait));
        }
        match verdict {
            Ok(validated) => match permit(&validated, needed) {
                Ok(()) => {
                    self.outcomes.accepted();
                    Ok(validated)
                }
                Err(reason) => {
                    let refusal = Refusal::unseen(reason);
                    Err(self.refuse(refusal, Some(&validated.subject), needed))
                }
            },
            Err(refusal) => Err(self.refuse(refusal, None, needed)),
        }
    }

    /// Each resource server counts for itself.
    fn within_limits(&self, caller: &Validated) -> Result<(), Duration> {
        match &self.partner_limit {
            Some(limit) if caller.client == Some(Client::Partner) => limit.take(),
            _ => Ok(()),
        }
    }

    fn refuse(&self, refusal: Refusal, subject: Option<&str>, needed: Scope) -> Reply {
        self.outcomes.refused(refusal.reason);
        self.record_refusal(refusal.reason, refusal.credential, subject);
        refuse(V::SCHEME, refusal.reason, needed)
    }

    pub(super) fn record_refusal(
        &self,
        reason: Reason,
        credential: Option<Fingerprint>,
        subject: Option<&str>,
    ) {
        if self.audit.is_enabled() {
            let event = AuditEvent::new(AuditKind::RequestRefused).reason(reason.label());
            let event = event.credential(credential);
            self.audit.record(match subject {
                Some(subject) => event.subject(subject),
                None => event,
            });
        }
    }

    fn unavailable(&self, unavailable: &Unavailable) -> Reply {
        self.outcomes.unavailable();
        self.outage.failed(unavailable);
        reply::unavailable()
    }

    fn metrics(&self) -> Reply {
        let latency = self.validator.introspection_latency();
        let text = Exposition::default()
            .with(&self.outcomes)
            .with_store(self.validator.store())
            .with_revocation(self.validator.revocation_figures())
            .with_introspections(latency.map_or(0, LatencyHistogram::count), latency)
            .with_preflights(self.cors.preflights())
            .with(&self.streams)
            .with_audit_drops(self.audit.dropped());
        reply::metrics(text.into_text())
    }
}

impl<V: Validator> Handler for Arc<ResourceServer<V>> {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        match request.uri().path() {
            "/resource" => self.resource(request).await,
            "/events" => match *request.method() {
                Method::GET => self.open_events(request.into_parts().0).await,
                _ => reply::method_not_allowed("GET"),
            },
            "/healthz" | "/metrics" if *request.method() != Method::GET => {
                reply::method_not_allowed("GET")
            }
            "/healthz" => reply::empty(StatusCode::OK),
            "/metrics" => self.metrics(),
            _ => reply::not_found(),
        }
    }
}

pub(super) fn presented(head: &Parts) -> Presented<'_> {
    Presented {
        method: &head.method,
        uri: &head.uri,
        headers: &head.headers,
    }
}

/// Whether a caller may do what needs this scope. Changing takes the role of a writer besides: a
/// scope only says what a client may do on an account's behalf.
pub(super) fn permit(caller: &Validated, needed: Scope) -> Result<(), Reason> {
    let role = match needed {
        Scope::WRITE => Roles::WRITER,
        _ => Roles::NONE,
    };
    if !caller.scope.covers(needed) {
        Err(Reason::InsufficientScope)
    } else if !caller.roles.cover(role) {
        Err(Reason::InsufficientRole)
    } else {
        Ok(())
    }
}

/// Why a token in a form body is refused, if there is one: RFC 6750 §2.2 allows it there, nobody
/// needs it there, and next to a header it is one token too many.
fn token_in_form(headers: &HeaderMap, body: &[u8]) -> Option<Reason> {
    let has_token =
        is_form(headers) && form_urlencoded::parse(body).any(|(name, _)| name == "access_token");
    match (has_token, headers.contains_key(AUTHORIZATION)) {
        (false, _) => None,
        (true, true) => Some(Reason::MalformedRequest),
        (true, false) => Some(Reason::CredentialMisplaced),
    }
}
