//! A process that keeps one processor from halting: it waits in a loop, and is put aside the moment that anybody else has something to do there.
//!
//! A process of its own, so that its time is nobody's: neither the generator's nor a target's. It is a copy of this one that runs nothing of it.

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::prctl::{set_name, set_pdeathsig};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};

/// A running one. It ends with this, and with the thread that started it.
#[derive(Debug)]
pub(super) struct Spinner {
    process: Pid,
}

impl Spinner {
    /// Starts one on `processor`.
    ///
    /// # Errors
    /// When the system has no room for another process, or no such processor.
    pub(super) fn start(processor: usize) -> Result<Self, Errno> {
        let mut only = CpuSet::new();
        only.set(processor)?;
        let parent = getpid();
        // SAFETY: the child of a process with several threads may call only what is async-signal-safe. `spin` makes system calls and loops; it
        // neither allocates nor takes a lock, and it never returns.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(Self { process: child }),
            ForkResult::Child => spin(parent, &only),
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        // It blocks the signals that this process blocks; this one cannot be.
        if kill(self.process, Signal::SIGKILL).is_ok() {
            let _ = waitpid(self.process, None);
        }
    }
}

/// What the child does. Without idle priority it would take time from those who are measured, so that it gives up rather.
fn spin(parent: Pid, only: &CpuSet) -> ! {
    let idle = libc::sched_param { sched_priority: 0 };
    let ready = set_pdeathsig(Signal::SIGKILL).is_ok()
        // A parent that died before the line above sends no signal any more.
        && getppid() == parent
        && set_name(super::WAITING).is_ok()
        && sched_setaffinity(Pid::from_raw(0), only).is_ok()
        // SAFETY: a system call with a pointer to a value that lives.
        && unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const idle) } == 0;
    // Files and sockets of this process must not stay open because of it. An old kernel does not know the call: then they do for a while.
    // SAFETY: a system call; nothing in this process uses any of them.
    unsafe { libc::syscall(libc::SYS_close_range, 0u32, u32::MAX, 0u32) };
    if ready {
        loop {
            // Idle priority alone is not enough: beside somebody who is always busy the scheduler owes even this process a three-hundredth of the
            // time, and pays it in whole ticks of up to 4 ms. Giving the processor back at every turn costs nobody anything.
            // SAFETY: a system call without arguments.
            unsafe { libc::sched_yield() };
        }
    }
    // SAFETY: ends the process at once, without any of the parent's clean-up.
    unsafe { libc::_exit(0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn stat(process: Pid) -> Option<String> {
        fs::read_to_string(format!("/proc/{process}/stat")).ok()
    }

    /// Field 41 is the scheduling policy (5: idle), field 39 the processor.
    #[test]
    fn it_has_idle_priority_on_its_processor_and_is_gone_afterwards() {
        let processor = crate::accounting::machine::allowed_cpus()[0];
        let spinner = Spinner::start(processor).expect("a process");
        let process = spinner.process;
        let field = |number: usize| {
            let stat = stat(process)?;
            let after_name = stat.rsplit_once(") ")?.1.to_owned();
            after_name.split(' ').nth(number - 3).map(str::to_owned)
        };
        let expected = [Some("5".to_owned()), Some(processor.to_string())];
        // It sets itself up after it has been started.
        for _ in 0..1000 {
            if [field(41), field(39)] == expected {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert_eq!([field(41), field(39)], expected);
        drop(spinner);
        assert_eq!(stat(process), None);
    }

    #[test]
    fn a_processor_that_is_not_there_gets_none() {
        assert!(Spinner::start(CpuSet::count()).is_err());
    }
}
