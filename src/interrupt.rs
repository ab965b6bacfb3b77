//! Ctrl-c: told once to the run, which then stops in order; the second time it ends the process at once.
//!
//! Goose installs a SIGINT handler of its own when an attack starts, in place of whatever was there, and exits with its own code. A
//! signal that is blocked reaches no handler: it waits in a signalfd, which is ours alone. Children start with nothing blocked.

use tokio::sync::watch;

/// Becomes `true` when the run should stop.
pub(crate) type Interrupted = watch::Receiver<bool>;

/// Exit code of an interrupted command.
pub(crate) const EXIT_CODE: u8 = 130;

/// Watches for SIGINT and SIGTERM from now on. Call it on the main thread, before any other thread exists, inside a tokio runtime.
///
/// # Errors
/// When the operating system refuses the watch.
#[cfg(target_os = "linux")]
pub(crate) fn watch() -> std::io::Result<Interrupted> {
    use nix::sys::signal::{SigSet, Signal};
    use nix::sys::signalfd::{SfdFlags, SignalFd};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    signals.thread_block()?;
    let signals = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
    // SAFETY: the signalfd is a valid descriptor, which nothing replaces or closes while the `AsyncFd` owns it.
    let signals = unsafe { AsyncFd::register_with_interest(signals, Interest::READABLE) }
        .map_err(std::io::Error::from)?;
    let (tell, told) = watch::channel(false);
    tokio::spawn(async move {
        while let Ok(mut ready) = signals.readable().await {
            while let Ok(Some(_)) = ready.get_inner().read_signal() {
                if tell.send_replace(true) {
                    std::process::exit(i32::from(EXIT_CODE));
                }
            }
            ready.clear_ready();
        }
    });
    Ok(told)
}

/// Watches for SIGINT from now on.
///
/// # Errors
/// Never; it has the form of the Linux one.
#[cfg(not(target_os = "linux"))]
pub(crate) fn watch() -> std::io::Result<Interrupted> {
    let (tell, told) = watch::channel(false);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if tell.send_replace(true) {
                std::process::exit(i32::from(EXIT_CODE));
            }
        }
    });
    Ok(told)
}
