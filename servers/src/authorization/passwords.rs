//! Checking passwords, in bounds.
//!
//! One check takes 15 ms of a core and 19 MiB. Without bounds a burst of logins would take all
//! cores and all memory from everything else; so a fixed number runs at a time, a fixed number
//! waits, and the rest is told to come back.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::secret::Secret;

/// Bytes of a password at most. Hashing reads all of it, and nobody types more.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Bytes of a password that somebody chooses, at least (NIST SP 800-63B §5.1.1.2).
pub const MIN_PASSWORD_BYTES: usize = 8;

/// What hashing a password costs (argon2id).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LoginHash {
    /// OWASP's minimum: 19 MiB, 2 passes, 1 lane.
    #[default]
    Owasp,
    /// 8 KiB, 1 pass: for runs in which logins are not what is measured. Never for passwords of
    /// people.
    Cheap,
}

/// A name that is not one of the hashes'.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown login hash `{0}` (expected owasp or cheap)")]
pub struct UnknownLoginHash(String);

/// The hash of the population's password could not be made.
#[derive(Debug, thiserror::Error)]
#[error("hash the population's password: {0}")]
pub struct HashError(String);

/// Too many logins wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many logins at once")]
pub struct Busy;

/// Checks passwords: against the one that all seeded accounts share, or against an account's own.
#[derive(Debug)]
pub struct Passwords {
    expected: Arc<PasswordHash>,
    hasher: Argon2<'static>,
    workers: Semaphore,
    waiting: AtomicUsize,
    queue: usize,
}

impl Passwords {
    /// Hashes `password`, and allows `workers` checks at a time with `queue` waiting.
    pub fn new(
        password: &Secret,
        cost: LoginHash,
        workers: usize,
        queue: usize,
    ) -> Result<Self, HashError> {
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.params()?);
        let expected: PasswordHash = hasher
            .hash_password(password.expose().as_bytes())
            .map_err(|error| HashError(error.to_string()))?;
        Ok(Self {
            expected: Arc::new(expected),
            hasher,
            workers: Semaphore::new(workers.max(1)),
            waiting: AtomicUsize::new(0),
            queue,
        })
    }

    /// Whether `password` is the right one: the one of the hash `own`, or where there is none the
    /// population's. Call it for unknown accounts too, or the time tells which accounts exist.
    pub async fn check(&self, password: &str, own: Option<&str>) -> Result<bool, Busy> {
        let _worker = self.worker().await?;
        let expected = match own.map(PasswordHash::new) {
            None => Arc::clone(&self.expected),
            Some(Ok(own)) => Arc::new(own),
            // Whatever is kept there was not written here.
            Some(Err(_)) => return Ok(false),
        };
        let password = password.to_owned();
        // The costs stand in the hash: the hasher's own parameters are not used for checking.
        let check = move || {
            Argon2::default()
                .verify_password(password.as_bytes(), expected.as_ref())
                .is_ok()
        };
        // A check that panicked has not said yes.
        Ok(tokio::task::spawn_blocking(check).await.unwrap_or(false))
    }

    /// The hash of a password that somebody has chosen.
    pub async fn hash(&self, password: &str) -> Result<String, Busy> {
        let _worker = self.worker().await?;
        let (hasher, password) = (self.hasher.clone(), password.to_owned());
        let hash = move || hasher.hash_password(password.as_bytes());
        let hashed = tokio::task::spawn_blocking(hash).await;
        // It fails for want of memory only.
        let hashed = hashed.ok().and_then(Result::ok).ok_or(Busy)?;
        Ok(hashed.to_string())
    }

    async fn worker(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Busy> {
        match self.workers.try_acquire() {
            Ok(worker) => Ok(worker),
            Err(_) => self.wait_for_worker().await,
        }
    }

    async fn wait_for_worker(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Busy> {
        let _place = Place::take(&self.waiting, self.queue)?;
        self.workers.acquire().await.map_err(|_| Busy)
    }
}

/// A place in the queue, given back when dropped: a client that gives up must not keep it.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, queue: usize) -> Result<Self, Busy> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Relaxed) < queue {
            Ok(place)
        } else {
            Err(Busy)
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl LoginHash {
    fn params(self) -> Result<Params, HashError> {
        let (memory_kib, passes) = match self {
            Self::Owasp => (19 * 1024, 2),
            Self::Cheap => (8, 1),
        };
        Params::new(memory_kib, passes, 1, None).map_err(|error| HashError(error.to_string()))
    }
}

impl fmt::Display for LoginHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owasp => "owasp",
            Self::Cheap => "cheap",
        })
    }
}

impl FromStr for LoginHash {
    type Err = UnknownLoginHash;

    fn from_str(name: &str) -> Result<Self, UnknownLoginHash> {
        match name {
            "owasp" => Ok(Self::Owasp),
            "cheap" => Ok(Self::Cheap),
            _ => Err(UnknownLoginHash(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(cost: LoginHash, workers: usize, queue: usize) -> Passwords {
        Passwords::new(&Secret::new("hunter2"), cost, workers, queue).expect("hashes")
    }

    #[tokio::test]
    async fn only_the_password_is_right() {
        for cost in [LoginHash::Owasp, LoginHash::Cheap] {
            let passwords = passwords(cost, 1, 0);
            assert_eq!(passwords.check("hunter2", None).await, Ok(true));
            for wrong in ["hunter", "hunter2\0", "hunter2\0x", "Hunter2", ""] {
                assert_eq!(passwords.check(wrong, None).await, Ok(false), "{wrong:?}");
            }
        }
    }

    #[tokio::test]
    async fn an_own_password_takes_the_place_of_the_populations() {
        let passwords = passwords(LoginHash::Cheap, 1, 0);
        let own = passwords.hash("correct horse").await.expect("hashed");
        assert_eq!(passwords.check("correct horse", Some(&own)).await, Ok(true));
        assert_eq!(passwords.check("hunter2", Some(&own)).await, Ok(false));
        assert_eq!(passwords.check("hunter2", Some("no hash")).await, Ok(false));
    }

    #[test]
    fn the_default_cost_is_owasps_minimum() {
        let text = passwords(LoginHash::default(), 1, 1).expected.to_string();
        assert!(
            text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn past_the_queue_logins_are_told_to_come_back() {
        let passwords = passwords(LoginHash::Cheap, 1, 1);
        let worker = passwords.workers.try_acquire().expect("free");
        let (first, second) = (
            passwords.check("hunter2", None),
            passwords.check("hunter2", None),
        );
        tokio::pin!(first);
        assert!(futures_are_pending(first.as_mut()).await);
        assert_eq!(second.await, Err(Busy));
        drop(worker);
        assert_eq!(first.await, Ok(true));
        assert_eq!(passwords.waiting.load(Relaxed), 0);
    }

    async fn futures_are_pending(future: std::pin::Pin<&mut impl Future>) -> bool {
        tokio::select! {
            biased;
            _ = future => false,
            () = std::future::ready(()) => true,
        }
    }
}
