//! What every virtual user of the load engine has: a connection, requests to send on it, and a recorder for what came of them.

use super::connection::{Connection, Exchange, ExchangeError, Unanswered};
use super::requests::{RequestPool, Requests};
use crate::transport::Peer;
use crate::wire::RequestBytes;
use authbench_reports::recorder::{Outcome, Recorder, Sample};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Where users send their requests: an enforcement point's server and its prebuilt requests.
pub type Endpoint = (Peer, Arc<RequestPool>);

/// What the users of one lane record, all into the same histograms: they run on one thread, so the lock is never contended, and one
/// set of histograms stays in the processor's cache where one for each of 64 users does not.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedRecorder(Arc<Mutex<Recorded>>);

/// What the users of one lane recorded.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// Every sample.
    pub(super) recorder: Recorder,
    /// How often one of them had to connect again.
    pub(super) reconnects: u64,
}

impl SharedRecorder {
    fn record(&self, sample: &Sample) {
        self.lock().recorder.record(sample);
    }

    fn reconnected(&self) {
        self.lock().reconnects += 1;
    }

    /// All since the last call.
    pub(super) fn take(&self) -> Recorded {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection to one enforcement point, and the requests sent there.
pub struct Sender {
    connection: Connection,
    requests: Requests,
    recorder: SharedRecorder,
    free: Instant,
}

impl Sender {
    /// `connections` senders, spread evenly over `endpoints` (at least one). The senders of one endpoint share its credentials out
    /// among themselves. With them, the recorder of them all.
    pub(super) fn spread(
        endpoints: &[Endpoint],
        connections: usize,
    ) -> (Vec<Self>, SharedRecorder) {
        let recorder = SharedRecorder::default();
        let stride = connections.div_ceil(endpoints.len());
        let senders = (0..connections)
            .map(|number| {
                let (peer, pool) = &endpoints[number % endpoints.len()];
                Self {
                    connection: Connection::new(peer.clone()),
                    requests: Requests::new(Arc::clone(pool), number / endpoints.len(), stride),
                    recorder: recorder.clone(),
                    free: Instant::now(),
                }
            })
            .collect();
        (senders, recorder)
    }

    /// Connects, so that the first request does not have to. A failure shows in that request's outcome; there is nobody to tell here.
    pub(super) async fn start(&mut self) {
        let _ = self.connection.connect().await;
        self.free = Instant::now();
    }

    /// When its last request was done, or it had a new connection.
    pub(super) fn free(&self) -> Instant {
        self.free
    }

    /// Sends the next request, for the start intended at `intended`, waits for its answer and records it. Call [`Self::recover`]
    /// before the next one.
    pub(super) async fn send(&mut self, intended: Instant) -> Sample {
        let request = self.requests.take();
        let bytes = request.as_bytes();
        let answer = self.connection.exchange(bytes).await;
        let (sample, connected) = match answer {
            Ok(exchange) => (
                self.answered(intended, &request, &exchange),
                exchange.connected,
            ),
            Err(unanswered) => (
                self.unanswered(intended, bytes.len(), &unanswered),
                unanswered.connected,
            ),
        };
        if connected.is_some() {
            self.recorder.reconnected();
        }
        self.free = sample.done;
        self.recorder.record(&sample);
        sample
    }

    /// Makes a new connection if the last one was closed; whether there is one. A sender whose connection was closed is free once it
    /// has a new one: the target closed it, so the time is connection wait and not the generator's lag.
    pub(super) async fn recover(&mut self) -> bool {
        if self.connection.is_connected() {
            return true;
        }
        let connected = self.connection.connect().await.is_ok();
        if connected {
            self.recorder.reconnected();
        }
        self.free = Instant::now();
        connected
    }

    fn answered(
        &self,
        intended: Instant,
        request: &Arc<RequestBytes>,
        exchange: &Exchange,
    ) -> Sample {
        let status = exchange.head.status;
        let expected = self.requests.expected(status, self.connection.response());
        if exchange.head.sets_cookie {
            self.requests.adopt(request, self.connection.response());
        }
        Sample {
            intended,
            free: exchange.connected.unwrap_or(self.free),
            sent: exchange.sent,
            done: exchange.done,
            outcome: if expected {
                Outcome::Expected
            } else {
                Outcome::Unexpected(status)
            },
            bytes_sent: request.as_bytes().len() as u32,
            bytes_received: exchange.head.wire_bytes as u32,
        }
    }

    fn unanswered(&self, intended: Instant, bytes_sent: usize, failure: &Unanswered) -> Sample {
        Sample {
            intended,
            free: failure.connected.unwrap_or(self.free),
            sent: failure.sent,
            done: Instant::now(),
            outcome: match failure.error {
                ExchangeError::TimedOut => Outcome::TimedOut,
                _ => Outcome::Broken,
            },
            bytes_sent: bytes_sent as u32,
            bytes_received: 0,
        }
    }
}
