//! `POST /login`: a user name and a password for what the model hands out.

use hyper::header::SET_COOKIE;
use hyper::{HeaderMap, StatusCode};
use serde::Serialize;

use super::passwords::{Busy, MAX_PASSWORD_BYTES};
use super::server::{AuthorizationServer, store_down};
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
    /// Wrong password, unknown account and disabled account look alike, and take the same time to tell.
    pub(super) async fn log_in(&self, headers: &HeaderMap, form: &Form<'_>) -> Reply {
        if site::is_cross_site(headers) {
            // Another site could otherwise log a victim in to the attacker's account.
            return reply::oauth_error(StatusCode::FORBIDDEN, "access_denied");
        }
        let (Some(account), Some(password)) = (form.get("username"), form.get("password")) else {
            return reply::bad_request("invalid_request");
        };
        if password.len() > MAX_PASSWORD_BYTES {
            return reply::bad_request("invalid_request");
        }
        let grant = match requested_grant(account, form) {
            Ok(grant) => grant,
            Err(reply) => return reply,
        };
        match self.passwords.check(password).await {
            Err(Busy) => reply::unavailable(),
            Ok(right) if right && self.accounts.exist(account) => {
                self.sign_in(grant, headers).await
            }
            Ok(_) => self.login_failed(account, "wrong_credentials"),
        }
    }

    async fn sign_in(&self, grant: Grant, headers: &HeaderMap) -> Reply {
        let (account, client) = (grant.subject.clone(), grant.client.id());
        match self.issuer.sign_in(grant, headers).await {
            Err(error) => store_down(&error),
            Ok(Err(refusal)) => self.login_failed(&account, refusal.label()),
            Ok(Ok(granted)) => {
                self.audit.record(
                    AuditEvent::new(AuditKind::LoginOk)
                        .subject(&account)
                        .client(client),
                );
                granted_reply(&granted)
            }
        }
    }

    fn login_failed(&self, account: &str, reason: &'static str) -> Reply {
        self.audit.record(
            AuditEvent::new(AuditKind::LoginFailed)
                .subject(account)
                .reason(reason),
        );
        reply::oauth_error(StatusCode::UNAUTHORIZED, "access_denied")
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

fn requested_grant(account: &str, form: &Form<'_>) -> Result<Grant, Reply> {
    let client = form
        .get("client_id")
        .map_or(Some(Client::App), Client::with_id);
    let client = client
        .filter(|client| client.is_public())
        .ok_or_else(reply::invalid_client)?;
    let scope = form.get("scope").map_or(Ok(Scope::ALL), Scope::requested);
    let scope = scope.map_err(|_| reply::bad_request("invalid_scope"))?;
    Ok(Grant {
        subject: account.to_owned(),
        client,
        scope,
    })
}
