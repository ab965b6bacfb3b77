//! The issuer's published keys, fetched and kept (RFC 7517 §5).

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::algorithm::SigningAlgorithm;
use super::keys::KeySet;
use crate::clock::{Clock, millis};
use crate::http::upstream::{Upstream, UpstreamError};

const PATH: &str = "/jwks.json";
/// The pause after an attempt that failed: every request would wait for another one otherwise.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// The issuer's keys cannot be had.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeysError {
    /// The issuer does not answer.
    #[error("fetch the issuer's keys: {0}")]
    Upstream(#[from] UpstreamError),
    /// It answers something else than a JWK set.
    #[error("fetch the issuer's keys: the answer is not a JWK set")]
    Unusable,
    /// An attempt failed a moment ago.
    #[error("fetch the issuer's keys: it failed a moment ago")]
    CoolingDown,
}

/// How often the issuer may be asked, and must be.
#[derive(Clone, Copy, Debug)]
pub struct RefetchPolicy {
    /// An unknown `kid` makes the client look again, but not more than once in this time (nor in
    /// `ttl`, if that is shorter): anybody can make up key identifiers, and each must not become a
    /// request to the issuer.
    pub cool_down: Duration,
    /// Keys older than this are looked at again before they are used, or a key that the issuer has
    /// withdrawn would be good here for ever. The bound on that, while the issuer answers.
    pub ttl: Duration,
    /// If it does not, the old keys stay in use until they are this old, at least `ttl`. Past it no
    /// token can be judged.
    pub stale: Duration,
}

/// Keeps the issuer's keys.
#[derive(Debug)]
pub struct JwksClient {
    upstream: Arc<Upstream>,
    algorithm: SigningAlgorithm,
    policy: RefetchPolicy,
    clock: Clock,
    fetched: RwLock<Fetched>,
    /// When the last look failed, if it did, or [`NEVER`].
    failed_ms: AtomicI64,
    /// When an unknown `kid` was last the reason to look, or [`NEVER`]. Held while fetching, so
    /// that concurrent requests share one fetch.
    looking: Mutex<i64>,
}

const NEVER: i64 = i64::MIN;

#[derive(Clone, Debug)]
struct Fetched {
    keys: Arc<KeySet>,
    document: Bytes,
    /// When it was asked for: what the issuer withdraws later is not yet missing in it.
    asked_ms: i64,
}

impl JwksClient {
    /// A client that has no keys yet.
    pub fn new(
        upstream: Arc<Upstream>,
        algorithm: SigningAlgorithm,
        policy: RefetchPolicy,
        clock: Clock,
    ) -> Self {
        let none = Fetched {
            keys: Arc::new(KeySet::empty(algorithm)),
            document: Bytes::new(),
            asked_ms: clock.now_ms(),
        };
        Self {
            upstream,
            algorithm,
            policy,
            clock,
            fetched: RwLock::new(none),
            failed_ms: AtomicI64::new(NEVER),
            looking: Mutex::new(NEVER),
        }
    }

    /// Keeps the keys of `client` fresh, as long as somebody else holds it, so that no request has
    /// to wait for them: looks twice in each `ttl`.
    pub fn keep_fresh(client: &Arc<Self>) {
        let pause = client.policy.ttl / 2;
        let client: Weak<Self> = Arc::downgrade(client);
        tokio::spawn(async move {
            loop {
                sleep(pause).await;
                let Some(client) = client.upgrade() else {
                    return;
                };
                // What came of it is seen by whoever needs the keys.
                let _looking = client.looking.lock().await;
                let _ = client.look().await;
            }
        });
    }

    /// Looks for keys, so that the first request need not wait for them.
    pub async fn first(&self) -> Result<(), KeysError> {
        self.newer_than(&self.fetched().keys).await.map(drop)
    }

