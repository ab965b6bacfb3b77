//! `POST /token`: renewing an access token (RFC 6749 §6) and client credentials (§4.4).

use hyper::HeaderMap;

use super::error::EndpointError;
use super::events::Event;
use super::login::granted_reply;
use super::server::AuthorizationServer;
use crate::audit::{AuditEvent, AuditKind};
use crate::client::Client;
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::http::{cookie, site};
use crate::model::{Grant, GrantOutcome, GrantRefusal, Issuer, Refresh};
use crate::scope::Scope;
use crate::secret::Fingerprint;

impl<I: Issuer> AuthorizationServer<I> {
    pub(super) async fn token(
        &self,
        headers: &HeaderMap,
        form: &Form<'_>,
    ) -> Result<Reply, EndpointError> {
        let grant_type = form
            .get("grant_type")
            .ok_or(EndpointError::InvalidRequest)?;
        if !I::GRANT_TYPES.contains(&grant_type) {
            return Err(EndpointError::UnsupportedGrantType);
        }
        let client = self.client(headers, form)?;
        let scope = form.get("scope").map(Scope::requested).transpose();
        let scope = scope.map_err(|_| self.refused(GrantRefusal::InvalidScope, client, None))?;
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
    ) -> Result<Reply, EndpointError> {
        let (token, by_cookie) = match (refresh_cookie::<I>(headers)?, form.get("refresh_token")) {
            (Some(token), None) => (token, true),
            (None, Some(token)) => (token, false),
            // None, or two of which either might be meant.
            _ => return Err(EndpointError::InvalidRequest),
        };
        if by_cookie && site::is_cross_site(headers, &self.origins) {
            return Err(EndpointError::CrossSite);
        }
        let outcome = self
            .issuer
            .refresh(Refresh {
                token,
                by_cookie,
                client,
                scope,
            })
            .await?;
        self.answer_grant(outcome, client, Some(Fingerprint::of(token)))
    }

    async fn client_credentials(
        &self,
        client: Client,
        scope: Option<Scope>,
    ) -> Result<Reply, EndpointError> {
        if !client.acts_for_itself() {
            return Err(EndpointError::UnauthorizedClient);
        }
        let scope = scope.unwrap_or(client.scope());
        if !client.scope().covers(scope) {
            return Err(self.refused(GrantRefusal::InvalidScope, client, None));
        }
        let grant = Grant {
            subject: client.id().to_owned(),
            client,
            scope,
            roles: client.roles(),
        };
        let outcome = self.issuer.client_credentials(grant).await?;
        self.answer_grant(outcome, client, None)
    }

    fn answer_grant(
        &self,
        outcome: GrantOutcome,
        client: Client,
        credential: Option<Fingerprint>,
    ) -> Result<Reply, EndpointError> {
        let granted = outcome.map_err(|refusal| self.refused(refusal, client, credential))?;
        let event = AuditEvent::new(AuditKind::TokenIssued)
            .subject(&granted.subject)
            .client(client.id());
        self.audit.record(event);
        Ok(granted_reply(&granted))
    }

    fn refused(
        &self,
        refusal: GrantRefusal,
        client: Client,
        credential: Option<Fingerprint>,
    ) -> EndpointError {
        let kind = match refusal {
            GrantRefusal::Replay => {
                self.events.count(Event::RefreshReplayed);
                AuditKind::RefreshReplay
            }
            _ => AuditKind::TokenRefused,
        };
        self.audit.record(
            AuditEvent::new(kind)
                .client(client.id())
                .reason(refusal.label())
                .credential(credential),
        );
        refusal.into()
    }
}

/// The refresh token in the model's cookie, if it has one and it is there once.
fn refresh_cookie<I: Issuer>(headers: &HeaderMap) -> Result<Option<&str>, EndpointError> {
    match I::REFRESH_COOKIE {
        None => Ok(None),
        Some(name) => cookie::value(headers, name).map_err(|_| EndpointError::InvalidRequest),
    }
}
