//! The issuer's side: which token has which place in the list, and the list as it is published.
//!
//! It is kept in memory. The issuer's key pair lives no longer than the process either: tokens of an earlier one verify nowhere.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::super::journal::MARGIN;
use super::{Bits, EncodedList, ListClaims, StatusReference, uri};
use crate::clock::{Clock, millis};
use crate::revocation::{Ended, RevocationSettings};

/// Places of a list at the beginning. Most of them are empty, and compress to next to nothing.
const FIRST_PLACES: usize = 1 << 17;

/// Hands out places, and sets bits.
#[derive(Clone, Debug)]
pub(in crate::revocation) struct StatusLists {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    uri: String,
    clock: Clock,
    ttl: Duration,
    /// How long a copy of the list may be used.
    copy_life: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bits: Bits,
    /// Whose each place is; `None`: nobody's, so that nothing that ends concerns it.
    slots: Vec<Option<Slot>>,
    of_account: HashMap<String, Vec<usize>>,
    /// Places in the order in which their tokens expire, and when nobody asks about those any more.
    due: VecDeque<(i64, usize)>,
    /// Places that nobody has, and when they may be given to others.
    vacant: VecDeque<(i64, usize)>,
    published: Option<Published>,
}

/// Whose place it is.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// The token's subject.
    pub(crate) account: String,
    /// The token's client.
    pub(crate) client: &'static str,
    /// When it was issued, in the order of cut-offs.
    pub(crate) stamp_ms: i64,
    /// When it expires, in Unix milliseconds.
    pub(crate) expires_at_ms: i64,
}

#[derive(Clone, Debug)]
struct Published {
    text: Bytes,
    /// From then on it is written anew even if nothing has changed, or it would expire in use.
    renew_at_ms: i64,
}

