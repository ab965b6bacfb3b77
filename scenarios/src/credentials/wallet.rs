//! The credentials of one target and the requests that present them, kept valid while traffic uses them: renewed before they expire, and with the
//! cookies that ordinary calls are answered with, as a browser would have them.

use super::{LoginLimit, STEP_DEADLINE, expires, login_patiently};
use crate::flow::{Credential, EncodeError, FlowClient, StepError, adopt, point_request, refresh};
use crate::load::requests::{Expect, RequestPool};
use crate::load::sender::Endpoint;
use crate::target::{Judgement, Point, Target};
use crate::wire::ResponseReader;
use futures_util::future::join_all;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

/// So much of a credential's life is left at least when its renewal begins, for those that are slow or have to be tried again: half of it, but no
/// more than this. Clients renew shortly before a token expires; renewing a long one early would charge its model for more renewals than it has.
const LEFT_OVER_AT_MOST: Duration = Duration::from_secs(10);
/// And no less than this: of a token of 2 s whose `exp` is a whole second, one second may be all there is.
const LEFT_OVER_AT_LEAST: Duration = Duration::from_millis(600);
/// The part of its life that a life too short for that has left.
const LEFT_OVER_OF_SHORT: f64 = 0.6;
/// Over this part of its life, before that, a renewal is drawn, anew each time. Credentials are issued together, so one fixed moment would renew them
/// together, again and again; and tokens whose `exp` is a whole second would drift together even if they began apart.
const DRAWN_OVER: f64 = 0.3;
/// But none before this part of its life.
const EARLIEST: f64 = 0.2;
/// How long to wait before a renewal that failed is tried again; and, if the one before failed as well, before any is: a target that is down is
/// not hammered, and one lost answer makes nobody else late.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// How many renewals of one target may be under way at once. With one, a target that answers within 40 ms keeps no more than 25 credentials of two
/// seconds alive, and whoever waits for a renewal that failed holds up all others.
const AT_ONCE: usize = 4;

/// The credentials of one target and the requests that present them at its traffic points.
pub struct Wallet {
    limit: Arc<LoginLimit>,
    held: Arc<Held>,
    pools: Vec<(usize, Endpoint)>,
    renewals: Arc<AtomicU64>,
}

