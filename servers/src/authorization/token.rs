//! `POST /token`: renewing an access token (RFC 6749 §6) and client credentials (§4.4).

use hyper::{HeaderMap, StatusCode};

use super::login::granted_reply;
use super::server::{AuthorizationServer, store_down};
use crate::audit::{AuditEvent, AuditKind};
use crate::client::Client;
use crate::http::form::Form;
use crate::http::reply::{self, Reply};
use crate::http::{cookie, site};
use crate::model::{Grant, GrantOutcome, GrantRefusal, Issuer, Refresh};
use crate::scope::Scope;
use crate::secret::Fingerprint;
use crate::store::StoreError;

impl<I: Issuer> AuthorizationServer<I> {
    pub(super) async fn token(&self, headers: &HeaderMap, form: &Form<'_>) -> Reply {
        let Some(grant_type) = form.get("grant_type") else {
            return reply::bad_request("invalid_request");
        };
        if !I::GRANT_TYPES.contains(&grant_type) {
            return reply::bad_request("unsupported_grant_type");
        }
        let client = match self.client(headers, form) {
            Ok(client) => client,
            Err(reply) => return reply,
        };
        let Ok(scope) = form.get("scope").map(Scope::requested).transpose() else {
            return self.refused(GrantRefusal::InvalidScope, client, None);
        };
        match grant_type {
            "refresh_token" => self.refresh(headers, form, client, scope).await,
            _ => self.client_credentials(client, scope).await,
        }
    }

    async fn refresh(
        &self,
        headers: &HeaderMap,
        form: &Form<'_>,
        client: Client,
        scope: Option<Scope>,
    ) -> Reply {
        let in_cookie = match refresh_cookie::<I>(headers) {
            Ok(in_cookie) => in_cookie,
            Err(reply) => return reply,
        };
        let (token, by_cookie) = match (in_cookie, form.get("refresh_token")) {
            (Some(token), None) => (token, true),
            (None, Some(token)) => (token, false),
            // None, or two of which either might be meant.
            _ => return reply::bad_request("invalid_request"),
        };
        if by_cookie && site::is_cross_site(headers) {
            return reply::oauth_error(StatusCode::FORBIDDEN, "access_denied");
        }
        let outcome = self
            .issuer
            .refresh(Refresh {
                token,
                by_cookie,
                client,
                scope,
            })
            .await;
        self.answer_grant(outcome, client, Some(Fingerprint::of(token)))
    }

    async fn client_credentials(&self, client: Client, scope: Option<Scope>) -> Reply {
        // Only a client that proved who it is may act for itself, and `resource-server` only introspects.
        if client != Client::Service {
            return reply::bad_request("unauthorized_client");
        }
        let grant = Grant {
            subject: client.id().to_owned(),
            client,
            scope: scope.unwrap_or(Scope::ALL),
        };
        let outcome = self.issuer.client_credentials(grant).await;
        self.answer_grant(outcome, client, None)
    }

    fn answer_grant(
        &self,
        outcome: Result<GrantOutcome, StoreError>,
        client: Client,
        credential: Option<Fingerprint>,
    ) -> Reply {
        match outcome {
            Err(error) => store_down(&error),
            Ok(Err(refusal)) => self.refused(refusal, client, credential),
            Ok(Ok(granted)) => {
                let event = AuditEvent::new(AuditKind::TokenIssued)
                    .subject(&granted.subject)
                    .client(client.id());
                self.audit.record(event);
                granted_reply(&granted)
            }
        }
    }

    fn refused(
        &self,
        refusal: GrantRefusal,
        client: Client,
        credential: Option<Fingerprint>,
    ) -> Reply {
        let kind = match refusal {
            GrantRefusal::Replay => AuditKind::RefreshReplay,
            _ => AuditKind::TokenRefused,
        };
        let event = AuditEvent::new(kind)
            .client(client.id())
            .reason(refusal.label());
        self.audit.record(match credential {
            Some(credential) => event.credential(credential),
            None => event,
        });
        reply::bad_request(error_code(refusal))
    }
}

/// The refresh token in the model's cookie, if it has one and it is there once.
fn refresh_cookie<I: Issuer>(headers: &HeaderMap) -> Result<Option<&str>, Reply> {
    match I::REFRESH_COOKIE {
        None => Ok(None),
        Some(name) => {
            cookie::value(headers, name).map_err(|_| reply::bad_request("invalid_request"))
        }
    }
}

/// All ways in which a refresh token can be bad look alike from outside (RFC 6749 §5.2).
fn error_code(refusal: GrantRefusal) -> &'static str {
    match refusal {
        GrantRefusal::UnsupportedGrantType => "unsupported_grant_type",
        GrantRefusal::InvalidScope => "invalid_scope",
        GrantRefusal::AccountDisabled
        | GrantRefusal::UnknownToken
        | GrantRefusal::OtherClientsToken
        | GrantRefusal::FamilyEnded
        | GrantRefusal::Replay => "invalid_grant",
    }
}
