//! The closed loop: every user sends its next request as soon as the last one is answered.
//!
//! It finds what a target, or this generator, can do at most. It measures no latency that a caller would see: a target that stalls is
//! simply asked less.

use super::attack::{IDLE, Mirrored, VirtualUser};
use super::sender::{Endpoint, Sender, SharedRecorder};
use super::stream::collect;
use authbench_reports::recorder::Recorder;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// One target's side of the closed loop: what tells its users to send, and their recorders.
pub struct ClosedLoop {
    gate: Arc<Gate>,
    recorders: Vec<SharedRecorder>,
}

/// What happened in a round.
#[derive(Debug)]
pub struct ClosedLoopRound {
    /// From the opening to the last answer.
    pub wall: Duration,
    /// The samples: their intended start is the moment their user was free.
    pub recorder: Recorder,
}

impl ClosedLoop {
    /// A loop of `connections` users, spread evenly over `endpoints` (at least one). They wait for a round.
    #[must_use]
    pub fn new(endpoints: &[Endpoint], connections: usize) -> (Self, Vec<ClosedLoopUser>) {
        let gate = Arc::new(Gate::default());
        let (senders, recorders) = Sender::spread(endpoints, connections);
        let users = senders.into_iter().map(|sender| ClosedLoopUser {
            gate: Arc::clone(&gate),
            sender,
        });
        let users = users.collect();
        (Self { gate, recorders }, users)
    }

    /// Lets the users send for `length`, then waits for the last answers.
    pub async fn run(&self, length: Duration) -> ClosedLoopRound {
        let began = Instant::now();
        self.gate.open();
        tokio::time::sleep(length).await;
        self.gate.shut().await;
        ClosedLoopRound {
            wall: began.elapsed(),
            recorder: collect(&self.recorders),
        }
    }

    /// Ends the loop: its users find nothing more to do.
    pub fn close(&self) {
        self.gate.close();
    }
}

/// One user with one connection to one enforcement point.
pub struct ClosedLoopUser {
    gate: Arc<Gate>,
    sender: Sender,
}

impl VirtualUser for ClosedLoopUser {
    async fn start(&mut self) {
        self.sender.start().await;
    }

    async fn turn(&mut self, limit: u32) -> Option<Mirrored> {
        if !self.gate.wait().await {
            tokio::time::sleep(IDLE).await;
            return None;
        }
        self.gate.enter();
        // It was the closed gate that kept this user waiting, not the target and not the generator.
        let mut intended = Instant::now();
        let mut last = None;
        for _ in 0..limit {
            let sample = self.sender.send(intended).await;
            last = Some(Mirrored::from(&sample));
            if !self.sender.recover().await {
                // A refused connection comes back at once: without a pause this user would spin, and starve the others.
                tokio::time::sleep(IDLE).await;
            }
            if !self.gate.is_open() {
                break;
            }
            intended = self.sender.free();
        }
        self.gate.leave();
        last
    }
}

/// When the users may send, and how many of them are at it.
#[derive(Debug, Default)]
struct Gate {
    open: AtomicBool,
    closed: AtomicBool,
    busy: AtomicUsize,
    changed: Notify,
    settled: Notify,
}

impl Gate {
    fn open(&self) {
        self.open.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Returns when every user has noticed.
    async fn shut(&self) {
        self.open.store(false, Ordering::Relaxed);
        while self.busy.load(Ordering::Relaxed) > 0 {
            self.settled.notified().await;
        }
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Waits until the gate is open; false once there is nothing more to wait for.
    async fn wait(&self) -> bool {
        loop {
            // Asked for before looking: a change between the look and the wait is not missed.
            let changed = self.changed.notified();
            if self.is_open() || self.closed.load(Ordering::Relaxed) {
                return self.is_open();
            }
            changed.await;
        }
    }

    fn enter(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    fn leave(&self) {
        if self.busy.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.settled.notify_one();
        }
    }
}
