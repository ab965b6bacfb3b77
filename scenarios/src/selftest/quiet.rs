//! Watches how quiet the machine is around a measurement.

use crate::accounting::canary::canary;
use crate::accounting::cpu::MachineTime;
use authbench_reports::selftest::Noise;
use std::time::Duration;

/// The canary before and after: long enough to meet a neighbour's time slice, short enough for a quick self-test.
const SLICES: usize = 50;
const SLICE: Duration = Duration::from_millis(2);

/// A watch that has begun.
#[derive(Debug)]
pub(super) struct Watch {
    canary_cv: f64,
    machine: Option<MachineTime>,
}

impl Watch {
    /// Runs the canary on this thread, a tenth of a second, and begins to watch.
    pub(super) fn begin() -> Self {
        Self {
            canary_cv: canary(SLICES, SLICE).cv,
            machine: MachineTime::now(),
        }
    }

    /// Runs the canary again; how quiet it was `around` what was measured meanwhile.
    pub(super) fn end(self, around: &str) -> Noise {
        let now = MachineTime::now();
        Noise {
            around: around.to_owned(),
            canary_cv_before: self.canary_cv,
            canary_cv_after: canary(SLICES, SLICE).cv,
            steal_share: now
                .zip(self.machine)
                .and_then(|(now, before)| now.steal_share_since(before)),
        }
    }
}
