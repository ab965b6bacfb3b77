//! `opaque`: a random access token that only the authorization server can tell about.
//!
//! Each request is one introspection (RFC 7662), which is one round trip to the authorization
//! server and one from there to the store. Ending a token deletes its record; the revocation lag is
//! zero, or the TTL of the resource server's cache.
//!
//! With a revocation channel the cache is told what has ended, and what has changed
//! ([`crate::introspection::cache`]): the lag is then the way of one message.

use std::time::Duration;

use hyper::HeaderMap;
use tokio::sync::broadcast;

use super::accounts::Standing;
use super::record::Ledger;
use super::{
    AccessToken, ActiveGrant, Grant, GrantOutcome, Granted, Issuer, LoggedOut, Refusal, Revocation,
    Scheme, SessionEntry, SignedIn, Validated, Validator, Verdict,
};
use crate::client::Client;
use crate::clock::Clock;
use crate::http::{Presented, bearer};
use crate::introspection::cache::Introspection;
use crate::metrics::LatencyHistogram;
use crate::refusal::{Reason, Unavailable};
use crate::revocation::{Denials, Ended, PushFigures};
use crate::roles::Roles;
use crate::scope::Scope;
use crate::secret::{Fingerprint, is_random_id, random_id};
use crate::store::{Store, StoreError};

/// Bytes of a token at most; a longer one is nobody's.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Issues tokens, tells about them and ends them.
#[derive(Debug)]
pub struct OpaqueIssuer {
    ledger: Ledger,
    lifetime: Duration,
}

/// Asks about each request's token.
#[derive(Debug)]
pub struct OpaqueValidator {
    introspection: Introspection,
    clock: Clock,
    /// Where the revocation channel leads through, if there is one.
    store: Option<Store>,
}

impl OpaqueIssuer {
    /// Tokens that live for `lifetime`.
    pub fn new(ledger: Ledger, lifetime: Duration) -> Self {
        Self { ledger, lifetime }
    }

    /// Makes resource servers that remember answers ask about what an account has open: it is still
    /// good, but no longer what it was.
    async fn ask_again_about(&self, account: &str) -> Result<(), StoreError> {
        let until_ms = self.ledger.clock().now_ms();
        let name = account.to_owned();
        let ended = Ended::Account { name, until_ms };
        self.ledger.announcer.announce(&ended).await
    }

    async fn issue(&self, grant: Grant, standing: &Standing) -> Result<GrantOutcome, StoreError> {
        let token = random_id();
        let handle = Fingerprint::of(&token).to_base64();
        let opened = self
            .ledger
            .open(&grant, standing, &handle, self.lifetime, self.lifetime);
        if let Err(refusal) = opened.await? {
            return Ok(Err(refusal));
        }
        let access = Some(AccessToken {
            token,
            lifetime: self.lifetime,
            scope: grant.scope,
        });
        Ok(Ok(Granted {
            access,
            subject: grant.subject,
            ..Granted::default()
        }))
    }
}

