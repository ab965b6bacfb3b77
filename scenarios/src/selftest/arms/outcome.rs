//! What two arms showed.

use authbench_reports::comparison::exact::{Tally, judge};
use authbench_reports::comparison::judge::Finding;
use authbench_reports::comparison::quantity::Quantity;
use authbench_reports::comparison::suite::{Comparison, Verdict};

/// Everything that was compared between two arms. Pairs have A first.
#[derive(Clone, Debug)]
pub(super) struct ArmsOutcome {
    /// So many rounds were planned.
    pub(super) planned: usize,
    /// So many were measured: fewer when all was decided before.
    pub(super) measured: usize,
    /// CPU, p50 and p90, each with its ratio, bounds, margin, verdict and minimum detectable effect.
    pub(super) comparison: Comparison,
    /// CPU time per request, in microseconds, over all rounds.
    pub(super) cpu_us: [f64; 2],
    /// CPU time per request, in microseconds, that the servers burnt on purpose, by their own CPU clocks.
    pub(super) spun_us: [f64; 2],
    /// Bytes written and read by the generator.
    pub(super) wire_bytes: Counted,
    /// Commands processed, by the stores' own count; absent without a store that counts.
    pub(super) store_commands: Option<Counted>,
}

/// A count without noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    /// Arm A.
    pub(super) a: Tally,
    /// Arm B.
    pub(super) b: Tally,
}

impl Counted {
    /// Whether B counted exactly `more` per request more than A.
    pub(super) fn is_more_by(&self, more: u64) -> bool {
        let planted = Tally {
            count: self.a.count + more * self.a.requests,
            ..self.a
        };
        judge(planted, self.b) == Verdict::Unchanged
    }
}

impl ArmsOutcome {
    /// What was found about `quantity`.
    pub(super) fn finding(&self, quantity: Quantity) -> Option<&Finding> {
        let mut findings = self.comparison.findings.iter();
        findings.find(|finding| finding.quantity == quantity)
    }

    /// By which ratio CPU per request must differ, when nothing does but the CPU that was burnt on purpose.
    pub(super) fn planted_cpu_ratio(&self) -> f64 {
        let [a, b] = self.spun_us;
        1.0 + (b - a) / self.cpu_us[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_more_is_neither_two_nor_almost_one() {
        let tally = |count, requests| Tally { count, requests };
        let counted = |a, b| Counted { a, b };
        assert!(counted(tally(1000, 1000), tally(2400, 1200)).is_more_by(1));
        assert!(!counted(tally(1000, 1000), tally(2401, 1200)).is_more_by(1));
        assert!(!counted(tally(1000, 1000), tally(3600, 1200)).is_more_by(1));
        assert!(counted(tally(7, 7), tally(9, 9)).is_more_by(0));
    }
}
