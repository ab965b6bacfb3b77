//! A counter with one label, `reason`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{Exposition, Figures};

/// A counter for each of a fixed list of reasons.
#[derive(Debug)]
pub struct ByReason<const N: usize> {
    name: &'static str,
    help: &'static str,
    reasons: [&'static str; N],
    counts: [AtomicU64; N],
}

impl<const N: usize> ByReason<N> {
    /// The metric `name` with these reasons.
    pub fn new(name: &'static str, help: &'static str, reasons: [&'static str; N]) -> Self {
        Self {
            name,
            help,
            reasons,
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// Counts the reason at `index`.
    pub fn count(&self, index: usize) {
        self.counts[index].fetch_add(1, Relaxed);
    }
}

impl<const N: usize> Figures for ByReason<N> {
    fn write(&self, text: &mut Exposition) {
        text.family(self.name, "counter", self.help);
        for (reason, count) in self.reasons.iter().zip(&self.counts) {
            let labels = format!("{{reason=\"{reason}\"}}");
            text.sample(self.name, &labels, count.load(Relaxed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_line() {
        let counts = ByReason::new("failures_total", "Failures", ["one", "other"]);
        counts.count(1);
        let text = Exposition::default().with(&counts).into_text();
        assert!(
            text.contains("failures_total{reason=\"one\"} 0\n"),
            "{text}"
        );
        assert!(
            text.contains("failures_total{reason=\"other\"} 1\n"),
            "{text}"
        );
    }
}