impl Issuer for OpaqueIssuer {
    const SCHEME: Scheme = Scheme::Bearer;
    const GRANT_TYPES: &'static [&'static str] = &["client_credentials"];

    async fn sign_in(
        &self,
        grant: Grant,
        standing: &Standing,
        _headers: &HeaderMap,
    ) -> Result<GrantOutcome, StoreError> {
        self.issue(grant, standing).await
    }

    async fn client_credentials(&self, grant: Grant) -> Result<GrantOutcome, StoreError> {
        let standing = self.ledger.standing(&grant).await?;
        self.issue(grant, &standing).await
    }

    async fn introspect(&self, token: &str) -> Result<Option<ActiveGrant>, StoreError> {
        match is_random_id(token) {
            true => self.ledger.find(&Fingerprint::of(token).to_base64()).await,
            false => Ok(None),
        }
    }

    async fn revoke(&self, token: &str, client: Client) -> Result<Revocation, StoreError> {
        let handle = Fingerprint::of(token).to_base64();
        match self.ledger.find(&handle).await? {
            None => Ok(Revocation::Unknown),
            Some(active) if active.grant.client != client => Ok(Revocation::OtherClients),
            Some(active) => {
                let account = &active.grant.subject;
                self.ledger.end(&handle, account, client.id()).await?;
                Ok(Revocation::Revoked)
            }
        }
    }

    async fn log_out(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<LoggedOut, Reason>, StoreError> {
        let credential = match bearer::token(&presented) {
            Ok(token) => Fingerprint::of(token),
            Err(reason) => return Ok(Err(reason)),
        };
        // A token that is gone already is what the user wanted.
        let subject = self.ledger.find_and_end(&credential.to_base64()).await?;
        Ok(Ok(LoggedOut {
            subject,
            credential: Some(credential),
            cookie: None,
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
        let credential = Fingerprint::of(token);
        let found = self.introspect(token).await?.ok_or(Reason::Inactive);
        Ok(found.map(|active| SignedIn {
            grant: active.grant,
            handle: Some(credential.to_base64()),
            csrf_token: None,
            credential,
        }))
    }

    async fn end_one(&self, account: &str, handle: &str) -> Result<bool, StoreError> {
        self.ledger.end_of(account, handle).await
    }

    async fn change_roles(&self, account: &str, roles: Roles) -> Result<usize, StoreError> {
        let changed = self.ledger.set_roles(account, roles).await?;
        self.ask_again_about(account).await?;
        Ok(changed)
    }

    async fn narrow_scope(&self, account: &str, most: Scope) -> Result<usize, StoreError> {
        let changed = self.ledger.narrow(account, most).await?;
        self.ask_again_about(account).await?;
        Ok(changed)
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

    /// A token's expiry does not move, so nothing tells when it was used.
    async fn sessions(&self, account: &str) -> Result<Vec<SessionEntry>, StoreError> {
        self.ledger.list(account, None).await
    }
}

impl OpaqueValidator {
    /// Asks through `introspection`.
    pub fn new(introspection: Introspection, clock: Clock) -> Self {
        Self {
            introspection,
            clock,
            store: None,
        }
    }

    /// The same; the revocation channel that its answers are held against leads through `store`.
    pub fn told_through(self, store: Store) -> Self {
        Self {
            store: Some(store),
            ..self
        }
    }
}

impl Validator for OpaqueValidator {
    const SCHEME: Scheme = Scheme::Bearer;

    async fn validate(&self, presented: Presented<'_>) -> Result<Verdict, Unavailable> {
        let token = match bearer::token(&presented) {
            Ok(token) => token,
            Err(reason) => return Ok(Err(Refusal::unseen(reason))),
        };
        let refuse = |reason| Ok(Err(Refusal::of(reason, token)));
        if token.len() > MAX_TOKEN_BYTES {
            return refuse(Reason::MalformedToken);
        }
        match self.introspection.answer(token).await? {
            Err(reason) => refuse(reason),
            // An answer may have been on its way while the token expired.
            Ok(active)
                if active
                    .expires_at_ms
                    .is_some_and(|end_ms| end_ms <= self.clock.now_ms()) =>
            {
                refuse(Reason::Expired)
            }
            Ok(active) => Ok(Ok(Validated {
                subject: active.subject,
                scope: active.scope,
                roles: active.roles,
                client: active.client,
            })),
        }
    }

    fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    fn news(&self) -> Option<broadcast::Receiver<Ended>> {
        self.introspection.denials().map(Denials::subscribe)
    }

    fn revocation_figures(&self) -> Option<PushFigures> {
        self.introspection.denials().map(Denials::figures)
    }

    fn introspection_latency(&self) -> Option<&LatencyHistogram> {
        Some(self.introspection.client().latency())
    }
}
