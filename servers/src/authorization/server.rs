//! Which endpoint answers what, on the public and on the admin surface.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{HeaderMap, Method, Request, StatusCode};

use super::admin::AdminSecrets;
use super::clients::Clients;
use super::error::EndpointError;
use super::events::EventCounts;
use super::passwords::Passwords;
use crate::audit::{AuditEvent, AuditKind, AuditLog};
use crate::client::Client;
use crate::http::body;
use crate::http::connection::Handler;
use crate::http::cors::Cors;
use crate::http::form::Form;
use crate::http::origins::Origins;
use crate::http::reply::{self, Reply};
use crate::http::{Limits, Presented};
use crate::metrics::{EndpointOutcomes, Exposition};
use crate::model::Issuer;
use crate::model::accounts::Accounts;
use crate::outage::OutageReport;
use crate::revocation::{ANNOUNCEMENTS, status_list};
use crate::store::Store;

const STATUS_LIST: HeaderValue = HeaderValue::from_static("application/statuslist+jwt");

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
    Account,
    StatusList,
}

pub(super) const ENDPOINTS: [&str; 10] = [
    "login",
    "token",
    "introspect",
    "revoke",
    "logout",
    "jwks",
    "metadata",
    "admin",
    "account",
    "status_list",
];

/// An authorization server of one model.
pub(super) struct AuthorizationServer<I> {
    pub(super) issuer: I,
    pub(super) issuer_url: String,
    pub(super) accounts: Accounts,
    pub(super) origins: Origins,
    pub(super) cors: Arc<Cors>,
    pub(super) passwords: Passwords,
    pub(super) clients: Clients,
    pub(super) admin_secrets: AdminSecrets,
    /// Roles and scopes of accounts are changed one at a time: each is read, changed and written,
    /// in the account and in what it has open, and two of one account must not undo each other.
    /// There is one authorization server for each target, so a lock in it will do.
    pub(super) account_changes: tokio::sync::Mutex<()>,
    pub(super) client_changes: tokio::sync::Mutex<()>,
    pub(super) audit: AuditLog,
    pub(super) store: Store,
    pub(super) outage: OutageReport,
    pub(super) outcomes: EndpointOutcomes<{ ENDPOINTS.len() }>,
    pub(super) events: EventCounts,
    pub(super) introspections: AtomicU64,
    /// It does not change while the server runs.
    pub(super) metadata: Bytes,
    pub(super) limits: Limits,
}

/// What users, clients and resource servers reach.
pub(super) struct PublicSurface<I>(pub(super) Arc<AuthorizationServer<I>>);

impl<I: Issuer> Handler for PublicSurface<I> {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        let server = &self.0;
        let (head, body) = request.into_parts();
        match (head.uri.path(), &head.method) {
            ("/jwks.json", &Method::GET) => server.document(Endpoint::Jwks, server.issuer.jwks()),
            ("/.well-known/oauth-authorization-server", &Method::GET) => {
                server.document(Endpoint::Metadata, server.metadata.clone())
            }
            (status_list::PATH, &Method::GET) => server.status_list(),
            ("/metrics", &Method::GET) => server.metrics().await,
            ("/healthz", &Method::GET) => reply::empty(StatusCode::OK),
            ("/logout", &Method::POST) => {
                let presented = Presented {
                    method: &head.method,
                    uri: &head.uri,
                    headers: &head.headers,
                };
                server.answer(Endpoint::Logout, server.log_out(presented).await)
            }
            ("/login", &Method::POST) => server.form(Endpoint::Login, &head.headers, body).await,
            ("/token", &Method::POST) => server.form(Endpoint::Token, &head.headers, body).await,
            ("/introspect", &Method::POST) => {
                server.form(Endpoint::Introspect, &head.headers, body).await
            }
            ("/revoke", &Method::POST) => server.form(Endpoint::Revoke, &head.headers, body).await,
            (path, _) => match server.own_account(&head, body).await {
                Some(reply) => reply,
                None => elsewhere(path),
            },
        }
    }
}

impl<I: Issuer> AuthorizationServer<I> {
    async fn form(&self, endpoint: Endpoint, headers: &HeaderMap, body: Incoming) -> Reply {
        match body::read(body, &self.limits).await {
            Ok(body) => self.answer(endpoint, self.form_endpoint(endpoint, headers, &body).await),
            Err(error) => error.reply(),
        }
    }

    async fn form_endpoint(
        &self,
        endpoint: Endpoint,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Reply, EndpointError> {
        let form = Form::parse(headers, body).map_err(|_| EndpointError::InvalidRequest)?;
        match endpoint {
            Endpoint::Login => self.log_in(headers, &form).await,
            Endpoint::Token => self.token(headers, &form).await,
            Endpoint::Introspect => self.introspect(headers, &form).await,
            Endpoint::Revoke => self.revoke(headers, &form).await,
            // The others take no form; the router does not send them here.
            Endpoint::Logout
            | Endpoint::Jwks
            | Endpoint::Metadata
            | Endpoint::Admin
            | Endpoint::Account
            | Endpoint::StatusList => Ok(reply::not_found()),
        }
    }

    fn document(&self, endpoint: Endpoint, document: impl Into<Bytes>) -> Reply {
        let reply = reply::json_text(StatusCode::OK, document);
        self.answer(endpoint, Ok(reply))
    }

    /// The list of tokens that have ended, signed; 404 where none is kept.
    fn status_list(&self) -> Reply {
        let reply = match self.issuer.status_list() {
            Some(list) => reply::of_type(STATUS_LIST, list),
            None => reply::not_found(),
        };
        self.answer(Endpoint::StatusList, Ok(reply))
    }

    /// The reply of an endpoint, counted.
    pub(super) fn answer(
        &self,
        endpoint: Endpoint,
        outcome: Result<Reply, EndpointError>,
    ) -> Reply {
        match &outcome {
            Err(EndpointError::Store(error)) => self.outage.failed(error),
            _ => self.outage.answered(),
        }
        let reply = outcome.unwrap_or_else(|error| error.reply());
        self.outcomes.answered(endpoint as usize, reply.status());
        reply
    }

    /// The client that makes a request.
    pub(super) fn client(
        &self,
        headers: &HeaderMap,
        form: &Form<'_>,
    ) -> Result<Client, EndpointError> {
        let client = self.clients.authenticate(headers, form);
        client.map_err(|_| self.client_refused())
    }

    pub(super) fn client_refused(&self) -> EndpointError {
        self.audit
            .record(AuditEvent::new(AuditKind::ClientRefused).reason("invalid_client"));
        EndpointError::InvalidClient
    }

    /// The figures, on either surface.
    pub(super) async fn metrics(&self) -> Reply {
        let text = Exposition::default()
            .with(&self.outcomes)
            .with(&self.events)
            .with_store(Some(&self.store))
            .with_store_pressure(self.store.pressure().await)
            .with_sizes(
                self.store.size().await,
                self.store.stream_size(ANNOUNCEMENTS).await,
            )
            .with_introspections(self.introspections.load(Relaxed), None)
            .with_preflights(self.cors.preflights())
            .with_audit_drops(self.audit.dropped());
        reply::metrics(text.into_text())
    }
}

fn elsewhere(path: &str) -> Reply {
    match path {
        "/jwks.json"
        | "/.well-known/oauth-authorization-server"
        | "/metrics"
        | "/healthz"
        | status_list::PATH => reply::method_not_allowed("GET"),
        "/login" | "/token" | "/introspect" | "/revoke" | "/logout" => {
            reply::method_not_allowed("POST")
        }
        _ => reply::not_found(),
    }
}
