//! Ties a child to this process before it runs its program. With the spinner of `accounting/idle/` the only unsafe code of this crate.

use std::io;
use std::process::Command;

use nix::sys::signal::Signal;

/// Makes the child lead its own process group, stay on `cpus` (empty: anywhere) and, on Linux, get the signal `parent_death` when
/// the thread that creates it ends.
pub(super) fn attach(
    command: &mut Command,
    cpus: &[usize],
    parent_death: Signal,
) -> io::Result<()> {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
    in_child(command, cpus, parent_death)
}

#[cfg(target_os = "linux")]
fn in_child(command: &mut Command, cpus: &[usize], parent_death: Signal) -> io::Result<()> {
    use std::os::unix::process::CommandExt;

    use nix::errno::Errno;
    use nix::sched::{CpuSet, sched_setaffinity};
    use nix::sys::prctl::set_pdeathsig;
    use nix::unistd::{Pid, getpid, getppid};

    let parent = getpid();
    let mut allowed = CpuSet::new();
    for cpu in cpus {
        allowed.set(*cpu)?;
    }
    let pin = !cpus.is_empty();
    let prepare = move || {
        set_pdeathsig(parent_death)?;
        // A parent that died before the line above sends no signal any more; the child has been adopted by then.
        if getppid() != parent {
            return Err(Errno::ESRCH.into());
        }
        if pin {
            sched_setaffinity(Pid::from_raw(0), &allowed)?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec only async-signal-safe functions may run. The closure makes three system calls, and neither
    // allocates nor takes a lock: what it needs was computed above and is plain memory, and turning an errno into an
    // io::Error allocates nothing.
    unsafe { command.pre_exec(prepare) };
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn in_child(_: &mut Command, cpus: &[usize], _: Signal) -> io::Result<()> {
    if cpus.is_empty() {
        Ok(())
    } else {
        Err(io::ErrorKind::Unsupported.into())
    }
}
