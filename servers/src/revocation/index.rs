//! What is denied, in memory: a few hash look-ups for each credential, however many entries there are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Presentation;
use super::denial::{Denial, KINDS, Kind, consent_name};

/// Entries that one sweep drops at most, or it would show in somebody's latency.
const SWEPT: usize = 1_000;
/// What an entry takes besides its name, in bytes, estimated: its slot and its share of the table's free slots, the
/// name's header, its place in the order of expiry.
const ENTRY_BYTES: usize = 120;

/// All that is denied and has not expired.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By kind, then by name.
    entries: [HashMap<Arc<str>, Entry>; KINDS.len()],
    /// When entries expire, by the second. An entry that was given a longer life stands here twice.
    due: BTreeMap<i64, Vec<(Kind, Arc<str>)>>,
    count: usize,
    name_bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    until_ms: i64,
    expires_at_ms: i64,
}

impl Index {
    /// Adds `denial`; answers whether it denies anything that was not denied already. It never takes anything back: of two
    /// denials of one name the later counts, in whatever order they come.
    pub(super) fn add(&mut self, denial: &Denial) -> bool {
        let entries = &mut self.entries[denial.kind as usize];
        let added = Entry {
            until_ms: denial.until_ms,
            expires_at_ms: denial.expires_at_ms,
        };
        let (denies_more, lives_longer) = match entries.get_mut(denial.name.as_str()) {
            Some(known) => {
                let denies_more = known.until_ms < added.until_ms;
                let lives_longer = known.expires_at_ms < added.expires_at_ms;
                known.until_ms = known.until_ms.max(added.until_ms);
                known.expires_at_ms = known.expires_at_ms.max(added.expires_at_ms);
                (denies_more, lives_longer)
            }
            None => {
                entries.insert(denial.name.as_str().into(), added);
                self.count += 1;
                self.name_bytes += denial.name.len();
                (true, true)
            }
        };
        if lives_longer && let Some((name, _)) = entries.get_key_value(denial.name.as_str()) {
            let second = denial.expires_at_ms.div_euclid(1_000) + 1;
            let due = self.due.entry(second).or_default();
            due.push((denial.kind, Arc::clone(name)));
        }
        denies_more
    }

    /// What is denied by the name that `denial` has, if anything.
    pub(super) fn standing(&self, denial: &Denial) -> Option<Denial> {
        let entry = self.entries[denial.kind as usize].get(denial.name.as_str())?;
        Some(Denial {
            until_ms: entry.until_ms,
            expires_at_ms: entry.expires_at_ms,
            ..denial.clone()
        })
    }

    /// Whether a credential is denied.
    pub(super) fn covers(&self, presented: &Presentation<'_>) -> bool {
        let denied = |kind: Kind, name: &str| {
            let entry = self.entries[kind as usize].get(name);
            entry.is_some_and(|entry| presented.issued_at_ms <= entry.until_ms)
        };
        // Most kinds have no entry at all most of the time, and an empty table costs nothing.
        denied(Kind::Token, presented.id)
            || denied(Kind::Account, presented.subject)
            || presented
                .session
                .is_some_and(|sid| denied(Kind::Session, sid))
            || denied(Kind::Client, presented.client)
            || denied(Kind::Everyone, "")
            || presented.key.is_some_and(|kid| denied(Kind::Key, kid))
            || (!self.entries[Kind::Consent as usize].is_empty()
                && denied(
                    Kind::Consent,
                    &consent_name(presented.subject, presented.client),
                ))
    }

    /// Drops entries that have expired at `now_ms`, some of them if there are very many.
    pub(super) fn sweep(&mut self, now_ms: i64) {
        for _ in 0..SWEPT {
            let Some(mut first) = self.due.first_entry() else {
                return;
            };
            if first.key().saturating_mul(1_000) > now_ms {
                return;
            }
            match first.get_mut().pop() {
                Some((kind, name)) => self.drop_expired(kind, &name, now_ms),
                None => drop(first.remove()),
            }
        }
    }

