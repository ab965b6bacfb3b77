//! The credentials that traffic presents: logged in beforehand, renewed before they expire.

mod rate_limit;
mod wallet;

pub use rate_limit::RateLimit;
pub use wallet::Wallet;

use crate::flow::{Credential, FlowClient, StepError, login};
use crate::target::Target;
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
                    credentials.push(login(&mut client, &target, user).await?);
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
        None => {
            let ttl = target.about.facts.get("access_ttl")?;
            Some(credential.issued + certain_life(*ttl))
        }
    }
}

/// What is certain of a promised life: systems that count in whole seconds may take off up to one.
fn certain_life(ttl: Duration) -> Duration {
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
