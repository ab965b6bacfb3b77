//! `POST /login`: a user name and a password for what the model hands out.

use hyper::header::SET_COOKIE;
use hyper::{HeaderMap, StatusCode};
use serde::Serialize;

use super::error::EndpointError;
use super::passwords::{Busy, MAX_PASSWORD_BYTES};
use super::server::AuthorizationServer;
use crate::audit::{AuditEvent, AuditKind};
use crate::client::Client;
use crate::http::form::Form;
use crate::http::reply::{self, Reply};
use crate::http::site;
use crate::model::{AccessToken, Grant, Granted, Issuer};
use crate::scope::Scope;

/// A token answer (RFC 6749 §5.1).
#[derive(Serialize)]
struct TokenAnswer<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    scope: Scope,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

impl<I: Issuer> AuthorizationServer<I> {
    /// Wrong password, unknown account and disabled account look alike. The first two also take the
    /// same time to tell.
    pub(super) async fn log_in(
        &self,
        headers: &HeaderMap,
        form: &Form<'_>,
    ) -> Result<Reply, EndpointError> {
        if site::is_cross_site(headers) {
            // Another site could otherwise log a victim in to the attacker's account.
            return Err(EndpointError::CrossSite);
        }
        let account = form.get("username").ok_or(EndpointError::InvalidRequest)?;
        let password = form
            .get("password")
            .filter(|password| password.len() <= MAX_PASSWORD_BYTES);
        let password = password.ok_or(EndpointError::InvalidRequest)?;
        let grant = requested_grant(account, form)?;
        let right = self
            .passwords
            .check(password)
            .await
            .map_err(|Busy| EndpointError::Busy)?;
        if right && self.accounts.exist(account) {
            self.sign_in(grant, headers).await
        } else {
            Err(self.login_failed(account, "wrong_credentials"))
        }
    }

    async fn sign_in(&self, grant: Grant, headers: &HeaderMap) -> Result<Reply, EndpointError> {
        let (account, client) = (grant.subject.clone(), grant.client.id());
        match self.issuer.sign_in(grant, headers).await? {
            Err(refusal) => Err(self.login_failed(&account, refusal.label())),
            Ok(granted) => {
                self.audit.record(
                    AuditEvent::new(AuditKind::LoginOk)
                        .subject(&account)
                        .client(client),
                );
                Ok(granted_reply(&granted))
            }
        }
    }

    fn login_failed(&self, account: &str, reason: &'static str) -> EndpointError {
        self.audit.record(
            AuditEvent::new(AuditKind::LoginFailed)
                .subject(account)
                .reason(reason),
        );
        EndpointError::LoginFailed
    }
}

/// The answer that hands out what was granted.
pub(super) fn granted_reply(granted: &Granted) -> Reply {
    let reply = match &granted.access {
        None => reply::json_text(StatusCode::OK, "{}"),
        Some(access) => reply::json(
            StatusCode::OK,
            &answer(access, granted.refresh_token.as_deref()),
        ),
    };
    match &granted.cookie {
        None => reply,
        Some(cookie) => reply::with_header(reply, SET_COOKIE, cookie.clone()),
    }
}

fn answer<'a>(access: &'a AccessToken, refresh_token: Option<&'a str>) -> TokenAnswer<'a> {
    TokenAnswer {
        access_token: &access.token,
        token_type: "Bearer",
        expires_in: access.lifetime.as_secs(),
        scope: access.scope,
        refresh_token,
    }
}

fn requested_grant(account: &str, form: &Form<'_>) -> Result<Grant, EndpointError> {
    let client = form
        .get("client_id")
        .map_or(Some(Client::App), Client::with_id);
    let client = client
        .filter(|client| client.is_public())
        .ok_or(EndpointError::InvalidClient)?;
    let scope = form.get("scope").map_or(Ok(Scope::ALL), Scope::requested);
    let scope = scope.map_err(|_| EndpointError::InvalidScope)?;
    Ok(Grant {
        subject: account.to_owned(),
        client,
        scope,
    })
}
