//! `hybrid`: a short-lived JWT for the resource servers, renewed by a rotating refresh token in a
//! cookie.
//!
//! Requests cost what `jwt` costs. Every renewal is two round trips to the store, where the refresh
//! *family* lives: ending the family ends the renewals, so that the revocation lag is at most the
//! access token's life. A refresh token that is used twice ends its family, unless it looks like a
//! retry (see [`crate::rotation`]).

use hyper::HeaderMap;

use super::accounts::Standing;
use super::jwt::{JwtIssuer, JwtValidator, active_grant, signed_in};
use super::record::Ledger;
use super::{
    ActiveGrant, Grant, GrantOutcome, Granted, Issuer, LoggedOut, Refresh, Revocation, Scheme,
    SessionEntry, SignedIn,
};
use crate::client::Client;
use crate::http::cookie::CookieShape;
use crate::http::{Presented, bearer};
use crate::jwt::{Claims, Retiring, RotationError};
use crate::refusal::Reason;
use crate::roles::Roles;
use crate::rotation::{RefreshToken, Renewal, Renewed, RotationKey};
use crate::scope::Scope;
use crate::store::{Store, StoreError};

pub use crate::rotation::RefreshPolicy;

/// The refresh cookie. Its path keeps it off every other request, so it cannot have a `__Host-`
/// name.
pub const COOKIE: CookieShape = CookieShape {
    name: "__Secure-refresh",
    attributes: "; Path=/token; Secure; HttpOnly; SameSite=Strict",
};

/// Judges access tokens, exactly as `jwt` does.
pub type HybridValidator = JwtValidator;

/// Issues access tokens and rotates refresh tokens.
#[derive(Debug)]
pub struct HybridIssuer {
    tokens: JwtIssuer,
    ledger: Ledger,
    rotation: RotationKey,
    policy: RefreshPolicy,
}

impl HybridIssuer {
    /// Access tokens of `tokens`, refresh families in `ledger`.
    pub fn new(
        tokens: JwtIssuer,
        ledger: Ledger,
        rotation: RotationKey,
        policy: RefreshPolicy,
    ) -> Self {
        Self {
            tokens,
            ledger,
            rotation,
            policy,
        }
    }

    fn renewal(&self) -> Renewal<'_, Store> {
        Renewal {
            ledger: &self.ledger,
            key: &self.rotation,
            policy: self.policy,
        }
    }

    /// Reads an access token that is good, and whose family lives, if it has one.
    async fn read_live(&self, token: &str) -> Result<Result<Claims, Reason>, StoreError> {
        let claims = match self.tokens.read_active(token).await? {
            Ok(claims) => claims,
            Err(reason) => return Ok(Err(reason)),
        };
        let lives = match &claims.session {
            Some(handle) => self.ledger.find(handle).await?.is_some(),
            None => true,
        };
        Ok(if lives {
            Ok(claims)
        } else {
            Err(Reason::Inactive)
        })
    }

    fn granted(&self, renewed: Renewed, refresh: &Refresh<'_>) -> Granted {
        let grant = renewed.family.grant;
        let scope = refresh
            .scope
            .map_or(grant.scope, |asked| asked.and(grant.scope));
        let (handle, at_ms) = (Some(&*renewed.handle), renewed.at_ms);
        let access = self.tokens.access_token(&grant, scope, handle, at_ms);
        let successor = self.rotation.write(&renewed.successor, refresh.client);
        let (refresh_token, cookie) = match refresh.by_cookie {
            true => (None, Some(COOKIE.set(&successor))),
            false => (Some(successor), None),
        };
        Granted {
            access: Some(access),
            refresh_token,
            cookie,
            csrf_token: None,
            subject: grant.subject,
        }
    }
}

