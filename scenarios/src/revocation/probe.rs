//! Asks one enforcement point about one credential, over and over, from its issue until the answer about it is settled.
//!
//! A point that caches begins its entry at the credential's first use. If probing began shortly before the revocation, every entry would
//! be new at the revocation and every lag would be the cache's whole lifetime: so the credential is used all its life, and watched closely
//! around its end.

use crate::flow::PointRequest;
use crate::load::connection::Connection;
use crate::target::{Judgement, Point};
use authbench_reports::revocation::{Acknowledgement, Probe, Verdict};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};

/// Probes are this much rarer from issue until the close watch: they only use the credential, as its owner would.
const USE_SPACING: u32 = 10;
/// Probes are this much rarer once the credential was refused: they only look for it being accepted again.
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
    /// The credential is used from here on.
    pub used_from: Instant,
    /// It is watched closely, at the spacing `every`, from here on.
    pub watched_from: Instant,
    /// The revoking call is not sent before this.
    pub revoke: Instant,
    /// A permit for every point that has answered its first probe. The call waits for all of them, for a refusal means nothing at a
    /// point that was never seen to accept.
    pub first_answers: Arc<Semaphore>,
    /// Intended distance of two probes under close watch.
    pub every: Duration,
    /// The part of a lag that two probes may lie apart, where that is more: a credential that stays in for seconds need not be asked about every
    /// few milliseconds.
    pub resolution: Option<f64>,
    /// How long to go on after the first refusal.
    pub tail: Duration,
    /// Observation ends this long after t0, whatever the answers are.
    pub observe: Duration,
    /// Set once the revoking call has ended.
    pub answered: Arc<OnceLock<Answered>>,
    /// Becomes true when the trial is to be cut short.
    pub cut: watch::Receiver<bool>,
}

impl Watch {
    /// Whether the trial is to be cut short.
    pub fn is_cut(&self) -> bool {
        *self.cut.borrow()
    }

    /// Waits until `moment`; `false`: the trial is cut short.
    pub async fn sleep_until(&self, moment: Instant) -> bool {
        let sleep = tokio::time::sleep_until(moment.into());
        self.unless_cut(sleep).await.is_some()
    }

    /// What `work` gives; `None`: the trial is cut short, before it or meanwhile.
    pub async fn unless_cut<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut cut = self.cut.clone();
        tokio::select! {
            biased;
            Ok(_) = cut.wait_for(|cut| *cut) => None,
            done = work => Some(done).filter(|_| !self.is_cut()),
        }
    }

    /// The first probe, `phase` (0 to 1) of a spacing into its part. A credential that lives only briefly is watched closely at once.
    pub(super) fn first(&self, phase: f64) -> Instant {
        let used = self.used_from + (self.every * USE_SPACING).mul_f64(phase);
        used.min(self.watched_from + self.every.mul_f64(phase))
    }

    /// The probe after the one intended at `last`.
    pub(super) fn next(&self, last: Instant, is_refused: bool) -> Instant {
        if last < self.watched_from {
            (last + self.every * USE_SPACING).min(self.watched_from)
        } else if is_refused {
            last + self.every * TAIL_SPACING
        } else {
            last + self.every.max(self.part_of_the_lag(last))
        }
    }

    fn part_of_the_lag(&self, last: Instant) -> Duration {
        let answered = self.answered.get();
        let lag = answered.map(|answered| last.saturating_duration_since(answered.at));
        let part = self
            .resolution
            .zip(lag)
            .map(|(part, lag)| lag.mul_f64(part));
        part.unwrap_or_default()
    }
}

/// The probes of one point so far, and whether they settle what became of the credential there.
#[derive(Debug, Default)]
pub(super) struct Probes {
    all: Vec<Probe>,
    refused_since: Option<Instant>,
}

impl Probes {
    /// Adds one. Whether it was the last: refused for the tail, observed for long enough, or the revoking call failed.
    pub(super) fn add(
        &mut self,
        watch: &Watch,
        sent: Instant,
        done: Instant,
        verdict: Verdict,
    ) -> bool {
        self.all.push(Probe {
            sent_ns: since(watch.zero, sent),
            done_ns: since(watch.zero, done),
            verdict,
        });
        if self.all.len() == 1 {
            watch.first_answers.add_permits(1);
        }
        if let Some(answered) = watch.answered.get()
            && sent > answered.at
        {
            match verdict {
                Verdict::Refused => _ = self.refused_since.get_or_insert(done),
                Verdict::Accepted => self.refused_since = None,
                Verdict::Gap => {}
            }
        }
        self.are_over(watch, done)
    }

