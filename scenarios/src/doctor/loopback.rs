//! How many requests go over the loopback when each connection sends as soon as it has its answer.

use super::ExamineError;
use super::servers::Servers;
use crate::accounting::cpu::own_cpu_ns;
use crate::load::connection::Connection;
use crate::load::requests::Requests;
use crate::load::stream::Endpoint;
use authbench_reports::doctor::Loopback;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 16;
const WARM_UP: Duration = Duration::from_millis(200);
const LENGTH: Duration = Duration::from_secs(1);

/// Loads the first server.
pub(super) async fn measure(servers: &Servers) -> Result<Loopback, ExamineError> {
    let endpoints = servers.endpoints().await?;
    let endpoint = endpoints
        .first()
        .and_then(|points| points.first())
        .ok_or_else(|| ExamineError::Load("no endpoint".to_owned()))?;
    closed_loop(endpoint, WARM_UP).await;
    let (began, before) = (Instant::now(), own_cpu_ns()?);
    let (answered, failed) = closed_loop(endpoint, LENGTH).await;
    Ok(Loopback {
        connections: CONNECTIONS as u64,
        answered,
        failed,
        seconds: began.elapsed().as_secs_f64(),
        generator_cpu_ns: own_cpu_ns()?.saturating_sub(before),
    })
}

/// Requests answered as expected, and others.
async fn closed_loop(endpoint: &Endpoint, length: Duration) -> (u64, u64) {
    let until = Instant::now() + length;
    let users = (0..CONNECTIONS).map(|_| one_connection(endpoint, until));
    let counts = futures_util::future::join_all(users).await;
    counts
        .into_iter()
        .fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
}

async fn one_connection((address, pool): &Endpoint, until: Instant) -> (u64, u64) {
    let mut connection = Connection::new(*address);
    let mut requests = Requests::new(Arc::clone(pool), 0, 1);
    let (mut answered, mut failed) = (0, 0);
    while Instant::now() < until {
        let request = requests.take();
        let answer = connection.exchange(request.as_bytes()).await;
        let expected = answer
            .is_ok_and(|exchange| requests.expected(exchange.head.status, connection.response()));
        match expected {
            true => answered += 1,
            false => failed += 1,
        }
    }
    (answered, failed)
}
