//! A truth server's own endpoints: forget what was, and tell what it did.

use super::SelftestError;
use crate::credentials::STEP_DEADLINE;
use crate::flow::FlowClient;
use crate::run::system::System;
use crate::transport::Peer;
use crate::wire::RequestBytes;
use serde::Deserialize;

const AUTHORITY: &str = "truth";

/// Asks one truth server about itself.
pub(super) struct TruthServer {
    client: FlowClient,
    peer: Peer,
}

/// What a server did since it was told to forget, over all load requests.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Report {
    /// How many load requests it answered.
    pub(super) requests: u64,
    /// The delays that were drawn; absent where none are.
    #[serde(default)]
    pub(super) drawn_us: Option<Quantiles>,
    /// How long requests were really held, from fully read to the answer handed over.
    #[serde(default)]
    pub(super) held_us: Option<Quantiles>,
}

/// Exact sample quantiles (nearest rank) in microseconds.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Quantiles {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) p999: f64,
}

impl TruthServer {
    /// The one that `system` runs: where its first point is.
    pub(super) fn of(system: &System) -> Self {
        Self {
            client: FlowClient::new(STEP_DEADLINE),
            peer: system.target().flows.points[0].request.origin.peer(),
        }
    }

    /// Begins anew: counts, draws, and the clock of its stalls.
    pub(super) async fn reset(&mut self) -> Result<(), SelftestError> {
        self.ask("POST", "/truth/reset", 204).await
    }

    /// What it did since.
    pub(super) async fn report(&mut self) -> Result<Report, SelftestError> {
        self.ask("GET", "/truth", 200).await?;
        let body = self.client.response().body();
        serde_json::from_slice(body).map_err(|error| SelftestError::Answer {
            request: "/truth",
            status: 200,
            problem: error.to_string(),
        })
    }

    async fn ask(
        &mut self,
        method: &str,
        path: &'static str,
        expected: u16,
    ) -> Result<(), SelftestError> {
        let request = RequestBytes::encode(method, path, AUTHORITY, [], b"")?;
        let exchange = self.client.exchange(&self.peer, &request).await?;
        if exchange.head.status == expected {
            return Ok(());
        }
        Err(SelftestError::Answer {
            request: path,
            status: exchange.head.status,
            problem: format!("expected {expected}"),
        })
    }
}