    /// Whether no more are to come, at `now`.
    pub(super) fn are_over(&self, watch: &Watch, now: Instant) -> bool {
        let Some(answered) = watch.answered.get() else {
            return false;
        };
        let settled = self
            .refused_since
            .is_some_and(|since| now.saturating_duration_since(since) >= watch.tail);
        answered.acknowledgement != Acknowledgement::Received
            || settled
            || now > answered.at + watch.observe
    }

    /// What the last one said.
    pub(super) fn last(&self) -> Option<Verdict> {
        self.all.last().map(|probe| probe.verdict)
    }

    pub(super) fn is_refused(&self) -> bool {
        self.refused_since.is_some()
    }

    /// All of them, when the trial is cut short or they are over.
    pub(super) fn end(self, watch: &Watch) -> Vec<Probe> {
        // The call must not wait for a first answer that will not come.
        watch
            .first_answers
            .add_permits(usize::from(self.all.is_empty()));
        self.all
    }
}

/// Probes `point` with `request` until the credential has been refused for the tail, observation ends, or the revoking call failed.
/// `phase` (0 to 1) staggers it against the probes of other trials and points.
///
/// The request is the credential as it was before the event; cookies in answers are ignored. A probe is never sent before the one before
/// it was answered, so a point that hangs widens the interval instead of hiding in a queue.
pub async fn probe(
    connection: &mut Connection,
    point: &Point,
    request: &PointRequest,
    watch: &Watch,
    phase: f64,
) -> Vec<Probe> {
    let mut probes = Probes::default();
    let mut next = watch.first(phase);
    while watch.sleep_until(next).await {
        let (sent, done, verdict) = ask(connection, point, request).await;
        if probes.add(watch, sent, done, verdict) {
            break;
        }
        next = watch.next(next, probes.is_refused()).max(done);
    }
    probes.end(watch)
}

async fn ask(
    connection: &mut Connection,
    point: &Point,
    request: &PointRequest,
) -> (Instant, Instant, Verdict) {
    match connection.exchange(request.bytes.as_bytes()).await {
        Ok(exchange) => {
            let judgement = point.judge(exchange.head.status, connection.response());
            (exchange.sent, exchange.done, verdict(judgement))
        }
        Err(failure) => (failure.sent, Instant::now(), Verdict::Gap),
    }
}

/// What a judgement says about the credential.
pub(crate) fn verdict(judgement: Judgement) -> Verdict {
    match judgement {
        Judgement::Accepted => Verdict::Accepted,
        Judgement::Refused => Verdict::Refused,
        Judgement::Neither | Judgement::Throttled => Verdict::Gap,
    }
}

/// Nanoseconds from `zero` to `moment`; 0 when it lies before.
pub(super) fn since(zero: Instant, moment: Instant) -> u64 {
    u64::try_from(moment.saturating_duration_since(zero).as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_millis(5);

    fn watch(lead: Duration) -> Watch {
        let zero = Instant::now();
        Watch {
            zero,
            used_from: zero,
            watched_from: zero + lead,
            revoke: zero + lead,
            first_answers: Arc::new(Semaphore::new(0)),
            every: EVERY,
            resolution: None,
            tail: Duration::ZERO,
            observe: Duration::ZERO,
            answered: Arc::default(),
            cut: watch::channel(false).1,
        }
    }

    #[test]
    fn the_first_use_comes_soon_after_issue_at_a_phase_of_its_own() {
        let long = watch(Duration::from_secs(1));
        assert_eq!(long.first(0.0), long.zero);
        assert_eq!(long.first(0.5), long.zero + EVERY * 5);
        let brief = watch(Duration::ZERO);
        assert_eq!(brief.first(0.5), brief.zero + EVERY / 2);
    }

    #[test]
    fn use_is_sparse_the_watch_close_and_the_tail_sparse_again() {
        let watch = watch(EVERY * 25);
        let at = |probes: u32| watch.zero + EVERY * probes;
        assert_eq!(watch.next(at(0), false), at(10));
        assert_eq!(
            watch.next(at(20), false),
            at(25),
            "never late for the watch"
        );
        assert_eq!(watch.next(at(25), false), at(26));
        assert_eq!(watch.next(at(30), true), at(34));
    }

    #[test]
    fn probes_lie_a_part_of_the_lag_apart_once_that_is_more() {
        let watch = Watch {
            resolution: Some(0.02),
            ..watch(Duration::ZERO)
        };
        let answered = Answered {
            at: watch.zero,
            acknowledgement: Acknowledgement::Received,
        };
        watch.answered.set(answered).expect("set once");
        let after = |millis| watch.zero + Duration::from_millis(millis);
        assert_eq!(watch.next(after(100), false), after(105));
        assert_eq!(watch.next(after(1000), false), after(1020));
    }
}
