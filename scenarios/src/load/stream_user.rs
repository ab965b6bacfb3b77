//! A virtual user of the open-loop stream: pops an intended start, sends one request, records it.

use super::attack::{IDLE, Mirrored, VirtualUser};
use super::connection::{Connection, Exchange, ExchangeError};
use super::queue::StartQueue;
use super::requests::Requests;
use authbench_reports::recorder::{Outcome, Recorder, Sample};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The recorder of one user, shared with whoever collects it between rounds. Never contended: one thread, and nothing is in flight
/// while it is collected.
pub type SharedRecorder = Arc<Mutex<Recorder>>;

/// One user with one connection to one enforcement point of one target.
pub struct StreamUser {
    /// Where its intended starts come from.
    pub queue: Arc<StartQueue>,
    /// Its connection.
    pub connection: Connection,
    /// The requests it sends in turn, one per credential.
    pub requests: Requests,
    /// Where its samples go.
    pub recorder: SharedRecorder,
    /// When its last request was done.
    pub free: Instant,
    /// How often this and the other users of its lane had to connect again.
    pub reconnects: Arc<AtomicU64>,
}

impl VirtualUser for StreamUser {
    async fn start(&mut self) {
        // A failure shows in the first request's outcome; there is nobody to tell here.
        let _ = self.connection.connect().await;
        self.free = Instant::now();
    }

    async fn turn(&mut self) -> Option<Mirrored> {
        let Some(intended) = self.queue.pop().await else {
            tokio::time::sleep(IDLE).await;
            return None;
        };
        let sample = self.send(intended).await;
        self.recorder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .record(&sample);
        self.queue.finished();
        self.free = self.free_again(sample.done).await;
        Some(mirrored(&sample))
    }
}

impl StreamUser {
    /// A user whose connection was closed is free once it has a new one: the target closed it, so the time is connection wait and
    /// not the generator's lag.
    async fn free_again(&mut self, done: Instant) -> Instant {
        if self.connection.is_connected() {
            return done;
        }
        if self.connection.connect().await.is_ok() {
            self.reconnects.fetch_add(1, Ordering::Relaxed);
        }
        Instant::now()
    }

    /// A connection that is made only now was closed by the target, so that time, too, is connection wait.
    async fn exchange(&mut self, request: &[u8]) -> Result<Exchange, (Instant, ExchangeError)> {
        let began = Instant::now();
        match self.connection.connect().await {
            Ok(true) => {
                self.free = Instant::now();
                self.reconnects.fetch_add(1, Ordering::Relaxed);
            }
            Ok(false) => {}
            Err(error) => return Err((began, error)),
        }
        self.connection.exchange(request).await
    }

    async fn send(&mut self, intended: Instant) -> Sample {
        let request = self.requests.take();
        let bytes = request.as_bytes();
        let answer = self.exchange(bytes).await;
        let mut sample = Sample {
            intended,
            free: self.free,
            sent: intended,
            done: intended,
            outcome: Outcome::Expected,
            bytes_sent: bytes.len() as u32,
            bytes_received: 0,
        };
        match answer {
            Ok(exchange) => {
                sample.sent = exchange.sent;
                sample.done = exchange.done;
                sample.bytes_received = exchange.head.wire_bytes as u32;
                if !self
                    .requests
                    .expected(exchange.head.status, self.connection.response())
                {
                    sample.outcome = Outcome::Unexpected(exchange.head.status);
                }
            }
            Err((sent, error)) => {
                sample.sent = sent;
                sample.done = Instant::now();
                sample.outcome = match error {
                    ExchangeError::TimedOut => Outcome::TimedOut,
                    _ => Outcome::Broken,
                };
            }
        }
        sample
    }
}

fn mirrored(sample: &Sample) -> Mirrored {
    let (expected, status) = match sample.outcome {
        Outcome::Expected => (true, Some(200)),
        Outcome::Unexpected(status) => (false, Some(status)),
        Outcome::TimedOut | Outcome::Broken => (false, None),
    };
    Mirrored {
        response_time: sample.response_time(),
        expected,
        status,
    }
}
