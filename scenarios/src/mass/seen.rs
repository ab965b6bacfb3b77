//! What is known of one credential: what a probe or its account's call says about it.

use authbench_reports::revocation::{Acknowledgement, Verdict};
use std::time::{Duration, Instant};

/// What was seen of one credential.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// When its call was sent.
    pub(super) requested: Option<Instant>,
    /// How the call ended, and when.
    pub(super) called: Option<Called>,
    /// The last answer before the call that said something, and when its request was sent.
    pub(super) before: Option<(Instant, Verdict)>,
    /// The last request that was sent while the call was under way and accepted. Where the call is a command, that may have been after the
    /// acknowledgement.
    accepted_meanwhile: Option<Instant>,
    /// The last request that was sent after the acknowledgement, or perhaps after it, and accepted.
    pub(super) last_accepted: Option<Instant>,
    /// The first refusal after that.
    pub(super) refused: Option<Instant>,
    /// Whether it was asked about once more after that.
    pub(super) is_asked_again: bool,
    /// Whether a probe of it is under way.
    pub(super) is_asked: bool,
    pub(super) flaps: u64,
    pub(super) gaps: u64,
    pub(super) is_refused_early: bool,
}

/// The end of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called {
    pub(super) acknowledgement: Acknowledgement,
    /// When its answer had been received, or it was given up.
    pub(super) at: Instant,
    /// Where it is a command: its start, from which on it may have been acknowledged.
    pub(super) from: Option<Instant>,
}

impl Seen {
    /// When the event was acknowledged; `None` while it was not.
    pub(super) fn acknowledged(&self) -> Option<Instant> {
        let called = self.called.as_ref();
        let received = called.filter(|called| called.acknowledgement == Acknowledgement::Received);
        received.map(|called| called.at)
    }

    /// Whether it is acknowledged and not seen to be out.
    pub(super) fn is_watched(&self) -> bool {
        self.acknowledged().is_some() && self.refused.is_none()
    }

    /// Whether it was seen to be accepted before the call, and not longer before it than `fresh_for`: it may have expired since.
    pub(super) fn was_in(&self, fresh_for: Duration) -> bool {
        let Some((at, Verdict::Accepted)) = self.before else {
            return false;
        };
        self.requested
            .is_none_or(|requested| requested.saturating_duration_since(at) <= fresh_for)
    }

    /// The call has ended; `sent`: when it was sent, if it was.
    pub(super) fn has_called(&mut self, sent: Option<Instant>, called: Called) {
        self.requested = sent.or(self.requested);
        self.called = Some(called);
        self.take_meanwhile();
    }

    /// What a probe that was sent and answered at these moments says.
    pub(super) fn take(&mut self, sent: Instant, done: Instant, verdict: Verdict) {
        self.is_asked = false;
        if verdict == Verdict::Gap {
            self.gaps += 1;
        } else if self.acknowledged().is_some_and(|at| sent > at) {
            self.take_after(sent, done, verdict);
        } else if self.is_before(sent, done, verdict) {
            self.is_refused_early |= verdict == Verdict::Refused;
            self.before = Some((sent, verdict));
        } else if verdict == Verdict::Accepted {
            self.accepted_meanwhile = self.accepted_meanwhile.max(Some(sent));
            self.take_meanwhile();
        }
    }

    fn take_meanwhile(&mut self) {
        let from = self.called.and_then(|called| called.from);
        let meanwhile = self.accepted_meanwhile;
        if from.is_some_and(|from| meanwhile.is_some_and(|sent| sent > from)) {
            self.last_accepted = self.last_accepted.max(meanwhile);
        }
    }

    fn take_after(&mut self, sent: Instant, done: Instant, verdict: Verdict) {
        if self.refused.is_some_and(|refused| sent > refused) {
            self.is_asked_again = true;
        }
        match verdict {
            Verdict::Accepted => {
                self.last_accepted = self.last_accepted.max(Some(sent));
                // It is in again, whatever was said before.
                if self.refused.take_if(|refused| sent > *refused).is_some() {
                    self.flaps += 1;
                    self.is_asked_again = false;
                }
            }
            Verdict::Refused => _ = self.refused.get_or_insert(done),
            Verdict::Gap => {}
        }
    }

