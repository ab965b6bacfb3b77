//! How far two identical targets seem to differ when they share a stream: what a comparison here has to live with.

use super::ExamineError;
use super::servers::Servers;
use crate::accounting::book;
use crate::load::attack::Attack;
use crate::load::schedule::Schedule;
use crate::load::stream::{Lane, LaneRound, run_round};
use authbench_reports::doctor::{LogRatios, NoiseFloor};
use authbench_reports::run_file::ProcessUse;
use std::time::Duration;

/// As the built-in scenarios load: far below what a server can do.
const RATE_PER_S: f64 = 2000.0;
const CONNECTIONS: usize = 12;
const WARM_UP: Duration = Duration::from_millis(500);
const ROUNDS: u64 = 12;
const ROUND: Duration = Duration::from_millis(800);
/// Any; the same each time.
const SEED: u64 = 1;

/// Loads both servers in one mixed stream.
pub(super) async fn measure(
    servers: &Servers,
    interrupted: &impl Fn() -> bool,
) -> Result<NoiseFloor, ExamineError> {
    let mut attack = Attack::new(None);
    let mut lanes = Vec::new();
    for (system, endpoints) in servers.0.iter().zip(servers.endpoints().await?) {
        let (lane, users) = Lane::new(&endpoints, CONNECTIONS);
        attack.crew(system.name(), users)?;
        lanes.push(lane);
    }
    let log_ratios = attack
        .run(async {
            let outcome = rounds(servers, &lanes, interrupted).await;
            lanes.iter().for_each(Lane::close);
            outcome
        })
        .await??;
    Ok(NoiseFloor {
        rate_per_s: RATE_PER_S,
        round_s: ROUND.as_secs_f64(),
        log_ratios,
    })
}

async fn rounds(
    servers: &Servers,
    lanes: &[Lane],
    interrupted: &impl Fn() -> bool,
) -> Result<LogRatios, ExamineError> {
    let schedule =
        |length, round: u64| Schedule::new(RATE_PER_S, length, lanes.len(), SEED ^ (round << 32));
    run_round(schedule(WARM_UP, 0), lanes).await?;
    let mut ratios = LogRatios::default();
    for round in 1..=ROUNDS {
        if interrupted() {
            return Err(ExamineError::Interrupted);
        }
        let before = book::read(&servers.0)?;
        let stream = run_round(schedule(ROUND, round), lanes).await?;
        let used = book::read(&servers.0)?.since(&before, &servers.0);
        let [first, second] = stream.lanes.as_slice() else {
            return Err(ExamineError::Load("two lanes were to be loaded".to_owned()));
        };
        let quantile = |lane: &LaneRound, quantile| lane.recorder.response.quantile_ms(quantile);
        ratios
            .p50
            .extend(log_ratio(quantile(first, 0.5), quantile(second, 0.5)));
        ratios
            .p90
            .extend(log_ratio(quantile(first, 0.9), quantile(second, 0.9)));
        let cpu =
            |lane: &LaneRound, target: usize| cpu_per_request(lane, used.processes.get(target)?);
        ratios.cpu.extend(log_ratio(cpu(first, 0), cpu(second, 1)));
    }
    Ok(ratios)
}

fn cpu_per_request(lane: &LaneRound, processes: &[ProcessUse]) -> Option<f64> {
    let ns: u64 = processes.iter().map(|process| process.cpu_ns).sum();
    let requests = lane.recorder.outcomes.total();
    (requests > 0).then(|| ns as f64 / requests as f64)
}

/// ln(second ÷ first), where both were measured.
fn log_ratio(first: Option<f64>, second: Option<f64>) -> Option<f64> {
    let (first, second) = first.zip(second)?;
    (first > 0.0 && second > 0.0).then(|| (second / first).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_need_both_sides() {
        assert_eq!(log_ratio(Some(2.0), Some(2.0)), Some(0.0));
        assert!(log_ratio(Some(1.0), Some(1.1)).is_some_and(|ratio| (ratio - 0.0953).abs() < 1e-4));
        assert_eq!(log_ratio(None, Some(1.0)), None);
        assert_eq!(log_ratio(Some(0.0), Some(1.0)), None);
    }
}
