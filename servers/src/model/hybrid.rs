//! `hybrid`: a short-lived JWT for the resource servers, renewed by a rotating refresh token in a
//! cookie.
//!
//! Requests cost what `jwt` costs. Every renewal is two round trips to the store, where the refresh
//! *family* lives: ending the family ends the renewals, so that the revocation lag is at most the
//! access token's life. A refresh token that is used twice ends its family, unless it looks like a
//! retry (see [`crate::rotation`]).
//!
//! With a deny list ([`crate::revocation`]) the access tokens of a family end with it: they name it as `sid`. What ends one family is
//! announced *before* the family ends, so that whoever repeats a call that failed half-way finds the family still there; a whole account
//! ends the other way round, or a renewal in between would have a token that is later than the cut-off.

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
use crate::revocation::{Ended, Marks};
use crate::roles::Roles;
use crate::rotation::{RefreshToken, Renewal, Renewed, RotationKey};
use crate::scope::Scope;
use crate::secret::is_random_id;
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
            announcer: Some(self.tokens.announcer()),
        }
    }

    /// Makes known that a family has ended, where there is a way to.
    async fn announce_family(&self, handle: &str) -> Result<(), StoreError> {
        let ended = Ended::Session {
            handle: handle.to_owned(),
        };
        self.tokens.announcer().announce(&ended).await
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

    fn granted(&self, renewed: Renewed, refresh: &Refresh<'_>, marks: &Marks) -> Granted {
        let grant = renewed.family.grant;
        let scope = refresh
            .scope
            .map_or(grant.scope, |asked| asked.and(grant.scope));
        let handle = Some(&*renewed.handle);
        let access = self.tokens.access_token(&grant, scope, handle, marks);
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
        let marks = self.tokens.announcer().stamped();
        let RefreshPolicy { idle, absolute, .. } = self.policy;
        let opened = self.ledger.open(&grant, standing, &handle, idle, absolute);
        if let Err(refusal) = opened.await? {
            return Ok(Err(refusal));
        }
        let token = self
            .tokens
            .access_token(&grant, grant.scope, Some(&handle), &marks);
        let access = Some(token);
        let cookie = Some(COOKIE.set(&self.rotation.write(&first, grant.client)));
        Ok(Ok(Granted {
            access,
            cookie,
            subject: grant.subject,
            ..Granted::default()
        }))
    }

    async fn client_credentials(&self, grant: Grant) -> Result<GrantOutcome, StoreError> {
        self.tokens.client_credentials(grant).await
    }

    async fn refresh(&self, refresh: Refresh<'_>) -> Result<GrantOutcome, StoreError> {
        // Before the renewal is decided on: what ends meanwhile must be later than the token.
        let marks = self.tokens.announcer().stamped();
        let renewal = self.renewal();
        let renewed = renewal.renew(refresh.token, refresh.client, refresh.scope);
        Ok(renewed
            .await?
            .map(|renewed| self.granted(renewed, &refresh, &marks)))
    }

    /// Unlike a resource server, the issuer knows whether the family behind an access token still
    /// lives.
    async fn introspect(&self, token: &str) -> Result<Option<ActiveGrant>, StoreError> {
        Ok(self.read_live(token).await?.ok().and_then(active_grant))
    }

    /// Revoking a refresh token ends its family; an access token by itself is revoked by a deny list or not at all.
    async fn revoke(&self, token: &str, client: Client) -> Result<Revocation, StoreError> {
        let Some(refresh) = self.rotation.read(token, client) else {
            return match self.rotation.belongs_to_another(token, client) {
                true => Ok(Revocation::OtherClients),
                false => self.tokens.revoke(token, client).await,
            };
        };
        let handle = refresh.family_handle();
        self.announce_family(&handle).await?;
        let ended = self.ledger.find_and_end(&handle).await?;
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
        match &claims.session {
            Some(handle) => {
                let (account, client) = (&claims.subject, &claims.client_id);
                self.announce_family(handle).await?;
                self.ledger.end(handle, account, client).await?;
            }
            // A client's own token, which has no family.
            None => self.tokens.end(&claims).await?,
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
        if self.tokens.announcer().takes_back() && is_random_id(handle) {
            let family = self.ledger.find(handle).await?;
            if family.is_some_and(|family| family.grant.subject == account) {
                self.announce_family(handle).await?;
            }
        }
        self.ledger.end_of(account, handle).await
    }

    /// Into the families: the next renewal has the new roles. With a deny list the access tokens with the old ones end, which makes
    /// that renewal the next thing that happens.
    async fn change_roles(&self, account: &str, roles: Roles) -> Result<usize, StoreError> {
        let changed = self.ledger.set_roles(account, roles).await?;
        self.tokens.end_all_of(account).await?;
        Ok(changed)
    }

    async fn narrow_scope(&self, account: &str, most: Scope) -> Result<usize, StoreError> {
        let narrowed = self.ledger.narrow(account, most).await?;
        self.tokens.narrow_scope(account, most).await?;
        Ok(narrowed)
    }

    async fn end_all(&self, account: &str) -> Result<usize, StoreError> {
        let ended = self.ledger.end_all(account).await?;
        self.tokens.end_all_of(account).await?;
        Ok(ended)
    }

    async fn end_client(&self, client: Client) -> Result<usize, StoreError> {
        let ended = self.ledger.end_client(client).await?;
        self.tokens.end_client(client).await?;
        Ok(ended)
    }

    async fn end_consent(&self, account: &str, client: Client) -> Result<usize, StoreError> {
        let ended = self.ledger.end_consent(account, client).await?;
        self.tokens.end_consent(account, client).await?;
        Ok(ended)
    }

    async fn end_everything(&self) -> Result<usize, StoreError> {
        let ended = self.ledger.end_everything().await?;
        self.tokens.end_everything().await?;
        Ok(ended)
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
