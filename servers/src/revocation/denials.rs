//! A resource server's side of the push channel: what is known to have ended, and how fresh that knowledge is.
//!
//! A task follows the stream of announcements, and requests are held against what it has gathered. Every answer of the store is
//! *word* from the channel, also the one that there is nothing new; word is as old as the question it answers. Without word for
//! longer than the stated staleness the knowledge is not current any more, and a server that fails closed answers 503.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::broadcast;
use tokio::time::{sleep, timeout};

use super::denial::Denial;
use super::follow::Follower;
use super::index::Index;
use super::settings::{PushFail, RevocationSettings};
use super::{Ended, Presentation, RevocationUnknown};
use crate::clock::{Clock, millis};
use crate::store::Store;

/// How long a server that starts waits until it knows what has ended. Then it starts all the same, and knows soon.
const FIRST_LOAD: Duration = Duration::from_secs(2);
/// How often it looks meanwhile.
const FIRST_LOOK: Duration = Duration::from_millis(5);
/// Entries are kept for so long after what they deny should have expired: a token may be issued a moment after the event that
/// denies it was announced.
const KEPT_BEYOND: Duration = Duration::from_secs(1);
/// Events that a subscriber may be behind; whoever is further behind is told so ([`broadcast::error::RecvError::Lagged`]) and has to
/// start over.
const NEWS: usize = 4_096;

/// What is known to have ended. Cheap to clone; clones share what they know. The task that gathers it ends with the last of them.
#[derive(Clone, Debug)]
pub struct Denials {
    known: Arc<Known>,
    _follower: Option<Arc<Follower>>,
}

/// Figures of the push channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushFigures {
    /// How much is denied.
    pub entries: u64,
    /// What that takes in memory, in bytes, estimated.
    pub bytes: u64,
    /// How often a lost connection was replaced.
    pub reconnects: u64,
    /// How often the stream was read from its beginning.
    pub snapshot_loads: u64,
    /// How old the latest word is, in milliseconds; `None` before the first.
    pub staleness_ms: Option<u64>,
}

/// What is known, by the follower and by all clones.
#[derive(Debug)]
pub(super) struct Known {
    index: RwLock<Index>,
    news: broadcast::Sender<Ended>,
    clock: Clock,
    /// For how long past its expiry a token is accepted here.
    leeway: Duration,
    staleness: Duration,
    fail: PushFail,
    started: Instant,
    /// When the question was asked that was answered last, in microseconds since the start; 0 before the first.
    word_us: AtomicU64,
    /// Whether no channel is followed, and all there is to know is told by [`Denials::learn`].
    is_told: bool,
    pub(super) reconnects: AtomicU64,
    pub(super) snapshot_loads: AtomicU64,
}

impl Denials {
    /// Follows the announcements in `store`. It waits a moment until all that is known there has been read; a server that starts
    /// before its authorization server does not have it then, and [`Denials::is_current`] says so.
    pub async fn follow(
        store: &Store,
        settings: &RevocationSettings,
        leeway: Duration,
        clock: Clock,
    ) -> Self {
        let known = Arc::new(Known::new(settings, leeway, clock));
        let follower = Follower::start(store, Arc::clone(&known), settings.heartbeat());
        let denials = Self {
            known,
            _follower: Some(Arc::new(follower)),
        };
        let current = async {
            while !denials.is_current() {
                sleep(FIRST_LOOK).await;
            }
        };
        // Not in time: it goes on without, and answers as the policy says.
        let _ = timeout(FIRST_LOAD, current).await;
        denials
    }

    /// Follows nothing, and knows what it is told by [`Denials::learn`].
    pub fn told(settings: &RevocationSettings, leeway: Duration, clock: Clock) -> Self {
        let known = Known {
            is_told: true,
            ..Known::new(settings, leeway, clock)
        };
        Self {
            known: Arc::new(known),
            _follower: None,
        }
    }

    /// Adds what ended; nothing of it is forgotten for `longest_life`.
    pub fn learn(&self, ended: &Ended, longest_life: Duration) {
        let denial = Denial::of(ended, self.known.clock.now_ms(), longest_life);
        self.known.add(&denial);
    }

    /// Whether a credential is denied, as far as is known. A few look-ups in memory.
    pub fn covers(&self, token: &Presentation<'_>) -> bool {
        self.known.read().covers(token)
    }

    /// Whether there has been word from the channel lately enough.
    pub fn is_current(&self) -> bool {
        self.known.is_current()
    }

    /// Whether requests may be judged by what is known: it is current, or the server fails open.
    pub fn check_current(&self) -> Result<(), RevocationUnknown> {
        match self.known.fail {
            PushFail::Open => Ok(()),
            PushFail::Closed if self.is_current() => Ok(()),
            PushFail::Closed => Err(RevocationUnknown::Stale),
        }
    }

    /// Tells what ends from now on, as it becomes known here: for whatever remembers something, or keeps a connection open. Who is
    /// told `Lagged` has missed something, and must forget all that it remembers.
    pub fn subscribe(&self) -> broadcast::Receiver<Ended> {
        self.known.news.subscribe()
    }

