//! A timer that is precise to tens of microseconds.
//!
//! The runtime's timer rounds up to a millisecond, which is a fifth of a delay of 5 ms. A thread of its own sleeps until the
//! next due moment and wakes what waits for it. It does not spin: CPU that it burnt would be taken for the server's.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::oneshot;

/// Wakes futures at given moments. Dropping it ends its thread.
#[derive(Debug)]
pub(super) struct Timer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    due: BinaryHeap<Reverse<Due>>,
    pushed: u64,
    stopped: bool,
}

/// Ordered by moment, then by arrival: the derived order looks at the first two members only, which never tie.
#[derive(Debug)]
struct Due {
    at: Instant,
    number: u64,
    wake: oneshot::Sender<()>,
}

impl Timer {
    /// Starts the thread.
    pub(super) fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("truth-timer".into())
            .spawn(move || theirs.run())?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Waits until `at`; never ends before it.
    pub(super) async fn until(&self, at: Instant) {
        if at <= Instant::now() {
            return;
        }
        let (wake, woken) = oneshot::channel();
        self.shared.push(at, wake);
        if woken.await.is_err() {
            // The timer is gone, and so is soon the server: an answer must not leave early even then.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked with anything left to do about it.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn push(&self, at: Instant, wake: oneshot::Sender<()>) {
        let mut queue = self.lock();
        queue.pushed += 1;
        let number = queue.pushed;
        queue.due.push(Reverse(Due { at, number, wake }));
        let is_next = queue.due.peek().is_some_and(|next| next.0.number == number);
        drop(queue);
        if is_next {
            self.changed.notify_one();
        }
    }

    fn run(&self) {
        allow_no_slack();
        let mut queue = self.lock();
        while !queue.stopped {
            let now = Instant::now();
            queue = match queue.wake_until(now) {
                None => self.changed.wait(queue),
                Some(next) => self
                    .changed
                    .wait_timeout(queue, next.duration_since(now))
                    .map(|(queue, _)| queue)
                    .map_err(|poisoned| PoisonError::new(poisoned.into_inner().0)),
            }
            .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Wakes what is due at `now`; the next due moment.
    fn wake_until(&mut self, now: Instant) -> Option<Instant> {
        loop {
            let next = self.due.peek()?.0.at;
            if next > now {
                return Some(next);
            }
            if let Some(Reverse(due)) = self.due.pop() {
                // Whoever waited may have gone, with its connection.
                let _ = due.wake.send(());
            }
        }
    }
}

/// Lets the kernel wake this thread on time: by default it may do so 50 µs late, to save power.
fn allow_no_slack() {
    // A refusal costs precision only, and what was really held is measured.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_timerslack(1);
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Due {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn what_is_due_first_is_woken_first_and_nothing_early() {
        let timer = Timer::start().expect("a thread");
        let epoch = Instant::now();
        let woken = Mutex::new(Vec::new());
        let sleep = async |millis: u64| {
            let at = epoch + Duration::from_millis(millis);
            timer.until(at).await;
            assert!(Instant::now() >= at);
            woken.lock().expect("not poisoned").push(millis);
        };
        tokio::join!(sleep(60), sleep(5), sleep(0), sleep(30), sleep(90));
        assert_eq!(
            woken.into_inner().expect("not poisoned"),
            [0, 5, 30, 60, 90]
        );
    }

    #[tokio::test]
    async fn waits_that_were_given_up_do_no_harm() {
        let timer = Timer::start().expect("a thread");
        let soon = Instant::now() + Duration::from_millis(300);
        let given_up = tokio::time::timeout(Duration::ZERO, timer.until(soon)).await;
        assert!(given_up.is_err());
        timer.until(soon + Duration::from_millis(5)).await;
    }
}
