//! Watches how quiet the machine is around a measurement, on the generator's processor and on the targets'.

use crate::accounting::canary::canary;
use crate::accounting::cpu::MachineTime;
#[cfg(target_os = "linux")]
use crate::accounting::machine;
use authbench_reports::selftest::Noise;
use std::time::Duration;

/// The canary before and after: long enough to meet a neighbour's time slice, short enough for a quick self-test.
const SLICES: usize = 50;
const SLICE: Duration = Duration::from_millis(2);

/// A watch that has begun.
#[derive(Debug)]
pub(super) struct Watch {
    cpus: Vec<usize>,
    canary_cv: f64,
    machine: Option<MachineTime>,
}

impl Watch {
    /// Runs the canary on this thread and on one of the targets' processors `cpus`, a tenth of a second, and begins to watch.
    pub(super) fn begin(cpus: &[usize]) -> Self {
        Self {
            cpus: cpus.to_vec(),
            canary_cv: worst_canary(cpus),
            machine: MachineTime::now(),
        }
    }

    /// Runs the canary again; how quiet it was `around` what was measured meanwhile.
    pub(super) fn end(self, around: &str) -> Noise {
        let now = MachineTime::now();
        Noise {
            around: around.to_owned(),
            canary_cv_before: self.canary_cv,
            canary_cv_after: worst_canary(&self.cpus),
            steal_share: now
                .zip(self.machine)
                .and_then(|(now, before)| now.steal_share_since(before)),
        }
    }
}

/// The less quiet of the two.
fn worst_canary(cpus: &[usize]) -> f64 {
    std::thread::scope(|scope| {
        let there = scope.spawn(|| canary_on(cpus.first().copied()));
        let here = canary(SLICES, SLICE).cv;
        there.join().map_or(here, |there| here.max(there))
    })
}

/// Not pinned, there is no other processor to speak of.
fn canary_on(cpu: Option<usize>) -> f64 {
    #[cfg(target_os = "linux")]
    if cpu.is_some_and(|cpu| machine::pin_to(&[cpu]).is_ok()) {
        return canary(SLICES, SLICE).cv;
    }
    let _ = cpu;
    0.0
}
