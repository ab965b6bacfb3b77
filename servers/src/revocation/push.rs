//! The issuer's side of the push channel: announcements in a stream, which is its own snapshot.
//!
//! An entry leaves the stream when whatever it denies has expired, and never for want of space. So the stream from its beginning *is*
//! all that is denied, and its last entry's place says up to when: there is no second copy that could be read at another moment.
//!
//! Beside the stream stands a flag, random, that names its history. Each announcement reads it in the step in which it is written, and
//! a watch reads it when nothing is announced. If it is gone, or the last entry is, the store has lost something: then all that is still
//! denied is written anew from memory, and the flag of a new history behind it, which makes every resource server read from the
//! beginning. Until the flag is there they know that they do not know.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::denial::Denial;
use super::denials::Denials;
use super::settings::RevocationSettings;
use super::{Ended, Presentation};
use crate::clock::{Clock, millis};
use crate::secret::random_id;
use crate::store::{Store, StoreError, StreamId};

/// Where announcements are.
pub(super) const STREAM: &str = "announcements";
/// Where the name of their history is.
pub(super) const FLAG: &str = "announcements:history";
/// Entries stay for so long after what they deny has expired: for a resource server's leeway, and for clocks that differ.
pub(super) const MARGIN: Duration = Duration::from_secs(60);
/// Entries that are written or read at a time.
const PAGE: usize = 1_000;

/// Announces by the stream. The watch over it ends with the last clone.
#[derive(Clone, Debug)]
pub(super) struct Push {
    stream: Arc<Stream>,
    _watch: Arc<Watch>,
}

#[derive(Debug)]
struct Stream {
    store: Store,
    clock: Clock,
    /// All that is denied; what the stream holds, and what it is written anew from.
    denials: Denials,
    /// Held while the stream is written anew.
    history: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    history: Vec<u8>,
    /// Up to where the stream has been acknowledged.
    last: StreamId,
    /// What stands in the stream: where, and when what it denies has expired.
    entries: VecDeque<(StreamId, i64)>,
}

#[derive(Debug)]
struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Push {
    /// Continues the history that the store has, or begins one in which everything issued until now is denied: what was announced
    /// before is not known any more, and if nothing was issued before, that denies nobody.
    pub(super) async fn start(
        store: Store,
        settings: &RevocationSettings,
        clock: Clock,
        begun_ms: i64,
        longest_life: Duration,
    ) -> Result<Self, StoreError> {
        let stream = Arc::new(Stream {
            denials: Denials::told(settings, MARGIN, clock.clone()),
            store,
            clock,
            history: tokio::sync::Mutex::default(),
            state: Mutex::default(),
        });
        if !stream.load().await? {
            let until_ms = begun_ms;
            stream
                .denials
                .learn(&Ended::Everyone { until_ms }, longest_life);
            stream.write_anew().await?;
        }
        let watch = tokio::spawn(Arc::clone(&stream).watch(settings.heartbeat()));
        Ok(Self {
            stream,
            _watch: Arc::new(Watch(watch)),
        })
    }

    /// Returns once the announcement is in the stream, and the stream is whole.
    pub(super) async fn announce(&self, denial: &Denial) -> Result<(), StoreError> {
        let stream = &self.stream;
        let json = denial.to_json();
        loop {
            // Before it is written: if the store loses it at once, it is written anew with the rest.
            stream.denials.add(denial);
            let keep_from = stream.keep_from();
            let written = stream.store.append(STREAM, FLAG, &json, keep_from);
            let (flag, id) = written.await?;
            if stream.continues(flag.as_deref()) {
                stream.appended(id, denial.expires_at_ms);
                return Ok(());
            }
            // The store has lost its data.
            stream.restore().await?;
        }
    }

    pub(super) fn covers(&self, presented: &Presentation<'_>) -> bool {
        self.stream.denials.covers(presented)
    }
}

