//! The intended starts of one target, waiting for a free virtual user.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// First in, first out; the pacer pushes, the target's users pop.
///
/// The generator runs on one thread, so the lock is never contended; it is there because goose asks for `Send`.
#[derive(Debug, Default)]
pub struct StartQueue {
    inner: Mutex<Inner>,
    arrived: Notify,
    settled: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<Instant>,
    in_flight: u64,
    closed: bool,
}

impl StartQueue {
    /// Adds an intended start and wakes one user that waits for it.
    pub fn push(&self, intended: Instant) {
        self.lock().waiting.push_back(intended);
        self.arrived.notify_one();
    }

    /// Waits for the next intended start; `None` once the queue is closed. Whoever gets one calls [`Self::finished`] when its
    /// request has been answered or given up.
    pub async fn pop(&self) -> Option<Instant> {
        loop {
            {
                let mut inner = self.lock();
                if let Some(intended) = inner.waiting.pop_front() {
                    inner.in_flight += 1;
                    return Some(intended);
                }
                if inner.closed {
                    return None;
                }
            }
            self.arrived.notified().await;
        }
    }

    /// One popped start is done with.
    pub fn finished(&self) {
        let mut inner = self.lock();
        inner.in_flight -= 1;
        if inner.in_flight == 0 && inner.waiting.is_empty() {
            self.settled.notify_one();
        }
    }

    /// Waits until nothing is waiting or in flight.
    pub async fn settle(&self) {
        while !self.is_settled() {
            self.settled.notified().await;
        }
    }

    /// Waits until nothing is waiting or in flight, or `limit` has passed; how many starts nobody had popped by then: they are taken out, and what is in
    /// flight is waited for. It ends by itself, for every request has a deadline.
    pub async fn settle_by(&self, limit: Instant) -> u64 {
        let settled = tokio::time::timeout_at(limit.into(), self.settle()).await;
        if settled.is_ok() {
            return 0;
        }
        let unsent = self.discard_waiting();
        self.settle().await;
        unsent
    }

    /// Takes out every start that nobody popped; returns how many: they count as unsent.
    pub fn discard_waiting(&self) -> u64 {
        let mut inner = self.lock();
        let discarded = inner.waiting.len() as u64;
        inner.waiting.clear();
        if inner.in_flight == 0 {
            self.settled.notify_one();
        }
        discarded
    }

    /// Lets every pop that finds nothing return `None`.
    pub fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_waiters();
        // A user between its look and its wait would miss the call above; the permit catches one such user, and a
        // current-thread runtime cannot have more.
        self.arrived.notify_one();
    }

    fn is_settled(&self) -> bool {
        let inner = self.lock();
        inner.in_flight == 0 && inner.waiting.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn starts_come_out_in_order_and_settling_waits_for_the_last() {
        let queue = Arc::new(StartQueue::default());
        let (first, second) = (Instant::now(), Instant::now());
        queue.push(first);
        queue.push(second);
        assert_eq!(queue.pop().await, Some(first));
        assert_eq!(queue.pop().await, Some(second));
        queue.finished();
        let settle = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.settle().await }
        });
        tokio::task::yield_now().await;
        assert!(!settle.is_finished());
        queue.finished();
        settle.await.expect("settles");
    }

    #[tokio::test]
    async fn what_is_discarded_counts_and_settles() {
        let queue = StartQueue::default();
        queue.push(Instant::now());
        queue.push(Instant::now());
        assert_eq!(queue.pop().await.map(|_| ()), Some(()));
        assert_eq!(queue.discard_waiting(), 1);
        queue.finished();
        queue.settle().await;
    }

    #[tokio::test]
    async fn closing_wakes_every_waiting_user() {
        let queue = Arc::new(StartQueue::default());
        let users: Vec<_> = (0..8)
            .map(|_| {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move { queue.pop().await })
            })
            .collect();
        tokio::task::yield_now().await;
        queue.close();
        for user in users {
            assert_eq!(user.await.expect("ends"), None);
        }
    }
}
