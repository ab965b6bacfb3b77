//! The store process: finds a store, says where it is, and sees to its end.

use std::io::{self, Read, Write};
use std::net::Ipv4Addr;
use std::process::ExitStatus;
use std::thread;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use super::address::StoreUrl;
use super::description::StoreDescription;
use super::embedded::EmbeddedStore;
use super::find::{FindStoreError, Found, StoreWiring, find};
use super::process::{Place, ServerProcess};

/// Why the store process ended otherwise than it was told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeStoreError {
    /// There is no store.
    #[error(transparent)]
    Find(#[from] FindStoreError),
    /// The server that was started ended by itself.
    #[error("keep the store running: it ended ({0})")]
    Ended(ExitStatus),
    /// The system refused something that every run needs.
    #[error("run the store process")]
    Io(#[from] io::Error),
}

/// Runs the store process until it is told to end; call it on the main thread.
///
/// Prints one JSON line when the store answers. `wired`: a parent reads that line, and the end of standard input
/// (the parent is gone) ends the process; otherwise only `SIGTERM` and `SIGINT` do. A server that was started
/// here is ended with it. (The main thread, because a started server is killed when its creating thread ends.)
pub fn serve(wiring: StoreWiring, wired: bool) -> Result<(), ServeStoreError> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // Before anything is started: a signal that comes meanwhile must still end it.
        let mut end = End::watch(wired)?;
        let path = std::env::var_os("PATH");
        match find(wiring, path.as_deref(), |step| eprintln!("store: {step}")).await? {
            Found::Given(url, description) => {
                announce(&url, None, &description)?;
                end.told().await;
                Ok(())
            }
            Found::Started(server) => supervise(*server, &mut end).await,
            Found::Nothing => embed(&mut end).await,
        }
    })
}

async fn supervise(mut server: ServerProcess, end: &mut End) -> Result<(), ServeStoreError> {
    announce(&server.url, Some(server.pid()), &server.description)?;
    let ended = tokio::select! {
        () = end.told() => None,
        status = server.ended() => Some(status?),
    };
    server.stop().await;
    ended.map_or(Ok(()), |status| Err(ServeStoreError::Ended(status)))
}

async fn embed(end: &mut End) -> Result<(), ServeStoreError> {
    eprintln!("store: using the embedded store (not Redis)");
    let place = Place::random();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = place.url(listener.local_addr()?.port());
    announce(
        &url,
        Some(std::process::id()),
        &StoreDescription::embedded(),
    )?;
    tokio::select! {
        () = end.told() => {}
        () = EmbeddedStore::new(place.password).run(listener) => {}
    }
    Ok(())
}

/// The line that says where the store is. The URL carries the password: the line is for the parent's pipe.
#[derive(Serialize)]
struct ReadyLine<'a> {
    ready: &'static str,
    url: &'a StoreUrl,
    /// The process whose CPU time is the store's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    store: &'a StoreDescription,
}

fn announce(url: &StoreUrl, pid: Option<u32>, store: &StoreDescription) -> io::Result<()> {
    let line = serde_json::to_string(&ReadyLine {
        ready: "store",
        url,
        pid,
        store,
    })?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// The ways in which the process is told to end.
struct End {
    terminate: Signal,
    interrupt: Signal,
    parent_gone: Option<oneshot::Receiver<()>>,
}

impl End {
    fn watch(wired: bool) -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            parent_gone: wired.then(end_of_stdin).transpose()?,
        })
    }

    async fn told(&mut self) {
        let parent_gone = async {
            match &mut self.parent_gone {
                // An error means that the reading thread is gone, which it only is after the end of input.
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

/// Resolves at the end of standard input. On a thread of its own: a read that blocks in the runtime's pool would
/// hold up the runtime's shutdown.
fn end_of_stdin() -> io::Result<oneshot::Receiver<()>> {
    let (gone, told) = oneshot::channel();
    thread::Builder::new()
        .name("parent-watch".into())
        .spawn(move || {
            let mut scratch = [0; 256];
            // Data is skipped (the parent has no more to say); an error is an end too.
            while matches!(io::stdin().lock().read(&mut scratch), Ok(1..)) {}
            // Nobody listens any more only when the process is ending already.
            let _ = gone.send(());
        })?;
    Ok(told)
}
