//! Remembering for a while what was found out about a credential: fewer round trips, paid with
//! revocation lag.

use std::future::Future;
use std::time::Duration;

use quick_cache::sync::Cache;

use crate::clock::{Clock, millis};
use crate::secret::Fingerprint;

/// Answers kept at most. Past it those go that were used least.
const CAPACITY: usize = 100_000;

/// What was found out about credentials, each for at most a fixed time.
///
/// The time counts *from the moment of asking*: an answer that took 50 ms is 50 ms old when it
/// comes. Concurrent questions about one credential share one round trip, so that nobody stampedes
/// when an answer has grown too old.
#[derive(Debug)]
pub struct Remembered<A> {
    clock: Clock,
    ttl_ms: i64,
    // By the whole SHA-256: a shorter or weaker key would let one credential answer for another.
    answers: Cache<Fingerprint, Entry<A>>,
}

/// How long an answer may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// For the fixed time, but never past this moment (Unix milliseconds).
    Until(i64),
    /// Not at all: those get it who are waiting for it, and nobody else.
    No,
}

#[derive(Clone, Debug)]
struct Entry<A> {
    answer: A,
    usable_until_ms: i64,
}

impl<A: Clone> Remembered<A> {
    /// Remembers for `ttl`; `None` if that is less than a millisecond: nothing is remembered then,
    /// and joining a question that was asked earlier would be remembering too.
    pub fn new(clock: Clock, ttl: Duration) -> Option<Self> {
        let ttl_ms = millis(ttl);
        (ttl_ms > 0).then(|| Self {
            clock,
            ttl_ms,
            answers: Cache::new(CAPACITY),
        })
    }

    /// The answer about `credential` that is remembered, or what `asking` gives; `keep` says for
    /// how long that may be used. An error is nobody's answer: whoever waits asks next, so bound
    /// the time that this may take.
    pub async fn answer<E>(
        &self,
        credential: &Fingerprint,
        asking: impl Future<Output = Result<A, E>>,
        keep: impl FnOnce(&A) -> Keep,
    ) -> Result<A, E> {
        loop {
            match self.answers.get_value_or_guard_async(credential).await {
                Ok(found) if self.clock.now_ms() < found.usable_until_ms => return Ok(found.answer),
                Ok(_) => self.forget_if_too_old(credential),
                Err(mine_to_ask) => {
                    let asked_ms = self.clock.now_ms();
                    let answer = asking.await?;
                    let keep = keep(&answer);
                    // It fails only if the entry was forgotten or evicted meanwhile, which costs one
                    // more question.
                    let _ = mine_to_ask.insert(Entry {
                        answer: answer.clone(),
                        usable_until_ms: self.usable_until_ms(asked_ms, keep),
                    });
                    if keep == Keep::No {
                        self.forget(credential);
                    }
                    return Ok(answer);
                }
            }
        }
    }

    /// Forgets what is known of `credential`. An answer that is on its way will not be remembered.
    pub fn forget(&self, credential: &Fingerprint) {
        self.answers.remove(credential);
    }

    /// Conditional: somebody may have put a newer answer there by now.
    fn forget_if_too_old(&self, credential: &Fingerprint) {
        let now_ms = self.clock.now_ms();
        self.answers
            .remove_if(credential, |entry| now_ms >= entry.usable_until_ms);
    }

    fn usable_until_ms(&self, asked_ms: i64, keep: Keep) -> i64 {
        match keep {
            Keep::Until(end_ms) => asked_ms.saturating_add(self.ttl_ms).min(end_ms),
            // Those who wait get it however late they wake up.
            Keep::No => i64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use tokio::sync::Notify;

    const START_MS: i64 = 10_000;

    fn remembered(ttl_ms: u64) -> (Remembered<u32>, crate::clock::ManualTime) {
        let (clock, time) = Clock::manual(START_MS);
        let remembered = Remembered::new(clock, Duration::from_millis(ttl_ms)).expect("a time");
        (remembered, time)
    }

    async fn ask(remembered: &Remembered<u32>, answer: u32, keep: Keep) -> u32 {
        let asking = async { Ok::<_, Infallible>(answer) };
        let Ok(answer) = remembered
            .answer(&Fingerprint::of("c"), asking, |_| keep)
            .await;
        answer
    }

    #[tokio::test]
    async fn an_answer_is_used_for_its_time_and_never_past_its_end() {
        let (remembered, time) = remembered(2_000);
        assert_eq!(ask(&remembered, 1, Keep::Until(i64::MAX)).await, 1);
        time.advance(Duration::from_millis(1_999));
        assert_eq!(ask(&remembered, 2, Keep::Until(i64::MAX)).await, 1);
        time.advance(Duration::from_millis(1));
        assert_eq!(ask(&remembered, 2, Keep::Until(START_MS + 2_500)).await, 2);
        time.advance(Duration::from_millis(499));
        assert_eq!(ask(&remembered, 3, Keep::No).await, 2);
        time.advance(Duration::from_millis(1));
        assert_eq!(ask(&remembered, 3, Keep::No).await, 3);
        assert_eq!(ask(&remembered, 4, Keep::No).await, 4);
    }

    #[tokio::test]
    async fn the_time_counts_from_the_question() {
        let (remembered, time) = remembered(2_000);
        let slow = async {
            time.advance(Duration::from_millis(1_500));
            Ok::<_, Infallible>(1)
        };
        let credential = Fingerprint::of("c");
        let answered = remembered.answer(&credential, slow, |_| Keep::Until(i64::MAX));
        assert_eq!(answered.await, Ok(1));
        time.advance(Duration::from_millis(500));
        assert_eq!(ask(&remembered, 2, Keep::No).await, 2);
    }

    #[tokio::test]
    async fn those_who_wait_share_one_question_even_if_nothing_is_kept() {
        let (remembered, _time) = remembered(2_000);
        let (remembered, go) = (Arc::new(remembered), Arc::new(Notify::new()));
        let asked = Arc::new(AtomicUsize::new(0));
        let waiting: Vec<_> = (0..100)
            .map(|_| {
                let (remembered, go, asked) =
                    (Arc::clone(&remembered), Arc::clone(&go), Arc::clone(&asked));
                tokio::spawn(async move {
                    let asking = async {
                        asked.fetch_add(1, SeqCst);
                        go.notified().await;
                        Ok::<_, Infallible>(7)
                    };
                    remembered
                        .answer(&Fingerprint::of("c"), asking, |_| Keep::No)
                        .await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        go.notify_one();
        for answer in waiting {
            assert_eq!(answer.await.expect("no panic"), Ok(7));
        }
        assert_eq!(asked.load(SeqCst), 1);
    }

    #[tokio::test]
    async fn an_answer_that_was_on_its_way_when_it_was_to_be_forgotten_is_not_kept() {
        let (remembered, _time) = remembered(2_000);
        let credential = Fingerprint::of("c");
        let overtaken = async {
            remembered.forget(&credential);
            Ok::<_, Infallible>(1)
        };
        let answered = remembered.answer(&credential, overtaken, |_| Keep::Until(i64::MAX));
        assert_eq!(answered.await, Ok(1));
        assert_eq!(ask(&remembered, 2, Keep::No).await, 2);
    }

    #[test]
    fn no_time_is_no_memory() {
        let (clock, _time) = Clock::manual(START_MS);
        assert!(Remembered::<u32>::new(clock, Duration::ZERO).is_none());
    }
}
