//! How many requests go over the loopback when each connection sends as soon as it has its answer.

use super::ExamineError;
use super::servers::Servers;
use crate::accounting::cpu::own_cpu_ns;
use crate::load::attack::Attack;
use crate::load::closed_loop::{ClosedLoop, ClosedLoopRound};
use authbench_reports::doctor::Loopback;
use std::time::Duration;

const CONNECTIONS: usize = 16;
const WARM_UP: Duration = Duration::from_millis(200);
const LENGTH: Duration = Duration::from_secs(1);

/// Loads the first server.
pub(super) async fn measure(servers: &Servers) -> Result<Loopback, ExamineError> {
    let endpoints = servers.endpoints().await?;
    let first = endpoints
        .first()
        .ok_or_else(|| ExamineError::Load("no endpoint".to_owned()))?;
    let (closed_loop, users) = ClosedLoop::new(first, CONNECTIONS);
    let mut attack = Attack::new(None);
    attack.crew("loopback", users)?;
    let measured = attack.run(async {
        let measured = rounds(&closed_loop).await;
        closed_loop.close();
        measured
    });
    let (round, generator_cpu_ns) = measured.await??;
    let outcomes = &round.recorder.outcomes;
    Ok(Loopback {
        connections: CONNECTIONS as u64,
        answered: outcomes.expected,
        failed: outcomes.total() - outcomes.expected,
        seconds: round.wall.as_secs_f64(),
        generator_cpu_ns,
    })
}

/// The measured round, after one to warm up; what the generator used in it.
async fn rounds(closed_loop: &ClosedLoop) -> Result<(ClosedLoopRound, u64), ExamineError> {
    closed_loop.run(WARM_UP).await;
    let before = own_cpu_ns()?;
    let round = closed_loop.run(LENGTH).await;
    Ok((round, own_cpu_ns()?.saturating_sub(before)))
}
