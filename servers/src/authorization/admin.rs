//! The admin surface, on a port and with a secret of its own.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Request, StatusCode};

use super::server::{AuthorizationServer, Endpoint, store_down};
use crate::audit::{AuditEvent, AuditKind};
use crate::http::connection::Handler;
use crate::http::reply::{self, Reply};
use crate::http::{Presented, bearer};
use crate::model::Issuer;
use crate::store::StoreError;

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
            return server.metrics();
        }
        let presented = Presented {
            method: &head.method,
            uri: &head.uri,
            headers: &head.headers,
        };
        let reply = match server.is_administrator(&presented) {
            true => server.administer(&head.method, head.uri.path()).await,
            false => server.refuse_administrator(),
        };
        server
            .outcomes
            .answered(Endpoint::Admin as usize, reply.status());
        reply
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

    async fn administer(&self, method: &Method, path: &str) -> Reply {
        let Some((account, action)) = parse(path) else {
            return reply::not_found();
        };
        if !self.accounts.exist(account) {
            return reply::not_found();
        }
        if *method != action.method() {
            return reply::method_not_allowed(if action.method() == Method::GET {
                "GET"
            } else {
                "POST"
            });
        }
        match self.act(action, account).await {
            Ok(reply) => reply,
            Err(error) => store_down(&error),
        }
    }

    async fn act(&self, action: Action, account: &str) -> Result<Reply, StoreError> {
        let kind = match action {
            Action::Disable => {
                // The flag first: a login that comes in between sees it and takes back what it made.
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
}

/// `/accounts/NAME/ACTION`. Names need no escaping: those that exist are letters, digits and a hyphen.
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
