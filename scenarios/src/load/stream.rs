//! The open-loop stream: one schedule over several lanes, a lane per target, in rounds.

use super::pacer::{self, LEAD, Timer};
use super::queue::StartQueue;
use super::schedule::Schedule;
use super::sender::{Endpoint, Recorded, Sender, SharedRecorder};
use super::stream_user::StreamUser;
use authbench_reports::recorder::Recorder;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After the last intended start of a round, starts that no user has popped for this long count as unsent.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// One target's side of the stream: its queue and what its users record.
pub struct Lane {
    queue: Arc<StartQueue>,
    recorder: SharedRecorder,
}

impl Lane {
    /// A lane with `connections` users, spread evenly over `endpoints` (at least one). The users of one endpoint share its credentials
    /// out among themselves.
    #[must_use]
    pub fn new(endpoints: &[Endpoint], connections: usize) -> (Self, Vec<StreamUser>) {
        let queue = Arc::new(StartQueue::default());
        let (senders, recorder) = Sender::spread(endpoints, connections);
        let users = senders.into_iter().map(|sender| StreamUser {
            queue: Arc::clone(&queue),
            sender,
        });
        let users = users.collect();
        (Self { queue, recorder }, users)
    }

    /// Ends the lane: its users find nothing more to do. What still waits is dropped.
    pub fn close(&self) {
        self.queue.discard_waiting();
        self.queue.close();
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
    /// How often a connection of the lane had to be made again.
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
    run_round_timed_by(Timer::default(), schedule, lanes).await
}

/// Like [`run_round`], with a timer of the caller's choice.
///
/// # Errors
/// When the operating system refuses a timer.
pub async fn run_round_timed_by(
    timer: Timer,
    schedule: Schedule,
    lanes: &[Lane],
) -> io::Result<StreamRound> {
    let epoch = Instant::now() + LEAD;
    let intended = offer_timed_by(timer, schedule, epoch, lanes).await?;
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
    offer_timed_by(Timer::default(), schedule, epoch, lanes).await
}

async fn offer_timed_by(
    timer: Timer,
    schedule: Schedule,
    epoch: Instant,
    lanes: &[Lane],
) -> io::Result<Vec<u64>> {
    let queues: Vec<_> = lanes.iter().map(|lane| Arc::clone(&lane.queue)).collect();
    pacer::pace(timer, schedule, epoch, &queues).await
}

/// Waits for the last answers; what each lane did with the `intended` starts that were handed out since it last settled.
pub async fn settle(lanes: &[Lane], intended: &[u64]) -> Vec<LaneRound> {
    let limit = Instant::now() + DRAIN_LIMIT;
    let mut rounds = Vec::with_capacity(lanes.len());
    for (lane, intended) in lanes.iter().zip(intended) {
        let unsent = lane.queue.settle_by(limit).await;
        let Recorded {
            recorder,
            reconnects,
        } = lane.recorder.take();
        rounds.push(LaneRound {
            intended: *intended,
            unsent,
            recorder,
            reconnects,
        });
    }
    rounds
}
