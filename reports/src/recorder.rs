//! One request becomes samples: four histograms and a count per outcome.
//!
//! Nothing is allocated per sample. Whoever shares one between users, all on one thread, puts it behind a lock that is never contended.

use crate::histogram::Histogram;
use crate::run_file::Outcomes;
use std::time::{Duration, Instant};

/// How a request ended, judged against what the scenario expects of the caller's credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The expected answer, whole.
    Expected,
    /// A whole answer with another status than expected: a result, but not the one the scenario promised.
    Unexpected(u16),
    /// No whole answer before the request's deadline.
    TimedOut,
    /// The connection broke, or what came was not HTTP.
    Broken,
}

/// One request, on the generator's one clock.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// When the schedule wanted the request sent.
    pub intended: Instant,
    /// When a virtual user of the target was free to send it: never later than `sent`.
    pub free: Instant,
    /// When the first byte was handed to the connection.
    pub sent: Instant,
    /// When the last byte of the body had been read.
    pub done: Instant,
    /// How it ended.
    pub outcome: Outcome,
    /// Bytes written to the connection.
    pub bytes_sent: u32,
    /// Bytes read from the connection.
    pub bytes_received: u32,
}

impl Sample {
    /// Done − intended start: what a caller who arrives on schedule waits.
    #[must_use]
    pub fn response_time(&self) -> Duration {
        self.done.saturating_duration_since(self.intended)
    }

    /// Done − sent: what the target took once it had the request.
    #[must_use]
    pub fn service_time(&self) -> Duration {
        self.done.saturating_duration_since(self.sent)
    }

    /// Sent − the later of intended start and the moment a user was free: the generator's own delay.
    #[must_use]
    pub fn send_lag(&self) -> Duration {
        self.sent
            .saturating_duration_since(self.intended.max(self.free))
    }

    /// Waiting for a user whom the target still kept busy: the target's doing, part of the response time.
    #[must_use]
    pub fn connection_wait(&self) -> Duration {
        self.free.saturating_duration_since(self.intended)
    }
}

/// The samples of some virtual users of one target.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// Done − intended start.
    pub response: Histogram,
    /// Done − sent.
    pub service: Histogram,
    /// The generator's own delay.
    pub send_lag: Histogram,
    /// Waiting for a connection that the target kept busy.
    pub connection_wait: Histogram,
    /// How the requests ended.
    pub outcomes: Outcomes,
    /// Bytes written.
    pub bytes_sent: u64,
    /// Bytes read.
    pub bytes_received: u64,
}

impl Recorder {
    /// Counts one request. A request without a whole answer counts with the time until it was given up:
    /// leaving it out would hide the worst waits.
    pub fn record(&mut self, sample: &Sample) {
        self.response.record(sample.response_time());
        self.service.record(sample.service_time());
        self.send_lag.record(sample.send_lag());
        self.connection_wait.record(sample.connection_wait());
        self.outcomes.count(sample.outcome);
        self.bytes_sent += u64::from(sample.bytes_sent);
        self.bytes_received += u64::from(sample.bytes_received);
    }

    /// Adds every sample of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.send_lag.merge(&other.send_lag);
        self.connection_wait.merge(&other.connection_wait);
        self.outcomes.merge(&other.outcomes);
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
    }

    /// Forgets all samples and keeps the memory.
    pub fn clear(&mut self) {
        self.response.clear();
        self.service.clear();
        self.send_lag.clear();
        self.connection_wait.clear();
        self.outcomes = Outcomes::default();
        self.bytes_sent = 0;
        self.bytes_received = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(intended_ms: u64, free_ms: u64, sent_ms: u64, done_ms: u64) -> Sample {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        Sample {
            intended: at(intended_ms),
            free: at(free_ms),
            sent: at(sent_ms),
            done: at(done_ms),
            outcome: Outcome::Expected,
            bytes_sent: 100,
            bytes_received: 200,
        }
    }

    #[test]
    fn waiting_for_a_busy_target_is_not_the_generators_lag() {
        let sample = sample(10, 900, 901, 903);
        assert_eq!(sample.response_time(), Duration::from_millis(893));
        assert_eq!(sample.service_time(), Duration::from_millis(2));
        assert_eq!(sample.connection_wait(), Duration::from_millis(890));
        assert_eq!(sample.send_lag(), Duration::from_millis(1));
    }

    #[test]
    fn a_late_generator_is_send_lag_and_no_connection_wait() {
        let sample = sample(10, 2, 15, 16);
        assert_eq!(sample.send_lag(), Duration::from_millis(5));
        assert_eq!(sample.connection_wait(), Duration::ZERO);
    }

    #[test]
    fn merging_adds_samples_outcomes_and_bytes() {
        let mut left = Recorder::default();
        left.record(&sample(0, 0, 0, 5));
        let mut right = Recorder::default();
        right.record(&Sample {
            outcome: Outcome::Unexpected(503),
            ..sample(0, 0, 0, 7)
        });
        left.merge(&right);
        assert_eq!(left.response.count(), 2);
        assert_eq!((left.outcomes.expected, left.outcomes.unexpected()), (1, 1));
        assert_eq!((left.bytes_sent, left.bytes_received), (200, 400));
    }
}
