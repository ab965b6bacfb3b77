//! Asks one enforcement point about one credential, over and over, from before the revoking call until the answer is settled.

use crate::flow::PointRequest;
use crate::load::connection::Connection;
use crate::target::{Judgement, Point};
use authbench_reports::revocation::{Acknowledgement, Probe, Verdict};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Probes this much rarer once the credential was refused: they only look for it being accepted again.
const TAIL_SPACING: u32 = 4;

/// How the revoking call ended, and when.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// When its answer had been received or it was given up: t0 if acknowledged.
    pub at: Instant,
    /// How it ended.
    pub acknowledgement: Acknowledgement,
}

/// How one trial is watched; shared by the probes of all its points.
#[derive(Clone, Debug)]
pub struct Watch {
    /// When the trial began: zero of its timeline.
    pub zero: Instant,
    /// First probe.
    pub from: Instant,
    /// The revoking call is not sent before this.
    pub revoke: Instant,
    /// A permit for every point that has answered its first probe. The call waits for all of them, for a refusal means nothing at a
    /// point that was never seen to accept.
    pub first_answers: Arc<Semaphore>,
    /// Intended distance of two probes.
    pub every: Duration,
    /// How long to go on after the first refusal.
    pub tail: Duration,
    /// Observation ends this long after t0, whatever the answers are.
    pub observe: Duration,
    /// Set once the revoking call has ended.
    pub answered: Arc<OnceLock<Answered>>,
}

/// Probes `point` with `request` until the credential has been refused for the tail, observation ends, or the revoking call failed.
///
/// The request is the credential as it was before the event; cookies in answers are ignored. A probe is never sent before the one before
/// it was answered, so a point that hangs widens the interval instead of hiding in a queue.
pub async fn probe(
    connection: &mut Connection,
    point: &Point,
    request: &PointRequest,
    watch: &Watch,
) -> Vec<Probe> {
    let mut probes = Vec::new();
    let mut refused_since: Option<Instant> = None;
    let mut next = watch.from;
    loop {
        tokio::time::sleep_until(next.into()).await;
        let (probe, sent, done) = ask(connection, point, request, watch.zero).await;
        probes.push(probe);
        if probes.len() == 1 {
            watch.first_answers.add_permits(1);
        }
        if let Some(answered) = watch.answered.get() {
            if answered.acknowledgement != Acknowledgement::Received {
                return probes;
            }
            if sent > answered.at {
                match probe.verdict {
                    Verdict::Refused => _ = refused_since.get_or_insert(done),
                    Verdict::Accepted => refused_since = None,
                    Verdict::Gap => {}
                }
            }
            let settled =
                refused_since.is_some_and(|since| done.duration_since(since) >= watch.tail);
            if settled || done > answered.at + watch.observe {
                return probes;
            }
        }
        let spacing = if refused_since.is_some() {
            watch.every * TAIL_SPACING
        } else {
            watch.every
        };
        next = (next + spacing).max(done);
    }
}

async fn ask(
    connection: &mut Connection,
    point: &Point,
    request: &PointRequest,
    zero: Instant,
) -> (Probe, Instant, Instant) {
    let (sent, done, verdict) = match connection.exchange(request.bytes.as_bytes()).await {
        Ok(exchange) => {
            let verdict = match point.judge(exchange.head.status, connection.response()) {
                Judgement::Accepted => Verdict::Accepted,
                Judgement::Refused => Verdict::Refused,
                Judgement::Neither => Verdict::Gap,
            };
            (exchange.sent, exchange.done, verdict)
        }
        Err((sent, _)) => (sent, Instant::now(), Verdict::Gap),
    };
    (
        Probe {
            sent_ns: since(zero, sent),
            done_ns: since(zero, done),
            verdict,
        },
        sent,
        done,
    )
}

/// Nanoseconds from `zero` to `moment`; 0 when it lies before.
pub(super) fn since(zero: Instant, moment: Instant) -> u64 {
    u64::try_from(moment.saturating_duration_since(zero).as_nanos()).unwrap_or(u64::MAX)
}