    /// All that is denied at `now_ms`.
    pub(super) fn live(&self, now_ms: i64) -> Vec<Denial> {
        let of_kind = |kind: Kind| {
            let entries = self.entries[kind as usize].iter();
            let live = entries.filter(move |(_, entry)| entry.expires_at_ms > now_ms);
            live.map(move |(name, entry)| Denial {
                kind,
                name: name.as_ref().to_owned(),
                until_ms: entry.until_ms,
                expires_at_ms: entry.expires_at_ms,
            })
        };
        KINDS.into_iter().flat_map(of_kind).collect()
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// What they take, in bytes, estimated.
    pub(super) fn bytes(&self) -> usize {
        self.name_bytes + self.count * ENTRY_BYTES
    }

    fn drop_expired(&mut self, kind: Kind, name: &str, now_ms: i64) {
        let entries = &mut self.entries[kind as usize];
        // It may have been given a longer life, and then it stands at another place too.
        if entries
            .get(name)
            .is_some_and(|entry| entry.expires_at_ms <= now_ms)
        {
            entries.remove(name);
            self.count -= 1;
            self.name_bytes -= name.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(kind: Kind, name: &str, until_ms: i64, expires_at_ms: i64) -> Denial {
        Denial {
            kind,
            name: name.into(),
            until_ms,
            expires_at_ms,
        }
    }

    fn presented(issued_at_ms: i64) -> Presentation<'static> {
        Presentation {
            id: "j",
            session: Some("s"),
            subject: "u",
            client: "app",
            key: Some("k"),
            issued_at_ms,
        }
    }

    #[test]
    fn each_name_is_held_against_its_own_kind() {
        for (kind, name) in [
            (Kind::Token, "j"),
            (Kind::Session, "s"),
            (Kind::Account, "u"),
            (Kind::Consent, "u app"),
            (Kind::Client, "app"),
            (Kind::Everyone, ""),
            (Kind::Key, "k"),
        ] {
            let mut index = Index::default();
            assert!(index.add(&denial(kind, "another", 50, 1_000)));
            assert!(kind == Kind::Everyone || !index.covers(&presented(50)));
            index.add(&denial(kind, name, 50, 1_000));
            assert!(index.covers(&presented(50)), "{kind:?}");
            assert!(!index.covers(&presented(51)), "{kind:?}");
        }
    }

    #[test]
    fn of_two_cut_offs_the_later_counts_in_either_order() {
        for times in [[10, 20], [20, 10]] {
            let mut index = Index::default();
            for until_ms in times {
                index.add(&denial(Kind::Account, "u", until_ms, 1_000));
            }
            assert!(index.covers(&presented(20)) && !index.covers(&presented(21)));
            assert_eq!(index.len(), 1);
            assert!(!index.add(&denial(Kind::Account, "u", 20, 2_000)));
        }
    }

    #[test]
    fn entries_leave_when_what_they_deny_has_expired() {
        let mut index = Index::default();
        index.add(&denial(Kind::Token, "j", i64::MAX, 10_000));
        index.add(&denial(Kind::Account, "u", 5, 10_000));
        index.add(&denial(Kind::Account, "u", 5, 30_000));
        index.sweep(9_999);
        assert_eq!(index.len(), 2);
        index.sweep(11_000);
        assert_eq!((index.len(), index.live(11_000).len()), (1, 1));
        assert!(index.bytes() > 0);
        index.sweep(31_000);
        assert_eq!((index.len(), index.bytes(), index.due.len()), (0, 0, 0));
    }

    #[test]
    fn a_sweep_takes_a_bounded_time_and_loses_nothing() {
        let mut index = Index::default();
        for number in 0..SWEPT * 2 {
            index.add(&denial(Kind::Token, &number.to_string(), i64::MAX, 1_000));
        }
        index.sweep(5_000);
        assert_eq!(index.len(), SWEPT);
        index.sweep(5_000);
        index.sweep(5_000);
        assert_eq!(index.len(), 0);
    }
}
