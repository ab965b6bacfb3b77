//! What a new connection costs the processes of a target, with TLS and without, measured while nothing else is asked of them.
//!
//! In the stream connections are kept, so hardly any is made while something is measured. Only targets whose processes are ours are
//! asked: of others the CPU is unknown, and nobody allowed a row of connections to them.

use super::MeasureError;
use super::system::System;
use crate::accounting::book;
use crate::transport::{ConnectError, Peer, Sessions, Stream};
use authbench_reports::run_file::{ConnectionCost, ConnectionKind, IdleUse, TlsSession};
use rustls::{ClientConnection, HandshakeKind};
use std::time::{Duration, Instant};

/// Connections of each kind, one after another.
const CONNECTIONS: u32 = 300;
/// Before they are counted: the first one of a process pays for what later ones find ready.
const WARM_UP: u32 = 10;
/// What the server still does when the last connection has gone.
const SETTLE: Duration = Duration::from_millis(50);
/// Longest wait for a server's tickets, which it sends by itself once the handshake is over.
const TICKETS: Duration = Duration::from_millis(50);

/// Measures every target, if one of them speaks TLS; `idle` is what their processes use anyway.
pub(super) async fn measure(
    systems: &[System],
    idle: &[IdleUse],
) -> Result<Vec<ConnectionCost>, MeasureError> {
    let mut costs = Vec::new();
    if !systems.iter().any(|system| peer(system).is_secured()) {
        return Ok(costs);
    }
    for index in 0..systems.len() {
        let system = &systems[index..=index];
        if system[0].processes().is_empty() {
            continue;
        }
        for (kind, peer) in kinds(&peer(&system[0])) {
            costs.extend(measure_one(system, kind, &peer, idle).await?);
        }
    }
    Ok(costs)
}

/// Where the first of the points that get traffic is.
fn peer(system: &System) -> Peer {
    let points = &system.target().flows.points;
    let point = points.iter().find(|point| point.traffic);
    point.unwrap_or(&points[0]).request.origin.peer()
}

fn kinds(peer: &Peer) -> Vec<(ConnectionKind, Peer)> {
    if !peer.is_secured() {
        return vec![(ConnectionKind::Plain, peer.clone())];
    }
    vec![
        (ConnectionKind::Full, peer.with_sessions(Sessions::None)),
        (
            ConnectionKind::Resumed,
            peer.with_sessions(Sessions::OfItsOwn),
        ),
    ]
}

/// `None` where the server did not do what was asked: one that gives out no tickets resumes nothing. `system` is a slice of one, as
/// the book wants it.
async fn measure_one(
    system: &[System],
    kind: ConnectionKind,
    peer: &Peer,
    idle: &[IdleUse],
) -> Result<Option<ConnectionCost>, MeasureError> {
    let name = system[0].name();
    let failed = |source| MeasureError::Connect {
        target: name.to_owned(),
        source,
    };
    let (mut last, mut wait) = (None, TICKETS);
    for _ in 0..WARM_UP {
        let (stream, arrived) = connect(peer, wait).await.map_err(failed)?;
        if !arrived {
            // It sends none by itself, so there is nothing to wait for.
            wait = Duration::ZERO;
        }
        last = Some(stream);
    }
    let Some(last) = last.filter(|stream| is(stream, kind)) else {
        return Ok(None);
    };
    let (before, began) = (book::read(system)?, Instant::now());
    for _ in 0..CONNECTIONS {
        let (stream, _) = connect(peer, wait).await.map_err(failed)?;
        // One late ticket, and what follows would be full handshakes under another name.
        if !is(&stream, kind) {
            return Ok(None);
        }
    }
    tokio::time::sleep(SETTLE).await;
    let seconds = began.elapsed().as_secs_f64();
    let used = book::read(system)?.since(&before, system);
    let busy_ns: u64 = used.processes[0].iter().map(|process| process.cpu_ns).sum();
    let idle = idle.iter().filter(|idle| idle.target == name);
    let idle_ns_per_s: f64 = idle.map(|idle| idle.cpu_ns_per_s).sum();
    Ok(Some(ConnectionCost {
        target: name.to_owned(),
        kind,
        connections: u64::from(CONNECTIONS),
        cpu_ns: busy_ns.saturating_sub((idle_ns_per_s * seconds) as u64),
        seconds,
        session: last.session().map(agreed),
    }))
}

/// A connection, and whether tickets came.
async fn connect(peer: &Peer, wait: Duration) -> Result<(Stream, bool), ConnectError> {
    let mut stream = peer.connect().await?;
    let arrived = !wait.is_zero() && stream.take_tickets(wait).await;
    Ok((stream, arrived))
}

/// Whether a connection came to stand as it should have.
fn is(stream: &Stream, kind: ConnectionKind) -> bool {
    let handshake = stream
        .session()
        .and_then(|session| session.handshake_kind());
    match kind {
        ConnectionKind::Plain => handshake.is_none(),
        ConnectionKind::Full => handshake.is_some_and(|kind| kind != HandshakeKind::Resumed),
        ConnectionKind::Resumed => handshake == Some(HandshakeKind::Resumed),
    }
}

fn agreed(session: &ClientConnection) -> TlsSession {
    let suite = session.negotiated_cipher_suite();
    let group = session.negotiated_key_exchange_group();
    TlsSession {
        version: session
            .protocol_version()
            .map_or_else(String::new, |version| format!("{version:?}")),
        cipher_suite: suite.map_or_else(String::new, |suite| format!("{:?}", suite.suite())),
        key_exchange: group.map(|group| format!("{:?}", group.name())),
    }
}
