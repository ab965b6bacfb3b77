//! The issuer's side of every revocation channel.

use std::sync::Arc;
use std::time::Duration;

use super::denial::Denial;
use super::order::Order;
use super::push::Push;
use super::settings::{Revocation, RevocationSettings};
use super::{Ended, Presentation};
use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// Makes known what ended, and says when a credential was issued in the order of that. Cheap to clone; clones are one issuer. Where
/// there is no channel it does nothing.
#[derive(Clone, Debug)]
pub struct Announcer {
    order: Arc<Order>,
    clock: Clock,
    longest_life: Duration,
    channel: Channel,
}

#[derive(Clone, Debug)]
enum Channel {
    None,
    Push(Push),
}

/// The channel could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StartAnnouncerError {
    /// The store did not do it.
    #[error("open the revocation channel: {0}")]
    Store(#[from] StoreError),
    /// There is no such channel yet.
    #[error("open the revocation channel {0}: it is not there yet")]
    Missing(Revocation),
}

impl Announcer {
    /// Nothing is made known to anybody.
    pub fn none(clock: Clock) -> Self {
        Self {
            order: Arc::new(Order::new(clock.clone())),
            clock,
            longest_life: Duration::ZERO,
            channel: Channel::None,
        }
    }

    /// Opens the channel of `settings`. What is announced is remembered for `longest_life`: no credential of this issuer, and
    /// nothing that a resource server keeps of one, is good for longer.
    pub async fn start(
        settings: &RevocationSettings,
        store: &Store,
        clock: Clock,
        longest_life: Duration,
    ) -> Result<Self, StartAnnouncerError> {
        let none = Self::none(clock.clone());
        let begun_ms = none.order.cut_off(i64::MIN);
        let channel = match settings.channel {
            Revocation::None => Channel::None,
            Revocation::DenylistPush => Channel::Push(
                Push::start(store.clone(), settings, clock, begun_ms, longest_life).await?,
            ),
            missing => return Err(StartAnnouncerError::Missing(missing)),
        };
        Ok(Self {
            longest_life,
            channel,
            ..none
        })
    }

    /// Whether there is a channel: whether what was issued can be taken back.
    pub fn takes_back(&self) -> bool {
        !matches!(self.channel, Channel::None)
    }

    /// When a credential is issued, in Unix milliseconds: after every cut-off that was announced so far. To be taken *before* it is
    /// looked up whether the credential may be issued at all, so that an event in between covers it.
    pub fn stamp(&self) -> i64 {
        self.order.stamp()
    }

    /// Makes known that `ended`. Once this returns it is in the store, and nothing loses it but the store's losing its data together
    /// with this process. A cut-off covers all that was issued until now, also where `until_ms` is earlier.
    pub async fn announce(&self, ended: &Ended) -> Result<(), StoreError> {
        match &self.channel {
            Channel::None => Ok(()),
            Channel::Push(push) => push.announce(&self.denial(ended)).await,
        }
    }

    /// Whether a credential has ended, as the issuer knows.
    pub async fn covers(&self, presented: &Presentation<'_>) -> Result<bool, StoreError> {
        match &self.channel {
            Channel::None => Ok(false),
            Channel::Push(push) => Ok(push.covers(presented)),
        }
    }

    fn denial(&self, ended: &Ended) -> Denial {
        let mut denial = Denial::of(ended, self.clock.now_ms(), self.longest_life);
        if denial.is_cut_off() {
            denial.until_ms = self.order.cut_off(denial.until_ms);
        }
        denial
    }
}
