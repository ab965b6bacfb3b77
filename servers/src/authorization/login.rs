//! `POST /login`: a user name and a password for what the model hands out.

use std::time::Duration;

use hyper::header::SET_COOKIE;
use hyper::{HeaderMap, StatusCode};
use serde::Serialize;

use super::error::EndpointError;
use super::passwords::{Busy, MAX_PASSWORD_BYTES};
use super::server::AuthorizationServer;
use crate::audit::{AuditEvent, AuditKind};
use crate::client::Client;
use crate::http::basic::{self, Basic};
use crate::http::form::Form;
use crate::http::reply::{self, Reply};
use crate::http::site;
use crate::model::accounts::Standing;
use crate::model::{AccessToken, Grant, GrantRefusal, Granted, Issuer};
use crate::roles::Roles;
use crate::scope::Scope;

/// An account that there always is.
const SOMEBODY: &str = "user-00000";

/// A token answer (RFC 6749 §5.1).
#[derive(Serialize)]
struct TokenAnswer<'a> {
    access_token: &'a str,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
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
        if site::is_cross_site(headers, &self.origins) {
            // Another site could otherwise log a victim in to the attacker's account.
            return Err(EndpointError::CrossSite);
        }
        let account = form.get("username").ok_or(EndpointError::InvalidRequest)?;
        let password = form
            .get("password")
            .filter(|password| password.len() <= MAX_PASSWORD_BYTES);
        let password = password.ok_or(EndpointError::InvalidRequest)?;
        let grant = self.requested_grant(account, headers, form)?;
        let exists = self.accounts.exist(account);
        // Asked for an unknown account too, or the time would tell which there are.
        let asked = if exists { account } else { SOMEBODY };
        let standing = self.accounts.standing(asked, grant.client).await?;
        let right = self
            .passwords
            .check(password, standing.password.as_deref())
            .await
            .map_err(|Busy| EndpointError::Busy)?;
        if right && exists {
            self.sign_in(grant, &standing, headers).await
        } else {
            Err(self.login_failed(account, "wrong_credentials"))
        }
    }

    /// Hands out what a login gives, with the roles and within the scope of this standing.
    pub(super) async fn sign_in(
        &self,
        grant: Grant,
        standing: &Standing,
        headers: &HeaderMap,
    ) -> Result<Reply, EndpointError> {
        let (account, client) = (grant.subject.clone(), grant.client.id());
        let roles = self.accounts.roles(&account, standing);
        let scope = standing.allowed(grant.scope);
        if scope == Scope::NONE {
            return Err(EndpointError::InvalidScope);
        }
        let grant = Grant {
            roles,
            scope,
            ..grant
        };
        match self.issuer.sign_in(grant, standing, headers).await? {
            Err(refusal @ (GrantRefusal::AccountChanged | GrantRefusal::CookieTooLarge)) => {
                self.login_failed(&account, refusal.label());
                Err(refusal.into())
            }
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

    fn requested_grant(
        &self,
        account: &str,
        headers: &HeaderMap,
        form: &Form<'_>,
    ) -> Result<Grant, EndpointError> {
        let client = self.login_client(headers, form)?;
        let asked = form.get("scope").map(Scope::requested).transpose();
        let asked = asked.map_err(|_| EndpointError::InvalidScope)?;
        let scope = asked.unwrap_or(client.scope());
        if !client.scope().covers(scope) {
            return Err(EndpointError::InvalidScope);
        }
        Ok(Grant {
            subject: account.to_owned(),
            client,
            scope,
            // Those of the account, once its standing is known.
            roles: Roles::NONE,
        })
    }

    /// The client that a login comes from: a public one that the form names, or a confidential one
    /// that authenticates and logs in with a service account. That is how a service gets in where
    /// the model has no client credentials, as `session` has none.
    fn login_client(&self, headers: &HeaderMap, form: &Form<'_>) -> Result<Client, EndpointError> {
        if !matches!(basic::credentials(headers), Basic::Absent) {
            let client = self.client(headers, form)?;
            return match client.acts_for_itself() {
                true => Ok(client),
                false => Err(EndpointError::UnauthorizedClient),
            };
        }
        let named = form.get("client_id");
        named
            .map_or(Some(Client::App), Client::with_id)
            .filter(|client| client.is_public() && self.clients.is_enabled(*client))
            .ok_or_else(|| self.client_refused())
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

/// What a login by cookie answers.
#[derive(Serialize)]
struct CookieAnswer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<&'a str>,
}

/// The answer that hands out what was granted.
pub(super) fn granted_reply(granted: &Granted) -> Reply {
    let reply = match &granted.access {
        None => {
            let csrf_token = granted.csrf_token.as_deref();
            reply::json(StatusCode::OK, &CookieAnswer { csrf_token })
        }
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
        expires_in: (access.lifetime < Duration::MAX).then_some(access.lifetime.as_secs()),
        scope: access.scope,
        refresh_token,
    }
}
