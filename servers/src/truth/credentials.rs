//! The credentials that were issued, and what is to be said of one.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::revocation::{AfterRevocation, Verdict};
use super::settings::CredentialEnd;
use super::tokens::Tokens;
use crate::clock::Clock;
use crate::secret::{Fingerprint, random_id};

/// So many opaque credentials are kept, with their revocations. At 100 bytes or so each: 100 MB.
const CREDENTIALS_KEPT: usize = 1_000_000;

/// A credential, and for how many seconds it is promised to live, if for any.
pub(super) struct Issued {
    pub(super) token: String,
    pub(super) expires_in: Option<u64>,
}

/// No room for another credential: [`CREDENTIALS_KEPT`].
pub(super) struct Full;

/// Issues credentials and judges them.
#[derive(Debug)]
pub(super) enum Credentials {
    /// Their end is an entry in a book.
    Opaque(Book),
    /// Their end is written in them.
    SelfContained(Tokens),
}

/// What is known of opaque credentials.
#[derive(Debug)]
pub(super) struct Book {
    after: AfterRevocation,
    only_instance: Option<NonZeroUsize>,
    /// For each credential, when the acknowledgement of its revocation left.
    acknowledged: Mutex<HashMap<Fingerprint, Option<Instant>>>,
}

impl Credentials {
    pub(super) fn new(end: &CredentialEnd, clock: Clock) -> Self {
        match *end {
            CredentialEnd::Expiry(expiry) => Self::SelfContained(Tokens::new(expiry, clock)),
            CredentialEnd::Revocation {
                after,
                only_instance,
            } => Self::Opaque(Book {
                after,
                only_instance,
                acknowledged: Mutex::default(),
            }),
        }
    }

    pub(super) fn issue(&self) -> Result<Issued, Full> {
        match self {
            Self::SelfContained(tokens) => Ok(Issued {
                token: tokens.issue(),
                expires_in: Some(tokens.expires_in()),
            }),
            Self::Opaque(book) => Ok(Issued {
                token: book.issue()?,
                expires_in: None,
            }),
        }
    }

    /// The verdict on `token` at an instance, counted from 1.
    pub(super) fn judge(&self, token: &str, instance: NonZeroUsize) -> Verdict {
        match self {
            Self::SelfContained(tokens) if tokens.is_accepted(token) => Verdict::Accepted,
            Self::SelfContained(_) => Verdict::Refused,
            Self::Opaque(book) => book.judge(token, instance),
        }
    }

    /// Revokes `token`, an answer being about to leave; what to correct once it does. `None` where there is nothing to
    /// revoke: unknown, revoked before, or self-contained.
    pub(super) fn revoke(&self, token: &str) -> Option<Fingerprint> {
        match self {
            Self::SelfContained(_) => None,
            Self::Opaque(book) => book.revoke(token),
        }
    }

    /// The acknowledgement of the revocation left at `at`.
    pub(super) fn acknowledged(&self, credential: Fingerprint, at: Instant) {
        if let Self::Opaque(book) = self {
            book.lock().insert(credential, Some(at));
        }
    }
}

impl Book {
    fn issue(&self) -> Result<String, Full> {
        let token = random_id();
        let mut book = self.lock();
        if book.len() >= CREDENTIALS_KEPT {
            return Err(Full);
        }
        book.insert(Fingerprint::of(&token), None);
        Ok(token)
    }

    fn judge(&self, token: &str, instance: NonZeroUsize) -> Verdict {
        let acknowledged = self.lock().get(&Fingerprint::of(token)).copied();
        match acknowledged {
            None => Verdict::Refused,
            Some(None) => Verdict::Accepted,
            Some(Some(at)) => self.script_at(instance).verdict(at.elapsed()),
        }
    }

    /// Provisionally the acknowledgement leaves now: a client that hangs up before it must not keep its credential.
    fn revoke(&self, token: &str) -> Option<Fingerprint> {
        let credential = Fingerprint::of(token);
        let mut book = self.lock();
        let acknowledged = book.get_mut(&credential)?;
        acknowledged.is_none().then(|| {
            *acknowledged = Some(Instant::now());
            credential
        })
    }

    fn script_at(&self, instance: NonZeroUsize) -> AfterRevocation {
        match self.only_instance {
            Some(only) if only != instance => AfterRevocation::Lag(Duration::ZERO),
            _ => self.after,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Fingerprint, Option<Instant>>> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
