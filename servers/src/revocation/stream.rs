//! Announcements in a stream, which is its own snapshot.
//!
//! An entry leaves the stream when whatever it denies has expired, and never for want of space. So the stream from its beginning *is*
//! all that is denied, and the place of its last entry says up to when: there is no second copy that could be read at another moment
//! than the place from which to go on.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::denial::Denial;
use super::denials::Denials;
use super::journal::{MARGIN, PAGE};
use super::medium::{End, Found, Mark};
use crate::clock::{Clock, millis};
use crate::store::{Store, StoreError, StreamId};

/// Where announcements are.
pub(crate) const STREAM: &str = "announcements";
/// Where the name of their history is.
pub(super) const HISTORY: &str = "announcements:history";

/// The stream, as its writer sees it.
#[derive(Debug)]
pub(super) struct Stream {
    store: Store,
    clock: Clock,
    /// What stands in it: where, and when what it denies has expired.
    entries: Mutex<VecDeque<(StreamId, i64)>>,
}

impl Stream {
    pub(super) fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            entries: Mutex::default(),
        }
    }

    pub(super) async fn load(&self, into: &Denials) -> Result<Found, StoreError> {
        let End { history, last } = self.end().await?;
        let mut reader = self.store.stream_reader(STREAM, HISTORY);
        let mut after = StreamId::default();
        while after < last {
            let page = reader.next(after, PAGE, Duration::ZERO).await?;
            let Some(end) = page.entries.last() else {
                break;
            };
            after = end.id;
            for entry in &page.entries {
                if let Some(denial) = Denial::from_json(&entry.value) {
                    into.add(&denial);
                    self.note(entry.id, denial.expires_at_ms);
                }
            }
        }
        Ok(Found {
            history,
            last,
            is_all: true,
        })
    }

    pub(super) async fn write(&self, denial: &Denial) -> Result<End, StoreError> {
        let (json, keep_from) = (denial.to_json(), self.keep_from());
        let written = self.store.append(STREAM, HISTORY, &json, keep_from);
        let (history, last) = written.await?;
        self.note(last, denial.expires_at_ms);
        Ok(End { history, last })
    }

    pub(super) async fn write_all(
        &self,
        live: &[Denial],
        history: &[u8],
    ) -> Result<Mark, StoreError> {
        let mut last = Mark::default();
        for piece in live.chunks(PAGE) {
            let values: Vec<Vec<u8>> = piece.iter().map(Denial::to_json).collect();
            let latest = piece.iter().map(|denial| denial.expires_at_ms).max();
            if let Some(id) = self.store.append_all(STREAM, &values).await? {
                last = id;
                self.note(id, latest.unwrap_or_default());
            }
        }
        self.store.set_flag(HISTORY, history).await?;
        Ok(last)
    }

    pub(super) async fn end(&self) -> Result<End, StoreError> {
        let page = self.store.stream_end(STREAM, HISTORY).await?;
        let last = page.entries.last().map(|entry| entry.id);
        Ok(End {
            history: page.flag,
            last: last.unwrap_or_default(),
        })
    }

    fn note(&self, id: StreamId, expires_at_ms: i64) {
        self.entries().push_back((id, expires_at_ms));
    }

    /// From where on the stream is still needed. An entry behind one that is needed stays with it, and so it is if two announcements
    /// at the same moment were noted in another order than they stand in.
    fn keep_from(&self) -> Option<StreamId> {
        let past_ms = self.clock.now_ms().saturating_sub(millis(MARGIN));
        let mut entries = self.entries();
        while (entries.front()).is_some_and(|(_, expires_at_ms)| *expires_at_ms <= past_ms) {
            entries.pop_front();
        }
        let needed = entries.iter().take(PAGE).map(|(id, _)| *id);
        needed.min()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, VecDeque<(StreamId, i64)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
