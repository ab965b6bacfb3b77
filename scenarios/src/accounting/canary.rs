//! A fixed amount of arithmetic, timed: how fast the processor under this thread is just now.
//!
//! Steal is only what a hypervisor admits, and a lowered clock or a busy sibling thread is in no counter at all. Work that is always the
//! same shows all of it. It stays in registers, so caches and memory have no part in it.

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
    let steps = (slice.as_nanos() as f64 * steps_per_ns()).ceil().max(1.0) as u64;
    let mut ns: Vec<f64> = (0..slices.max(1)).map(|_| timed_ns(steps)).collect();
    ns.sort_by(f64::total_cmp);
    let mean = ns.iter().sum::<f64>() / ns.len() as f64;
    let squares: f64 = ns.iter().map(|ns| (ns - mean).powi(2)).sum();
    let deviation = (squares / (ns.len() - 1).max(1) as f64).sqrt();
    Canary {
        cv: deviation / mean,
        median_ns: ns[ns.len() / 2] as u64,
    }
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
