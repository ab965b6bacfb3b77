//! Starting the truth server, as a process or within a test.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::connection::accept;
use super::credentials::Credentials;
use super::endpoints::Truth;
use super::ledger::Ledger;
use super::settings::{CredentialEnd, TruthSettings, TruthWiring};
use super::work::Work;
use crate::clock::Clock;
use crate::lifecycle::{self, LifecycleError};
use crate::store::{ConnectError, Store, StoreOptions};

/// The truth server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartTruthError {
    /// An address cannot be listened on.
    #[error("listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The ports after the first instance's run out.
    #[error(
        "listen with {instances} instances from port {first} on: there is no port above 65535; use port 0 for any free ones"
    )]
    Ports {
        /// How many instances.
        instances: NonZeroUsize,
        /// The port of the first one.
        first: u16,
    },
    /// The one instance that is to behave differently does not exist.
    #[error("let only instance {only} lag: there are {instances}")]
    NoSuchInstance {
        /// The one.
        only: NonZeroUsize,
        /// How many there are.
        instances: NonZeroUsize,
    },
    /// Store round trips without a store.
    #[error(
        "make store round trips: no store URL was given (store_url in the wiring, or AUTHBENCH_STORE_URL)"
    )]
    NoStore,
    /// The store cannot be reached.
    #[error(transparent)]
    Store(#[from] ConnectError),
    /// No timer thread, or no clock of a thread's CPU time.
    #[error("prepare to hold answers back: {0}")]
    Prepare(#[source] io::Error),
    /// The process could not be set up.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
}

/// A truth server on the runtime it was started on. Dropping it stops its listeners; connections end with the runtime.
#[derive(Debug)]
pub struct RunningTruth {
    /// `http://address:port` of each instance.
    pub urls: Vec<String>,
    listeners: Vec<JoinHandle<()>>,
}

impl Drop for RunningTruth {
    fn drop(&mut self) {
        self.listeners.iter().for_each(JoinHandle::abort);
    }
}

/// Runs the truth server as a process: until the end of standard input if `wired`, or until it is signalled.
///
/// Prints one JSON line once it listens. What it still holds back at its end never leaves.
pub fn serve(
    settings: TruthSettings,
    wiring: TruthWiring,
    wired: bool,
) -> Result<(), StartTruthError> {
    lifecycle::run(wired, async |end| {
        let running = start(settings, wiring, Clock::system()).await?;
        lifecycle::announce(&ready_line(&running.urls))?;
        end.told().await;
        Ok(())
    })
}

/// Starts a truth server on the running runtime. `clock` is the one that self-contained credentials expire by.
pub async fn start(
    settings: TruthSettings,
    wiring: TruthWiring,
    clock: Clock,
) -> Result<RunningTruth, StartTruthError> {
    check(&settings)?;
    let store = match wiring.store_url {
        _ if settings.store_round_trips == 0 => None,
        Some(url) => Some(Store::connect(url.expose(), StoreOptions::default()).await?),
        None => return Err(StartTruthError::NoStore),
    };
    let truth = Arc::new(Truth {
        bare: settings.bare,
        ledger: Ledger::new(&settings),
        work: Work::prepare(&settings, store).map_err(StartTruthError::Prepare)?,
        credentials: Credentials::new(&settings.credential_end, clock),
        block_revocation: settings.block_revocation,
    });
    let mut running = RunningTruth {
        urls: Vec::new(),
        listeners: Vec::new(),
    };
    for index in 0..settings.instances.get() {
        let (listener, url) = listen(&settings, index).await?;
        let instance = NonZeroUsize::MIN.saturating_add(index);
        let accepting = tokio::spawn(accept(listener, instance, Arc::clone(&truth)));
        running.urls.push(url);
        running.listeners.push(accepting);
    }
    Ok(running)
}

fn check(settings: &TruthSettings) -> Result<(), StartTruthError> {
    let instances = settings.instances;
    match settings.credential_end {
        CredentialEnd::Revocation {
            only_instance: Some(only),
            ..
        } if only > instances => Err(StartTruthError::NoSuchInstance { only, instances }),
        _ => Ok(()),
    }
}

/// Listens for the instance of this index, from 0.
async fn listen(
    settings: &TruthSettings,
    index: usize,
) -> Result<(TcpListener, String), StartTruthError> {
    let mut address = settings.listen;
    let first = address.port();
    if first > 0 {
        let port = u16::try_from(index)
            .ok()
            .and_then(|index| first.checked_add(index))
            .ok_or(StartTruthError::Ports {
                instances: settings.instances,
                first,
            })?;
        address.set_port(port);
    }
    let failed = |source| StartTruthError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);
    Ok((listener, url))
}

/// `url` is the first instance, `url_1`, `url_2`… are all of them.
fn ready_line(urls: &[String]) -> Value {
    let mut line = Map::new();
    line.insert("ready".into(), "truth".into());
    line.insert("pid".into(), std::process::id().into());
    line.extend(urls.first().map(|url| ("url".into(), url.as_str().into())));
    let numbered = urls.iter().zip(1..);
    line.extend(
        numbered.map(|(url, number): (_, u32)| (format!("url_{number}"), url.as_str().into())),
    );
    Value::Object(line)
}
