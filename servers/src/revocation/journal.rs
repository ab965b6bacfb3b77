//! The issuer's side of both deny lists: what it has announced, where, and what it is written anew from if the store loses it.
//!
//! Beside the announcements stands a flag, random, that names their history. Each announcement reads it in the step in which it is
//! written, and a watch reads it when nothing is announced. If it is gone, or the latest announcement is, the store has lost something:
//! then all that is still denied is written anew from memory, and the flag of a new history behind it. Until the flag is there, resource
//! servers know that they do not know.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::denial::Denial;
use super::denials::Denials;
use super::medium::{Mark, Medium};
use super::settings::RevocationSettings;
use super::{Ended, Presentation};
use crate::clock::Clock;
use crate::secret::random_id;
use crate::store::StoreError;

/// Entries stay for so long after what they deny has expired: for a resource server's leeway, and for clocks that differ.
pub(super) const MARGIN: Duration = Duration::from_secs(60);
/// Entries that are written or read at a time: none of that takes the store long.
pub(super) const PAGE: usize = 1_000;

/// Announces, and keeps what was announced. Its watch ends with the last clone.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    inner: Arc<Inner>,
    _watch: Arc<Watch>,
}

#[derive(Debug)]
struct Inner {
    medium: Medium,
    /// All that is denied.
    denials: Denials,
    longest_life: Duration,
    /// Held while everything is written anew.
    rewriting: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    history: Vec<u8>,
    /// Up to where announcements have been acknowledged.
    last: Mark,
    /// What was announced before this is not known here: everything that was issued until then has to be denied if it is lost.
    unknown_until_ms: Option<i64>,
}

#[derive(Debug)]
struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Journal {
    /// Continues the history that the store has, or begins one in which everything issued until `begun_ms` is denied: what was announced
    /// before is not known any more. If nothing was issued before, that denies nobody.
    pub(super) async fn start(
        medium: Medium,
        settings: &RevocationSettings,
        clock: Clock,
        begun_ms: i64,
        longest_life: Duration,
    ) -> Result<Self, StoreError> {
        let denials = Denials::told(settings, MARGIN, clock);
        let found = medium.load(&denials).await?;
        let state = State {
            history: found.history.clone().unwrap_or_default(),
            last: found.last,
            unknown_until_ms: (!found.is_all || found.history.is_none()).then_some(begun_ms),
        };
        let inner = Arc::new(Inner {
            medium,
            denials,
            longest_life,
            rewriting: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
        });
        if found.history.is_none() {
            inner.write_anew().await?;
        }
        let watch = tokio::spawn(Arc::clone(&inner).watch(settings.heartbeat()));
        Ok(Self {
            inner,
            _watch: Arc::new(Watch(watch)),
        })
    }

    /// Returns once the announcement is in the store, with all before it.
    pub(super) async fn announce(&self, denial: &Denial) -> Result<(), StoreError> {
        let inner = &self.inner;
        loop {
            // Before it is written: if the store loses it at once, it is written anew with the rest. And what is written is what
            // stands: never an earlier cut-off over a later one.
            let standing = inner.denials.merge(denial);
            let written = inner.medium.write(&standing).await?;
            if inner.continues(written.history.as_deref()) {
                inner.acknowledged(written.last);
                return Ok(());
            }
            inner.restore().await?;
        }
    }

    /// The latest cut-off that is known, if any: what is issued from now on has to be later.
    pub(super) fn latest_cut_off(&self) -> Option<i64> {
        let live = self.inner.denials.live().into_iter();
        live.filter(Denial::is_cut_off)
            .map(|denial| denial.until_ms)
            .max()
    }

    /// Whether a credential was announced to have ended. What was announced before a restart of this server is known only where the
    /// medium can be read back ([`Medium::load`]).
    pub(super) fn covers(&self, presented: &Presentation<'_>) -> bool {
        self.inner.denials.covers(presented)
    }
}

impl Inner {
    /// Looks after the announcements when there are none.
    async fn watch(self: Arc<Self>, every: Duration) {
        loop {
            sleep(every).await;
            self.denials.sweep();
            // An error: the store is gone, and the next look will tell what became of it.
            if let Ok(false) = self.is_whole().await {
                let _ = self.restore().await;
            }
        }
    }

    async fn is_whole(&self) -> Result<bool, StoreError> {
        // Before the question: what is acknowledged meanwhile need not be in the answer.
        let expected = self.state().last;
        let end = self.medium.end().await?;
        Ok(self.continues(end.history.as_deref()) && end.last >= expected)
    }

    /// Writes anew what the store has lost, unless that has just been done.
    async fn restore(&self) -> Result<(), StoreError> {
        let _turn = self.rewriting.lock().await;
        if self.is_whole().await? {
            return Ok(());
        }
        eprintln!("revocation channel: the store has lost announcements; writing them anew");
        self.write_anew().await
    }

    async fn write_anew(&self) -> Result<(), StoreError> {
        if let Some(until_ms) = self.state().unknown_until_ms {
            let everyone = Ended::Everyone { until_ms };
            self.denials.learn(&everyone, self.longest_life);
        }
        let live = self.denials.live();
        let history = random_id().into_bytes();
        let last = self.medium.write_all(&live, &history).await?;
        let mut state = self.state();
        state.last = last;
        state.history = history;
        Ok(())
    }

    fn continues(&self, history: Option<&[u8]>) -> bool {
        history == Some(self.state().history.as_slice())
    }

    fn acknowledged(&self, last: Mark) {
        let mut state = self.state();
        state.last = state.last.max(last);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
