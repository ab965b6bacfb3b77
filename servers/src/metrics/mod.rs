//! Counters, lock-free, and their text form ([`Exposition`]).
//!
//! Relaxed atomics throughout: each counter stands for itself, and a request must not wait for
//! another one's counting.

mod by_reason;
mod exposition;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::refusal::{REASONS, Reason};
use crate::store::LATENCY_BOUNDS;

pub use self::by_reason::ByReason;
pub use self::exposition::{Exposition, Figures};

/// How requests to the protected resource ended.
#[derive(Debug, Default)]
pub struct Outcomes {
    accepted: AtomicU64,
    refused: [AtomicU64; REASONS.len()],
    unavailable: AtomicU64,
    throttled: AtomicU64,
}

impl Outcomes {
    /// Counts an accepted request.
    pub fn accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    /// Counts a refused request.
    pub fn refused(&self, reason: Reason) {
        self.refused[reason as usize].fetch_add(1, Relaxed);
    }

    /// Counts a request whose credential could not be judged.
    pub fn unavailable(&self) {
        self.unavailable.fetch_add(1, Relaxed);
    }

    /// Counts a request of a client that had asked for more than it may.
    pub fn throttled(&self) {
        self.throttled.fetch_add(1, Relaxed);
    }

    fn write(&self, text: &mut Exposition) {
        text.family(
            "authbench_requests_total",
            "counter",
            "Requests by outcome and reason",
        );
        let mut line = |outcome, reason, count: &AtomicU64| {
            text.sample(
                "authbench_requests_total",
                &labels(outcome, reason),
                count.load(Relaxed),
            );
        };
        line("accepted", "ok", &self.accepted);
        for reason in REASONS {
            line("refused", reason.label(), &self.refused[reason as usize]);
        }
        line("throttled", "rate_limited", &self.throttled);
        line("error", "unavailable", &self.unavailable);
    }
}

/// How requests to the authorization server ended, by endpoint.
#[derive(Debug)]
pub struct EndpointOutcomes<const N: usize> {
    names: [&'static str; N],
    counts: [[AtomicU64; 3]; N],
}

impl<const N: usize> EndpointOutcomes<N> {
    /// Counters for the endpoints with these names.
    pub fn new(names: [&'static str; N]) -> Self {
        Self {
            names,
            counts: std::array::from_fn(|_| Default::default()),
        }
    }

    /// Counts an answer with `status` by the endpoint at `index`.
    pub fn answered(&self, index: usize, status: hyper::StatusCode) {
        let outcome = if status.is_server_error() {
            2
        } else {
            usize::from(!status.is_success())
        };
        self.counts[index][outcome].fetch_add(1, Relaxed);
    }

    fn write(&self, text: &mut Exposition) {
        text.family(
            "authbench_requests_total",
            "counter",
            "Requests by outcome; the reason is the endpoint",
        );
        for (name, counts) in self.names.iter().zip(&self.counts) {
            for (outcome, count) in ["accepted", "refused", "error"].iter().zip(counts) {
                text.sample(
                    "authbench_requests_total",
                    &labels(outcome, name),
                    count.load(Relaxed),
                );
            }
        }
    }
}

/// A latency histogram in the buckets of [`LATENCY_BOUNDS`].
#[derive(Debug, Default)]
pub struct LatencyHistogram {
    buckets: [AtomicU64; LATENCY_BOUNDS.len() + 1],
    sum_ns: AtomicU64,
}

impl LatencyHistogram {
    /// Counts one observation.
    pub fn observe(&self, took: Duration) {
        let bucket = LATENCY_BOUNDS.partition_point(|bound| u128::from(*bound) < took.as_micros());
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.sum_ns.fetch_add(took.as_nanos() as u64, Relaxed);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Relaxed)).sum()
    }

    fn write(&self, text: &mut Exposition, name: &str, help: &str) {
        let buckets = std::array::from_fn(|bucket| self.buckets[bucket].load(Relaxed));
        text.histogram(
            name,
            help,
            &buckets,
            Duration::from_nanos(self.sum_ns.load(Relaxed)),
        );
    }
}

impl Figures for Outcomes {
    fn write(&self, text: &mut Exposition) {
        self.write(text);
    }
}

impl<const N: usize> Figures for EndpointOutcomes<N> {
    fn write(&self, text: &mut Exposition) {
        self.write(text);
    }
}

fn labels(outcome: &str, reason: &str) -> String {
    format!("{{outcome=\"{outcome}\",reason=\"{reason}\"}}")
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_told_apart() {
        let outcomes = Outcomes::default();
        outcomes.accepted();
        outcomes.refused(Reason::Expired);
        outcomes.unavailable();
        let text = Exposition::default().with(&outcomes).into_text();
        assert!(
            text.starts_with("# HELP authbench_requests_total Requests by outcome and reason\n"),
            "{text}"
        );
        for line in [
            "authbench_requests_total{outcome=\"accepted\",reason=\"ok\"} 1\n",
            "authbench_requests_total{outcome=\"refused\",reason=\"expired\"} 1\n",
            "authbench_requests_total{outcome=\"refused\",reason=\"signature\"} 0\n",
            "authbench_requests_total{outcome=\"error\",reason=\"unavailable\"} 1\n",
        ] {
            assert!(text.contains(line), "{line} not in {text}");
        }
    }

    #[test]
    fn histogram_buckets_are_cumulative_and_in_seconds() {
        let latency = LatencyHistogram::default();
        latency.observe(Duration::from_micros(40));
        latency.observe(Duration::from_micros(80));
        latency.observe(Duration::from_secs(1));
        let text = Exposition::default()
            .with_introspections(latency.count(), Some(&latency))
            .into_text();
        for line in [
            "authbench_introspections_total 3\n",
            "authbench_introspection_seconds_bucket{le=\"0.00005\"} 1\n",
            "authbench_introspection_seconds_bucket{le=\"0.0001\"} 2\n",
            "authbench_introspection_seconds_bucket{le=\"0.2\"} 2\n",
            "authbench_introspection_seconds_bucket{le=\"+Inf\"} 3\n",
            "authbench_introspection_seconds_count 3\n",
        ] {
            assert!(text.contains(line), "{line} not in {text}");
        }
    }
}
