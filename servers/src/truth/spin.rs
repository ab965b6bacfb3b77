//! CPU time burnt on purpose.

use std::hint::black_box;
use std::time::Duration;

use nix::errno::Errno;
use nix::time::{ClockId, clock_gettime};

const CALIBRATION_SLICES: usize = 15;
const TURNS_PER_SLICE: u64 = 1_000_000;

/// Burns a fixed amount of CPU. Fixed in work, not in time: a loop that looked at the clock until enough had passed would
/// do less work when the machine is slow, which is when the load it is compared with does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spin {
    turns: u64,
}

impl Spin {
    /// Work that takes `cpu` of the calling thread's CPU time on this machine as it is now: the median of several slices.
    pub(super) fn calibrate(cpu: Duration) -> Result<Self, Errno> {
        if cpu.is_zero() {
            return Ok(Self { turns: 0 });
        }
        let mut slices = Vec::with_capacity(CALIBRATION_SLICES);
        for _ in 0..CALIBRATION_SLICES {
            slices.push(
                Self {
                    turns: TURNS_PER_SLICE,
                }
                .burn()?,
            );
        }
        slices.sort_unstable();
        let slice = slices[CALIBRATION_SLICES / 2].as_secs_f64();
        let turns = cpu.as_secs_f64() / slice * TURNS_PER_SLICE as f64;
        Ok(Self {
            turns: turns.round() as u64,
        })
    }

    /// Burns it; how much CPU time it really took.
    pub(super) fn burn(self) -> Result<Duration, Errno> {
        if self.turns == 0 {
            return Ok(Duration::ZERO);
        }
        let before = thread_cpu()?;
        let mut state = black_box(0x9E37_79B9_7F4A_7C15_u64);
        for _ in 0..self.turns {
            // Each turn needs the one before, so that neither the compiler nor the processor can skip or overlap them.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }
        black_box(state);
        Ok(thread_cpu()?.saturating_sub(before))
    }
}

/// The CPU time that the calling thread has used.
fn thread_cpu() -> Result<Duration, Errno> {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spin_is_no_work() {
        let none = Spin::calibrate(Duration::ZERO).expect("a clock");
        assert_eq!(none.burn(), Ok(Duration::ZERO));
    }

    #[test]
    fn work_grows_with_what_is_asked_for() {
        let turns = |micros| {
            let spin = Spin::calibrate(Duration::from_micros(micros)).expect("a clock");
            spin.turns
        };
        // Two calibrations differ by far less than this on any machine.
        assert!(turns(1_000) > 10 * turns(10));
        assert!(Spin { turns: 1_000_000 }.burn().expect("a clock") > Duration::ZERO);
    }
}
