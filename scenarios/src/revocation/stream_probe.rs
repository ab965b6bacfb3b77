//! Keeps an answer open that goes on, such as an event stream, and notes what arrives for how long.
//!
//! Whatever arrives is an acceptance: the point still serves the caller. When it was sent is not known, but that it was after everything before
//! it had been read; so that is when it counts as sent, and it may be said of it that it was sent after t0. The end of the answer is a refusal, and
//! stays one. Silence says nothing: the next thing may still come.

use super::probe::{Probes, Watch, verdict};
use crate::flow::PointRequest;
use crate::load::open_answer::{Arrival, OpenAnswer};
use crate::target::Point;
use authbench_reports::revocation::{Probe, Verdict};
use std::time::{Duration, Instant};

/// Silence for this long is a gap.
const SILENCE: Duration = Duration::from_secs(1);
/// How often it is looked whether the trial is over meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// Opens the answer of `point` to `request` and reads it until it has been over for the tail, observation ends, or the revoking call failed.
/// `phase` (0 to 1): as for other probes.
pub async fn probe_stream(
    point: &Point,
    request: &PointRequest,
    watch: &Watch,
    phase: f64,
) -> Vec<Probe> {
    let mut probes = Probes::default();
    if watch.sleep_until(watch.first(phase)).await
        && let Some(answer) = open(point, request, watch, &mut probes).await
    {
        read(answer, watch, &mut probes).await;
    }
    if !watch.is_cut() {
        stays_over(watch, &mut probes).await;
    }
    probes.end(watch)
}

/// `None`: refused, or no answer; the trial has its probe.
async fn open(
    point: &Point,
    request: &PointRequest,
    watch: &Watch,
    probes: &mut Probes,
) -> Option<OpenAnswer> {
    let began = Instant::now();
    let opening = OpenAnswer::open(&request.peer, request.bytes.as_bytes());
    let Ok(answer) = watch.unless_cut(opening).await? else {
        probes.add(watch, began, Instant::now(), Verdict::Gap);
        return None;
    };
    let verdict = verdict(point.judge(answer.status, answer.head()));
    probes.add(watch, answer.sent, answer.opened, verdict);
    Some(answer).filter(|_| verdict == Verdict::Accepted)
}

async fn read(mut answer: OpenAnswer, watch: &Watch, probes: &mut Probes) {
    let mut heard = answer.opened;
    while let Some(arrival) = watch.unless_cut(answer.arrival(LOOK)).await {
        let now = Instant::now();
        let is_over = match arrival {
            Arrival::Content => {
                let sent = std::mem::replace(&mut heard, now);
                probes.add(watch, sent, now, Verdict::Accepted)
            }
            Arrival::End => {
                probes.add(watch, now, now, Verdict::Refused);
                return;
            }
            Arrival::Silence if now.duration_since(heard) >= SILENCE => {
                let sent = std::mem::replace(&mut heard, now);
                probes.add(watch, sent, now, Verdict::Gap)
            }
            Arrival::Silence => probes.are_over(watch, now),
        };
        if is_over {
            return;
        }
    }
}

/// Nothing more can come of an answer that is over, or never was: which is seen as often as a probe would see it.
async fn stays_over(watch: &Watch, probes: &mut Probes) {
    let verdict = probes.last().unwrap_or(Verdict::Gap);
    let mut next = Instant::now();
    while !probes.are_over(watch, next) && verdict != Verdict::Accepted {
        next = watch.next(next, probes.is_refused());
        if !watch.sleep_until(next).await {
            return;
        }
        let now = Instant::now();
        probes.add(watch, now, now, verdict);
    }
}
