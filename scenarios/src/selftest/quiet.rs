//! Watches how quiet the machine is around a measurement, on the generator's processor and on the targets'.

use crate::accounting::canary::{Steadiness, steadiness};
use crate::accounting::cpu::MachineTime;
#[cfg(target_os = "linux")]
use crate::accounting::machine;
use authbench_reports::selftest::Noise;
use std::time::Duration;

/// The canary before and after: long enough to meet a neighbour's time slice, short enough for a quick self-test.
const SLICES: usize = 100;
const SLICE: Duration = Duration::from_millis(2);

/// A watch that has begun.
#[derive(Debug)]
pub(super) struct Watch {
    cpus: Vec<usize>,
    canary: Steadiness,
    machine: Option<MachineTime>,
}

impl Watch {
    /// Runs the canary on this thread and on one of the targets' processors `cpus`, a fifth of a second, and begins to watch.
    pub(super) fn begin(cpus: &[usize]) -> Self {
        Self {
            cpus: cpus.to_vec(),
            canary: worst_canary(cpus),
            machine: MachineTime::now(),
        }
    }

    /// Runs the canary again; how quiet it was `around` what was measured meanwhile.
    pub(super) fn end(self, around: &str) -> Noise {
        let now = MachineTime::now();
        let after = worst_canary(&self.cpus);
        Noise {
            around: around.to_owned(),
            canary_cv_before: self.canary.cv,
            canary_cv_after: after.cv,
            preempted_share: Some(self.canary.worse(after).preempted_share),
            steal_share: now
                .zip(self.machine)
                .and_then(|(now, before)| now.steal_share_since(before)),
        }
    }
}

/// The less quiet of the two.
fn worst_canary(cpus: &[usize]) -> Steadiness {
    std::thread::scope(|scope| {
        let there = scope.spawn(|| canary_on(cpus.first().copied()));
        let here = steadiness(SLICES, SLICE);
        match there.join() {
            Ok(Some(there)) => here.worse(there),
            Ok(None) | Err(_) => here,
        }
    })
}

/// Not pinned, there is no other processor to speak of.
fn canary_on(cpu: Option<usize>) -> Option<Steadiness> {
    #[cfg(target_os = "linux")]
    if cpu.is_some_and(|cpu| machine::pin_to(&[cpu]).is_ok()) {
        return Some(steadiness(SLICES, SLICE));
    }
    let _ = cpu;
    None
}
