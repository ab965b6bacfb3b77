//! The admin surface, on a port and with secrets of its own: who may do what there, and where.
//!
//! There are two roles with a secret each: an *auditor* may look, an *operator* may also change.
//! What is then done is in [`super::administration`].

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Request, StatusCode};

use super::error::EndpointError;
use super::server::{AuthorizationServer, Endpoint};
use super::settings::AuthorizationWiring;
use crate::audit::{AuditEvent, AuditKind};
use crate::http::connection::Handler;
use crate::http::reply::{self, Reply};
use crate::http::{Presented, bearer};
use crate::model::Issuer;
use crate::roles::Roles;
use crate::secret::ExpectedSecret;

/// What an administrator reaches.
pub(super) struct AdminSurface<I>(pub(super) Arc<AuthorizationServer<I>>);

/// What an administrator may do; each may do what the one before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AdminRole {
    /// Look at accounts and their sessions.
    Auditor,
    /// End sessions, disable accounts, give and take roles.
    Operator,
}

/// The secrets that open the admin surface.
#[derive(Debug)]
pub(super) struct AdminSecrets {
    operator: ExpectedSecret,
    auditor: Option<ExpectedSecret>,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action<'a> {
    View,
    Sessions,
    EndSession(&'a str),
    EndSessions,
    Disable,
    Enable,
    Role(Roles),
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
        let (head, _body) = request.into_parts();
        if head.uri.path() == "/metrics" && head.method == Method::GET {
            return server.metrics().await;
        }
        let presented = Presented {
            method: &head.method,
            uri: &head.uri,
            headers: &head.headers,
        };
        let outcome = match server.admin_secrets.role_of(&presented) {
            Some(role) => server.route(role, &head.method, head.uri.path()).await,
            None => Ok(server.refuse_administrator()),
        };
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
        method: &Method,
        path: &str,
    ) -> Result<Reply, EndpointError> {
        let known = parse(path).filter(|(account, _)| self.accounts.exist(account));
        let Some((account, action)) = known else {
            return Ok(reply::not_found());
        };
        let allowed = action.allowed();
        if !allowed.split(", ").any(|name| name == method.as_str()) {
            return Ok(reply::method_not_allowed(allowed));
        }
        if role < action.needed() {
            let event = AuditEvent::new(AuditKind::AdminRefused).subject(account);
            self.audit.record(event.actor(role.name()));
            return Ok(beyond_its_role());
        }
        self.administer(role, action, method, account).await
    }
}

/// 403 in the words of RFC 6750 §3.1.
fn beyond_its_role() -> Reply {
    let reply = reply::oauth_error(StatusCode::FORBIDDEN, "insufficient_scope");
    let challenge =
        "Bearer error=\"insufficient_scope\", error_description=\"the role operator is needed\"";
    reply::with_header(reply, WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

impl Action<'_> {
    /// The methods that it answers to.
    fn allowed(self) -> &'static str {
        match self {
            Self::View | Self::Sessions => "GET",
            Self::EndSession(_) => "DELETE",
            Self::EndSessions | Self::Disable | Self::Enable => "POST",
            Self::Role(_) => "PUT, DELETE",
        }
    }

    fn needed(self) -> AdminRole {
        match self {
            Self::View | Self::Sessions => AdminRole::Auditor,
            _ => AdminRole::Operator,
        }
    }
}

/// `/accounts/NAME` and what is under it. Names, handles and roles need no escaping: those that
/// exist are letters, digits, hyphens and underscores.
fn parse(path: &str) -> Option<(&str, Action<'_>)> {
    let path = path.strip_prefix("/accounts/")?;
    let Some((account, action)) = path.split_once('/') else {
        return Some((path, Action::View));
    };
    let action = match action.split_once('/') {
        None => match action {
            "sessions" => Action::Sessions,
            "end-sessions" => Action::EndSessions,
            "disable" => Action::Disable,
            "enable" => Action::Enable,
            _ => return None,
        },
        Some(("sessions", handle)) => Action::EndSession(handle),
        Some(("roles", role)) => Action::Role(Roles::named(role)?),
        Some(_) => return None,
    };
    Some((account, action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_an_account_and_an_action() {
        for (path, action) in [
            ("/accounts/u", Action::View),
            ("/accounts/u/sessions", Action::Sessions),
            ("/accounts/u/sessions/h", Action::EndSession("h")),
            ("/accounts/u/roles/writer", Action::Role(Roles::WRITER)),
            ("/accounts/u/disable", Action::Disable),
        ] {
            assert_eq!(parse(path), Some(("u", action)), "{path}");
        }
        for other in ["/accounts/u/", "/accounts/u/roles/root", "/accounts", "/u"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn only_looking_needs_no_operator() {
        for action in [
            Action::EndSession("h"),
            Action::EndSessions,
            Action::Disable,
            Action::Enable,
            Action::Role(Roles::ADMIN),
        ] {
            assert_eq!(action.needed(), AdminRole::Operator, "{action:?}");
        }
        assert_eq!(Action::Sessions.needed(), AdminRole::Auditor);
        assert!(AdminRole::Operator > AdminRole::Auditor);
    }
}