impl Stream {
    /// Reads all that stands in the stream; `false` if it has no history.
    async fn load(&self) -> Result<bool, StoreError> {
        let end = self.store.stream_end(STREAM, FLAG).await?;
        let Some(history) = end.flag else {
            return Ok(false);
        };
        self.state().history = history;
        let mut reader = self.store.stream_reader(STREAM, FLAG);
        let mut after = StreamId::default();
        while end.entries.last().is_some_and(|last| after < last.id) {
            let page = reader.next(after, PAGE, Duration::from_millis(1)).await?;
            let Some(last) = page.entries.last() else {
                break;
            };
            after = last.id;
            for entry in &page.entries {
                if let Some(denial) = Denial::from_json(&entry.value) {
                    self.denials.add(&denial);
                    self.appended(entry.id, denial.expires_at_ms);
                }
            }
        }
        Ok(true)
    }

    /// Looks after the stream when nothing is announced.
    async fn watch(self: Arc<Self>, every: Duration) {
        loop {
            sleep(every).await;
            self.denials.sweep();
            // The store is gone: the next look will tell.
            let _ = self.look().await;
        }
    }

    async fn look(&self) -> Result<(), StoreError> {
        if self.is_whole().await? {
            return Ok(());
        }
        self.restore().await
    }

    async fn is_whole(&self) -> Result<bool, StoreError> {
        // Before the question: what is acknowledged meanwhile need not be in the answer.
        let expected = self.state().last;
        let end = self.store.stream_end(STREAM, FLAG).await?;
        let last = end.entries.last().map(|entry| entry.id);
        Ok(self.continues(end.flag.as_deref()) && last.unwrap_or_default() >= expected)
    }

    /// Writes anew what the store has lost, unless somebody else just did.
    async fn restore(&self) -> Result<(), StoreError> {
        let _turn = self.history.lock().await;
        if self.is_whole().await? {
            return Ok(());
        }
        eprintln!(
            "revocation channel: the store has lost announcements; writing {} anew",
            self.denials.live().len()
        );
        self.write_anew().await
    }

    /// In pieces, none of which takes the store long; the flag comes with the last one.
    async fn write_anew(&self) -> Result<(), StoreError> {
        let live = self.denials.live();
        let history = random_id().into_bytes();
        let mut pieces = live.chunks(PAGE).peekable();
        let mut written = VecDeque::with_capacity(live.len());
        while let Some(piece) = pieces.next() {
            let values: Vec<Vec<u8>> = piece.iter().map(Denial::to_json).collect();
            let flag = pieces
                .peek()
                .is_none()
                .then_some((FLAG, history.as_slice()));
            let id = self.store.append_all(STREAM, &values, flag).await?;
            let latest = piece.iter().map(|denial| denial.expires_at_ms).max();
            written.extend(id.zip(latest));
        }
        if live.is_empty() {
            let flag = Some((FLAG, history.as_slice()));
            self.store.append_all(STREAM, &[], flag).await?;
        }
        let mut state = self.state();
        state.last = written.back().map_or(StreamId::default(), |(id, _)| *id);
        state.entries = written;
        state.history = history;
        Ok(())
    }

    fn continues(&self, flag: Option<&[u8]>) -> bool {
        flag == Some(self.state().history.as_slice())
    }

    fn appended(&self, id: StreamId, expires_at_ms: i64) {
        let mut state = self.state();
        state.last = state.last.max(id);
        state.entries.push_back((id, expires_at_ms));
    }

    /// From where on the stream is still needed. An entry behind one that is needed stays with it.
    fn keep_from(&self) -> Option<StreamId> {
        let past_ms = self.clock.now_ms().saturating_sub(millis(MARGIN));
        let mut state = self.state();
        while (state.entries.front()).is_some_and(|(_, expires_at_ms)| *expires_at_ms <= past_ms) {
            state.entries.pop_front();
        }
        state.entries.front().map(|(id, _)| *id)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
