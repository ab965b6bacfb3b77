//! The issuer's published keys, fetched and kept (RFC 7517 §5).

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use tokio::sync::Mutex;

use super::algorithm::SigningAlgorithm;
use super::keys::KeySet;
use crate::clock::{Clock, millis};
use crate::http::upstream::{Upstream, UpstreamError};

const PATH: &str = "/jwks.json";
/// The pause between attempts while there are no keys at all: every request waits for some then.
const FIRST_KEYS_COOL_DOWN: Duration = Duration::from_secs(1);

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
    /// An unknown `kid` makes the client look again, but not more than once in this time: anybody
    /// can make up key identifiers, and each must not become a request to the issuer.
    pub cool_down: Duration,
    /// Keys older than this are looked at again, or a key that the issuer has withdrawn would be
    /// good here for ever. If the issuer does not answer then, the old keys stay in use.
    pub max_age: Duration,
}

/// Keeps the issuer's keys.
#[derive(Debug)]
pub struct JwksClient {
    upstream: Arc<Upstream>,
    algorithm: SigningAlgorithm,
    policy: RefetchPolicy,
    clock: Clock,
    fetched: RwLock<Fetched>,
    /// Held while fetching, so that concurrent requests share one fetch.
    last_attempt: Mutex<Option<Attempt>>,
}

#[derive(Clone, Debug)]
struct Fetched {
    keys: Arc<KeySet>,
    at_ms: i64,
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    at_ms: i64,
    failed: bool,
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
            at_ms: clock.now_ms(),
        };
        Self {
            upstream,
            algorithm,
            policy,
            clock,
            fetched: RwLock::new(none),
            last_attempt: Mutex::new(None),
        }
    }

    /// The keys as they are known at `now_ms`; none before the first success.
    pub async fn keys(&self, now_ms: i64) -> Arc<KeySet> {
        let Fetched { keys, at_ms } = self.fetched();
        if now_ms < after(at_ms, self.policy.max_age) {
            return keys;
        }
        self.newer_than(&keys).await.unwrap_or(keys)
    }

    /// Looks for newer keys than `known`, in which something was missing. Answers the keys as they
    /// are then, which are `known` again if looking is not allowed yet and the last look succeeded.
    pub async fn newer_than(&self, known: &Arc<KeySet>) -> Result<Arc<KeySet>, KeysError> {
        let mut last_attempt = self.last_attempt.lock().await;
        let current = self.fetched().keys;
        if !Arc::ptr_eq(&current, known) {
            return Ok(current);
        }
        let now_ms = self.clock.now_ms();
        match *last_attempt {
            Some(attempt) if self.is_cooling_down(attempt, now_ms, &current) => {
                if attempt.failed {
                    Err(KeysError::CoolingDown)
                } else {
                    Ok(current)
                }
            }
            _ => {
                let fetched = self.fetch().await;
                *last_attempt = Some(Attempt {
                    at_ms: now_ms,
                    failed: fetched.is_err(),
                });
                let fetched = Arc::new(fetched?);
                *self.fetched.write().unwrap_or_else(PoisonError::into_inner) = Fetched {
                    keys: Arc::clone(&fetched),
                    at_ms: now_ms,
                };
                Ok(fetched)
            }
        }
    }

    /// The time by which it judges.
    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    fn is_cooling_down(&self, attempt: Attempt, now_ms: i64, current: &KeySet) -> bool {
        let cool_down = self.policy.cool_down;
        let pause = if current.is_empty() {
            cool_down.min(FIRST_KEYS_COOL_DOWN)
        } else {
            cool_down
        };
        now_ms < after(attempt.at_ms, pause)
    }

    fn fetched(&self) -> Fetched {
        self.fetched
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn fetch(&self) -> Result<KeySet, KeysError> {
        let mut request = Request::new(Full::<Bytes>::default());
        *request.uri_mut() = hyper::Uri::from_static(PATH);
        let (status, body) = self.upstream.ask(request).await?;
        if status != StatusCode::OK {
            return Err(KeysError::Unusable);
        }
        KeySet::from_jwks(&body, self.algorithm).map_err(|_| KeysError::Unusable)
    }
}

fn after(at_ms: i64, pause: Duration) -> i64 {
    at_ms.saturating_add(millis(pause))
}
