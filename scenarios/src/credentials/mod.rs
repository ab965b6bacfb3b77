//! The credentials that traffic presents: logged in beforehand, renewed before they expire.

mod login_user;
mod rate_limit;
mod wallet;

pub use login_user::{LoginStorm, LoginUser};
pub use rate_limit::RateLimit;
pub use wallet::Wallet;

use crate::flow::{Credential, FlowClient, StepError, login_by};
use crate::target::{Step, Target};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// One target's limit on logins.
pub type LoginLimit = RateLimit;

/// Logins of one target that are under way at once.
const LOGINS_AT_ONCE: usize = 8;
/// Longest wait for the answer to one step of a login, refresh or event.
pub const STEP_DEADLINE: Duration = Duration::from_secs(10);

/// Logs in every user of `users`, several at a time but no faster than `limit` lets them through; calls `done` after each.
///
/// # Errors
/// With the first login that fails.
pub async fn log_in(
    target: &Arc<Target>,
    limit: &Arc<LoginLimit>,
    users: Range<u32>,
    done: impl Fn() + Clone + Send + 'static,
) -> Result<Vec<Credential>, StepError> {
    let waiting = Arc::new(Mutex::new(users.collect::<VecDeque<u32>>()));
    let workers: Vec<_> = (0..LOGINS_AT_ONCE)
        .map(|_| {
            let (target, limit) = (Arc::clone(target), Arc::clone(limit));
            let (waiting, done) = (Arc::clone(&waiting), done.clone());
            tokio::spawn(async move {
                let mut client = FlowClient::new(STEP_DEADLINE);
                let mut credentials = Vec::new();
                while let Some(user) = next(&waiting) {
                    limit.pass().await;
                    credentials.push(login_patiently(&mut client, &target, &limit, user).await?);
                    done();
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

/// Logs in user number `user`. A target that answers 429 is left alone, by everybody, for as long as it asks (`Retry-After`), and then asked
/// again. Pass `limit` once before this.
///
/// # Errors
/// With the step that fails; with 429 when that has been the answer too often.
pub async fn login_patiently(
    client: &mut FlowClient,
    target: &Target,
    limit: &LoginLimit,
    user: u32,
) -> Result<Credential, StepError> {
    login_patiently_by(client, target, &target.flows.login, limit, user).await
}

/// The same by steps of one's own.
///
/// # Errors
/// As [`login_patiently`].
pub async fn login_patiently_by(
    client: &mut FlowClient,
    target: &Target,
    steps: &[Step],
    limit: &LoginLimit,
    user: u32,
) -> Result<Credential, StepError> {
    /// Whoever asks for more patience than this many waits, or for one longer than this, is not to be measured now.
    const WAITS: u32 = 5;
    const LONGEST_WAIT: Duration = Duration::from_secs(60);
    let mut waits = 0;
    loop {
        let outcome = login_by(client, target, steps, user).await;
        let wait = outcome.as_ref().err().and_then(StepError::throttled_for);
        match wait.filter(|wait| waits < WAITS && *wait <= LONGEST_WAIT) {
            Some(wait) => limit.hold(wait),
            None => return outcome,
        }
        waits += 1;
        limit.pass().await;
    }
}

fn next(waiting: &Mutex<VecDeque<u32>>) -> Option<u32> {
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front()
}

/// When a credential expires. What is left of a life is unknown to whoever only sees the token, so three sources are read, in this order: the
/// JWT's own `exp`; what the token response said (`expires_in`); the fact `access_ttl`, the target's promise. `None`: it lives as long as
/// anyone cares.
#[must_use]
pub fn expires(target: &Target, credential: &Credential) -> Option<Instant> {
    if let Some(times) = credential.jwt {
        return Some(instant_of(times.expires_at));
    }
    let promised = target.about.facts.get("access_ttl").copied();
    let life = credential.lifetime.or(promised)?;
    Some(credential.issued + certain_life(life))
}

/// The life that a fresh credential of `target` is promised, as a client is told it: by the token response (`expires_in`, RFC 6749 §5.1), else
/// by the token itself, else by whoever wrote the target file (the fact `access_ttl`). `None`: it lives as long as anyone cares.
#[must_use]
pub fn promised_life(target: &Target, credential: &Credential) -> Option<Duration> {
    let promised = target.about.facts.get("access_ttl").copied();
    credential.lifetime.or(promised)
}

/// What is certain of a promised life: systems that count in whole seconds may take off up to one.
pub(crate) fn certain_life(ttl: Duration) -> Duration {
    const COUNTED_IN: Duration = Duration::from_secs(1);
    if ttl > COUNTED_IN {
        ttl - COUNTED_IN
    } else {
        ttl / 2
    }
}

/// The moment at which the wall clock reads `unix_seconds`; now, when that has passed.
fn instant_of(unix_seconds: u64) -> Instant {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds);
    Instant::now() + at.duration_since(SystemTime::now()).unwrap_or_default()
}
