//! A server as a process: its runtime, its ready line, its end.

use std::io::{self, Read, Write};
use std::thread;

use serde::Serialize;
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// The process could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// No runtime, signal handler or thread.
    #[error("set up the server process: {0}")]
    Setup(#[source] io::Error),
    /// Nobody reads the ready line.
    #[error("print the ready line: {0}")]
    Announce(#[source] io::Error),
}

/// The ways in which a server process is told to end.
#[derive(Debug)]
pub struct End {
    terminate: Signal,
    interrupt: Signal,
    parent_gone: Option<oneshot::Receiver<()>>,
}

/// Runs a server on a current-thread runtime of its own: one core, whose time is the server's and
/// nobody else's.
pub fn run<E: From<LifecycleError>>(
    wired: bool,
    server: impl AsyncFnOnce(&mut End) -> Result<(), E>,
) -> Result<(), E> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LifecycleError::Setup)?;
    runtime.block_on(async {
        // Before anything starts: a signal that comes meanwhile must still end it in order.
        let mut end = End::watch(wired).map_err(LifecycleError::Setup)?;
        server(&mut end).await
    })
}

/// Prints the ready line: the only thing that a server prints to standard output.
pub fn announce(ready: &impl Serialize) -> Result<(), LifecycleError> {
    let mut line =
        serde_json::to_string(ready).map_err(|error| LifecycleError::Announce(error.into()))?;
    line.push('\n');
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(line.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(LifecycleError::Announce)
}

impl End {
    fn watch(wired: bool) -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            parent_gone: wired.then(end_of_stdin).transpose()?,
        })
    }

    /// Waits until the process is told to end.
    pub async fn told(&mut self) {
        let parent_gone = async {
            match &mut self.parent_gone {
                // An error means that the reading thread is gone, which it only is after the end of
                // input.
                Some(gone) => drop(gone.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = parent_gone => {}
        }
    }
}

/// Resolves at the end of standard input. On a thread of its own: a read that blocks in the
/// runtime's pool would hold up the runtime's shutdown.
fn end_of_stdin() -> io::Result<oneshot::Receiver<()>> {
    let (gone, told) = oneshot::channel();
    thread::Builder::new()
        .name("parent-watch".into())
        .spawn(move || {
            let mut scratch = [0; 256];
            // The parent has no more to say, so data is skipped; an error is an end too.
            while matches!(io::stdin().lock().read(&mut scratch), Ok(1..)) {}
            // Nobody listens any more only when the process is ending already.
            let _ = gone.send(());
        })?;
    Ok(told)
}
