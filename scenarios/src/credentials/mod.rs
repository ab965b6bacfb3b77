//! The credentials that traffic presents: logged in beforehand, renewed before they expire.

mod login_user;
mod rate_limit;
mod wallet;

pub use login_user::{LoginStorm, LoginUser};
pub use rate_limit::RateLimit;
pub(crate) use rate_limit::Turns;
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
/// How often a credential is asked for. A login that fails once, because a store was slow for a moment, must not cost a whole scenario; one that
/// keeps failing is the target's answer.
pub(crate) const LOGINS_TRIED: u32 = 3;
/// How long to wait before a login that failed is tried again.
const BEFORE_THE_NEXT_TRY: Duration = Duration::from_millis(200);

/// Logs in every user of `users`, several at a time but no faster than `limit` lets them through; calls `done` after each. A login that fails is
/// tried again, three times in all.
///
/// # Errors
/// With the first login that goes on failing.
pub async fn log_in(
    target: &Arc<Target>,
    limit: &Arc<LoginLimit>,
    users: Range<u32>,
    done: impl Fn() + Clone + Send + 'static,
) -> Result<Vec<Credential>, StepError> {
    log_in_as(target, limit, None, users, done).await
}

/// The same as a client of the type `client` does.
///
/// # Errors
/// As [`log_in`].
pub async fn log_in_as(
    target: &Arc<Target>,
    limit: &Arc<LoginLimit>,
    client: Option<&str>,
    users: Range<u32>,
    done: impl Fn() + Clone + Send + 'static,
) -> Result<Vec<Credential>, StepError> {
    let by: Option<Arc<str>> = client.map(Arc::from);
    let waiting = Arc::new(Mutex::new(users.collect::<VecDeque<u32>>()));
    let workers: Vec<_> = (0..LOGINS_AT_ONCE)
        .map(|_| {
            let (target, limit) = (Arc::clone(target), Arc::clone(limit));
            let (waiting, done, by) = (Arc::clone(&waiting), done.clone(), by.clone());
            tokio::spawn(async move {
                let mut client = FlowClient::new(STEP_DEADLINE);
                let mut credentials = Vec::new();
                while let Some(user) = next(&waiting) {
                    credentials.push(
                        login_or_again(&mut client, &target, &limit, by.as_deref(), user).await?,
                    );
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

async fn login_or_again(
    client: &mut FlowClient,
    target: &Target,
    limit: &LoginLimit,
    by: Option<&str>,
    user: u32,
) -> Result<Credential, StepError> {
    let steps = by.map_or(&target.flows.login[..], |by| target.flows.login_of(by));
    let mut tried = 1;
    loop {
        limit.pass().await;
        let outcome = login_patiently_by(client, target, steps, limit, user).await;
        if outcome.is_ok() || tried == LOGINS_TRIED {
            return outcome;
        }
        tried += 1;
        tokio::time::sleep(BEFORE_THE_NEXT_TRY).await;
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::scripted_server::{LONG, Server, response};
    use std::sync::atomic::{AtomicUsize, Ordering};

    const TARGET: &str = r#"
schema = "authbench.target/1"
name = "t"
model = "t"
[users]
count = 10
name = "u"
password = "p"
[[login]]
request = "POST http://HOST/PATH"
expect = 200
capture = { token = { json = "/token" } }
[[point]]
name = "api"
request = "GET http://HOST/"
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = 401 }
"#;

    /// What becomes of `users` logins at a server whose answers `answer` gives, and how often it was asked.
    async fn asked(
        users: u32,
        answer: fn(&str) -> String,
    ) -> (Result<Vec<Credential>, StepError>, usize) {
        let server = Server::start(answer).await;
        let target = Arc::new(server.target(&TARGET.replace("PATH", "login")));
        let limit = LoginLimit::new(None);
        let logged_in = tokio::time::timeout(LONG, log_in(&target, &limit, 0..users, || ()));
        let logged_in = logged_in.await.expect("it does not hang");
        (logged_in, server.requests().len())
    }

    #[tokio::test]
    async fn a_login_that_fails_twice_does_not_cost_the_scenario() {
        fn twice(request: &str) -> String {
            static ASKED: AtomicUsize = AtomicUsize::new(0);
            assert!(request.starts_with("POST /login "), "{request}");
            match ASKED.fetch_add(1, Ordering::SeqCst) {
                0 => response(503, "", ""),
                // The connection is closed.
                1 => String::new(),
                _ => response(200, "", r#"{"token":"t"}"#),
            }
        }
        let (logged_in, asked) = asked(1, twice).await;
        assert_eq!((logged_in.map(|all| all.len()).ok(), asked), (Some(1), 3));
    }

    #[tokio::test]
    async fn one_that_goes_on_failing_is_the_targets_answer() {
        let (logged_in, asked) = asked(1, |_| response(401, "", "")).await;
        let error = logged_in.expect_err("nobody is let in").to_string();
        assert!(error.contains("got 401"), "{error}");
        assert_eq!(asked, LOGINS_TRIED as usize);
    }
}
