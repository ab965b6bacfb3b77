//! Which endpoint answers what, on the public and on the admin surface.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, StatusCode};

use super::clients::{ClientSecrets, InvalidClient};
use super::passwords::Passwords;
use crate::audit::{AuditEvent, AuditKind, AuditLog};
use crate::client::Client;
use crate::http::body;
use crate::http::connection::Handler;
use crate::http::form::Form;
use crate::http::reply::{self, Reply};
use crate::http::{Limits, Presented};
use crate::metrics::{EndpointOutcomes, Exposition};
use crate::model::Issuer;
use crate::model::accounts::Accounts;
use crate::secret::ExpectedSecret;
use crate::store::{Store, StoreError};

/// The endpoints whose answers are counted, in the order of [`ENDPOINTS`].
#[derive(Clone, Copy)]
pub(super) enum Endpoint {
    Login,
    Token,
    Introspect,
    Revoke,
    Logout,
    Jwks,
    Metadata,
    Admin,
}

pub(super) const ENDPOINTS: [&str; 8] = [
    "login",
    "token",
    "introspect",
    "revoke",
    "logout",
    "jwks",
    "metadata",
    "admin",
];

/// An authorization server of one model.
pub(super) struct AuthorizationServer<I> {
    pub(super) issuer: I,
    pub(super) issuer_url: String,
    pub(super) accounts: Accounts,
    pub(super) passwords: Passwords,
    pub(super) clients: ClientSecrets,
    pub(super) admin_secret: ExpectedSecret,
    pub(super) audit: AuditLog,
    pub(super) store: Store,
    pub(super) outcomes: EndpointOutcomes<{ ENDPOINTS.len() }>,
    pub(super) introspections: AtomicU64,
    /// Neither changes while the server runs.
    pub(super) jwks: Bytes,
    pub(super) metadata: Bytes,
    pub(super) limits: Limits,
}

/// What users, clients and resource servers reach.
pub(super) struct PublicSurface<I>(pub(super) Arc<AuthorizationServer<I>>);

impl<I: Issuer> Handler for PublicSurface<I> {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        let server = &self.0;
        let (head, body) = request.into_parts();
        let (endpoint, reply) = match (head.uri.path(), &head.method) {
            ("/jwks.json", &Method::GET) => (
                Endpoint::Jwks,
                reply::json_text(StatusCode::OK, server.jwks.clone()),
            ),
            ("/.well-known/oauth-authorization-server", &Method::GET) => (
                Endpoint::Metadata,
                reply::json_text(StatusCode::OK, server.metadata.clone()),
            ),
            ("/metrics", &Method::GET) => return server.metrics(),
            ("/healthz", &Method::GET) => return reply::empty(StatusCode::OK),
            ("/logout", &Method::POST) => {
                (Endpoint::Logout, server.log_out(presented(&head)).await)
            }
            (path, &Method::POST) => match form_endpoint(path) {
                Some(endpoint) => (endpoint, server.form(endpoint, &head.headers, body).await),
                None => return unanswered(path),
            },
            (path, _) => return unanswered(path),
        };
        server.outcomes.answered(endpoint as usize, reply.status());
        reply
    }
}

impl<I: Issuer> AuthorizationServer<I> {
    async fn form(&self, endpoint: Endpoint, headers: &HeaderMap, body: Incoming) -> Reply {
        let body = match body::read(body, &self.limits).await {
            Ok(body) => body,
            Err(error) => return error.reply(),
        };
        let Ok(form) = Form::parse(headers, &body) else {
            return reply::bad_request("invalid_request");
        };
        match endpoint {
            Endpoint::Login => self.log_in(headers, &form).await,
            Endpoint::Token => self.token(headers, &form).await,
            Endpoint::Introspect => self.introspect(headers, &form).await,
            Endpoint::Revoke => self.revoke(headers, &form).await,
            Endpoint::Logout | Endpoint::Jwks | Endpoint::Metadata | Endpoint::Admin => {
                reply::not_found()
            }
        }
    }

    /// The client that makes a request; the reply if it is none.
    pub(super) fn client(&self, headers: &HeaderMap, form: &Form<'_>) -> Result<Client, Reply> {
        self.clients
            .authenticate(headers, form)
            .map_err(|InvalidClient| {
                self.audit
                    .record(AuditEvent::new(AuditKind::ClientRefused).reason("invalid_client"));
                reply::invalid_client()
            })
    }

    /// The figures, on either surface.
    pub(super) fn metrics(&self) -> Reply {
        let text = Exposition::default()
            .with(&self.outcomes)
            .with_store(Some(&self.store))
            .with_introspections(self.introspections.load(Relaxed), None)
            .with_audit_drops(self.audit.dropped());
        reply::metrics(text.into_text())
    }
}

/// The answer when the store does not: nothing was decided, and nothing is known to have changed.
pub(super) fn store_down(error: &StoreError) -> Reply {
    eprintln!("authorization server: failed to {error}");
    reply::unavailable()
}

fn presented(head: &Parts) -> Presented<'_> {
    Presented {
        method: &head.method,
        uri: &head.uri,
        headers: &head.headers,
    }
}

fn form_endpoint(path: &str) -> Option<Endpoint> {
    match path {
        "/login" => Some(Endpoint::Login),
        "/token" => Some(Endpoint::Token),
        "/introspect" => Some(Endpoint::Introspect),
        "/revoke" => Some(Endpoint::Revoke),
        _ => None,
    }
}

fn unanswered(path: &str) -> Reply {
    match path {
        "/jwks.json" | "/.well-known/oauth-authorization-server" | "/metrics" | "/healthz" => {
            reply::method_not_allowed("GET")
        }
        "/login" | "/token" | "/introspect" | "/revoke" | "/logout" => {
            reply::method_not_allowed("POST")
        }
        _ => reply::not_found(),
    }
}
