//! One event that ends the credentials of several trials: who has to be there before it is made, and what came of it.

use super::call::Call;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};

/// One event that is made once for several trials. One of them leads: it makes the call when all are ready.
#[derive(Debug)]
pub struct Occurrence {
    number: u32,
    members: u32,
    moment: OnceLock<Instant>,
    ready: Semaphore,
    outcome: watch::Sender<Outcome>,
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Awaited,
    Made(Call),
    GivenUp,
}

/// A trial's part in an occurrence.
#[derive(Clone, Debug)]
pub struct Member {
    /// What it is part of.
    pub of: Arc<Occurrence>,
    /// Whether it makes the call.
    pub leads: bool,
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        (self.of.number, self.leads) == (other.of.number, other.leads)
    }
}

impl Occurrence {
    /// The event's `number`th occurrence, with so many trials.
    #[must_use]
    pub fn new(number: u32, members: u32) -> Arc<Self> {
        Arc::new(Self {
            number,
            members,
            moment: OnceLock::new(),
            ready: Semaphore::new(0),
            outcome: watch::Sender::new(Outcome::Awaited),
        })
    }

    /// Which of its event's occurrences it is, counted from 0.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// When it is meant to be made: `after` whoever asks first.
    pub fn moment(&self, after: Duration) -> Instant {
        *self.moment.get_or_init(|| Instant::now() + after)
    }

    /// One more of its trials has a credential that is in use.
    pub(super) fn one_is_ready(&self) {
        self.ready.add_permits(1);
    }

    /// Waits until all are ready; `false`: it was given up.
    pub(super) async fn all_are_ready(&self) -> bool {
        self.ready.acquire_many(self.members).await.is_ok()
    }

    /// It was made.
    pub(super) fn made(&self, call: Call) {
        self.outcome.send_replace(Outcome::Made(call));
    }

    /// It will not be made: one of its trials has no credential, or the run is to stop.
    pub(super) fn give_up(&self) {
        self.ready.close();
        self.outcome.send_if_modified(|outcome| {
            let is_awaited = matches!(outcome, Outcome::Awaited);
            if is_awaited {
                *outcome = Outcome::GivenUp;
            }
            is_awaited
        });
    }

    /// Waits for the call, as those see it who do not lead; `None`: it was given up.
    pub(super) async fn call(&self) -> Option<Call> {
        let mut outcome = self.outcome.subscribe();
        let known = outcome.wait_for(|outcome| !matches!(outcome, Outcome::Awaited));
        // The sender lives as long as this does.
        match known.await.as_deref() {
            Ok(Outcome::Made(call)) => Some(Call {
                entry: None,
                ..*call
            }),
            Ok(Outcome::Awaited | Outcome::GivenUp) | Err(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn the_call_waits_for_all_and_all_learn_of_it() {
        let occurrence = Occurrence::new(3, 2);
        occurrence.one_is_ready();
        let all = occurrence.all_are_ready();
        tokio::pin!(all);
        assert!((&mut all).now_or_never().is_none());
        occurrence.one_is_ready();
        assert!(all.await);
        let call = Call::of(Instant::now(), Some(7), Ok(None));
        occurrence.made(call);
        occurrence.give_up();
        let seen = occurrence.call().await.expect("made");
        assert_eq!((seen.sent, seen.entry), (call.sent, None));
    }

    #[tokio::test]
    async fn who_waits_for_one_that_is_given_up_waits_no_longer() {
        let occurrence = Occurrence::new(0, 2);
        occurrence.give_up();
        assert!(!occurrence.all_are_ready().await);
        assert!(occurrence.call().await.is_none());
    }

    #[test]
    fn all_members_mean_the_same_moment() {
        let occurrence = Occurrence::new(0, 2);
        let first = occurrence.moment(Duration::from_secs(1));
        assert_eq!(occurrence.moment(Duration::from_secs(9)), first);
    }
}
