//! The protected resource, and what stands beside it.

use hyper::body::Incoming;
use hyper::header::{ALLOW, AUTHORIZATION, HeaderValue};
use hyper::{HeaderMap, Method, Request, StatusCode};

use super::challenge::refuse;
use crate::audit::{AuditEvent, AuditKind, AuditLog};
use crate::http::connection::Handler;
use crate::http::form::is_form;
use crate::http::reply::{self, Reply};
use crate::http::{Limits, Presented, body};
use crate::metrics::{Exposition, LatencyHistogram, Outcomes};
use crate::model::{Refusal, Scheme, Validator};
use crate::refusal::{Reason, Unavailable};
use crate::scope::Scope;

const METHODS: &str = "GET, HEAD, POST, OPTIONS";
/// The resource: as small as an answer can be, so that what is measured is the way to it.
const RESOURCE: &str = r#"{"ok":true}"#;

/// A resource server of one model.
#[derive(Debug)]
pub struct ResourceServer<V> {
    validator: V,
    audit: AuditLog,
    outcomes: Outcomes,
    limits: Limits,
}

impl<V: Validator> ResourceServer<V> {
    /// A server that lets in whom `validator` accepts.
    pub fn new(validator: V, audit: AuditLog, limits: Limits) -> Self {
        Self {
            validator,
            audit,
            outcomes: Outcomes::default(),
            limits,
        }
    }

    async fn resource(&self, request: Request<Incoming>) -> Reply {
        let needed = match *request.method() {
            Method::GET | Method::HEAD => Scope::READ,
            Method::POST => Scope::WRITE,
            // There is no cross-origin policy: other sites get no permission, and no data either.
            Method::OPTIONS => {
                let allow = HeaderValue::from_static(METHODS);
                return reply::with_header(reply::empty(StatusCode::NO_CONTENT), ALLOW, allow);
            }
            _ => return reply::method_not_allowed(METHODS),
        };
        let (head, body) = request.into_parts();
        if needed == Scope::WRITE {
            match self.token_in_form(&head.headers, body).await {
                Ok(None) => {}
                Ok(Some(reason)) => return self.refuse(Refusal::unseen(reason), needed),
                Err(reply) => return reply,
            }
        }
        self.judge(
            Presented {
                method: &head.method,
                uri: &head.uri,
                headers: &head.headers,
            },
            needed,
        )
        .await
    }

    async fn judge(&self, presented: Presented<'_>, needed: Scope) -> Reply {
        match self.validator.validate(presented).await {
            Ok(Ok(validated)) if validated.scope.covers(needed) => {
                self.outcomes.accepted();
                reply::json_text(StatusCode::OK, RESOURCE)
            }
            Ok(Ok(_)) => self.refuse(Refusal::unseen(Reason::InsufficientScope), needed),
            Ok(Err(refusal)) => self.refuse(refusal, needed),
            Err(unavailable) => self.unavailable(&unavailable),
        }
    }

    fn refuse(&self, refusal: Refusal, needed: Scope) -> Reply {
        self.outcomes.refused(refusal.reason);
        if self.audit.is_enabled() {
            let event = AuditEvent::new(AuditKind::RequestRefused).reason(refusal.reason.label());
            self.audit.record(match refusal.credential {
                Some(credential) => event.credential(credential),
                None => event,
            });
        }
        refuse(V::SCHEME, refusal.reason, needed)
    }

    fn unavailable(&self, unavailable: &Unavailable) -> Reply {
        self.outcomes.unavailable();
        eprintln!("resource server: failed to {unavailable}");
        reply::unavailable()
    }

    /// Reads the body of a request that has one, for the sake of the limits, and refuses a token in it: RFC 6750 §2.2
    /// allows it there, nobody needs it there, and next to a header it is one token too many.
    async fn token_in_form(
        &self,
        headers: &HeaderMap,
        body: Incoming,
    ) -> Result<Option<Reason>, Reply> {
        let body = body::read(body, &self.limits)
            .await
            .map_err(body::BodyError::reply)?;
        let has_token = V::SCHEME == Scheme::Bearer
            && is_form(headers)
            && form_urlencoded::parse(&body).any(|(name, _)| name == "access_token");
        Ok(match (has_token, headers.contains_key(AUTHORIZATION)) {
            (false, _) => None,
            (true, true) => Some(Reason::MalformedRequest),
            (true, false) => Some(Reason::CredentialMisplaced),
        })
    }

    fn metrics(&self) -> Reply {
        let latency = self.validator.introspection_latency();
        let text = Exposition::default()
            .with(&self.outcomes)
            .with_store(self.validator.store())
            .with_introspections(latency.map_or(0, LatencyHistogram::count), latency)
            .with_audit_drops(self.audit.dropped());
        reply::metrics(text.into_text())
    }
}

impl<V: Validator> Handler for ResourceServer<V> {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        match request.uri().path() {
            "/resource" => self.resource(request).await,
            "/healthz" | "/metrics" if *request.method() != Method::GET => {
                reply::method_not_allowed("GET")
            }
            "/healthz" => reply::empty(StatusCode::OK),
            "/metrics" => self.metrics(),
            _ => reply::not_found(),
        }
    }
}