    /// The keys to judge with at `now_ms`; none before the first success. An error: those that are
    /// known are too old.
    pub async fn keys(&self, now_ms: i64) -> Result<Arc<KeySet>, KeysError> {
        let known = self.fetched();
        if self.is_fresh(&known, now_ms) {
            return Ok(known.keys);
        }
        match self.fresher().await {
            Ok(keys) => Ok(keys),
            Err(_) if now_ms < after(known.asked_ms, self.policy.stale) => Ok(known.keys),
            Err(error) => Err(error),
        }
    }

    /// Looks for newer keys than `known`, in which something was missing. Answers the keys as they
    /// are then, which are `known` again if looking is not allowed yet and the last look succeeded.
    pub async fn newer_than(&self, known: &Arc<KeySet>) -> Result<Arc<KeySet>, KeysError> {
        let mut asked_ms = self.looking.lock().await;
        let current = self.fetched().keys;
        if !Arc::ptr_eq(&current, known) {
            return Ok(current);
        }
        let now_ms = self.clock.now_ms();
        let pause = if current.is_empty() {
            FAILURE_PAUSE
        } else {
            self.policy.ttl
        };
        let pause = pause.min(self.policy.cool_down);
        if now_ms < after(*asked_ms, pause) {
            return match self.failed_ms.load(Relaxed) {
                NEVER => Ok(current),
                _ => Err(KeysError::CoolingDown),
            };
        }
        *asked_ms = now_ms;
        self.look().await
    }

    /// Looks for keys because those that are known have aged. Not right after a failure: then
    /// nobody waits, not even for somebody else's look.
    async fn fresher(&self) -> Result<Arc<KeySet>, KeysError> {
        if self.has_just_failed() {
            return Err(KeysError::CoolingDown);
        }
        let _looking = self.looking.lock().await;
        let current = self.fetched();
        if self.is_fresh(&current, self.clock.now_ms()) {
            Ok(current.keys)
        } else if self.has_just_failed() {
            Err(KeysError::CoolingDown)
        } else {
            self.look().await
        }
    }

    /// The time by which it judges.
    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    fn has_just_failed(&self) -> bool {
        let failed_ms = self.failed_ms.load(Relaxed);
        self.clock.now_ms() < after(failed_ms, FAILURE_PAUSE)
    }

    /// Call it with `looking` held.
    async fn look(&self) -> Result<Arc<KeySet>, KeysError> {
        let asked_ms = self.clock.now_ms();
        let looked = self.fetch(asked_ms).await;
        let failed_ms = if looked.is_err() {
            self.clock.now_ms()
        } else {
            NEVER
        };
        self.failed_ms.store(failed_ms, Relaxed);
        let fetched = looked?;
        let keys = Arc::clone(&fetched.keys);
        *self.fetched.write().unwrap_or_else(PoisonError::into_inner) = fetched;
        Ok(keys)
    }

    fn is_fresh(&self, fetched: &Fetched, now_ms: i64) -> bool {
        now_ms < after(fetched.asked_ms, self.policy.ttl)
    }

    fn fetched(&self) -> Fetched {
        self.fetched
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn fetch(&self, asked_ms: i64) -> Result<Fetched, KeysError> {
        let mut request = Request::new(Full::<Bytes>::default());
        *request.uri_mut() = hyper::Uri::from_static(PATH);
        let (status, document) = self.upstream.ask(request).await?;
        if status != StatusCode::OK {
            return Err(KeysError::Unusable);
        }
        let known = self.fetched();
        let keys = if known.document == document {
            // With all that was learnt about them.
            known.keys
        } else {
            let keys = KeySet::from_jwks(&document, self.algorithm);
            Arc::new(keys.map_err(|_| KeysError::Unusable)?)
        };
        Ok(Fetched {
            keys,
            document,
            asked_ms,
        })
    }
}

fn after(at_ms: i64, pause: Duration) -> i64 {
    at_ms.saturating_add(millis(pause))
}