/// The credentials, which renewals and the answers of ordinary calls change.
struct Held {
    target: Arc<Target>,
    credentials: Vec<Mutex<Credential>>,
    /// The pools that present them, each with the index of its point. Weak, for the pools hold this.
    pools: OnceLock<Vec<(usize, Weak<RequestPool>)>>,
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
        let held = Arc::new(Held {
            target,
            credentials: credentials.into_iter().map(Mutex::new).collect(),
            pools: OnceLock::new(),
        });
        let mut pools = Vec::new();
        for (index, point) in held.target.flows.points.iter().enumerate() {
            if point.traffic {
                let pool = held.pool(index, point)?;
                pools.push((index, (point.request.origin.peer(), pool)));
            }
        }
        let weak = pools
            .iter()
            .map(|(index, (_, pool))| (*index, Arc::downgrade(pool)));
        // Nobody else sets it.
        let _ = held.pools.set(weak.collect());
        Ok(Self {
            limit,
            held,
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
    /// a new login. A renewal that fails is tried again a little later; if it goes on failing, requests with the
    /// expired credential are refused and stand in the report as unexpected.
    pub async fn keep_fresh(self, seed: u64) {
        let parts = (0..AT_ONCE).map(|part| self.keep_part_fresh(part, seed));
        join_all(parts).await;
    }

    /// The credentials whose numbers leave the rest `part`, one after another: each belongs to one part, so none is renewed twice at once.
    async fn keep_part_fresh(&self, part: usize, seed: u64) {
        let mut client = FlowClient::new(STEP_DEADLINE);
        let mut draw = ChaCha8Rng::seed_from_u64(seed);
        draw.set_stream(part as u64);
        let mut due: BinaryHeap<_> = (part..self.held.credentials.len())
            .step_by(AT_ONCE)
            .filter_map(|index| self.due(index, &mut draw))
            .collect();
        let mut failed_before = false;
        while let Some(Reverse((at, index))) = due.pop() {
            tokio::time::sleep_until(at.into()).await;
            self.limit.pass().await;
            let renewed = self.held.renew(&mut client, &self.limit, index).await;
            let failed = renewed.is_err();
            match renewed {
                Ok(()) => {
                    self.renewals.fetch_add(1, Ordering::Relaxed);
                    due.extend(self.due(index, &mut draw));
                }
                Err(error) => {
                    if let RenewError::Step(error) = error {
                        self.limit.hold(error.throttled_for().unwrap_or_default());
                    }
                    if failed_before {
                        tokio::time::sleep(RETRY_AFTER).await;
                    }
                    due.push(Reverse((Instant::now() + RETRY_AFTER, index)));
                }
            }
            failed_before = failed;
        }
    }

    /// When credential `index` is to be renewed next; `None`: it does not expire. Reversed, for the heap gives out its greatest first.
    fn due(&self, index: usize, draw: &mut ChaCha8Rng) -> Option<Reverse<(Instant, usize)>> {
        let credential = self.held.lock(index);
        let expires = expires(&self.held.target, &credential)?;
        let life = expires.saturating_duration_since(credential.issued);
        let after = draw.random_range(renewed_after(life));
        Some(Reverse((credential.issued + after, index)))
    }
}

/// After how much of a `life` a renewal begins.
fn renewed_after(life: Duration) -> RangeInclusive<Duration> {
    let left_over = (life / 2)
        .clamp(LEFT_OVER_AT_LEAST, LEFT_OVER_AT_MOST)
        .min(life.mul_f64(LEFT_OVER_OF_SHORT));
    let latest = life - left_over;
    let earliest = latest.saturating_sub(life.mul_f64(DRAWN_OVER));
    earliest.max(life.mul_f64(EARLIEST))..=latest
}

impl Held {
    /// The requests that present every credential at `point`, the one at `index`.
    fn pool(
        self: &Arc<Self>,
        index: usize,
        point: &Point,
    ) -> Result<Arc<RequestPool>, EncodeError> {
        let requests = (0..self.credentials.len())
            .map(|number| Ok(point_request(point, &self.lock(number))?.bytes));
        let requests = requests.collect::<Result<_, EncodeError>>()?;
        let held = Arc::clone(self);
        let take = move |number: usize, response: &ResponseReader| {
            let point = &held.target.flows.points[index];
            let adopted = adopt(point, &mut held.lock(number), response);
            if adopted {
                // What could be built at the login can be built with another cookie.
                let _ = held.present(number);
            }
        };
        Ok(RequestPool::adopting(
            requests,
            expecting_acceptance(point),
            Box::new(take),
        ))
    }

    /// Nothing but this renews a credential, and never twice at once: a refresh token is used one time.
    async fn renew(
        &self,
        client: &mut FlowClient,
        limit: &LoginLimit,
        number: usize,
    ) -> Result<(), RenewError> {
        // A copy, for answers of ordinary calls may change the credential meanwhile; the renewed one outranks what they brought.
        let mut credential = self.lock(number).clone();
        if refresh(client, &self.target, &mut credential)
            .await?
            .is_none()
        {
            let user = credential.account.as_ref();
            let user = user.map_or(0, |account| account.number);
            credential = login_patiently(client, &self.target, limit, user).await?;
        }
        *self.lock(number) = credential;
        Ok(self.present(number)?)
    }

    /// Presents credential `number` as it is now from here on.
    fn present(&self, number: usize) -> Result<(), EncodeError> {
        for (index, pool) in self.pools.get().into_iter().flatten() {
            let point = &self.target.flows.points[*index];
            let request = point_request(point, &self.lock(number))?;
            if let Some(pool) = pool.upgrade() {
                pool.replace(number, request.bytes);
            }
        }
        Ok(())
    }

    fn lock(&self, number: usize) -> MutexGuard<'_, Credential> {
        let credential = &self.credentials[number];
        credential.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Members, RemoteTargets, TargetFile};
    use std::collections::BTreeMap;

    #[test]
    fn long_lives_are_renewed_late_and_short_ones_early_enough_for_a_second_try() {
        let ms = |life: u64| {
            let window = renewed_after(Duration::from_millis(life));
            [window.start().as_millis(), window.end().as_millis()]
        };
        assert_eq!(ms(300_000), [200_000, 290_000]);
        assert_eq!(ms(20_000), [4_000, 10_000]);
        assert_eq!(ms(2_000), [400, 1_000]);
        assert_eq!(ms(1_200), [240, 600]);
        assert_eq!(ms(1_100), [220, 500]);
        assert_eq!(ms(1_000), [200, 400]);
        assert_eq!(ms(0), [0, 0]);
    }

    /// A target without a login, one of whose points takes its cookies from the jar and one from the file.
    fn target() -> Arc<Target> {
        let text = r#"
schema = "authbench.target/1"
name = "t"
model = "t"
[[point]]
name = "sliding"
request = "GET http://127.0.0.1:1/app"
accept = { status = 200 }
refuse = { status = 401 }
[[point]]
name = "pinned"
request = "GET http://127.0.0.1:1/app"
cookies = { s = "pinned" }
accept = { status = 200 }
refuse = { status = 401 }
"#;
        let file = TargetFile::parse("t.toml", text, &BTreeMap::new()).expect("a target file");
        let target = file.bind(&Members::new(), &RemoteTargets::refused());
        Arc::new(target.expect("a target"))
    }

    async fn read(response: &str) -> ResponseReader {
        let mut reader = ResponseReader::new(4096);
        let head = reader
            .read(&mut response.as_bytes())
            .await
            .expect("a response");
        assert!(head.sets_cookie);
        reader
    }

    #[tokio::test]
    async fn a_session_that_slides_presents_the_cookie_it_was_given_last() {
        let target = target();
        let mut client = FlowClient::new(STEP_DEADLINE);
        let login = crate::flow::login(&mut client, &target, 0).await;
        let credentials = vec![login.expect("there is nothing to do")];
        let limit = LoginLimit::new(None);
        let wallet = Wallet::new(target, limit, credentials).expect("requests");
        let mut requests: Vec<_> = wallet
            .endpoints()
            .into_iter()
            .map(|(_, pool)| crate::load::requests::Requests::new(pool, 0, 1))
            .collect();
        let cookie = |requests: &mut crate::load::requests::Requests| {
            let request = requests.take();
            let text = String::from_utf8_lossy(request.as_bytes()).into_owned();
            text.lines()
                .find_map(|line| line.strip_prefix("Cookie: "))
                .map(str::to_owned)
        };
        assert_eq!(cookie(&mut requests[0]), None);
        for value in ["one", "two"] {
            let text = format!(
                "HTTP/1.1 200 OK\r\nSet-Cookie: s={value}; Path=/\r\nContent-Length: 0\r\n\r\n"
            );
            let request = requests[0].take();
            requests[0].adopt(&request, &read(&text).await);
            assert_eq!(cookie(&mut requests[0]), Some(format!("s={value}")));
        }
        let text = "HTTP/1.1 200 OK\r\nSet-Cookie: s=three; Path=/\r\nContent-Length: 0\r\n\r\n";
        let request = requests[1].take();
        requests[1].adopt(&request, &read(text).await);
        assert_eq!(cookie(&mut requests[0]).as_deref(), Some("s=two"));
        let late = requests[0].take();
        wallet.held.present(0).expect("a request");
        requests[0].adopt(&late, &read(text).await);
        assert_eq!(
            cookie(&mut requests[0]).as_deref(),
            Some("s=two"),
            "its credential was renewed after it had been sent"
        );
        assert_eq!(cookie(&mut requests[1]).as_deref(), Some("s=pinned"));
    }
}
