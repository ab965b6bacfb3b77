//! `session`: a random id in a cookie, everything else in the store.
//!
//! Each request is one round trip to the store, which finds the session and moves its idle time-out
//! on. A change needs the browser's word and a token besides ([`crate::http::csrf`]); both are
//! judged before the store is asked. The absolute time-out stands inside the record: no amount of use moves it (ASVS 7.3). Ending
//! a session deletes its record, and the next request finds nothing: the revocation lag is that of
//! the store.
//!
//! A resource server may remember what it found for a while: no round trip meanwhile, and that
//! while is the revocation lag. Only look-ups keep a session alive, so that one in constant use may
//! idle out by that while too early, and the while must be shorter than the idle time-out.

use std::time::Duration;

use hyper::HeaderMap;
use tokio::time::timeout;

use super::accounts::Standing;
use super::record::{Ledger, read, record_key};
use super::{
    ActiveGrant, Grant, GrantOutcome, Granted, Issuer, LoggedOut, Refusal, Scheme, SessionEntry,
    SignedIn, Validated, Validator, Verdict,
};
use crate::client::Client;
use crate::clock::Clock;
use crate::http::Presented;
use crate::http::cookie::{self, CookieShape};
use crate::http::csrf::ChangeGuard;
use crate::refusal::{Reason, Unavailable};
use crate::remembered::{Keep, Remembered};
use crate::roles::Roles;
use crate::scope::Scope;
use crate::secret::{Fingerprint, is_random_id, random_id};
use crate::store::{Silence, Store, StoreError};

/// The cookie. `__Host-` keeps sibling hosts from setting it (RFC 6265bis §4.1.3.2); `Lax` lets
/// links in.
pub const COOKIE: CookieShape = CookieShape {
    name: "__Host-session",
    attributes: "; Path=/; Secure; HttpOnly; SameSite=Lax",
};

/// Opens and ends sessions.
#[derive(Debug)]
pub struct SessionIssuer {
    ledger: Ledger,
    guard: ChangeGuard,
    idle: Duration,
    absolute: Duration,
}

/// Looks each request's session up, or remembers it.
#[derive(Debug)]
pub struct SessionValidator {
    store: Store,
    guard: ChangeGuard,
    clock: Clock,
    idle: Duration,
    remembered: Option<Remembered<Found>>,
}

/// A session that was looked up, or why there is none to speak of.
type Found = Result<ActiveGrant, Reason>;

/// The session behind a request.
#[derive(Debug)]
pub struct LiveSession {
    /// What names it.
    pub handle: Fingerprint,
    /// What was granted at its login, and its absolute end.
    pub active: ActiveGrant,
}

/// Sessions would be remembered for so long that they idle out while they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "remember sessions for {local_cache:?}: it must be shorter than the idle time-out of {idle:?}, because only look-ups keep a session alive"
)]
pub struct LocalCacheError {
    local_cache: Duration,
    idle: Duration,
}

impl SessionIssuer {
    /// Sessions that end after `idle` without use, and after `absolute` in any case.
    pub fn new(ledger: Ledger, guard: ChangeGuard, idle: Duration, absolute: Duration) -> Self {
        Self {
            ledger,
            guard,
            idle,
            absolute,
        }
    }

    /// Ends the session that a browser brings to its login: a new login always has a new id (ASVS
    /// 7.2.4), and the old one must not live on unseen.
    async fn end_previous(&self, headers: &HeaderMap) -> Result<(), StoreError> {
        match cookie::value(headers, COOKIE.name) {
            Ok(Some(id)) if is_random_id(id) => self
                .ledger
                .find_and_end(&Fingerprint::of(id).to_base64())
                .await
                .map(drop),
            _ => Ok(()),
        }
    }
}

impl Issuer for SessionIssuer {
    const SCHEME: Scheme = Scheme::Cookie;

    async fn sign_in(
        &self,
        grant: Grant,
        standing: &Standing,
        headers: &HeaderMap,
    ) -> Result<GrantOutcome, StoreError> {
        self.end_previous(headers).await?;
        let id = random_id();
        let handle = Fingerprint::of(&id).to_base64();
        let opened = self
            .ledger
            .open(&grant, standing, &handle, self.idle, self.absolute);
        if let Err(refusal) = opened.await? {
            return Ok(Err(refusal));
        }
        Ok(Ok(Granted {
            cookie: Some(COOKIE.set(&id)),
            csrf_token: Some(self.guard.token(&id)),
            subject: grant.subject,
            ..Granted::default()
        }))
    }

