//! What the truth server is told to do.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use serde::Deserialize;

use super::delays::Delay;
use super::revocation::AfterRevocation;
use super::stall::Stall;
use crate::store::StoreUrl;

/// What the truth server does. The default answers at once and revokes at once.
#[derive(Clone, Debug)]
pub struct TruthSettings {
    /// Where the first instance listens. With a port other than 0, each further instance has the next one.
    pub listen: SocketAddr,
    /// So many listeners, all in one process.
    pub instances: NonZeroUsize,
    /// Answers everything with the same 200 and does nothing else: there is no `GET /truth`, and all that follows is without effect.
    pub bare: bool,
    /// Holds every answer to `GET /`; `None`: not at all.
    pub delay: Option<Delay>,
    /// Seed of the delays that are drawn.
    pub seed: u64,
    /// Freezes every answer now and then.
    pub stall: Option<Stall>,
    /// CPU time burnt for each `GET /`, on the server's only thread.
    pub spin: Duration,
    /// Commands sent to the store for each `GET /`, one after the other.
    pub store_round_trips: u32,
    /// What ends a credential.
    pub credential_end: CredentialEnd,
    /// How long the answer to a revoking call is withheld. The credential is still accepted meanwhile.
    pub block_revocation: Duration,
}

impl Default for TruthSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            instances: NonZeroUsize::MIN,
            bare: false,
            delay: None,
            seed: 1,
            stall: None,
            spin: Duration::ZERO,
            store_round_trips: 0,
            credential_end: CredentialEnd::Revocation {
                after: AfterRevocation::Lag(Duration::ZERO),
                only_instance: None,
            },
            block_revocation: Duration::ZERO,
        }
    }
}

/// What ends a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialEnd {
    /// Its revocation, or what follows it.
    Revocation {
        /// What follows the acknowledgement.
        after: AfterRevocation,
        /// The one instance, from 1, that does it; the others refuse at once. `None`: all do.
        only_instance: Option<NonZeroUsize>,
    },
    /// Its expiry, whatever is revoked: it is a self-contained token.
    Expiry(Expiry),
}

/// Life and leeway of a self-contained credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    pub(super) life: Duration,
    pub(super) leeway: Duration,
}

/// A life that cannot be told in a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a credential's life is at least 1s: its expiry is told in whole seconds")]
pub struct ExpiryError;

impl Expiry {
    /// A token lives for `life`, at least 1 s, less the part of a second that its `exp` cannot tell, and is accepted for `leeway` more.
    pub fn new(life: Duration, leeway: Duration) -> Result<Self, ExpiryError> {
        if life < Duration::from_secs(1) {
            return Err(ExpiryError);
        }
        Ok(Self { life, leeway })
    }
}

/// Addresses that the truth server is told apart from its command line, because they may carry a password.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TruthWiring {
    /// The store; needed with [`TruthSettings::store_round_trips`].
    #[serde(default)]
    pub store_url: Option<StoreUrl>,
}