impl StatusLists {
    pub(in crate::revocation) fn new(
        issuer: &str,
        settings: &RevocationSettings,
        clock: Clock,
    ) -> Self {
        let mut state = State::default();
        state.make_room(0);
        let inner = Inner {
            uri: uri(issuer),
            clock,
            ttl: settings.status_list_ttl,
            copy_life: settings.status_list_ttl + settings.staleness,
            state: Mutex::new(state),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// A place for a token that is issued now.
    pub(in crate::revocation) fn place(&self, slot: Slot) -> StatusReference {
        let inner = &self.inner;
        let now_ms = inner.clock.now_ms();
        let over_at_ms = slot.expires_at_ms + millis(MARGIN);
        let mut state = inner.state();
        state.vacate_due(now_ms, inner.copy_life);
        let is_free = |(free_at_ms, _): &(i64, usize)| *free_at_ms <= now_ms;
        let free = state.vacant.pop_front_if(|place| is_free(place));
        let index = free.map_or(state.slots.len(), |(_, index)| index);
        state.due.push_back((over_at_ms, index));
        let of_account = state.of_account.entry(slot.account.clone()).or_default();
        of_account.push(index);
        match state.slots.get_mut(index) {
            Some(vacant) => *vacant = Some(slot),
            None => state.slots.push(Some(slot)),
        }
        state.make_room(index);
        StatusReference {
            idx: index as u64,
            uri: inner.uri.clone(),
        }
    }

    /// Ends the token at a place.
    pub(in crate::revocation) fn end_place(&self, reference: &StatusReference) {
        self.inner.state().end([reference.idx as usize]);
    }

    /// Ends the tokens of what ended, as far as places are known by it: of accounts, clients and everyone.
    pub(in crate::revocation) fn end(&self, ended: &Ended, until_ms: i64) {
        let mut state = self.inner.state();
        let of_client = |slot: &Slot, client: &str| slot.client == client;
        let indexes = match ended {
            Ended::Account { name, .. } => state.of_account(name, |_| true),
            Ended::Consent {
                account, client, ..
            } => state.of_account(account, |slot| of_client(slot, client)),
            Ended::Client { id, .. } => state.all(|slot| of_client(slot, id)),
            Ended::Everyone { .. } => state.all(|_| true),
            // What was signed with it is refused, this list among it.
            Ended::Key { .. } => {
                state.published = None;
                return;
            }
            Ended::Token { .. } | Ended::Session { .. } => return,
        };
        let stamped_by = |slot: &Slot| slot.stamp_ms <= until_ms;
        let covered = |index: &usize| state.slots[*index].as_ref().is_some_and(stamped_by);
        let covered: Vec<usize> = indexes.into_iter().filter(covered).collect();
        state.end(covered);
    }

    /// Whether the token at a place has ended.
    pub(in crate::revocation) fn covers(&self, reference: Option<&StatusReference>) -> bool {
        let index = reference.map(|reference| reference.idx as usize);
        let state = self.inner.state();
        index
            .and_then(|index| state.bits.is_set(index))
            .unwrap_or(true)
    }

    /// The list as a token, which `sign` makes of its claims.
    pub(in crate::revocation) fn publish(&self, sign: impl FnOnce(&Value) -> String) -> Bytes {
        let inner = &self.inner;
        let now_ms = inner.clock.now_ms();
        let mut state = inner.state();
        state.vacate_due(now_ms, inner.copy_life);
        if let Some(published) = &state.published
            && now_ms < published.renew_at_ms
        {
            return published.text.clone();
        }
        // Whole seconds, rounded up: a copy that is fetched at the last moment must be good for its whole life.
        let life = Duration::from_secs((inner.ttl + inner.copy_life).as_secs() + 2);
        let claims = ListClaims {
            sub: inner.uri.clone(),
            iat: now_ms.div_euclid(1_000) as f64,
            exp: (now_ms + millis(life)).div_euclid(1_000) as f64,
            ttl: inner.ttl.as_secs_f64(),
            status_list: EncodedList {
                bits: 1,
                lst: state.bits.encode(),
            },
        };
        let claims = serde_json::to_value(&claims).expect("finite numbers serialise");
        let text = Bytes::from(sign(&claims));
        state.published = Some(Published {
            text: text.clone(),
            renew_at_ms: now_ms + millis(inner.ttl),
        });
        text
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn of_account(&self, account: &str, is_meant: impl Fn(&Slot) -> bool) -> Vec<usize> {
        let indexes = self.of_account.get(account).into_iter().flatten().copied();
        let is_meant = |index: &usize| self.slots[*index].as_ref().is_some_and(&is_meant);
        indexes.filter(is_meant).collect()
    }

    fn all(&self, is_meant: impl Fn(&Slot) -> bool) -> Vec<usize> {
        let slots = self.slots.iter().enumerate();
        let meant = slots.filter(|(_, slot)| slot.as_ref().is_some_and(&is_meant));
        meant.map(|(index, _)| index).collect()
    }

    fn end(&mut self, indexes: impl IntoIterator<Item = usize>) {
        for index in indexes {
            self.bits.write(index, true);
            self.published = None;
        }
    }

    /// Keeps the list at twice the size that is used at least: a token's place must be in copies that were fetched before it was issued.
    fn make_room(&mut self, index: usize) {
        let places = self.bits.bytes() * 8;
        if (index + 1) * 2 > places {
            self.bits.reach((places * 2).max(FIRST_PLACES) - 1);
            self.published = None;
        }
    }

    /// Takes places from tokens that are over, and their bits out of the list. Nobody else gets such a place before every copy that still has the
    /// bit is out of use, or a new token would be refused for what became of an old one.
    fn vacate_due(&mut self, now_ms: i64, copy_life: Duration) {
        while let Some((_, index)) = self.due.pop_front_if(|(at_ms, _)| *at_ms <= now_ms) {
            self.vacate(index);
            let free_at_ms = now_ms + millis(copy_life);
            self.vacant.push_back((free_at_ms, index));
        }
    }

    fn vacate(&mut self, index: usize) {
        if self.bits.is_set(index) == Some(true) {
            self.bits.write(index, false);
            self.published = None;
        }
        let Some(slot) = self.slots[index].take() else {
            return;
        };
        if let Some(indexes) = self.of_account.get_mut(&slot.account) {
            indexes.retain(|other| *other != index);
            if indexes.is_empty() {
                self.of_account.remove(&slot.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000;

    fn lists(clock: Clock) -> StatusLists {
        StatusLists::new("http://issuer.test", &RevocationSettings::default(), clock)
    }

    fn slot(account: &str, client: &'static str, stamp_ms: i64) -> Slot {
        Slot {
            account: account.into(),
            client,
            stamp_ms,
            expires_at_ms: stamp_ms + 10 * SECOND,
        }
    }

    #[test]
    fn what_ended_is_found_by_its_account_or_client_and_time() {
        let (clock, _time) = Clock::manual(100);
        let lists = lists(clock);
        let places: Vec<_> = [
            ("u", "app", 5),
            ("u", "app-2", 5),
            ("v", "app", 5),
            ("u", "app", 9),
        ]
        .map(|(account, client, stamp)| lists.place(slot(account, client, stamp)))
        .into();
        let ended = || {
            let covered = places.iter().map(|place| lists.covers(Some(place)));
            covered.collect::<Vec<_>>()
        };
        let consent = Ended::Consent {
            account: "u".into(),
            client: "app".into(),
            until_ms: 5,
        };
        lists.end(&consent, 5);
        assert_eq!(ended(), [true, false, false, false]);
        lists.end_place(&places[1]);
        assert_eq!(ended(), [true, true, false, false]);
        lists.end(&Ended::Everyone { until_ms: 9 }, 9);
        assert_eq!(ended(), [true; 4]);
        assert!(lists.covers(None));
    }

    #[test]
    fn a_place_is_in_the_copies_from_before() {
        let (clock, _time) = Clock::manual(0);
        let lists = lists(clock);
        for number in 0..FIRST_PLACES {
            let before = lists.inner.state().bits.bytes() * 8;
            let place = lists.place(slot(&number.to_string(), "app", 0));
            assert!((place.idx as usize) < before);
        }
    }

    #[test]
    fn a_place_is_given_away_once_no_copy_can_have_the_old_bit() {
        let (clock, time) = Clock::manual(0);
        let lists = lists(clock);
        let first = lists.place(slot("u", "app", 0));
        lists.end_place(&first);
        let copy = || {
            let text = lists.publish(ToString::to_string);
            let claims: ListClaims = serde_json::from_slice(&text).expect("claims");
            Bits::decode(&claims.status_list.lst).expect("a list")
        };
        // 10 s of life, and the margin.
        time.advance(Duration::from_secs(10) + MARGIN - Duration::from_millis(1));
        assert_eq!(copy().is_set(0), Some(true), "somebody may still ask");
        time.advance(Duration::from_millis(1));
        let last = copy();
        // 2 s of a copy that was fetched a moment before.
        time.advance(Duration::from_secs(2) - Duration::from_millis(1));
        assert_eq!(lists.place(slot("v", "app", 0)).idx, 1);
        time.advance(Duration::from_millis(1));
        let again = lists.place(slot("w", "app", 0));
        assert_eq!((again.idx, lists.covers(Some(&again))), (0, false));
        assert_eq!(last.is_set(0), Some(false), "in every copy that is in use");
    }

    #[test]
    fn a_cut_off_ends_no_token_that_gets_an_old_place_afterwards() {
        let (clock, time) = Clock::manual(0);
        let lists = lists(clock);
        lists.place(slot("u", "app", 0));
        time.advance(Duration::from_secs(10) + MARGIN);
        // Takes note that the first place is nobody's.
        lists.place(slot("v", "app", 0));
        for ended in [
            Ended::Everyone { until_ms: 5 },
            Ended::Client {
                id: "app".into(),
                until_ms: 5,
            },
        ] {
            lists.end(&ended, 5);
        }
        time.advance(Duration::from_secs(2));
        let again = lists.place(slot("w", "app", 9));
        assert_eq!((again.idx, lists.covers(Some(&again))), (0, false));
    }

    #[test]
    fn the_list_is_written_when_something_has_changed_or_time_has_passed() {
        let (clock, time) = Clock::manual(0);
        let lists = lists(clock);
        let place = lists.place(slot("u", "app", 0));
        let publish = || lists.publish(ToString::to_string);
        let first = publish();
        assert_eq!(publish(), first);
        lists.end_place(&place);
        let second = publish();
        assert_ne!(second, first);
        time.advance(Duration::from_secs(1));
        assert_ne!(publish(), second);
        let claims: ListClaims = serde_json::from_slice(&second).expect("claims");
        assert_eq!(claims.sub, "http://issuer.test/status-lists/1");
        let bits = Bits::decode(&claims.status_list.lst).expect("a list");
        assert_eq!(bits.is_set(0), Some(true));
    }
}