    /// A probe that was under way when the call was sent may have been overtaken by it: accepted, it tells what was before; refused, nothing.
    fn is_before(&self, sent: Instant, done: Instant, verdict: Verdict) -> bool {
        self.requested.is_none_or(|requested| match verdict {
            Verdict::Accepted => sent < requested,
            Verdict::Refused => done < requested,
            Verdict::Gap => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const MS: Duration = Duration::from_millis(1);

    /// Called at 10 ms, acknowledged at 20.
    fn called(zero: Instant) -> Seen {
        Seen {
            requested: Some(zero + 10 * MS),
            called: Some(Called {
                acknowledgement: Acknowledgement::Received,
                at: zero + 20 * MS,
                from: None,
            }),
            ..Seen::default()
        }
    }

    #[test]
    fn a_probe_tells_of_before_or_after_by_when_it_was_sent() {
        let zero = Instant::now();
        let mut seen = called(zero);
        // Overtaken by the call.
        seen.take(zero + 9 * MS, zero + 11 * MS, Verdict::Refused);
        assert_eq!(seen.before, None);
        seen.take(zero + 9 * MS, zero + 12 * MS, Verdict::Accepted);
        assert_eq!(seen.before, Some((zero + 9 * MS, Verdict::Accepted)));
        // Sent before the acknowledgement, so it says nothing of a lag.
        seen.take(zero + 15 * MS, zero + 25 * MS, Verdict::Accepted);
        assert!(seen.last_accepted.is_none() && seen.is_watched());
        seen.take(zero + 30 * MS, zero + 31 * MS, Verdict::Accepted);
        seen.take(zero + 40 * MS, zero + 41 * MS, Verdict::Refused);
        assert_eq!(seen.last_accepted, Some(zero + 30 * MS));
        assert_eq!(seen.refused, Some(zero + 41 * MS));
        assert!(!seen.is_watched() && !seen.is_asked_again && seen.flaps == 0);
    }

    #[test]
    fn who_gets_in_again_is_watched_again() {
        let zero = Instant::now();
        let mut seen = called(zero);
        seen.take(zero + 30 * MS, zero + 31 * MS, Verdict::Refused);
        seen.take(zero + 40 * MS, zero + 41 * MS, Verdict::Refused);
        assert!(seen.is_asked_again);
        seen.take(zero + 50 * MS, zero + 51 * MS, Verdict::Accepted);
        assert!(seen.is_watched() && !seen.is_asked_again && seen.flaps == 1);
        seen.take(zero + 60 * MS, zero + 61 * MS, Verdict::Refused);
        assert_eq!(seen.last_accepted, Some(zero + 50 * MS));
        assert_eq!(seen.refused, Some(zero + 61 * MS));
    }

    #[test]
    fn who_is_refused_before_the_call_is_no_sample() {
        let zero = Instant::now();
        let mut seen = Seen::default();
        seen.take(zero, zero + MS, Verdict::Accepted);
        seen.take(zero + 2 * MS, zero + 3 * MS, Verdict::Refused);
        seen.take(zero + 4 * MS, zero + 5 * MS, Verdict::Gap);
        assert_eq!(seen.before, Some((zero + 2 * MS, Verdict::Refused)));
        assert!(seen.is_refused_early && seen.gaps == 1);
        assert!(!seen.was_in(Duration::MAX));
    }

    #[test]
    fn who_was_last_seen_long_before_the_call_is_no_sample() {
        let zero = Instant::now();
        let mut seen = Seen::default();
        seen.take(zero, zero + MS, Verdict::Accepted);
        assert!(seen.was_in(Duration::ZERO), "there is no call yet");
        seen.requested = Some(zero + 10 * MS);
        assert!(seen.was_in(10 * MS) && !seen.was_in(9 * MS));
    }

    #[test]
    fn accepted_while_a_command_runs_is_perhaps_after_its_acknowledgement() {
        let zero = Instant::now();
        let ended = |from: Option<Instant>| Called {
            acknowledgement: Acknowledgement::Received,
            at: zero + 20 * MS,
            from,
        };
        let begun = Some(zero + 10 * MS);
        for (from, expected) in [(begun, Some(zero + 15 * MS)), (None, None)] {
            // Answered before the call has ended, and after that.
            for early in [true, false] {
                let mut seen = Seen {
                    requested: begun,
                    ..Seen::default()
                };
                let take = |seen: &mut Seen| {
                    seen.take(zero + 15 * MS, zero + 16 * MS, Verdict::Accepted);
                };
                if early {
                    take(&mut seen);
                }
                seen.has_called(begun, ended(from));
                if !early {
                    take(&mut seen);
                }
                assert_eq!(seen.last_accepted, expected);
                assert!(seen.before.is_none() && seen.is_watched());
            }
        }
    }
}
