//! The credentials that traffic presents: logged in beforehand, renewed before they expire.

use crate::flow::{Credential, EncodeError, FlowClient, StepError, login, point_request, refresh};
use crate::load::requests::RequestPool;
use crate::load::stream::Endpoint;
use crate::target::{Judgement, Point, Target};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Logins of one target that are under way at once.
const LOGINS_AT_ONCE: usize = 8;
/// Longest wait for the answer to one step of a login, refresh or event.
pub const STEP_DEADLINE: Duration = Duration::from_secs(10);
/// A credential is renewed when this part of its lifetime has passed.
const RENEW_AFTER: f64 = 0.5;
/// How long to wait after a renewal failed before the next is tried.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Logs in every user of `users`, several at a time but no more per second than the target's limits allow; calls `done` after each.
///
/// # Errors
/// With the first login that fails.
pub async fn log_in(
    target: &Arc<Target>,
    users: Range<u32>,
    done: impl Fn() + Clone + Send + 'static,
) -> Result<Vec<Credential>, StepError> {
    let waiting = Arc::new(Mutex::new(users.collect::<VecDeque<u32>>()));
    let pause = target
        .about
        .limits
        .logins_per_s
        .map(|limit| Duration::from_secs_f64(LOGINS_AT_ONCE as f64 / f64::from(limit.max(1))));
    let workers: Vec<_> = (0..LOGINS_AT_ONCE)
        .map(|_| {
            let (target, waiting, done) = (Arc::clone(target), Arc::clone(&waiting), done.clone());
            tokio::spawn(async move {
                let mut client = FlowClient::new(STEP_DEADLINE);
                let mut credentials = Vec::new();
                while let Some(user) = next(&waiting) {
                    credentials.push(login(&mut client, &target, user).await?);
                    done();
                    if let Some(pause) = pause {
                        tokio::time::sleep(pause).await;
                    }
                }
                Ok::<_, StepError>(credentials)
            })
        })
        .collect();
    let mut credentials = Vec::new();
    for worker in workers {
        match worker.await {
            Ok(logged_in) => credentials.extend(logged_in?),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    credentials.sort_by_key(|credential| credential.account.as_ref().map(|account| account.number));
    Ok(credentials)
}

fn next(waiting: &Mutex<VecDeque<u32>>) -> Option<u32> {
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front()
}

/// The part of `lifetime` that is left is unknown to whoever only sees the token, so both sources are read: the JWT's own `exp`, else
/// the fact `access_ttl`, the target's promise. `None`: it lives as long as anyone cares.
#[must_use]
pub fn expires(target: &Target, credential: &Credential) -> Option<Instant> {
    match credential.jwt {
        Some(times) => Some(instant_of(times.expires_at)),
        None => target
            .about
            .facts
            .get("access_ttl")
            .map(|ttl| credential.issued + *ttl),
    }
}

/// The moment at which the wall clock reads `unix_seconds`; now, when that has passed.
fn instant_of(unix_seconds: u64) -> Instant {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds);
    Instant::now() + at.duration_since(SystemTime::now()).unwrap_or_default()
}

/// The credentials of one target and the requests that present them at its traffic points.
pub struct Wallet {
    target: Arc<Target>,
    credentials: Vec<Credential>,
    pools: Vec<(usize, Endpoint)>,
    renewals: Arc<AtomicU64>,
}

impl Wallet {
    /// Prebuilds one request per credential and traffic point.
    ///
    /// # Errors
    /// When a credential lacks what a point's request needs.
    pub fn new(target: Arc<Target>, credentials: Vec<Credential>) -> Result<Self, EncodeError> {
        let mut pools = Vec::new();
        for (index, point) in target
            .flows
            .points
            .iter()
            .enumerate()
            .filter(|(_, point)| point.traffic)
        {
            let requests = credentials
                .iter()
                .map(|credential| Ok(point_request(point, credential)?.bytes));
            let pool = RequestPool::new(
                requests.collect::<Result<_, EncodeError>>()?,
                expecting_acceptance(point),
            );
            pools.push((index, (point.request.origin.address, pool)));
        }
        Ok(Self {
            target,
            credentials,
            pools,
            renewals: Arc::default(),
        })
    }

    /// Where traffic goes, with the requests to send there.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.pools
            .iter()
            .map(|(_, endpoint)| endpoint.clone())
            .collect()
    }

    /// How many renewals have succeeded: a counter that can be read while [`Self::keep_fresh`] runs.
    #[must_use]
    pub fn renewals(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.renewals)
    }

    /// Renews each credential when half of its life is over, for ever: by refresh where the target has one, else by a new login. A
    /// renewal that fails is tried again; if it goes on failing, requests with the expired credential are refused and stand in the
    /// report as unexpected.
    pub async fn keep_fresh(mut self) {
        let mut client = FlowClient::new(STEP_DEADLINE);
        loop {
            let due = (0..self.credentials.len())
                .filter_map(|index| Some((self.renew_at(index)?, index)))
                .min();
            let Some((at, index)) = due else {
                return std::future::pending().await;
            };
            tokio::time::sleep_until(at.into()).await;
            match self.renew(&mut client, index).await {
                Ok(()) => _ = self.renewals.fetch_add(1, Ordering::Relaxed),
                Err(_) => tokio::time::sleep(RETRY_AFTER).await,
            }
        }
    }

    fn renew_at(&self, index: usize) -> Option<Instant> {
        let credential = &self.credentials[index];
        let life = expires(&self.target, credential)?.saturating_duration_since(credential.issued);
        Some(credential.issued + life.mul_f64(RENEW_AFTER))
    }

    async fn renew(&mut self, client: &mut FlowClient, index: usize) -> Result<(), RenewError> {
        let credential = &mut self.credentials[index];
        if refresh(client, &self.target, credential).await?.is_none() {
            let user = credential
                .account
                .as_ref()
                .map_or(0, |account| account.number);
            *credential = login(client, &self.target, user).await?;
        }
        for (point, (_, pool)) in &self.pools {
            pool.replace(
                index,
                point_request(&self.target.flows.points[*point], &self.credentials[index])?.bytes,
            );
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum RenewError {
    #[error(transparent)]
    Step(#[from] StepError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

fn expecting_acceptance(point: &Point) -> crate::load::requests::Expect {
    let point = point.clone();
    Box::new(move |status, response| point.judge(status, response) == Judgement::Accepted)
}
