//! The issuer's published keys, fetched and kept (RFC 7517 §5).

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use tokio::sync::Mutex;

use super::algorithm::SigningAlgorithm;
use super::keys::KeySet;
use crate::clock::Clock;
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

/// Keeps the issuer's keys. An unknown `kid` makes it look again, but not more than once per
/// cool-down: anybody can make up key identifiers, and each must not become a request to the
/// issuer.
#[derive(Debug)]
pub struct JwksClient {
    upstream: Arc<Upstream>,
    algorithm: SigningAlgorithm,
    cool_down: Duration,
    clock: Clock,
    keys: RwLock<Arc<KeySet>>,
    /// Held while fetching, so that concurrent requests share one fetch.
    last_attempt: Mutex<Option<Attempt>>,
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
        cool_down: Duration,
        clock: Clock,
    ) -> Self {
        let keys = RwLock::new(Arc::new(KeySet::empty(algorithm)));
        Self {
            upstream,
            algorithm,
            cool_down,
            clock,
            keys,
            last_attempt: Mutex::new(None),
        }
    }

    /// The keys as last fetched; none before the first success.
    pub fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks for newer keys than `known`, in which something was missing. Answers the keys as they
    /// are then, which are `known` again if looking is not allowed yet and the last look succeeded.
    pub async fn newer_than(&self, known: &Arc<KeySet>) -> Result<Arc<KeySet>, KeysError> {
        let mut last_attempt = self.last_attempt.lock().await;
        let current = self.keys();
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
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fetched);
                Ok(fetched)
            }
        }
    }

    fn is_cooling_down(&self, attempt: Attempt, now_ms: i64, current: &KeySet) -> bool {
        let pause = if current.is_empty() {
            self.cool_down.min(FIRST_KEYS_COOL_DOWN)
        } else {
            self.cool_down
        };
        now_ms < attempt.at_ms.saturating_add(pause.as_millis() as i64)
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
