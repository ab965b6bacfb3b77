//! One point of the open-loop stream: what the generator achieves at a stated rate, and at which cost.

use super::{GeneratorCostError, endpoint};
use crate::accounting::cpu::own_cpu_ns;
use crate::load::attack::Attack;
use crate::load::schedule::Schedule;
use crate::load::stream::{Lane, run_round};
use authbench_reports::histogram::Histogram;
use std::net::SocketAddr;
use std::time::Duration;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct ScheduledPlan {
    /// A server that answers `GET /` with 200, on other processors than the caller.
    pub server: SocketAddr,
    /// Keep-alive connections, one virtual user each.
    pub connections: usize,
    /// Intended starts per second.
    pub rate_per_s: f64,
    /// How long starts are intended. As much again, at most a second, goes before it as a warm-up that does not count.
    pub length: Duration,
}

/// What one rate cost.
#[derive(Clone, Debug)]
pub struct ScheduledCost {
    /// Intended starts per second.
    pub offered_per_s: f64,
    /// Requests answered as expected per second, first intended start to last answer.
    pub achieved_per_s: f64,
    /// Requests answered as expected.
    pub requests: u64,
    /// Requests that were answered otherwise or not at all, and starts that were never sent.
    pub errors: u64,
    /// Sent − the later of intended start and the moment a user was free.
    pub send_lag: Histogram,
    /// Done − intended start.
    pub response: Histogram,
    /// CPU time of the generator while the round lasted, in microseconds per request.
    pub cpu_us_per_request: f64,
}

impl ScheduledCost {
    /// Achieved over offered.
    #[must_use]
    pub fn achieved_share(&self) -> f64 {
        self.achieved_per_s / self.offered_per_s
    }
}

/// Measures `plan` with one goose attack.
///
/// # Errors
/// [`GeneratorCostError`].
pub async fn scheduled(plan: &ScheduledPlan) -> Result<ScheduledCost, GeneratorCostError> {
    let (lane, users) = Lane::new(&[endpoint(plan.server)?], plan.connections);
    let mut attack = Attack::new(None);
    attack.crew("scheduled", users)?;
    let lanes = [lane];
    let measurement = async {
        let measured = measure(plan, &lanes).await;
        lanes[0].close();
        measured
    };
    attack.run(measurement).await?
}

async fn measure(
    plan: &ScheduledPlan,
    lanes: &[Lane; 1],
) -> Result<ScheduledCost, GeneratorCostError> {
    let warm_up = plan.length.min(Duration::from_secs(1));
    run_round(Schedule::new(plan.rate_per_s, warm_up, 1, 0), lanes).await?;
    let schedule = Schedule::new(plan.rate_per_s, plan.length, 1, 1);
    let before = own_cpu_ns()?;
    let mut round = run_round(schedule, lanes).await?;
    let cpu_ns = own_cpu_ns()? - before;
    let lane = round.lanes.swap_remove(0);
    let requests = lane.recorder.outcomes.expected;
    if requests == 0 {
        let rate = format!("scheduled at {}/s", plan.rate_per_s);
        return Err(GeneratorCostError::NothingAnswered(rate));
    }
    Ok(ScheduledCost {
        offered_per_s: plan.rate_per_s,
        achieved_per_s: requests as f64 / round.wall.as_secs_f64(),
        requests,
        errors: lane.intended - requests,
        send_lag: lane.recorder.send_lag,
        response: lane.recorder.response,
        cpu_us_per_request: cpu_ns as f64 / 1000.0 / requests as f64,
    })
}
