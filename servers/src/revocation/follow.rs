//! The task that follows the stream of announcements.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::denial::Denial;
use super::denials::Known;
use super::stream::{HISTORY, STREAM};
use crate::store::{Store, StoreError, StreamId, StreamPage, StreamReader};

/// Entries that are read at a time.
const PAGE: usize = 1_000;
/// Pauses between attempts to reconnect: the first and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(100));

/// The task, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Follower(JoinHandle<()>);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Follower {
    /// Follows the stream in `store`, and gathers it in `known`.
    pub(super) fn start(store: &Store, known: Arc<Known>, heartbeat: Duration) -> Self {
        let following = Following {
            known,
            reader: store.stream_reader(STREAM, HISTORY),
            heartbeat,
            history: None,
            after: StreamId::default(),
        };
        Self(tokio::spawn(following.run()))
    }
}

struct Following {
    known: Arc<Known>,
    reader: StreamReader,
    heartbeat: Duration,
    /// The history that is being followed, by the flag of the stream.
    history: Option<Vec<u8>>,
    /// Up to where it has been read.
    after: StreamId,
}

impl Following {
    async fn run(mut self) {
        let mut pause = BACKOFF.0;
        let mut is_cut = false;
        loop {
            let asked = Instant::now();
            // Whoever does not know what has ended asks for what there is, and does not wait for more.
            let wait = match self.known.is_current() {
                true => self.heartbeat,
                false => Duration::ZERO,
            };
            match self.reader.next(self.after, PAGE, wait).await {
                Ok(page) => {
                    if std::mem::take(&mut is_cut) {
                        self.known.reconnects.fetch_add(1, Relaxed);
                    }
                    pause = BACKOFF.0;
                    if !self.take(page, asked) {
                        sleep(BACKOFF.0).await;
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut is_cut, true) {
                        report(&error);
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(BACKOFF.1);
                }
            }
            self.known.sweep();
        }
    }

    /// Takes in what was read; answers whether there is a history to follow.
    ///
    /// What is known is never given up: if the store has lost its data, it holds until the tokens have expired.
    fn take(&mut self, page: StreamPage, asked: Instant) -> bool {
        if page.flag.is_none() {
            // Nothing was ever announced here, or it is lost. Until the authorization server has written anew what it knows,
            // nobody can say what has ended.
            self.history = None;
            return false;
        }
        if page.flag != self.history {
            // Another history: all of it is read, from the beginning. What this page has is read again.
            self.history = page.flag;
            self.after = StreamId::default();
            self.known.snapshot_loads.fetch_add(1, Relaxed);
            return true;
        }
        let is_last_page = page.entries.len() < PAGE;
        for entry in page.entries {
            match Denial::from_json(&entry.value) {
                Some(denial) => self.known.add(&denial),
                None => eprintln!("revocation channel: an entry that is none of ours is ignored"),
            }
            self.after = entry.id;
        }
        // Behind a full page there may be more, which was announced before the question.
        if is_last_page {
            self.known.word(asked);
        }
        true
    }
}

fn report(error: &StoreError) {
    eprintln!("revocation channel: failed to {error}; connecting again");
}