    async fn log_out(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<LoggedOut, Reason>, StoreError> {
        let id = match session_id(&presented) {
            Ok(id) => id,
            Err(refusal) => return Ok(Err(refusal.reason)),
        };
        let credential = Fingerprint::of(id);
        // A session that is gone already is what the user wanted.
        let subject = self.ledger.find_and_end(&credential.to_base64()).await?;
        Ok(Ok(LoggedOut {
            subject,
            credential: Some(credential),
            cookie: Some(COOKIE.clear()),
        }))
    }

    /// Looking after one's sessions is no use of one: the idle time-out stays where it is.
    async fn recognise(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<SignedIn, Reason>, StoreError> {
        let id = match session_id(&presented) {
            Ok(id) => id,
            Err(refusal) => return Ok(Err(refusal.reason)),
        };
        if let Err(reason) = self.guard.check(&presented, id) {
            return Ok(Err(reason));
        }
        let credential = Fingerprint::of(id);
        let handle = credential.to_base64();
        let found = self.ledger.find(&handle).await?.ok_or(Reason::Inactive);
        Ok(found.map(|active| SignedIn {
            grant: active.grant,
            handle: Some(handle),
            csrf_token: Some(self.guard.token(id)),
            credential,
        }))
    }

    async fn end_one(&self, account: &str, handle: &str) -> Result<bool, StoreError> {
        self.ledger.end_of(account, handle).await
    }

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
        self.ledger.list(account, Some(self.idle)).await
    }
}

impl SessionValidator {
    /// Each look-up of a session keeps it for another `idle`.
    pub fn new(store: Store, guard: ChangeGuard, clock: Clock, idle: Duration) -> Self {
        Self {
            store,
            guard,
            clock,
            idle,
            remembered: None,
        }
    }

    /// The same, remembering good sessions for `local_cache` (zero: looks up every time).
    pub fn with_local_cache(self, local_cache: Duration) -> Result<Self, LocalCacheError> {
        let idle = self.idle;
        if !local_cache.is_zero() && local_cache >= idle {
            return Err(LocalCacheError { local_cache, idle });
        }
        let remembered = Remembered::new(self.clock.clone(), local_cache);
        Ok(Self { remembered, ..self })
    }

    /// The session that a request presents, if it may be acted on.
    pub(super) async fn session(
        &self,
        presented: &Presented<'_>,
    ) -> Result<Result<LiveSession, Refusal>, Unavailable> {
        let id = match session_id(presented) {
            Ok(id) => id,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Err(reason) = self.guard.check(presented, id) {
            return Ok(Err(Refusal::of(reason, id)));
        }
        let handle = Fingerprint::of(id);
        let found = match &self.remembered {
            None => self.look_up(&handle).await?,
            Some(remembered) => self.recall(remembered, &handle).await?,
        };
        Ok(found
            .map(|active| LiveSession { handle, active })
            .map_err(|reason| Refusal {
                reason,
                credential: Some(handle),
            }))
    }

    /// Forgets a session that may have ended, so that it is looked up next time.
    pub(super) fn forget(&self, handle: &Fingerprint) {
        if let Some(remembered) = &self.remembered {
            remembered.forget(handle);
        }
    }

    /// Where sessions are looked up.
    pub(super) fn looks_in(&self) -> &Store {
        &self.store
    }

    async fn recall(
        &self,
        remembered: &Remembered<Found>,
        handle: &Fingerprint,
    ) -> Result<Found, StoreError> {
        let answer = remembered.answer(handle, self.look_up(handle), keep);
        // The store's own deadline does not cover waiting for others, who may fail one after
        // another.
        match timeout(self.store.deadline(), answer).await {
            Ok(found) => found,
            Err(_) => Err(StoreError::Unavailable {
                operation: "get_and_touch",
                silence: Silence::Deadline,
            }),
        }
    }

    async fn look_up(&self, handle: &Fingerprint) -> Result<Found, StoreError> {
        let key = record_key(&handle.to_base64());
        let record = self.store.get_and_touch(&key, self.idle).await?;
        Ok(match record.as_deref().and_then(read) {
            None => Err(Reason::Inactive),
            Some(session) if session.expires_at_ms <= self.clock.now_ms() => {
                Err(Reason::AbsoluteTimeout)
            }
            Some(session) => Ok(session),
        })
    }
}

/// A session never past its absolute end. A refusal not at all: it would only take the place of a
/// good session, and ids that somebody makes up have no end.
fn keep(found: &Found) -> Keep {
    match found {
        Ok(active) => Keep::Until(active.expires_at_ms),
        Err(_) => Keep::No,
    }
}

impl Validator for SessionValidator {
    const SCHEME: Scheme = Scheme::Cookie;

    async fn validate(&self, presented: Presented<'_>) -> Result<Verdict, Unavailable> {
        let session = self.session(&presented).await?;
        Ok(session.map(|LiveSession { active, .. }| Validated {
            subject: active.grant.subject,
            scope: active.grant.scope,
            roles: active.grant.roles,
            client: Some(active.grant.client),
        }))
    }

    fn store(&self) -> Option<&Store> {
        Some(self.looks_in())
    }
}

/// The session id that a request presents. What cannot be one is refused without asking the store.
fn session_id<'a>(presented: &Presented<'a>) -> Result<&'a str, Refusal> {
    let value = cookie::value(presented.headers, COOKIE.name)
        .map_err(|_| Refusal::unseen(Reason::MalformedRequest))?;
    let id = value.ok_or(Refusal::unseen(Reason::NoCredential))?;
    if is_random_id(id) {
        Ok(id)
    } else {
        Err(Refusal::of(Reason::Inactive, id))
    }
}
