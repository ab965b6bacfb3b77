//! The open-loop stream: one schedule over several lanes, a lane per target, in rounds.

use super::connection::Connection;
use super::pacer::{self, LEAD};
use super::queue::StartQueue;
use super::requests::{RequestPool, Requests};
use super::schedule::Schedule;
use super::stream_user::{SharedRecorder, StreamUser};
use authbench_reports::recorder::Recorder;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// After the last intended start of a round, starts that no user has popped for this long count as unsent.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// One target's side of the stream: its queue and the recorders of its users.
pub struct Lane {
    queue: Arc<StartQueue>,
    recorders: Vec<SharedRecorder>,
    reconnects: Arc<AtomicU64>,
}

/// Where the users of a lane send their requests: an enforcement point's address and its prebuilt requests.
pub type Endpoint = (SocketAddr, Arc<RequestPool>);

impl Lane {
    /// A lane with `connections` users, spread evenly over `endpoints` (at least one). The users of one endpoint share its credentials
    /// out among themselves.
    #[must_use]
    pub fn new(endpoints: &[Endpoint], connections: usize) -> (Self, Vec<StreamUser>) {
        let queue = Arc::new(StartQueue::default());
        let reconnects = Arc::new(AtomicU64::new(0));
        let users: Vec<StreamUser> = (0..connections)
            .map(|user| {
                let (address, pool) = &endpoints[user % endpoints.len()];
                let share = user / endpoints.len();
                let stride = connections.div_ceil(endpoints.len());
                StreamUser {
                    queue: Arc::clone(&queue),
                    connection: Connection::new(*address),
                    requests: Requests::new(Arc::clone(pool), share, stride),
                    recorder: SharedRecorder::default(),
                    free: Instant::now(),
                    reconnects: Arc::clone(&reconnects),
                }
            })
            .collect();
        let recorders = users
            .iter()
            .map(|user| Arc::clone(&user.recorder))
            .collect();
        let lane = Self {
            queue,
            recorders,
            reconnects,
        };
        (lane, users)
    }

    /// Ends the lane: its users find nothing more to do. What still waits is dropped.
    pub fn close(&self) {
        self.queue.discard_waiting();
        self.queue.close();
    }

    /// All samples since the last call, merged.
    fn collect(&self) -> Recorder {
        let mut merged = Recorder::default();
        for shared in &self.recorders {
            let mut recorder = shared.lock().unwrap_or_else(PoisonError::into_inner);
            merged.merge(&recorder);
            recorder.clear();
        }
        merged
    }

    /// Waits for the last answer; returns how many starts stayed unsent.
    async fn drain(&self, limit: Instant) -> u64 {
        if tokio::time::timeout_at(limit.into(), self.queue.settle())
            .await
            .is_ok()
        {
            return 0;
        }
        let unsent = self.queue.discard_waiting();
        // What is in flight ends by itself, at the latest at the request deadline.
        self.queue.settle().await;
        unsent
    }
}

/// What one lane did in a round.
#[derive(Debug)]
pub struct LaneRound {
    /// Intended starts that fell to it.
    pub intended: u64,
    /// Those that were never sent.
    pub unsent: u64,
    /// The samples of the others.
    pub recorder: Recorder,
    /// Connections that had to be made again: the target had closed or broken them.
    pub reconnects: u64,
}

/// What happened in a round.
#[derive(Debug)]
pub struct StreamRound {
    /// First intended start to the last answer.
    pub wall: Duration,
    /// One per lane, in order.
    pub lanes: Vec<LaneRound>,
}

/// Runs `schedule` over `lanes` to the last answer.
///
/// # Errors
/// When the operating system refuses a timer.
pub async fn run_round(schedule: Schedule, lanes: &[Lane]) -> io::Result<StreamRound> {
    let epoch = Instant::now() + LEAD;
    let intended = offer(schedule, epoch, lanes).await?;
    let lanes = settle(lanes, &intended).await;
    Ok(StreamRound {
        wall: epoch.elapsed(),
        lanes,
    })
}

/// Hands out the starts of `schedule`, the first at `epoch`, and waits for no answer, so that schedules can follow each other without a
/// gap; how many fell to each lane.
///
/// # Errors
/// When the operating system refuses a timer.
pub async fn offer(schedule: Schedule, epoch: Instant, lanes: &[Lane]) -> io::Result<Vec<u64>> {
    let queues: Vec<_> = lanes.iter().map(|lane| Arc::clone(&lane.queue)).collect();
    pacer::pace(schedule, epoch, &queues).await
}

/// Waits for the last answers; what each lane did with the `intended` starts that were handed out since it last settled.
pub async fn settle(lanes: &[Lane], intended: &[u64]) -> Vec<LaneRound> {
    let limit = Instant::now() + DRAIN_LIMIT;
    let mut rounds = Vec::with_capacity(lanes.len());
    for (lane, intended) in lanes.iter().zip(intended) {
        let unsent = lane.drain(limit).await;
        rounds.push(LaneRound {
            intended: *intended,
            unsent,
            recorder: lane.collect(),
            reconnects: lane.reconnects.swap(0, Ordering::Relaxed),
        });
    }
    rounds
}
