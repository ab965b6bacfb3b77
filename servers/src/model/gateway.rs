//! `gateway`: a session cookie for browsers, and a short-lived JWT for the services behind a gateway.
//!
//! The session is that of [`super::session`], and so is its issuer. The gateway looks it up at each
//! request, makes an *internal token* of it, signed with a key of its own, and passes the request on
//! with that in place of the cookie. The services judge the token for themselves, as [`super::jwt`]
//! does, and ask nobody. What ends a session ends it at the gateway at once (or within the time for
//! which the gateway remembers sessions); whoever has stolen an internal token and reaches a service
//! past the gateway is let in until it expires.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use hyper::header::HeaderValue;
use quick_cache::sync::Cache;

use super::jwt::JwtValidator;
use super::session::{LiveSession, SessionIssuer, SessionValidator};
use super::{Grant, Refusal};
use crate::clock::{Clock, millis};
use crate::http::Presented;
use crate::jwt::Minter;
use crate::refusal::Unavailable;
use crate::revocation::Marks;
use crate::secret::Fingerprint;
use crate::store::Store;

/// Internal tokens kept at most; another is minted for a session whose token was evicted.
const CAPACITY: usize = 100_000;
/// The least life of an internal token: its times are whole seconds, and of one second nothing might
/// be left when it is minted.
pub const MIN_INTERNAL_TTL: Duration = Duration::from_secs(2);
/// An internal token is not used in the last quarter of its life: the service must still find it
/// good when the request gets there.
const RENEWED_IN_LAST: u32 = 4;

/// Opens and ends sessions, exactly as for `session`.
pub type GatewayIssuer = SessionIssuer;

/// Judges internal tokens at a service, exactly as `jwt` judges access tokens.
pub type ServiceValidator = JwtValidator;

/// Internal tokens would expire on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "issue internal tokens that live for {0:?}: their times are whole seconds, and at least 2 s are needed"
)]
pub struct InternalLifetimeError(Duration);

/// The gateway's side: a session in, an internal token out.
#[derive(Debug)]
pub struct Exchange {
    sessions: SessionValidator,
    minter: Minter,
    clock: Clock,
    minted: Cache<Fingerprint, Arc<Minted>>,
    mints: AtomicU64,
}

#[derive(Debug)]
struct Minted {
    grant: Grant,
    authorization: HeaderValue,
    usable_until_ms: i64,
}

/// A caller whose request goes on to a service.
#[derive(Debug)]
pub struct Admitted {
    /// The session it was recognised by.
    pub handle: Fingerprint,
    /// `Bearer` and the internal token.
    pub authorization: HeaderValue,
}

impl Exchange {
    /// Makes tokens of `minter` of the sessions that `sessions` finds.
    pub fn new(
        sessions: SessionValidator,
        minter: Minter,
        clock: Clock,
    ) -> Result<Self, InternalLifetimeError> {
        if minter.lifetime() < MIN_INTERNAL_TTL {
            return Err(InternalLifetimeError(minter.lifetime()));
        }
        Ok(Self {
            sessions,
            minter,
            clock,
            minted: Cache::new(CAPACITY),
            mints: AtomicU64::new(0),
        })
    }

    /// Judges the session that a request presents. An error: it cannot be judged now.
    pub async fn admit(
        &self,
        presented: &Presented<'_>,
    ) -> Result<Result<Admitted, Refusal>, Unavailable> {
        let session = self.sessions.session(presented).await?;
        Ok(session.map(|session| Admitted {
            handle: session.handle,
            authorization: self.token(session),
        }))
    }

    /// The same without a token: of a caller for whom nothing is asked of a service.
    pub async fn judge(
        &self,
        presented: &Presented<'_>,
    ) -> Result<Result<(), Refusal>, Unavailable> {
        let session = self.sessions.session(presented).await?;
        Ok(session.map(drop))
    }

    /// Forgets what is remembered of a session: a service has refused the token that was made of it.
    pub fn forget(&self, handle: &Fingerprint) {
        self.sessions.forget(handle);
        self.minted.remove(handle);
    }

    /// The store in which sessions are looked up; for the metrics.
    pub fn store(&self) -> &Store {
        self.sessions.looks_in()
    }

    /// How many internal tokens were minted.
    pub fn mints(&self) -> u64 {
        self.mints.load(Relaxed)
    }

    /// The keys that services verify internal tokens with, as published.
    pub fn jwks(&self) -> String {
        self.minter.jwks(self.clock.now_ms())
    }

    /// The internal token of a session: the one it has, while that is good for long enough and says
    /// what the session says. Two requests at once may mint two.
    fn token(&self, session: LiveSession) -> HeaderValue {
        let LiveSession { handle, active } = session;
        let now_ms = self.clock.now_ms();
        if let Some(kept) = self.minted.get(&handle)
            && now_ms < kept.usable_until_ms
            && kept.grant == active.grant
        {
            return kept.authorization.clone();
        }
        self.mints.fetch_add(1, Relaxed);
        // A cut-off ends the session, and with it whatever was made of it, whenever that was.
        let marks = Marks {
            stamp_ms: Some(active.issued_at_ms),
            ..Marks::default()
        };
        let name = handle.to_base64();
        let token = self
            .minter
            .mint_marked(&active.grant, Some(&name), now_ms, &marks);
        let minted = Minted {
            grant: active.grant,
            authorization: bearer(&token),
            usable_until_ms: self.usable_until_ms(now_ms),
        };
        let authorization = minted.authorization.clone();
        self.minted.insert(handle, Arc::new(minted));
        authorization
    }

    fn usable_until_ms(&self, now_ms: i64) -> i64 {
        self.minter.expires_at_ms(now_ms) - millis(self.minter.lifetime() / RENEWED_IN_LAST)
    }
}

fn bearer(token: &str) -> HeaderValue {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {token}")).expect("a token of ours is plain ASCII");
    value.set_sensitive(true);
    value
}
