//! One task that pushes every intended start to its target's queue at its moment.
//!
//! Tokio's own timer rounds up to a whole millisecond, which would stand in every latency: on Linux the pacer waits on a timerfd.

use super::queue::StartQueue;
use super::schedule::Schedule;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the pacer of this build waits on, as it stands in the run file.
pub const PACER: &str = if cfg!(target_os = "linux") {
    "timerfd"
} else {
    "sleep-then-yield"
};

/// Pushes every start of `schedule`, the first one at `epoch`. Returns how many fell to each queue. A start that is due is never
/// dropped or moved: if this task is woken late, all that became due meanwhile is pushed at once, with its intended time.
///
/// # Errors
/// When the operating system refuses a timer.
pub async fn pace(
    schedule: Schedule,
    epoch: Instant,
    queues: &[Arc<StartQueue>],
) -> io::Result<Vec<u64>> {
    let mut alarm = Alarm::new()?;
    let mut pushed = vec![0; queues.len()];
    for start in schedule {
        let intended = epoch + start.offset;
        alarm.wait_until(intended).await?;
        queues[start.target].push(intended);
        pushed[start.target] += 1;
    }
    Ok(pushed)
}

#[cfg(target_os = "linux")]
struct Alarm(tokio::io::unix::AsyncFd<Timer>);

/// A timerfd as tokio wants to see it.
#[cfg(target_os = "linux")]
struct Timer(nix::sys::timerfd::TimerFd);

#[cfg(target_os = "linux")]
impl std::os::fd::AsRawFd for Timer {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        use std::os::fd::AsFd;
        self.0.as_fd().as_raw_fd()
    }
}

#[cfg(target_os = "linux")]
impl Alarm {
    fn new() -> io::Result<Self> {
        use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
        let timer = TimerFd::new(
            ClockId::CLOCK_MONOTONIC,
            TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC,
        )?;
        // SAFETY: the timer owns a valid descriptor, which nothing replaces or closes while the `AsyncFd` owns it.
        let registered = unsafe {
            tokio::io::unix::AsyncFd::register_with_interest(
                Timer(timer),
                tokio::io::Interest::READABLE,
            )
        };
        Ok(Self(registered.map_err(io::Error::from)?))
    }

    /// Returns at `moment` or as soon after it as the task is woken; at once when it has passed.
    async fn wait_until(&mut self, moment: Instant) -> io::Result<()> {
        use nix::sys::timerfd::{Expiration, TimerSetTimeFlags};
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.0
                .get_ref()
                .0
                .set(Expiration::OneShot(left.into()), TimerSetTimeFlags::empty())?;
            let mut ready = self.0.readable().await?;
            // Setting the timer again disarms a readiness that was not read; clearing it is all that is needed.
            ready.clear_ready();
        }
    }
}

#[cfg(not(target_os = "linux"))]
struct Alarm;

#[cfg(not(target_os = "linux"))]
impl Alarm {
    #[expect(clippy::unnecessary_wraps, reason = "the Linux form can fail")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Sleeps while more than two milliseconds are left, then yields until `moment`: exact, at the price of a busy core.
    async fn wait_until(&mut self, moment: Instant) -> io::Result<()> {
        const COARSE: Duration = Duration::from_millis(2);
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            if left > COARSE {
                tokio::time::sleep(left - COARSE).await;
            } else {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// How long after the call a schedule may begin: enough for every task to go to sleep first.
pub const LEAD: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_start_is_pushed_with_its_intended_time_and_never_early() {
        let queues = [
            Arc::new(StartQueue::default()),
            Arc::new(StartQueue::default()),
        ];
        let epoch = Instant::now() + Duration::from_millis(5);
        let schedule = Schedule::new(2000.0, Duration::from_millis(50), 2, 3);
        let expected: Vec<_> = schedule.clone().collect();
        let pushed = pace(schedule, epoch, &queues).await.expect("timers exist");
        assert_eq!(pushed.iter().sum::<u64>(), 100);
        assert!(Instant::now() >= epoch + expected[99].offset);
        for start in expected {
            assert_eq!(queues[start.target].pop().await, Some(epoch + start.offset));
        }
    }
}
