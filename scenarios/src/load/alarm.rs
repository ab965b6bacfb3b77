//! What wakes the pacer at each intended start.

use std::io;
use std::time::Instant;

/// What the pacer waits on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timer {
    /// A timerfd on Linux, precise to microseconds; elsewhere it sleeps, then yields until the moment has come.
    #[default]
    Timerfd,
    /// Tokio's own timer, which rounds up to a whole millisecond. Only there to show what that does to the figures.
    TokioSleep,
}

/// A timer of one kind or the other.
pub(crate) enum Alarm {
    Precise(Precise),
    Coarse,
}

impl Alarm {
    pub(crate) fn new(timer: Timer) -> io::Result<Self> {
        Ok(match timer {
            Timer::Timerfd => Self::Precise(Precise::new()?),
            Timer::TokioSleep => Self::Coarse,
        })
    }

    /// Returns at `moment` or as soon after it as the task is woken; at once when it has passed. What the clock says then.
    pub(crate) async fn wait_until(&mut self, moment: Instant) -> io::Result<Instant> {
        match self {
            Self::Precise(precise) => precise.wait_until(moment).await,
            Self::Coarse => {
                tokio::time::sleep_until(moment.into()).await;
                Ok(Instant::now())
            }
        }
    }
}

/// A wait shorter than this is spent on the other tasks and on looking for their answers: to set the timer and be woken by it takes longer,
/// and would cost as much as a request. Starts come that close at more than 50,000 in a second.
#[cfg(target_os = "linux")]
const SHORT: std::time::Duration = std::time::Duration::from_micros(20);

#[cfg(target_os = "linux")]
pub(crate) struct Precise(tokio::io::unix::AsyncFd<Descriptor>);

/// A timerfd as tokio wants to see it.
#[cfg(target_os = "linux")]
struct Descriptor(nix::sys::timerfd::TimerFd);

#[cfg(target_os = "linux")]
impl std::os::fd::AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        use std::os::fd::AsFd;
        self.0.as_fd().as_raw_fd()
    }
}

#[cfg(target_os = "linux")]
impl Precise {
    fn new() -> io::Result<Self> {
        use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
        let timer = TimerFd::new(
            ClockId::CLOCK_MONOTONIC,
            TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC,
        )?;
        // SAFETY: the timer owns a valid descriptor, which nothing replaces or closes while the `AsyncFd` owns it.
        let registered = unsafe {
            tokio::io::unix::AsyncFd::register_with_interest(
                Descriptor(timer),
                tokio::io::Interest::READABLE,
            )
        };
        Ok(Self(registered.map_err(io::Error::from)?))
    }

    async fn wait_until(&mut self, moment: Instant) -> io::Result<Instant> {
        use nix::sys::timerfd::{Expiration, TimerSetTimeFlags};
        loop {
            let now = Instant::now();
            let left = moment.saturating_duration_since(now);
            if left.is_zero() {
                return Ok(now);
            }
            if left < SHORT {
                tokio::task::yield_now().await;
                continue;
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
pub(crate) struct Precise;

#[cfg(not(target_os = "linux"))]
impl Precise {
    #[expect(clippy::unnecessary_wraps, reason = "the Linux form can fail")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Sleeps while more than two milliseconds are left, then yields until `moment`: exact, at the price of a busy core.
    async fn wait_until(&mut self, moment: Instant) -> io::Result<Instant> {
        const COARSE: std::time::Duration = std::time::Duration::from_millis(2);
        loop {
            let now = Instant::now();
            let left = moment.saturating_duration_since(now);
            if left.is_zero() {
                return Ok(now);
            }
            if left > COARSE {
                tokio::time::sleep(left - COARSE).await;
            } else {
                tokio::task::yield_now().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn neither_timer_is_early_and_the_past_is_no_wait() {
        for timer in [Timer::Timerfd, Timer::TokioSleep] {
            let mut alarm = Alarm::new(timer).expect("timers exist");
            let moment = Instant::now() + Duration::from_millis(3);
            let woken = alarm.wait_until(moment).await.expect("waits");
            assert!(woken >= moment, "{timer:?}");
            alarm.wait_until(moment).await.expect("returns");
        }
    }
}
