//! The credentials of one target and the requests that present them, kept valid while traffic uses them.

use super::{LoginLimit, STEP_DEADLINE, expires};
use crate::flow::{Credential, EncodeError, FlowClient, StepError, login, point_request, refresh};
use crate::load::requests::{Expect, RequestPool};
use crate::load::sender::Endpoint;
use crate::target::{Judgement, Point, Target};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A credential is renewed at a random part of its lifetime in this range, drawn anew for every renewal. Credentials are issued together, so
/// one fixed part would renew them together, again and again; and tokens whose `exp` is a whole second would drift together even if
/// they began apart. Not later than half: a lifetime that a target only promises may be counted in whole seconds, so that one of two
/// seconds is certain for one.
const RENEW_AT: Range<f64> = 0.2..0.5;
/// How long to wait after a renewal failed before the next is tried: a target that is down is not hammered.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// The credentials of one target and the requests that present them at its traffic points.
pub struct Wallet {
    target: Arc<Target>,
    limit: Arc<LoginLimit>,
    credentials: Vec<Credential>,
    pools: Vec<(usize, Endpoint)>,
    renewals: Arc<AtomicU64>,
}

impl Wallet {
    /// Prebuilds one request per credential and traffic point. Renewals will keep to `limit`.
    ///
    /// # Errors
    /// When a credential lacks what a point's request needs.
    pub fn new(
        target: Arc<Target>,
        limit: Arc<LoginLimit>,
        credentials: Vec<Credential>,
    ) -> Result<Self, EncodeError> {
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
            limit,
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

    /// Renews each credential in the course of its life, at moments drawn from `seed`, as long as any expires: by refresh where the target has one, else by
    /// a new login. A renewal that fails is tried again after those that are due by then; if it goes on failing, requests with the
    /// expired credential are refused and stand in the report as unexpected.
    pub async fn keep_fresh(mut self, seed: u64) {
        let mut client = FlowClient::new(STEP_DEADLINE);
        let mut draw = ChaCha8Rng::seed_from_u64(seed);
        let mut due: BinaryHeap<_> = (0..self.credentials.len())
            .filter_map(|index| self.due(index, &mut draw))
            .collect();
        while let Some(Reverse((at, index))) = due.pop() {
            tokio::time::sleep_until(at.into()).await;
            self.limit.pass().await;
            match self.renew(&mut client, index).await {
                Ok(()) => {
                    self.renewals.fetch_add(1, Ordering::Relaxed);
                    due.extend(self.due(index, &mut draw));
                }
                Err(error) => {
                    if let RenewError::Step(error) = error {
                        self.limit.hold(error.throttled_for().unwrap_or_default());
                    }
                    tokio::time::sleep(RETRY_AFTER).await;
                    due.push(Reverse((Instant::now(), index)));
                }
            }
        }
    }

    /// When credential `index` is to be renewed next; `None`: it does not expire. Reversed, for the heap gives out its greatest first.
    fn due(&self, index: usize, draw: &mut ChaCha8Rng) -> Option<Reverse<(Instant, usize)>> {
        let credential = &self.credentials[index];
        let life = expires(&self.target, credential)?.saturating_duration_since(credential.issued);
        let at = credential.issued + life.mul_f64(draw.random_range(RENEW_AT));
        Some(Reverse((at, index)))
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

fn expecting_acceptance(point: &Point) -> Expect {
    let point = point.clone();
    Box::new(move |status, response| point.judge(status, response) == Judgement::Accepted)
}
