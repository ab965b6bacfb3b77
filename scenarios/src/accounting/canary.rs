//! A fixed amount of arithmetic, timed: how fast the processor under this thread is just now.
//!
//! Steal is only what a hypervisor admits, and a lowered clock or a busy sibling thread is in no counter at all. Work that is always the
//! same shows all of it. It stays in registers, so caches and memory have no part in it.

use nix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub use authbench_reports::run_file::Canary;

/// What a reading beside a round uses: so short that a slice is rarely interrupted, so that their median is the processor's own
/// speed unless another process shares it all the time.
pub const SLICES: usize = 10;
/// The length of such a slice.
pub const SLICE: Duration = Duration::from_micros(300);
/// Steps by which the length of a slice is translated into work, once per process.
const CALIBRATION_STEPS: u64 = 200_000;
/// The fastest of so many tries: the one that nothing disturbed.
const CALIBRATION_TRIES: usize = 9;

/// Times `slices` (at least one) pieces of the same work, each as much as takes about `slice` on an undisturbed processor. Blocks the
/// thread for all of them together. The same `slice` is the same work for as long as the process lives.
#[must_use]
pub fn canary(slices: usize, slice: Duration) -> Canary {
    let steps = steps(slice);
    let mut ns: Vec<f64> = (0..slices.max(1)).map(|_| timed_ns(steps)).collect();
    ns.sort_by(f64::total_cmp);
    Canary {
        cv: variation(&ns),
        median_ns: ns[ns.len() / 2] as u64,
    }
}

/// What disturbed the canary, told apart by who did it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steadiness {
    /// Coefficient of variation (0 upwards) of the slices on the thread's own CPU clock: that clock stands still while another thread
    /// of this machine runs, and goes on while the hypervisor runs somebody else without saying so.
    pub cv: f64,
    /// Share (0 to 1) of the canary's time in which other threads of this machine ran on its processor.
    pub preempted_share: f64,
}

/// Like [`canary`], on two clocks.
#[must_use]
pub fn steadiness(slices: usize, slice: Duration) -> Steadiness {
    let steps = steps(slice);
    let timed = (0..slices.max(1)).map(|_| {
        let began = cpu_ns();
        let wall_ns = timed_ns(steps);
        (wall_ns, cpu_ns() - began)
    });
    Steadiness::of(&timed.collect::<Vec<_>>())
}

impl Steadiness {
    /// Of the wall and CPU nanoseconds of each slice.
    fn of(timed: &[(f64, f64)]) -> Self {
        let cpu: Vec<f64> = timed.iter().map(|(_, cpu)| *cpu).collect();
        let wall: f64 = timed.iter().map(|(wall, _)| wall).sum();
        Self {
            cv: variation(&cpu),
            // Reading the CPU clock is in its own time and not in the wall's.
            preempted_share: (1.0 - cpu.iter().sum::<f64>() / wall).max(0.0),
        }
    }

    /// The worse of each.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        Self {
            cv: self.cv.max(other.cv),
            preempted_share: self.preempted_share.max(other.preempted_share),
        }
    }
}

/// CPU time of this thread. Zero where there is no such clock, which makes everything a preemption: never quiet by mistake.
fn cpu_ns() -> f64 {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map_or(0.0, |time| Duration::from(time).as_nanos() as f64)
}

fn variation(ns: &[f64]) -> f64 {
    let mean = ns.iter().sum::<f64>() / ns.len() as f64;
    let squares: f64 = ns.iter().map(|ns| (ns - mean).powi(2)).sum();
    let deviation = (squares / (ns.len() - 1).max(1) as f64).sqrt();
    deviation / mean
}

fn steps(slice: Duration) -> u64 {
    (slice.as_nanos() as f64 * steps_per_ns()).ceil().max(1.0) as u64
}

fn steps_per_ns() -> f64 {
    static STEPS_PER_NS: OnceLock<f64> = OnceLock::new();
    *STEPS_PER_NS.get_or_init(|| {
        let fastest_ns = (0..CALIBRATION_TRIES)
            .map(|_| timed_ns(CALIBRATION_STEPS))
            .fold(f64::INFINITY, f64::min);
        CALIBRATION_STEPS as f64 / fastest_ns
    })
}

fn timed_ns(steps: u64) -> f64 {
    let began = Instant::now();
    black_box(work(black_box(steps)));
    // A clock that did not move would make the calibration infinite.
    (began.elapsed().as_nanos() as f64).max(1.0)
}

/// Marsaglia's xorshift: each step needs the one before, so no processor runs ahead of it.
fn work(steps: u64) -> u64 {
    (0..steps).fold(0x9e37_79b9_7f4a_7c15, |mut state, _| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^ (state << 17)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_slices_are_more_work_and_the_same_slice_the_same() {
        let short = canary(21, Duration::from_micros(50));
        let long = canary(21, Duration::from_micros(800));
        assert!(
            long.median_ns > 4 * short.median_ns,
            "{short:?} and {long:?}"
        );
        assert!(short.cv.is_finite() && short.cv >= 0.0, "{short:?}");
    }

    /// Ten slices of 2 ms, the first of which differs.
    fn steady_but(wall_ms: f64, cpu_ms: f64) -> Steadiness {
        let mut slices = [(2e6, 2e6); 10];
        slices[0] = (wall_ms * 1e6, cpu_ms * 1e6);
        Steadiness::of(&slices)
    }

    #[test]
    fn another_thread_is_told_apart_from_a_slower_processor() {
        let calm = Steadiness {
            cv: 0.0,
            preempted_share: 0.0,
        };
        assert_eq!(steady_but(2.0, 2.0), calm);
        let preempted = steady_but(4.0, 2.0);
        assert_eq!(preempted.cv, 0.0);
        assert!((preempted.preempted_share - 2.0 / 22.0).abs() < 1e-9);
        let slowed = steady_but(4.0, 4.0);
        assert!(slowed.cv > 0.25, "{slowed:?}");
        assert_eq!(slowed.preempted_share, 0.0);
        assert_eq!(
            preempted.worse(slowed),
            Steadiness {
                cv: slowed.cv,
                preempted_share: preempted.preempted_share
            }
        );
    }

    #[test]
    fn a_processor_that_is_shared_is_seen() {
        // More spinning threads than processors, so that each gets a part of one.
        let threads = 4 * std::thread::available_parallelism().map_or(4, usize::from);
        let readings = std::thread::scope(|scope| {
            let spin = || scope.spawn(|| steadiness(50, Duration::from_millis(1)));
            let running: Vec<_> = (0..threads).map(|_| spin()).collect();
            running
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .collect::<Vec<_>>()
        });
        let worst = readings.into_iter().reduce(Steadiness::worse);
        let worst = worst.expect("threads");
        assert!(worst.preempted_share > 0.1, "{worst:?}");
    }

    #[test]
    fn one_slice_has_no_variation() {
        assert_eq!(canary(0, Duration::ZERO).cv, 0.0);
    }

    #[test]
    fn the_work_cannot_be_skipped() {
        assert_ne!(work(1), work(2));
        assert_ne!(work(1000), 0);
    }
}
