//! A child that must not outlive its parent, whatever ends the parent.

use std::process::Command;

/// Has the kernel kill the child of `command` as soon as the *thread* that starts it ends (`prctl(2)`,
/// `PR_SET_PDEATHSIG`). Start it from a thread that lives as long as the child should: the main thread, or one
/// of its own; never a pool's.
///
/// Elsewhere than on Linux this does nothing, and a killed parent leaves its child behind.
#[cfg(target_os = "linux")]
pub(super) fn die_with_parent(command: &mut Command) {
    use std::io::Error;
    use std::os::unix::process::CommandExt;

    use nix::errno::Errno;
    use nix::sys::prctl::set_pdeathsig;
    use nix::sys::signal::Signal;
    use nix::unistd::{getpid, getppid};

    let parent = getpid();
    let tie = move || {
        set_pdeathsig(Signal::SIGKILL)?;
        // The parent may have died between the fork and the line above; no signal comes for that any more.
        if getppid() == parent {
            Ok(())
        } else {
            Err(Error::from(Errno::ESRCH))
        }
    };
    // SAFETY: the closure runs in the forked child before exec, where only async-signal-safe calls are allowed.
    // It makes two plain system calls, allocates nothing (both errors are made from an errno) and takes no lock.
    unsafe {
        command.pre_exec(tie);
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn die_with_parent(_: &mut Command) {}
