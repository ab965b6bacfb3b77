//! Ctrl-c: told once to the run, which then stops in order; the second time it ends the process at once.
//!
//! Goose installs a SIGINT handler of its own when an attack starts, in place of whatever was there, and exits with its own code. A
//! signal that is blocked reaches no handler: it waits in a signalfd, which is ours alone. Children start with nothing blocked.

use tokio::sync::watch;

/// Becomes `true` when the run should stop.
pub(crate) type Interrupted = watch::Receiver<bool>;

/// Exit code of an interrupted command.
pub(crate) const EXIT_CODE: u8 = 130;

/// Watches for SIGINT and SIGTERM from now on. Call it on the main thread, before any other thread exists.
///
/// # Errors
/// When the operating system refuses the watch.
#[cfg(target_os = "linux")]
pub(crate) fn watch() -> std::io::Result<Interrupted> {
    use nix::sys::signal::{SigSet, Signal};
    use nix::sys::signalfd::{SfdFlags, SignalFd};

    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    signals.thread_block()?;
    let signals = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC)?;
    let (tell, told) = watch::channel(false);
    // A thread, not a task: while processes are being started the runtime is not running, and ctrl-c must work there too.
    std::thread::Builder::new()
        .name("interrupt".into())
        .spawn(move || {
            while let Ok(Some(_)) = signals.read_signal() {
                if tell.send_replace(true) {
                    std::process::exit(i32::from(EXIT_CODE));
                }
            }
        })?;
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
