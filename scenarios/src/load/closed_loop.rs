//! The closed loop: every user sends its next request as soon as the last one is answered.
//!
//! It finds what a target, or this generator, can do at most. It measures no latency that a caller would see: a target that stalls is
//! simply asked less.

use super::attack::{IDLE, Mirrored, VirtualUser};
use super::sender::{Endpoint, Sender, SharedRecorder};
use authbench_reports::recorder::Recorder;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// One target's side of the closed loop: what tells its users to send, and what they record.
pub struct ClosedLoop {
    gate: Arc<Gate>,
    recorder: SharedRecorder,
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
        let (senders, recorder) = Sender::spread(endpoints, connections);
        let users = senders.into_iter().map(|sender| ClosedLoopUser {
            gate: Arc::clone(&gate),
            sender,
        });
        let users = users.collect();
        (Self { gate, recorder }, users)
    }

    /// Lets the users send for `length`, then waits for the last answers.
    pub async fn run(&self, length: Duration) -> ClosedLoopRound {
        let began = Instant::now();
        self.gate.open();
        tokio::time::sleep(length).await;
        self.gate.shut().await;
        ClosedLoopRound {
            wall: began.elapsed(),
            recorder: self.recorder.take().recorder,
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

#[cfg(test)]
mod tests {
    use super::super::answering_server;
    use super::super::requests::RequestPool;
    use super::*;
    use crate::wire::RequestBytes;
    use std::net::SocketAddr;
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;

    const USERS: usize = 4;

    /// Users as goose would run them, until the loop is closed.
    fn start(address: SocketAddr) -> (ClosedLoop, JoinSet<()>) {
        let request = RequestBytes::encode("GET", "/", "test", [], b"").expect("encodes");
        let pool = RequestPool::new(vec![request], Box::new(|status, _| status == 200));
        let (closed_loop, users) = ClosedLoop::new(&[(address.into(), pool)], USERS);
        let mut tasks = JoinSet::new();
        for mut user in users {
            tasks.spawn(async move {
                user.start().await;
                while !user.gate.closed.load(Ordering::Relaxed) {
                    user.turn(3).await;
                }
            });
        }
        (closed_loop, tasks)
    }

    #[tokio::test]
    async fn every_request_falls_into_a_round_and_no_user_outlives_the_loop() {
        let (address, answered) = answering_server::start().await;
        let (closed_loop, tasks) = start(address);
        let mut recorded = 0;
        for _ in 0..2 {
            let round = closed_loop.run(Duration::from_millis(50)).await;
            assert!(round.wall >= Duration::from_millis(50));
            assert_eq!(
                round.recorder.outcomes.total(),
                round.recorder.outcomes.expected
            );
            assert!(
                round.recorder.response.count() > 3 * USERS as u64,
                "several turns each"
            );
            recorded += round.recorder.response.count();
            // Whatever was sent between the rounds would be missing from both.
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert_eq!(recorded, answered.load(Ordering::Relaxed));
        }
        closed_loop.close();
        tasks.join_all().await;
    }

    #[tokio::test]
    async fn a_target_that_is_down_is_not_hammered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has an address");
        drop(listener);
        let (closed_loop, tasks) = start(address);
        let round = closed_loop.run(Duration::from_millis(100)).await;
        let tries = u128::from(round.recorder.outcomes.total());
        let pauses = round.wall.as_nanos() / IDLE.as_nanos();
        assert!(
            tries > 0 && tries <= USERS as u128 * (pauses + 1),
            "{tries}"
        );
        closed_loop.close();
        tasks.join_all().await;
    }
}
