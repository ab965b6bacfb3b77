//! The keys, their values and when they end.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;

use super::sorted_set::SortedSet;
use super::stream::Stream;

/// Milliseconds since the store's start.
pub(super) type Millis = u64;

/// The key holds a value of another type than the command works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrongType;

/// All keys. Every method that takes `now` sees a key that is past as absent.
#[derive(Default)]
pub(super) struct Keyspace {
    entries: HashMap<Bytes, Entry>,
    /// When keys end, soonest first. A sorted set rather than a heap: a sliding session moves its expiry with
    /// every request, and a heap would keep every past position.
    due: BTreeSet<(Millis, Bytes)>,
    /// Whether an entry was added to a stream that nobody has been told of.
    appended: bool,
}

struct Entry {
    value: Value,
    expires: Option<Millis>,
}

enum Value {
    String(Bytes),
    SortedSet(SortedSet),
    Stream(Stream),
}

impl Keyspace {
    pub(super) fn string(&mut self, key: &Bytes, now: Millis) -> Result<Option<Bytes>, WrongType> {
        match self.live(key, now) {
            None => Ok(None),
            Some(Entry {
                value: Value::String(string),
                ..
            }) => Ok(Some(string.clone())),
            Some(_) => Err(WrongType),
        }
    }

    pub(super) fn sorted_set(
        &mut self,
        key: &Bytes,
        now: Millis,
    ) -> Result<Option<&mut SortedSet>, WrongType> {
        match self.live(key, now) {
            None => Ok(None),
            Some(Entry {
                value: Value::SortedSet(set),
                ..
            }) => Ok(Some(set)),
            Some(_) => Err(WrongType),
        }
    }

    /// The sorted set at `key`, made there if nothing was.
    pub(super) fn sorted_set_or_new(
        &mut self,
        key: &Bytes,
        now: Millis,
    ) -> Result<&mut SortedSet, WrongType> {
        if self.live(key, now).is_none() {
            self.insert(key, Value::SortedSet(SortedSet::default()), None);
        }
        self.sorted_set(key, now)?.ok_or(WrongType)
    }

    pub(super) fn stream(
        &mut self,
        key: &Bytes,
        now: Millis,
    ) -> Result<Option<&mut Stream>, WrongType> {
        match self.live(key, now) {
            None => Ok(None),
            Some(Entry {
                value: Value::Stream(stream),
                ..
            }) => Ok(Some(stream)),
            Some(_) => Err(WrongType),
        }
    }

    /// The stream at `key`, made there if nothing was.
    pub(super) fn stream_or_new(
        &mut self,
        key: &Bytes,
        now: Millis,
    ) -> Result<&mut Stream, WrongType> {
        if self.live(key, now).is_none() {
            self.insert(key, Value::Stream(Stream::default()), None);
        }
        self.stream(key, now)?.ok_or(WrongType)
    }

    /// Removes a sorted set that has become empty, for Redis has no empty ones; and a stream that was made for an entry which then
    /// could not be added.
    pub(super) fn drop_if_empty(&mut self, key: &Bytes) {
        let is_empty = match self.entries.get(key).map(|entry| &entry.value) {
            Some(Value::SortedSet(set)) => set.is_empty(),
            Some(Value::Stream(stream)) => stream.is_new(),
            _ => false,
        };
        if is_empty {
            self.remove(key);
        }
    }

    /// Notes that an entry was added to a stream.
    pub(super) fn note_appended(&mut self) {
        self.appended = true;
    }

    /// Whether an entry was added since this was asked last.
    pub(super) fn take_appended(&mut self) -> bool {
        std::mem::take(&mut self.appended)
    }

    /// Writes a string in place of whatever was at `key`.
    pub(super) fn set_string(&mut self, key: &Bytes, value: &Bytes, expires: Option<Millis>) {
        self.remove(key);
        self.insert(key, Value::String(owned(value)), expires);
    }

    /// Gives the key a new end; answers whether there was such a key.
    pub(super) fn expire(&mut self, key: &Bytes, expires: Millis, now: Millis) -> bool {
        let Some(entry) = self.live(key, now) else {
            return false;
        };
        let previous = entry.expires.replace(expires);
        if let Some(previous) = previous {
            self.due.remove(&(previous, key.clone()));
        }
        self.due.insert((expires, owned(key)));
        true
    }

