//! The canary: a fixed amount of work, timed over and over. What disturbs it disturbs a measurement on the same processor.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// What the canary said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canary {
    /// Standard deviation ÷ mean of the slices' times: 0 on a machine that does nothing else.
    pub cv: f64,
    /// The median slice, in nanoseconds.
    pub median_ns: u64,
}

/// Does the same work `slices` times (at least once), each time as much as took about `slice` when it was tried beforehand. Blocks its
/// thread all the while, and says nothing of other processors.
#[must_use]
pub fn canary(slices: usize, slice: Duration) -> Canary {
    let steps = steps_in(slice);
    let times: Vec<u64> = (0..slices.max(1)).map(|_| time_ns(steps)).collect();
    Canary::of(times)
}

impl Canary {
    fn of(mut times_ns: Vec<u64>) -> Self {
        let n = times_ns.len() as f64;
        let mean = times_ns.iter().sum::<u64>() as f64 / n;
        let squares: f64 = times_ns.iter().map(|ns| (*ns as f64 - mean).powi(2)).sum();
        times_ns.sort_unstable();
        Self {
            cv: (squares / n).sqrt() / mean,
            median_ns: times_ns[times_ns.len() / 2],
        }
    }
}

/// How many steps take about `slice`: from the fastest of a few tries, for a disturbed one would make the slices too short.
fn steps_in(slice: Duration) -> u64 {
    const TRIED: u64 = 100_000;
    let fastest = (0..5).map(|_| time_ns(TRIED)).min().unwrap_or(1).max(1);
    (u128::from(TRIED) * slice.as_nanos() / u128::from(fastest)).max(1) as u64
}

fn time_ns(steps: u64) -> u64 {
    let began = Instant::now();
    // Each step needs the result of the one before, so that no processor does several at once and none touches memory.
    let end = (0..steps).fold(1u64, |state, step| {
        black_box(state.wrapping_mul(6_364_136_223_846_793_005) ^ step)
    });
    black_box(end);
    began.elapsed().as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_do_not_vary_and_one_odd_slice_shows() {
        assert_eq!(
            Canary::of(vec![2000; 10]),
            Canary {
                cv: 0.0,
                median_ns: 2000
            }
        );
        let mut times = vec![2000; 9];
        times.push(22_000);
        let odd = Canary::of(times);
        assert_eq!(odd.median_ns, 2000);
        assert!((odd.cv - 1.5).abs() < 1e-9, "{odd:?}");
    }

    #[test]
    fn more_work_takes_longer() {
        let (short, long) = (
            canary(5, Duration::from_micros(100)),
            canary(5, Duration::from_millis(5)),
        );
        assert!(short.median_ns < long.median_ns, "{short:?} {long:?}");
    }
}