impl Issuer for HybridIssuer {
    const SCHEME: Scheme = Scheme::Bearer;
    const GRANT_TYPES: &'static [&'static str] = &["refresh_token", "client_credentials"];
    const REFRESH_COOKIE: Option<&'static str> = Some(COOKIE.name);

    async fn sign_in(
        &self,
        grant: Grant,
        standing: &Standing,
        _headers: &HeaderMap,
    ) -> Result<GrantOutcome, StoreError> {
        let first = RefreshToken::first();
        let handle = first.family_handle();
        let RefreshPolicy { idle, absolute, .. } = self.policy;
        let at_ms = self.ledger.clock().now_ms();
        let opened = self.ledger.open(&grant, standing, &handle, idle, absolute);
        if let Err(refusal) = opened.await? {
            return Ok(Err(refusal));
        }
        let access = self
            .tokens
            .access_token(&grant, grant.scope, Some(&handle), at_ms);
        let cookie = Some(COOKIE.set(&self.rotation.write(&first, grant.client)));
        Ok(Ok(Granted {
            access: Some(access),
            cookie,
            subject: grant.subject,
            ..Granted::default()
        }))
    }

    async fn client_credentials(&self, grant: Grant) -> Result<GrantOutcome, StoreError> {
        self.tokens.client_credentials(grant).await
    }

    async fn refresh(&self, refresh: Refresh<'_>) -> Result<GrantOutcome, StoreError> {
        let renewal = self.renewal();
        let renewed = renewal.renew(refresh.token, refresh.client, refresh.scope);
        Ok(renewed
            .await?
            .map(|renewed| self.granted(renewed, &refresh)))
    }

    /// Unlike a resource server, the issuer knows whether the family behind an access token still
    /// lives.
    async fn introspect(&self, token: &str) -> Result<Option<ActiveGrant>, StoreError> {
        Ok(self.read_live(token).await?.ok().and_then(active_grant))
    }

    /// Revoking a refresh token ends its family; an access token by itself cannot be revoked.
    async fn revoke(&self, token: &str, client: Client) -> Result<Revocation, StoreError> {
        let Some(refresh) = self.rotation.read(token, client) else {
            return match self.rotation.belongs_to_another(token, client) {
                true => Ok(Revocation::OtherClients),
                false => self.tokens.revoke(token, client).await,
            };
        };
        let ended = self.ledger.find_and_end(&refresh.family_handle()).await?;
        Ok(if ended.is_some() {
            Revocation::Revoked
        } else {
            Revocation::Unknown
        })
    }

    /// The access token's `sid` names the family. An expired token still ends its own session: a
    /// user who was away must be able to leave.
    async fn log_out(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<LoggedOut, Reason>, StoreError> {
        let (claims, credential) = match self.tokens.read_presented(&presented) {
            Ok(read) => read,
            Err(reason) => return Ok(Err(reason)),
        };
        if let Some(handle) = &claims.session {
            let (account, client) = (&claims.subject, &claims.client_id);
            self.ledger.end(handle, account, client).await?;
        }
        let cookie = Some(COOKIE.clear());
        Ok(Ok(LoggedOut {
            subject: Some(claims.subject),
            credential: Some(credential),
            cookie,
        }))
    }

    async fn recognise(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<SignedIn, Reason>, StoreError> {
        let token = match bearer::token(&presented) {
            Ok(token) => token,
            Err(reason) => return Ok(Err(reason)),
        };
        let claims = self.read_live(token).await?;
        Ok(claims.and_then(|claims| signed_in(claims, token)))
    }

    async fn end_one(&self, account: &str, handle: &str) -> Result<bool, StoreError> {
        self.ledger.end_of(account, handle).await
    }

    /// Into the families: the next renewal has the new roles.
    async fn change_roles(&self, account: &str, roles: Roles) -> Result<usize, StoreError> {
        self.ledger.set_roles(account, roles).await
    }

    async fn narrow_scope(&self, account: &str, most: Scope) -> Result<usize, StoreError> {
        self.ledger.narrow(account, most).await
    }

    async fn end_all(&self, account: &str) -> Result<usize, StoreError> {
        self.ledger.end_all(account).await
    }

    async fn end_client(&self, client: Client) -> Result<usize, StoreError> {
        self.ledger.end_client(client).await
    }

    async fn end_consent(&self, account: &str, client: Client) -> Result<usize, StoreError> {
        self.ledger.end_consent(account, client).await
    }

    async fn end_everything(&self) -> Result<usize, StoreError> {
        self.ledger.end_everything().await
    }

    async fn sessions(&self, account: &str) -> Result<Vec<SessionEntry>, StoreError> {
        self.ledger.list(account, Some(self.policy.idle)).await
    }

    async fn rotate_keys(
        &self,
        retiring: Retiring,
    ) -> Result<Result<(), RotationError>, StoreError> {
        self.tokens.rotate_keys(retiring).await
    }

    fn jwks(&self) -> String {
        self.tokens.jwks()
    }
}
