//! The admin surface, on a port and with a secret of its own.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Request, StatusCode};

use super::error::EndpointError;
use super::server::{AuthorizationServer, Endpoint};
use crate::audit::{AuditEvent, AuditKind};
use crate::http::connection::Handler;
use crate::http::reply::{self, Reply};
use crate::http::{Presented, bearer};
use crate::model::Issuer;

/// What an administrator reaches.
pub(super) struct AdminSurface<I>(pub(super) Arc<AuthorizationServer<I>>);

#[derive(Clone, Copy)]
enum Action {
    Disable,
    Enable,
    EndSessions,
    Sessions,
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
        let outcome = match server.is_administrator(&presented) {
            true => server.administer(&head.method, head.uri.path()).await,
            false => Ok(server.refuse_administrator()),
        };
        server.answer(Endpoint::Admin, outcome)
    }
}

impl<I: Issuer> AuthorizationServer<I> {
    fn is_administrator(&self, presented: &Presented<'_>) -> bool {
        bearer::token(presented).is_ok_and(|secret| self.admin_secret.matches(secret))
    }

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

    async fn administer(&self, method: &Method, path: &str) -> Result<Reply, EndpointError> {
        let known = parse(path).filter(|(account, _)| self.accounts.exist(account));
        match known {
            None => Ok(reply::not_found()),
            Some((_, action)) if *method != action.method() => Ok(action.method_not_allowed()),
            Some((account, action)) => self.act(action, account).await,
        }
    }

    async fn act(&self, action: Action, account: &str) -> Result<Reply, EndpointError> {
        let kind = match action {
            Action::Disable => {
                // The flag first: a login that comes in between sees it and takes back what it
                // made.
                self.accounts.disable(account).await?;
                self.issuer.end_all(account).await?;
                AuditKind::AccountDisabled
            }
            Action::Enable => {
                self.accounts.enable(account).await?;
                AuditKind::AccountEnabled
            }
            Action::EndSessions => {
                self.issuer.end_all(account).await?;
                AuditKind::SessionsEnded
            }
            Action::Sessions => {
                return Ok(reply::json(
                    StatusCode::OK,
                    &self.issuer.sessions(account).await?,
                ));
            }
        };
        self.audit.record(AuditEvent::new(kind).subject(account));
        Ok(reply::empty(StatusCode::NO_CONTENT))
    }
}

impl Action {
    fn method(self) -> Method {
        match self {
            Self::Sessions => Method::GET,
            Self::Disable | Self::Enable | Self::EndSessions => Method::POST,
        }
    }

    fn method_not_allowed(self) -> Reply {
        reply::method_not_allowed(if self.method() == Method::GET {
            "GET"
        } else {
            "POST"
        })
    }
}

/// `/accounts/NAME/ACTION`. Names need no escaping: those that exist are letters, digits and a
/// hyphen.
fn parse(path: &str) -> Option<(&str, Action)> {
    let (account, action) = path.strip_prefix("/accounts/")?.split_once('/')?;
    let action = match action {
        "disable" => Action::Disable,
        "enable" => Action::Enable,
        "end-sessions" => Action::EndSessions,
        "sessions" => Action::Sessions,
        _ => return None,
    };
    Some((account, action))
}
