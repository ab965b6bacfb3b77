//! The store process: finds a store, says where it is, and sees to its end.

use std::io;
use std::net::Ipv4Addr;
use std::process::ExitStatus;

use serde::Serialize;
use tokio::net::{TcpListener, UnixListener};

use super::address::StoreUrl;
use super::description::StoreDescription;
use super::embedded::EmbeddedStore;
use super::find::{FindStoreError, Found, StoreWiring, find};
use super::forget::forget;
use super::process::{Place, SOCKET, ServerProcess, private_directory};
use crate::lifecycle::{self, End, LifecycleError};

/// Why the store process ended otherwise than it was told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeStoreError {
    /// There is no store.
    #[error(transparent)]
    Find(#[from] FindStoreError),
    /// The server that was started ended by itself.
    #[error("keep the store running: it ended ({0})")]
    Ended(ExitStatus),
    /// The process could not be set up, or nobody reads its ready line.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
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
    lifecycle::run(wired, async |end| {
        let path = std::env::var_os("PATH");
        let namespace = wiring.namespace.clone();
        match find(wiring, path.as_deref(), |step| eprintln!("store: {step}")).await? {
            Found::Given(url, description) => {
                let unix_url = if url.is_unix() {
                    url.clone()
                } else {
                    StoreUrl::new("")
                };
                announce(&url, &unix_url, None, &description)?;
                end.told().await;
                clean_up(&url, namespace.as_deref()).await;
                Ok(())
            }
            Found::Started(server) => supervise(*server, end).await,
            Found::Nothing => embed(end).await,
        }
    })
}

/// The servers have ended by now: they were started later, and are told to end first.
async fn clean_up(url: &StoreUrl, namespace: Option<&str>) {
    let Some(namespace) = namespace else { return };
    match forget(url.expose(), namespace).await {
        Ok(forgotten) => eprintln!("store: deleted {forgotten} keys of {namespace}"),
        Err(error) => eprintln!(
            "store: keys of {namespace} were left behind: {:?}",
            error.kind()
        ),
    }
}

async fn supervise(mut server: ServerProcess, end: &mut End) -> Result<(), ServeStoreError> {
    announce(
        &server.url,
        &server.unix_url,
        Some(server.pid()),
        &server.description,
    )?;
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
    let directory = private_directory()?;
    let socket = UnixListener::bind(directory.path().join(SOCKET))?;
    announce(
        &place.url(listener.local_addr()?.port()),
        &place.unix_url(directory.path()),
        Some(std::process::id()),
        &StoreDescription::embedded(),
    )?;
    tokio::select! {
        () = end.told() => {}
        () = EmbeddedStore::new(place.password).run(listener, socket) => {}
    }
    Ok(())
}

/// The line that says where the store is. The URL carries the password: the line is for the parent's pipe.
#[derive(Serialize)]
struct ReadyLine<'a> {
    ready: &'static str,
    url: &'a StoreUrl,
    /// Its unix socket; empty if there is none.
    unix_url: &'a StoreUrl,
    /// The process whose CPU time is the store's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    store: &'a StoreDescription,
}

fn announce(
    url: &StoreUrl,
    unix_url: &StoreUrl,
    pid: Option<u32>,
    store: &StoreDescription,
) -> Result<(), LifecycleError> {
    lifecycle::announce(&ReadyLine {
        ready: "store",
        url,
        unix_url,
        pid,
        store,
    })
}
