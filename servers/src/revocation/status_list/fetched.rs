//! A resource server's side: a copy of the list, fetched again and again in the background.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode, Uri};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{Bits, ListClaims, MAX_TOKEN_BYTES, PATH, StatusReference, TYPE, uri};
use crate::clock::Clock;
use crate::http::upstream::{Upstream, UpstreamError};
use crate::jwt::{KeysError, Verifier};
use crate::refusal::Reason;
use crate::revocation::{PushFail, PushFigures, RevocationSettings, RevocationUnknown};

/// The pause after an attempt that failed, at most.
const RETRY: Duration = Duration::from_millis(100);

/// Whether tokens have ended, by a copy of the list. Cheap to clone; fetching ends with the last clone.
#[derive(Clone, Debug)]
pub struct StatusListCheck {
    known: Arc<Known>,
    _fetching: Arc<Fetching>,
}

#[derive(Debug)]
struct Fetching(JoinHandle<()>);

impl Drop for Fetching {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Debug)]
struct Known {
    uri: String,
    ttl: Duration,
    /// How long a copy is used, from the moment at which it was asked for.
    copy_life: Duration,
    fail: PushFail,
    clock: Clock,
    copy: RwLock<Option<Fetched>>,
    fetches: AtomicU64,
}

#[derive(Debug)]
struct Fetched {
    bits: Bits,
    asked: Instant,
    expires_at_ms: i64,
}

/// Why no list was had.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("fetch the status list: {0}")]
    Upstream(#[from] UpstreamError),
    #[error("verify the status list: {0}")]
    Keys(#[from] KeysError),
    #[error("verify the status list: {}", .0.label())]
    Refused(Reason),
    #[error("read the status list: it is not one of {0}")]
    NotAList(String),
}

impl StatusListCheck {
    /// Fetches the list of `issuer` from `upstream`, once before this returns.
    pub async fn start(
        issuer: &str,
        upstream: Upstream,
        verifier: Arc<Verifier>,
        settings: &RevocationSettings,
        clock: Clock,
    ) -> Self {
        let known = Arc::new(Known {
            uri: uri(issuer),
            ttl: settings.status_list_ttl,
            copy_life: settings.status_list_ttl + settings.staleness,
            fail: settings.fail,
            clock,
            copy: RwLock::default(),
            fetches: AtomicU64::new(0),
        });
        // If the issuer is not there yet: it is tried again, soon.
        if let Err(error) = known.fetch(&upstream, &verifier).await {
            eprintln!("resource server: failed to {error}");
        }
        let fetching = tokio::spawn(Arc::clone(&known).fetch_again(upstream, verifier));
        Self {
            known,
            _fetching: Arc::new(Fetching(fetching)),
        }
    }

    /// Whether the token with this reference has ended. One that names another list, or no place in this one, has.
    pub fn covers(&self, reference: Option<&StatusReference>) -> Result<bool, RevocationUnknown> {
        let known = &self.known;
        let copy = known.copy.read().unwrap_or_else(PoisonError::into_inner);
        let copy = copy.as_ref().ok_or(RevocationUnknown::Stale)?;
        if known.fail == PushFail::Closed && !copy.is_current(known) {
            return Err(RevocationUnknown::Stale);
        }
        let reference = reference.filter(|reference| reference.uri == known.uri);
        let index = reference.and_then(|reference| usize::try_from(reference.idx).ok());
        Ok(index
            .and_then(|index| copy.bits.is_set(index))
            .unwrap_or(true))
    }

    /// The figures of the channel: entries are tokens that have ended, and each fetch is a load.
    pub fn figures(&self) -> PushFigures {
        let copy = self.known.copy.read();
        let copy = copy.unwrap_or_else(PoisonError::into_inner);
        let copy = copy.as_ref();
        PushFigures {
            entries: copy.map_or(0, |copy| copy.bits.count()),
            bytes: copy.map_or(0, |copy| copy.bits.bytes() as u64),
            reconnects: 0,
            snapshot_loads: self.known.fetches.load(Relaxed),
            staleness_ms: copy.map(|copy| copy.asked.elapsed().as_millis() as u64),
        }
    }
}

impl Fetched {
    fn is_current(&self, known: &Known) -> bool {
        self.asked.elapsed() <= known.copy_life && known.clock.now_ms() < self.expires_at_ms
    }
}

impl Known {
    async fn fetch_again(self: Arc<Self>, upstream: Upstream, verifier: Arc<Verifier>) {
        let mut has_failed = false;
        loop {
            // Soon enough that no copy is older than its ttl while all is well.
            let pause = self.ttl * 4 / 5;
            sleep(if has_failed { pause.min(RETRY) } else { pause }).await;
            let fetched = self.fetch(&upstream, &verifier).await;
            if let Err(error) = &fetched
                && !has_failed
            {
                eprintln!("resource server: failed to {error}; trying again");
            }
            has_failed = fetched.is_err();
        }
    }

    async fn fetch(&self, upstream: &Upstream, verifier: &Verifier) -> Result<(), FetchError> {
        let asked = Instant::now();
        let mut request = Request::new(Full::<Bytes>::default());
        *request.uri_mut() = Uri::from_static(PATH);
        let (status, body) = upstream.ask(request).await?;
        let not_a_list = || FetchError::NotAList(self.uri.clone());
        let text = std::str::from_utf8(&body).ok();
        let text = text.filter(|_| status == StatusCode::OK);
        let verified = verifier.read_signed(text.ok_or_else(not_a_list)?, TYPE, MAX_TOKEN_BYTES);
        let payload = verified.await?.map_err(FetchError::Refused)?;
        let copy = self.read(&payload, asked).ok_or_else(not_a_list)?;
        let mut known = self.copy.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some(copy);
        self.fetches.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Reads the claims of a list whose signature is good.
    fn read(&self, payload: &[u8], asked: Instant) -> Option<Fetched> {
        let claims: ListClaims = serde_json::from_slice(payload).ok()?;
        let expires_at_ms = (claims.exp * 1e3) as i64;
        let is_ours = claims.sub == self.uri && claims.status_list.bits == 1;
        let is_good = is_ours && self.clock.now_ms() < expires_at_ms;
        let bits = Bits::decode(&claims.status_list.lst).filter(|_| is_good)?;
        Some(Fetched {
            bits,
            asked,
            expires_at_ms,
        })
    }
}
