//! How late a timer wakes this process: what the pacer lives with.

use authbench_reports::doctor::TimerLateness;
use std::io;
use std::time::{Duration, Instant};

const WAKE_UPS: usize = 800;
const AFTER: Duration = Duration::from_millis(1);

/// Sleeps a millisecond some hundred times. Blocks for about a second. `None` when the operating system refuses a timer.
pub(super) fn lateness() -> Option<TimerLateness> {
    let mut timer = Timer::new().ok()?;
    let mut late_us = Vec::with_capacity(WAKE_UPS);
    for _ in 0..WAKE_UPS {
        let due = Instant::now() + AFTER;
        timer.wait().ok()?;
        late_us.push(due.elapsed().as_secs_f64() * 1e6);
    }
    Some(quantiles(late_us))
}

fn quantiles(mut late_us: Vec<f64>) -> TimerLateness {
    late_us.sort_by(f64::total_cmp);
    let at = |quantile| {
        authbench_reports::statistics::order_statistic(&late_us, quantile).unwrap_or(0.0)
    };
    TimerLateness {
        n: late_us.len() as u64,
        p50_us: at(0.5),
        p99_us: at(0.99),
        max_us: at(1.0),
    }
}

#[cfg(target_os = "linux")]
struct Timer(nix::sys::timerfd::TimerFd);

#[cfg(target_os = "linux")]
impl Timer {
    fn new() -> io::Result<Self> {
        use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
        Ok(Self(TimerFd::new(
            ClockId::CLOCK_MONOTONIC,
            TimerFlags::TFD_CLOEXEC,
        )?))
    }

    fn wait(&mut self) -> io::Result<()> {
        use nix::sys::timerfd::{Expiration, TimerSetTimeFlags};
        let once = Expiration::OneShot(AFTER.into());
        self.0.set(once, TimerSetTimeFlags::empty())?;
        Ok(self.0.wait()?)
    }
}

#[cfg(not(target_os = "linux"))]
struct Timer;

#[cfg(not(target_os = "linux"))]
impl Timer {
    #[expect(clippy::unnecessary_wraps, reason = "the Linux form can fail")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the Linux form can fail")]
    fn wait(&mut self) -> io::Result<()> {
        std::thread::sleep(AFTER);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_what_was_measured() {
        let late = quantiles((1..=100).rev().map(f64::from).collect());
        assert_eq!(
            (late.n, late.p50_us, late.p99_us, late.max_us),
            (100, 50.0, 99.0, 100.0)
        );
    }
}
