//! A store for a test: any kind, started here, ended with the test.

use std::env;
use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tempfile::TempDir;
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime;
use tokio::sync::oneshot;

use super::address::StoreUrl;
use super::description::{StoreDescription, StoreKind};
use super::embedded::EmbeddedStore;
use super::find::on_path;
use super::process::{Place, SOCKET, ServerProcess, StartError, private_directory};

/// Set to `1`, tests that need a real Redis fail where there is none, instead of skipping.
pub const REQUIRE_REDIS: &str = "AUTHBENCH_REQUIRE_REDIS";

/// A store that a test started, with no data and a password of its own; it ends when dropped.
///
/// It runs on a thread of its own, so it may be started from anywhere, also inside a runtime (it blocks for the
/// few milliseconds that a server takes to start).
pub struct StartedStore {
    kind: StoreKind,
    place: Place,
    running: Option<Running>,
    url: StoreUrl,
    unix_url: StoreUrl,
    description: StoreDescription,
}

/// The thread that owns the store. A Redis dies with the thread that made it, so the thread stays as long.
struct Running {
    pid: u32,
    end: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl StartedStore {
    /// Starts a store of this kind; fails if its server is not on `PATH`.
    pub fn start(kind: StoreKind) -> Result<Self, StartError> {
        let mut place = Place::random();
        let (running, ready) = run(kind, &place)?;
        place.port = Some(ready.port);
        Ok(Self {
            kind,
            url: place.url(ready.port),
            unix_url: ready.unix_url,
            place,
            running: Some(running),
            description: ready.description,
        })
    }

    /// The kinds of store that can be tested here: the embedded one, and those whose server is on `PATH`.
    ///
    /// Prints which are skipped. Panics if no real one is there and [`REQUIRE_REDIS`] is set to `1`.
    pub fn kinds_here() -> Vec<StoreKind> {
        let (mut here, mut skipped) = (vec![StoreKind::Embedded], Vec::new());
        for kind in [StoreKind::Redis, StoreKind::Valkey] {
            match program(kind) {
                Ok(_) => here.push(kind),
                Err(error) => skipped.push(format!("{kind:?} ({error})")),
            }
        }
        for reason in &skipped {
            eprintln!("skipped: {reason}");
        }
        let required = env::var_os(REQUIRE_REDIS).is_some_and(|value| value == "1");
        assert!(
            here.len() > 1 || !required,
            "{REQUIRE_REDIS}=1 and there is no real Redis: {}",
            skipped.join("; ")
        );
        here
    }

    /// The store's URL, password included. It stays the same when the store is started again.
    pub fn url(&self) -> &str {
        self.url.expose()
    }

    /// The URL of its unix socket, another each time it is started.
    pub fn unix_url(&self) -> &str {
        self.unix_url.expose()
    }

    /// Which store it is.
    pub fn description(&self) -> &StoreDescription {
        &self.description
    }

    /// The process that is the store: its server's, or for the embedded one this process; `None` when stopped.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.pid)
    }

    /// Ends the store, with all it holds. Its connections are closed.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            // Both fail only if the thread is gone already, by a panic that has been printed.
            let _ = running.end.send(());
            let _ = running.thread.join();
        }
    }

    /// Starts the store again after [`stop`](Self::stop), empty, at the same URL.
    pub fn start_again(&mut self) -> Result<(), StartError> {
        self.stop();
        let (running, ready) = run(self.kind, &self.place)?;
        self.running = Some(running);
        self.unix_url = ready.unix_url;
        self.description = ready.description;
        Ok(())
    }
}

impl fmt::Debug for StartedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartedStore")
            .field("url", &self.url)
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}

impl Drop for StartedStore {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the owning thread reports once the store answers.
struct Ready {
    pid: u32,
    port: u16,
    unix_url: StoreUrl,
    description: StoreDescription,
}

type Outcome = Result<Ready, StartError>;

fn run(kind: StoreKind, place: &Place) -> Result<(Running, Ready), StartError> {
    let place = place.clone();
    let (ready, told) = mpsc::channel();
    let (end, ended) = oneshot::channel();
    let own = move || match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(keep(kind, place, &ready, ended)),
        Err(error) => report(&ready, Err(StartError::Runtime(error))),
    };
    let thread = thread::Builder::new()
        .name("store".into())
        .spawn(own)
        .map_err(StartError::Runtime)?;
    let gone = |_| StartError::Runtime(std::io::ErrorKind::BrokenPipe.into());
    let ready = told.recv().map_err(gone)??;
    let pid = ready.pid;
    Ok((Running { pid, end, thread }, ready))
}

async fn keep(
    kind: StoreKind,
    place: Place,
    ready: &mpsc::Sender<Outcome>,
    ended: oneshot::Receiver<()>,
) {
    match kind {
        StoreKind::Embedded => match listen(&place).await {
            Ok(listening) => {
                let Listening {
                    listener,
                    socket,
                    port,
                    directory,
                } = listening;
                report(
                    ready,
                    Ok(Ready {
                        pid: std::process::id(),
                        port,
                        unix_url: place.unix_url(directory.path()),
                        description: StoreDescription::embedded(),
                    }),
                );
                tokio::select! {
                    _ = ended => {}
                    () = EmbeddedStore::new(place.password).run(listener, socket) => {}
                }
            }
            Err(error) => report(ready, Err(StartError::Port(error))),
        },
        StoreKind::Redis | StoreKind::Valkey => match start(kind, &place).await {
            Ok(server) => {
                report(
                    ready,
                    Ok(Ready {
                        pid: server.pid(),
                        port: server.port,
                        unix_url: server.unix_url.clone(),
                        description: server.description.clone(),
                    }),
                );
                // Dropped without a word is a reason to end, too.
                let _ = ended.await;
                server.stop().await;
            }
            Err(error) => report(ready, Err(error)),
        },
    }
}

/// Where an embedded store listens.
struct Listening {
    listener: TcpListener,
    socket: UnixListener,
    port: u16,
    directory: TempDir,
}

async fn listen(place: &Place) -> std::io::Result<Listening> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, place.port.unwrap_or(0))).await?;
    let directory = private_directory()?;
    Ok(Listening {
        port: listener.local_addr()?.port(),
        listener,
        socket: UnixListener::bind(directory.path().join(SOCKET))?,
        directory,
    })
}

async fn start(kind: StoreKind, place: &Place) -> Result<ServerProcess, StartError> {
    ServerProcess::start(&program(kind)?, place).await
}

fn program(kind: StoreKind) -> Result<PathBuf, StartError> {
    let name = if kind == StoreKind::Valkey {
        "valkey-server"
    } else {
        "redis-server"
    };
    on_path(name, env::var_os("PATH").as_deref()).ok_or(StartError::NotInstalled(name))
}

fn report(ready: &mpsc::Sender<Outcome>, outcome: Outcome) {
    // The starter waits for exactly this message; if it is gone, so is the reason to report.
    let _ = ready.send(outcome);
}
