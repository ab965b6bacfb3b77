//! A stream: entries in the order of their ids, which only grow.

use std::collections::VecDeque;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

/// An entry's id: Unix milliseconds, and a number within the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct EntryId {
    pub(super) ms: u64,
    pub(super) number: u64,
}

/// Entries: an id, and fields and values in turn.
#[derive(Default)]
pub(super) struct Stream {
    entries: VecDeque<(EntryId, Vec<Bytes>)>,
    /// The greatest id there ever was, which trimming does not lower.
    last: EntryId,
}

impl Stream {
    /// Adds an entry under `id`, or under one made from the time; `None` if `id` is not greater than every id so far.
    pub(super) fn add(&mut self, id: Option<EntryId>, fields: Vec<Bytes>) -> Option<EntryId> {
        let id = id.unwrap_or_else(|| self.next_id(unix_ms()));
        if id <= self.last {
            return None;
        }
        self.entries.push_back((id, fields));
        self.last = id;
        Some(id)
    }

    /// Drops entries before `id`.
    pub(super) fn trim(&mut self, id: EntryId) {
        while self.entries.front().is_some_and(|(first, _)| *first < id) {
            self.entries.pop_front();
        }
    }

    /// Whether there never was an entry.
    pub(super) fn is_new(&self) -> bool {
        self.last == EntryId::default()
    }

    /// Entries after `id`, in order.
    pub(super) fn after(&self, id: EntryId) -> impl Iterator<Item = &(EntryId, Vec<Bytes>)> {
        let start = self.entries.partition_point(|(known, _)| *known <= id);
        self.entries.range(start..)
    }

    /// All entries, the latest first.
    pub(super) fn latest_first(&self) -> impl Iterator<Item = &(EntryId, Vec<Bytes>)> {
        self.entries.iter().rev()
    }

    fn next_id(&self, now_ms: u64) -> EntryId {
        if now_ms > self.last.ms {
            EntryId {
                ms: now_ms,
                number: 0,
            }
        } else {
            EntryId {
                number: self.last.number + 1,
                ..self.last
            }
        }
    }
}

impl EntryId {
    /// `ms-number`, or `ms` alone for its first number.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (ms, number) = text.split_once('-').unwrap_or((text, "0"));
        Some(Self {
            ms: ms.parse().ok()?,
            number: number.parse().ok()?,
        })
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.number)
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_even_when_the_clock_does_not() {
        let mut stream = Stream::default();
        let later = EntryId {
            ms: u64::MAX / 2,
            number: 7,
        };
        assert_eq!(stream.add(Some(later), vec![]), Some(later));
        let made = stream.add(None, vec![]).expect("added");
        assert_eq!((made.ms, made.number), (later.ms, 8));
        assert_eq!(stream.add(Some(later), vec![]), None);
        stream.trim(made);
        assert_eq!(stream.after(EntryId::default()).count(), 1);
        assert_eq!(stream.after(made).count(), 0);
    }
}