    /// The figures of the channel.
    pub fn figures(&self) -> PushFigures {
        let known = &self.known;
        let (entries, bytes) = {
            let index = known.read();
            (index.len() as u64, index.bytes() as u64)
        };
        PushFigures {
            entries,
            bytes,
            reconnects: known.reconnects.load(Relaxed),
            snapshot_loads: known.snapshot_loads.load(Relaxed),
            staleness_ms: known.word_age().map(|age| age.as_millis() as u64),
        }
    }

    /// All that is denied, for whoever has to announce it anew.
    pub(super) fn live(&self) -> Vec<Denial> {
        self.known.read().live(self.known.clock.now_ms())
    }

    pub(super) fn add(&self, denial: &Denial) {
        self.known.add(denial);
    }

    /// Adds `denial`; answers what is denied by its name then, which may be more.
    pub(super) fn merge(&self, denial: &Denial) -> Denial {
        self.known.add(denial);
        let standing = self.known.read().standing(denial);
        standing.unwrap_or_else(|| denial.clone())
    }

    pub(super) fn sweep(&self) {
        self.known.sweep();
    }
}

impl Known {
    fn new(settings: &RevocationSettings, leeway: Duration, clock: Clock) -> Self {
        Self {
            index: RwLock::default(),
            news: broadcast::Sender::new(NEWS),
            clock,
            leeway,
            staleness: settings.staleness,
            fail: settings.fail,
            started: Instant::now(),
            word_us: AtomicU64::new(0),
            is_told: false,
            reconnects: AtomicU64::new(0),
            snapshot_loads: AtomicU64::new(0),
        }
    }

    /// The server has one thread, so that nobody waits for this lock.
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, denial: &Denial) {
        let is_new = {
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            index.add(denial)
        };
        if is_new {
            // Fails if nobody wants to know.
            let _ = self.news.send(denial.ended());
        }
    }

    pub(super) fn sweep(&self) {
        let kept = self.leeway + KEPT_BEYOND;
        let past_ms = self.clock.now_ms().saturating_sub(millis(kept));
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.sweep(past_ms);
    }

    pub(super) fn word(&self, asked: Instant) {
        let since_start = asked.duration_since(self.started);
        self.word_us
            .store((since_start.as_micros() as u64).max(1), Relaxed);
    }

    pub(super) fn is_current(&self) -> bool {
        self.is_told || (self.word_age()).is_some_and(|age| age <= self.staleness)
    }

    fn word_age(&self) -> Option<Duration> {
        match self.word_us.load(Relaxed) {
            0 => None,
            us => Some(
                self.started
                    .elapsed()
                    .saturating_sub(Duration::from_micros(us)),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(clock: &Clock) -> Denials {
        Denials::told(
            &RevocationSettings::default(),
            Duration::from_secs(5),
            clock.clone(),
        )
    }

    fn of(subject: &str, issued_at_ms: i64) -> Presentation<'_> {
        Presentation {
            id: "j",
            session: None,
            subject,
            client: "app",
            key: None,
            issued_at_ms,
        }
    }

    #[test]
    fn an_account_that_ended_is_denied_until_its_tokens_have_expired() {
        let (clock, time) = Clock::manual(100_000);
        let denials = told(&clock);
        let life = Duration::from_secs(10);
        let ended = Ended::Account {
            name: "u".into(),
            until_ms: 100_000,
        };
        let mut news = denials.subscribe();
        denials.learn(&ended, life);
        denials.learn(&ended, life);
        assert!(denials.covers(&of("u", 100_000)));
        assert!(!denials.covers(&of("u", 100_001)) && !denials.covers(&of("v", 0)));
        assert_eq!(news.try_recv(), Ok(ended));
        assert!(news.try_recv().is_err(), "it is no news the second time");
        // 10 s of life, 5 s of leeway, 1 s to spare, and whole seconds.
        time.advance(Duration::from_secs(15));
        denials.sweep();
        assert_eq!(denials.figures().entries, 1);
        time.advance(Duration::from_secs(2));
        denials.sweep();
        assert_eq!(denials.figures().entries, 0);
    }

    #[test]
    fn knowledge_is_current_for_as_long_as_there_is_word() {
        let (clock, _time) = Clock::manual(0);
        let settings = RevocationSettings {
            staleness: Duration::from_secs(3_600),
            ..RevocationSettings::default()
        };
        let known = Arc::new(Known::new(&settings, Duration::ZERO, clock));
        let denials = Denials {
            known: Arc::clone(&known),
            _follower: None,
        };
        assert_eq!(denials.check_current(), Err(RevocationUnknown::Stale));
        known.word(Instant::now());
        assert_eq!(denials.check_current(), Ok(()));
        let stale = Known {
            staleness: Duration::ZERO,
            started: Instant::now() - Duration::from_secs(1),
            ..Known::new(&settings, Duration::ZERO, Clock::system())
        };
        stale.word(stale.started);
        assert!(stale.word_age().is_some_and(|age| age > stale.staleness));
    }
}
