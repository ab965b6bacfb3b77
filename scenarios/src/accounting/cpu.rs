//! CPU time of processes, in nanoseconds.
//!
//! A process's CPU clock counts all of its threads and resolves nanoseconds; `/proc/PID/stat` counts ticks of 10 ms, a third of what
//! a round of a cheap target uses.

use nix::errno::Errno;
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::fs;

/// CPU time that process `pid` has used, in nanoseconds.
///
/// # Errors
/// `ESRCH` when there is no such process.
pub fn process_cpu_ns(pid: u32) -> Result<u64, Errno> {
    let clock = clock_getcpuclockid(Pid::from_raw(pid as i32))?;
    clock_ns(clock)
}

/// CPU time that this process has used, in nanoseconds.
///
/// # Errors
/// None on any system that has the clock.
pub fn own_cpu_ns() -> Result<u64, Errno> {
    clock_ns(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

fn clock_ns(clock: ClockId) -> Result<u64, Errno> {
    let time = clock_gettime(clock)?;
    Ok(time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
}

/// Resident memory of process `pid` in bytes; `None` where the kernel does not say.
#[must_use]
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok()??;
    Some(pages * page as u64)
}

/// All processors' time since boot and the part of it that a hypervisor gave to others, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineTime {
    total: u64,
    stolen: u64,
}

impl MachineTime {
    /// Now; `None` where the kernel does not say.
    #[must_use]
    pub fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// The stolen share (0 to 1) of the time from `earlier` to this.
    #[must_use]
    pub fn steal_share_since(self, earlier: Self) -> Option<f64> {
        let total = self
            .total
            .checked_sub(earlier.total)
            .filter(|total| *total > 0)?;
        Some(self.stolen.saturating_sub(earlier.stolen) as f64 / total as f64)
    }

    /// The `cpu` line: user nice system idle iowait irq softirq steal; guest time is already part of user.
    fn parse(stat: &str) -> Option<Self> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let fields: Vec<u64> = line
            .split_whitespace()
            .take(8)
            .map_while(|field| field.parse().ok())
            .collect();
        let stolen = *fields.get(7)?;
        Some(Self {
            total: fields.iter().sum(),
            stolen,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_cpu_time_grows_with_work_and_is_the_process_clock() {
        let before = own_cpu_ns().expect("has a clock");
        let spun: u64 = (0..2_000_000u64).fold(0, |sum, n| std::hint::black_box(sum ^ n));
        std::hint::black_box(spun);
        let own = own_cpu_ns().expect("has a clock");
        assert!(own > before);
        assert!(process_cpu_ns(std::process::id()).expect("this process exists") >= own);
    }

    #[test]
    fn a_process_that_is_gone_is_an_error() {
        let mut child = std::process::Command::new("true").spawn().expect("starts");
        child.wait().expect("ends");
        assert_eq!(process_cpu_ns(child.id()), Err(Errno::ESRCH));
    }

    #[test]
    fn steal_is_a_share_of_all_time() {
        let at = |text| MachineTime::parse(text).expect("parses");
        let earlier = at("cpu  100 0 100 800 0 0 0 0 0 0\n");
        let later = at("cpu  150 0 150 880 0 0 0 20 0 0\n");
        assert_eq!(later.steal_share_since(earlier), Some(0.1));
        assert_eq!(MachineTime::parse("cpu0 1 2 3\n"), None);
    }

    #[test]
    fn this_process_has_resident_memory() {
        assert!(resident_bytes(std::process::id()).is_some_and(|bytes| bytes > 100_000));
    }
}
