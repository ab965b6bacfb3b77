//! The admin surface, on a port and with secrets of its own: who may do what there, and where.
//!
//! There are two roles with a secret each: an *auditor* may look, an *operator* may also change.
//! What is then done is in [`super::administration`].

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};

use super::action::Action;
use super::error::EndpointError;
use super::server::{AuthorizationServer, Endpoint};
use super::settings::AuthorizationWiring;
use crate::audit::{AuditEvent, AuditKind};
use crate::http::connection::Handler;
use crate::http::reply::{self, Reply};
use crate::http::{Presented, bearer, body};
use crate::model::Issuer;
use crate::secret::ExpectedSecret;

/// What an administrator reaches.
pub(super) struct AdminSurface<I>(pub(super) Arc<AuthorizationServer<I>>);

/// What an administrator may do; each may do what the one before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AdminRole {
    /// Look at accounts and their sessions.
    Auditor,
    /// Change accounts and clients, end what is open, replace keys.
    Operator,
}

/// The secrets that open the admin surface.
#[derive(Debug)]
pub(super) struct AdminSecrets {
    operator: ExpectedSecret,
    auditor: Option<ExpectedSecret>,
}

impl AdminRole {
    /// Its name in the audit log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Operator => "operator",
        }
    }
}

impl AdminSecrets {
    pub(super) fn new(wiring: &AuthorizationWiring) -> Self {
        Self {
            operator: ExpectedSecret::new(&wiring.admin_secret),
            auditor: wiring.auditor_secret.as_ref().map(ExpectedSecret::new),
        }
    }

    fn role_of(&self, presented: &Presented<'_>) -> Option<AdminRole> {
        let secret = bearer::token(presented).ok()?;
        let is_auditor = |auditor: &ExpectedSecret| auditor.matches(secret);
        if self.operator.matches(secret) {
            Some(AdminRole::Operator)
        } else if self.auditor.as_ref().is_some_and(is_auditor) {
            Some(AdminRole::Auditor)
        } else {
            None
        }
    }
}

impl<I: Issuer> Handler for AdminSurface<I> {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        let server = &self.0;
        let (head, body) = request.into_parts();
        if head.uri.path() == "/metrics" && head.method == Method::GET {
            return server.metrics().await;
        }
        let presented = Presented {
            method: &head.method,
            uri: &head.uri,
            headers: &head.headers,
        };
        let Some(role) = server.admin_secrets.role_of(&presented) else {
            return server.answer(Endpoint::Admin, Ok(server.refuse_administrator()));
        };
        let body = match body::read(body, &server.limits).await {
            Ok(body) => body,
            Err(error) => return error.reply(),
        };
        let outcome = server.route(role, &head, &body).await;
        server.answer(Endpoint::Admin, outcome)
    }
}

impl<I: Issuer> AuthorizationServer<I> {
    fn refuse_administrator(&self) -> Reply {
        self.audit
            .record(AuditEvent::new(AuditKind::ClientRefused).reason("admin_secret"));
        let reply = reply::oauth_error(StatusCode::UNAUTHORIZED, "invalid_token");
        reply::with_header(
            reply,
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"authbench-admin\""),
        )
    }

    async fn route(
        &self,
        role: AdminRole,
        head: &Parts,
        body: &[u8],
    ) -> Result<Reply, EndpointError> {
        let action = Action::parse(head.uri.path());
        let seeded = |action: &Action<'_>| {
            let account = action.account();
            account.is_none_or(|account| self.accounts.exist(account))
        };
        let Some(action) = action.filter(seeded) else {
            return Ok(reply::not_found());
        };
        let allowed = action.allowed();
        if !allowed.split(", ").any(|name| name == head.method.as_str()) {
            return Ok(reply::method_not_allowed(allowed));
        }
        if head.method != Method::GET && role < AdminRole::Operator {
            let event = AuditEvent::new(AuditKind::AdminRefused).actor(role.name());
            self.audit.record(match action.account() {
                Some(account) => event.subject(account),
                None => event,
            });
            return Ok(beyond_its_role());
        }
        self.administer(role, action, head, body).await
    }
}

/// 403 in the words of RFC 6750 §3.1.
fn beyond_its_role() -> Reply {
    let reply = reply::oauth_error(StatusCode::FORBIDDEN, "insufficient_scope");
    let challenge =
        "Bearer error=\"insufficient_scope\", error_description=\"the role operator is needed\"";
    reply::with_header(reply, WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_may_do_what_an_auditor_may() {
        assert!(AdminRole::Operator > AdminRole::Auditor);
    }
}