    /// When the key ends, if ever; `None` if there is no such key.
    pub(super) fn expiry(&mut self, key: &Bytes, now: Millis) -> Option<Option<Millis>> {
        self.live(key, now).map(|entry| entry.expires)
    }

    pub(super) fn delete(&mut self, key: &Bytes, now: Millis) -> bool {
        self.exists(key, now) && self.remove(key)
    }

    pub(super) fn exists(&mut self, key: &Bytes, now: Millis) -> bool {
        self.live(key, now).is_some()
    }

    /// How many keys there are, past ones included until they are dropped, as in Redis.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Drops keys that are past, at most `limit` of them.
    pub(super) fn sweep(&mut self, now: Millis, limit: usize) {
        for _ in 0..limit {
            let Some((_, key)) = self.due.first().filter(|(expires, _)| *expires <= now) else {
                return;
            };
            self.remove(&key.clone());
        }
    }

    fn live(&mut self, key: &Bytes, now: Millis) -> Option<&mut Entry> {
        let past = |entry: &Entry| entry.expires.is_some_and(|expires| expires <= now);
        if self.entries.get(key).is_some_and(past) {
            self.remove(key);
        }
        self.entries.get_mut(key)
    }

    fn insert(&mut self, key: &Bytes, value: Value, expires: Option<Millis>) {
        let key = owned(key);
        if let Some(expires) = expires {
            self.due.insert((expires, key.clone()));
        }
        self.entries.insert(key, Entry { value, expires });
    }

    fn remove(&mut self, key: &Bytes) -> bool {
        let Some(entry) = self.entries.remove(key) else {
            return false;
        };
        if let Some(expires) = entry.expires {
            self.due.remove(&(expires, key.clone()));
        }
        true
    }
}

/// A copy of its own. An argument is a slice of the connection's read buffer, and keeping the slice would keep
/// the whole buffer.
pub(super) fn owned(slice: &Bytes) -> Bytes {
    Bytes::copy_from_slice(slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn a_key_is_gone_at_its_expiry_and_not_before() {
        let mut keys = Keyspace::default();
        keys.set_string(&bytes("k"), &bytes("v"), Some(100));
        assert_eq!(keys.string(&bytes("k"), 99), Ok(Some(bytes("v"))));
        assert_eq!(keys.string(&bytes("k"), 100), Ok(None));
        assert_eq!(keys.len(), 0);
    }

    #[test]
    fn touching_moves_the_expiry_and_overwriting_forgets_it() {
        let mut keys = Keyspace::default();
        keys.set_string(&bytes("k"), &bytes("v"), Some(100));
        assert!(keys.expire(&bytes("k"), 300, 50));
        assert!(keys.exists(&bytes("k"), 200));
        keys.set_string(&bytes("k"), &bytes("w"), None);
        assert!(keys.exists(&bytes("k"), 1_000));
        assert!(keys.due.is_empty());
    }

    #[test]
    fn a_sweep_drops_what_is_past_up_to_its_limit() {
        let mut keys = Keyspace::default();
        for key in ["a", "b", "c"] {
            keys.set_string(&bytes(key), &bytes("v"), Some(10));
        }
        keys.set_string(&bytes("later"), &bytes("v"), Some(20));
        keys.sweep(10, 2);
        assert_eq!(keys.len(), 2);
        keys.sweep(10, 2);
        assert_eq!(keys.len(), 1);
    }

    #[test]
    fn types_are_kept_apart() {
        let mut keys = Keyspace::default();
        keys.set_string(&bytes("k"), &bytes("v"), None);
        assert_eq!(
            keys.sorted_set_or_new(&bytes("k"), 0).err(),
            Some(WrongType)
        );
        assert!(keys.sorted_set_or_new(&bytes("s"), 0).is_ok());
        assert_eq!(keys.string(&bytes("s"), 0), Err(WrongType));
        keys.drop_if_empty(&bytes("s"));
        assert!(!keys.exists(&bytes("s"), 0));
    }
}
