//! The issuer's side of every revocation channel.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::denial::Denial;
use super::epoch::Epochs;
use super::journal::Journal;
use super::keys::{Denylist, Keys};
use super::medium::Medium;
use super::order::Order;
use super::settings::{Revocation, RevocationSettings};
use super::status_list::{Slot, StatusLists};
use super::stream::Stream;
use super::{Ended, Marks, Presentation};
use crate::clock::{Clock, millis};
use crate::jwt::Claims;
use crate::model::Grant;
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
    Denylist(Journal, Denylist),
    Push(Journal),
    Epoch(Epochs),
    StatusList(StatusLists),
}

/// The channel could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StartAnnouncerError {
    /// The store did not do it.
    #[error("open the revocation channel: {0}")]
    Store(#[from] StoreError),
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

    /// Opens the channel of `settings` for the issuer with this URL. What is announced is remembered for `longest_life`: no credential
    /// of this issuer, and nothing that a resource server keeps of one, is good for longer.
    pub async fn start(
        settings: &RevocationSettings,
        store: &Store,
        issuer: &str,
        clock: Clock,
        longest_life: Duration,
    ) -> Result<Self, StartAnnouncerError> {
        let none = Self::none(clock.clone());
        let journal = async |medium| {
            let begun_ms = none.order.cut_off(i64::MIN);
            let started = Journal::start(medium, settings, clock.clone(), begun_ms, longest_life);
            let journal = started.await?;
            // An earlier process may have had a clock that was ahead.
            none.order
                .cut_off(journal.latest_cut_off().unwrap_or(i64::MIN));
            Ok::<_, StoreError>(journal)
        };
        let channel = match settings.channel {
            Revocation::None => Channel::None,
            Revocation::Denylist => {
                let keys = Medium::Keys(Keys::new(store.clone(), clock.clone()));
                Channel::Denylist(journal(keys).await?, Denylist::new(store.clone()))
            }
            Revocation::DenylistPush => {
                let stream = Medium::Stream(Stream::new(store.clone(), clock.clone()));
                Channel::Push(journal(stream).await?)
            }
            Revocation::Epoch => {
                let order = Arc::clone(&none.order);
                Channel::Epoch(Epochs::new(store.clone(), order, longest_life))
            }
            Revocation::StatusList => {
                Channel::StatusList(StatusLists::new(issuer, settings, clock.clone()))
            }
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

    /// A moment for an event that ends what was issued until then: at or after every stamp so far, and before every later one. Asked for
    /// whether or not there is a channel.
    pub fn cut_off(&self) -> i64 {
        self.order.cut_off(i64::MIN)
    }

    /// What a token that is issued now has to carry; to be asked for when [`Announcer::stamp`] is. A round trip for `epoch`, none for
    /// the others.
    pub async fn marks(&self, grant: &Grant, lifetime: Duration) -> Result<Marks, StoreError> {
        Ok(match &self.channel {
            Channel::Epoch(epochs) => Marks {
                epoch: Some(epochs.current(&grant.subject).await?),
                ..self.stamped()
            },
            Channel::StatusList(lists) => {
                let slot = Slot {
                    account: grant.subject.clone(),
                    client: grant.client.id(),
                    stamp_ms: self.stamp(),
                    expires_at_ms: self.clock.now_ms().saturating_add(millis(lifetime)),
                };
                Marks {
                    status: Some(lists.place(slot)),
                    ..self.stamped()
                }
            }
            Channel::None | Channel::Denylist(..) | Channel::Push(_) => self.stamped(),
        })
    }

    /// The same for models that go with a deny list only.
    pub fn stamped(&self) -> Marks {
        let issued_ms = self.stamp();
        let stamp_ms = match &self.channel {
            Channel::Denylist(..) | Channel::Push(_) => Some(issued_ms),
            Channel::None | Channel::Epoch(_) | Channel::StatusList(_) => None,
        };
        Marks {
            issued_ms: Some(issued_ms),
            stamp_ms,
            ..Marks::default()
        }
    }

    /// Makes known that `ended`. Once this returns it is in the store, and nothing loses it but the store's losing its data together
    /// with this process. A cut-off covers all that was issued until now, also where `until_ms` is earlier.
    ///
    /// A status list is kept by the issuer itself, and an epoch knows accounts only: what ends by other names, they pass over.
    pub async fn announce(&self, ended: &Ended) -> Result<(), StoreError> {
        match &self.channel {
            Channel::None => Ok(()),
            Channel::Denylist(journal, _) | Channel::Push(journal) => {
                journal.announce(&self.denial(ended)).await
            }
            Channel::Epoch(epochs) => epochs.end(ended).await,
            Channel::StatusList(lists) => {
                lists.end(ended, self.denial(ended).until_ms);
                Ok(())
            }
        }
    }

    /// Makes known that one token has ended. Where an account has only one number, all its tokens end with it.
    pub(crate) async fn announce_token(&self, claims: &Claims) -> Result<(), StoreError> {
        if let (Channel::StatusList(lists), Some(place)) = (&self.channel, &claims.marks.status) {
            lists.end_place(place);
            return Ok(());
        }
        let ended = match &self.channel {
            Channel::Epoch(_) => Ended::Account {
                name: claims.subject.clone(),
                until_ms: self.clock.now_ms(),
            },
            _ => Ended::Token {
                id: claims.id.clone(),
                expires_at_ms: claims.expires_at_ms,
            },
        };
        self.announce(&ended).await
    }

    /// Whether a token has ended, as the issuer knows.
    pub(crate) async fn covers(&self, claims: &Claims) -> Result<bool, StoreError> {
        match &self.channel {
            Channel::None => Ok(false),
            // A store that does not know denies.
            Channel::Denylist(_, lookup) => {
                Ok(lookup.find(&claims.presentation()).await?.unwrap_or(true))
            }
            Channel::Push(journal) => Ok(journal.covers(&claims.presentation())),
            Channel::Epoch(epochs) => epochs.covers(&claims.subject, claims.marks.epoch).await,
            Channel::StatusList(lists) => Ok(lists.covers(claims.marks.status.as_ref())),
        }
    }

    /// The status list as a token, made by `sign` from its claims; `None` where there is none.
    pub(crate) fn status_list(&self, sign: impl FnOnce(&Value) -> String) -> Option<Bytes> {
        match &self.channel {
            Channel::StatusList(lists) => Some(lists.publish(sign)),
            _ => None,
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

impl Presentation<'_> {
    /// Whether an announcement covers it; for whoever remembers something of it.
    pub fn is_covered_by(&self, ended: &Ended) -> bool {
        match ended {
            Ended::Token { id, .. } => self.id == id,
            Ended::Session { handle } => self.session == Some(handle),
            Ended::Key { id } => self.key == Some(id),
            Ended::Account { name, until_ms } => {
                self.subject == name && self.issued_at_ms <= *until_ms
            }
            Ended::Consent {
                account,
                client,
                until_ms,
            } => {
                let is_named = self.subject == account && self.client == client;
                is_named && self.issued_at_ms <= *until_ms
            }
            Ended::Client { id, until_ms } => self.client == id && self.issued_at_ms <= *until_ms,
            Ended::Everyone { until_ms } => self.issued_at_ms <= *until_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_is_held_against_what_is_remembered() {
        let presented = Presentation {
            id: "j",
            session: Some("s"),
            subject: "u",
            client: "app",
            key: None,
            issued_at_ms: 5,
        };
        let account = |name: &str, until_ms| Ended::Account {
            name: name.into(),
            until_ms,
        };
        let consent = |client: &str| Ended::Consent {
            account: "u".into(),
            client: client.into(),
            until_ms: 5,
        };
        for (ended, expected) in [
            (Ended::Session { handle: "s".into() }, true),
            (Ended::Key { id: "k".into() }, false),
            (account("u", 5), true),
            (account("u", 4), false),
            (account("v", 5), false),
            (consent("app"), true),
            (consent("app-2"), false),
            (Ended::Everyone { until_ms: 5 }, true),
        ] {
            assert_eq!(presented.is_covered_by(&ended), expected, "{ended:?}");
        }
    }

    #[tokio::test]
    async fn without_a_channel_nothing_happens() {
        let (clock, _time) = Clock::manual(1_000);
        let announcer = Announcer::none(clock);
        assert!(!announcer.takes_back());
        let marks = Marks {
            issued_ms: Some(1_000),
            ..Marks::default()
        };
        assert_eq!(announcer.stamped(), marks, "no claim but the usual ones");
        let everyone = Ended::Everyone { until_ms: 0 };
        assert_eq!(announcer.announce(&everyone).await, Ok(()));
    }
}
