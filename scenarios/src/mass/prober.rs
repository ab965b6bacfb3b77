//! Asks about the accounts' credentials, at one rate before, during and after the event, so that what the others notice of it is always the same.

use super::crowd::Crowd;
use crate::load::attack::{IDLE, Mirrored, VirtualUser};
use crate::load::connection::Connection;
use crate::revocation::probe::verdict;
use authbench_reports::revocation::Verdict;
use std::sync::Arc;
use std::time::Instant;

/// One with a connection to each point.
pub struct MassProber {
    crowd: Arc<Crowd>,
    /// By the index of the point in the target.
    connections: Vec<Connection>,
}

impl MassProber {
    /// One who asks about the credentials of `crowd`.
    #[must_use]
    pub fn new(crowd: &Arc<Crowd>) -> Self {
        let points = crowd.target.flows.points.iter();
        Self {
            connections: points
                .map(|point| Connection::new(point.request.origin.peer()))
                .collect(),
            crowd: Arc::clone(crowd),
        }
    }
}

impl VirtualUser for MassProber {
    /// Connects when it has somebody to ask about: a target that has not its turn need not hold connections.
    async fn start(&mut self) {}

    async fn turn(&mut self, limit: u32) -> Option<Mirrored> {
        if !self.crowd.is_probed().await {
            return None;
        }
        for _ in 0..limit {
            self.crowd.pace.pass().await;
            if !self.probe().await {
                tokio::time::sleep(IDLE).await;
                break;
            }
        }
        None
    }
}

impl MassProber {
    /// Whether there was somebody to ask about.
    async fn probe(&mut self) -> bool {
        let Some(next) = self.crowd.next_probe() else {
            return false;
        };
        let point = &self.crowd.target.flows.points[next.point];
        let connection = &mut self.connections[next.point];
        let asked = connection.exchange(next.request.bytes.as_bytes()).await;
        let (sent, done, verdict) = match asked {
            Ok(exchange) => {
                let judged = point.judge(exchange.head.status, connection.response());
                (exchange.sent, exchange.done, verdict(judged))
            }
            Err(failure) => (failure.sent, Instant::now(), Verdict::Gap),
        };
        self.crowd.take(next.nth, sent, done, verdict);
        true
    }
}
