//! Whether somebody set the wall clock, or the machine slept: the clocks are held against each other.
//!
//! The monotonic clock is slewed together with the wall clock, but never stepped, and it stands still while the machine is suspended. So
//! wall clock − monotonic changes by steps only, and boot time − monotonic by suspension only.

use authbench_reports::run_file::Clocks;
use nix::errno::Errno;
use nix::time::{ClockId, clock_gettime};

/// Of so many readings the one that was interrupted least counts.
const TRIES: usize = 5;

/// Watches the clocks from its beginning on.
#[derive(Clone, Copy, Debug)]
pub struct ClockWatch {
    last: Option<Offsets>,
    seen: Clocks,
}

/// How far two clocks are ahead of the monotonic one, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offsets {
    realtime_ns: i128,
    boottime_ns: i128,
}

impl ClockWatch {
    /// Begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            last: Offsets::now().ok(),
            seen: Clocks::default(),
        }
    }

    /// Looks again. Steps between two looks are seen as their sum, so look often.
    pub fn look(&mut self) {
        let now = Offsets::now().ok();
        if let (Some(last), Some(now)) = (self.last, now) {
            self.seen = add(self.seen, now.since(last));
        }
        self.last = now;
    }

    /// Looks again; what happened since the beginning or the last call of this. `None` where the clocks cannot be read.
    pub fn take(&mut self) -> Option<Clocks> {
        self.look();
        self.last?;
        Some(std::mem::take(&mut self.seen))
    }
}

impl Offsets {
    fn now() -> Result<Self, Errno> {
        Ok(Self {
            realtime_ns: ahead_ns(ClockId::CLOCK_REALTIME)?,
            boottime_ns: ahead_ns(BOOTTIME)?,
        })
    }

    fn since(self, earlier: Self) -> Clocks {
        let slept = self.boottime_ns - earlier.boottime_ns;
        // The wall clock goes on in suspension, too: that is no step.
        let stepped = self.realtime_ns - earlier.realtime_ns - slept;
        let size = |ns: i128| u64::try_from(ns.abs()).unwrap_or(u64::MAX);
        Clocks {
            realtime_stepped_ns: size(stepped),
            suspended_ns: size(slept),
        }
    }
}

/// Elsewhere than on Linux the monotonic clock is the only one that tells, and says nothing of suspension.
#[cfg(target_os = "linux")]
const BOOTTIME: ClockId = ClockId::CLOCK_BOOTTIME;
#[cfg(not(target_os = "linux"))]
const BOOTTIME: ClockId = ClockId::CLOCK_MONOTONIC;

fn add(one: Clocks, other: Clocks) -> Clocks {
    Clocks {
        realtime_stepped_ns: one
            .realtime_stepped_ns
            .saturating_add(other.realtime_stepped_ns),
        suspended_ns: one.suspended_ns.saturating_add(other.suspended_ns),
    }
}

/// `clock` − monotonic: read between two readings of the monotonic clock, of which the middle counts.
fn ahead_ns(clock: ClockId) -> Result<i128, Errno> {
    let mut best: Option<(i128, i128)> = None;
    for _ in 0..TRIES {
        let before = ns(ClockId::CLOCK_MONOTONIC)?;
        let there = ns(clock)?;
        let after = ns(ClockId::CLOCK_MONOTONIC)?;
        let (took, ahead) = (after - before, there - (before + after) / 2);
        if best.is_none_or(|(shortest, _)| took < shortest) {
            best = Some((took, ahead));
        }
    }
    best.map(|(_, ahead)| ahead).ok_or(Errno::EINVAL)
}

fn ns(clock: ClockId) -> Result<i128, Errno> {
    let time = clock_gettime(clock)?;
    Ok(i128::from(time.tv_sec()) * 1_000_000_000 + i128::from(time.tv_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Offsets = Offsets {
        realtime_ns: 1_700_000_000_000_000_000,
        boottime_ns: 5_000,
    };

    #[test]
    fn steps_forward_and_back_do_not_cancel() {
        let forward = Offsets {
            realtime_ns: AT.realtime_ns + 30_000_000,
            ..AT
        };
        let seen = add(forward.since(AT), AT.since(forward));
        assert_eq!(
            (seen.realtime_stepped_ns, seen.suspended_ns),
            (60_000_000, 0)
        );
    }

    #[test]
    fn suspension_is_not_a_step() {
        let slept = Offsets {
            boottime_ns: AT.boottime_ns + 9_000_000_000,
            realtime_ns: AT.realtime_ns + 9_000_000_000,
        };
        let seen = slept.since(AT);
        assert_eq!(
            (seen.realtime_stepped_ns, seen.suspended_ns),
            (0, 9_000_000_000)
        );
    }

    #[test]
    fn a_watch_that_saw_nothing_says_so_and_begins_anew() {
        let mut watch = ClockWatch::begin();
        let seen = watch.take().expect("the clocks can be read");
        // Far more than reading them takes, far less than a step that somebody makes.
        assert!(seen.realtime_stepped_ns < 1_000_000_000, "{seen:?}");
        assert_eq!(watch.seen, Clocks::default());
    }
}
