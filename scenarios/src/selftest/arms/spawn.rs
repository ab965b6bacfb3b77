//! One spawn of both arms: started, loaded for some rounds, asked what they counted, stopped.

use super::error::ArmsError;
use super::store_commands::StoreCounter;
use super::truth;
use crate::accounting::cpu::process_cpu_ns;
use crate::load::attack::Attack;
use crate::load::requests::RequestPool;
use crate::load::schedule::Schedule;
use crate::load::stream::{Lane, LaneRound, run_round};
use crate::process::RunSettings;
use crate::run::system::System;
use crate::target::TargetFile;
use crate::wire::RequestBytes;
use authbench_reports::comparison::exact::Tally;
use nix::errno::Errno;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Both arms together: half of it keeps a server that costs some tens of microseconds far from saturation, where mixing would couple the
/// arms, and gives each round's p90 more than a hundred samples beyond it.
const RATE_PER_S: f64 = 4000.0;
const ROUND: Duration = Duration::from_millis(800);
const WARM_UP: Duration = Duration::from_millis(500);
/// Enough that no request waits for a connection.
const CONNECTIONS_PER_ARM: usize = 16;
/// As errors name the arms.
const NAMES: [&str; 2] = ["A", "B"];

/// What one arm did in one round.
#[derive(Clone, Copy, Debug)]
pub(super) struct ArmRound {
    pub(super) requests: u64,
    /// CPU time of all processes of the arm, idle CPU included: it is the same for both.
    pub(super) cpu_ns: u64,
    pub(super) p50_ms: f64,
    pub(super) p90_ms: f64,
    pub(super) wire_bytes: u64,
}

/// One round, A first.
pub(super) type Round = [ArmRound; 2];

/// What came of one spawn, A first.
pub(super) struct Spawned {
    pub(super) rounds: Vec<Round>,
    /// By the stores' own count; absent for an arm without a store, or with one that does not count.
    pub(super) store_commands: [Option<Tally>; 2],
    /// CPU that was burnt on purpose per request, in microseconds, by the server's own CPU clock.
    pub(super) spun_us: [f64; 2],
}

/// Runs both arms for `rounds` rounds. With `swapped`, B is started before A, is first in every list, and has the processors that A had.
/// Blocks while they start.
pub(super) async fn spawn(
    files: [TargetFile; 2],
    swapped: bool,
    rounds: usize,
    seed: u64,
    settings: &RunSettings,
) -> Result<Spawned, ArmsError> {
    let arms = start(files, swapped, settings)?;
    let outcome = load(&arms, swapped, rounds, seed, settings).await;
    arms.into_iter().for_each(System::stop);
    outcome
}

/// Both arms, in the order of their names.
fn start(
    files: [TargetFile; 2],
    swapped: bool,
    settings: &RunSettings,
) -> Result<[System; 2], ArmsError> {
    let [a, b] = files;
    let [first, second] = if swapped { [b, a] } else { [a, b] };
    let [first_cpus, second_cpus] = halves(&settings.cpus);
    let on = |cpus| RunSettings {
        cpus,
        ..settings.clone()
    };
    let first = System::start(first, &on(first_cpus)).map_err(Box::new)?;
    let second = System::start(second, &on(second_cpus)).map_err(Box::new)?;
    Ok(if swapped {
        [second, first]
    } else {
        [first, second]
    })
}

/// As many processors for either arm; a single one is shared.
fn halves(cpus: &[usize]) -> [Vec<usize>; 2] {
    match cpus.len() / 2 {
        0 => [cpus.to_vec(), cpus.to_vec()],
        half => [cpus[..half].to_vec(), cpus[half..2 * half].to_vec()],
    }
}

async fn load(
    arms: &[System; 2],
    swapped: bool,
    rounds: usize,
    seed: u64,
    settings: &RunSettings,
) -> Result<Spawned, ArmsError> {
    let mut attack = Attack::new(None);
    let mut lanes = Vec::with_capacity(arms.len());
    for index in if swapped { [1, 0] } else { [0, 1] } {
        let address = address(&arms[index]);
        let (lane, users) = Lane::new(&[(address.into(), requests(address)?)], CONNECTIONS_PER_ARM);
        attack.crew(NAMES[index], users)?;
        lanes.push(lane);
    }
    let measurement = async {
        let load = Load {
            arms,
            swapped,
            seed,
            lanes: &lanes,
        };
        let mut interrupted = settings.interrupted.clone();
        let outcome = tokio::select! {
            biased;
            Ok(_) = interrupted.wait_for(|interrupted| *interrupted) => Err(ArmsError::Interrupted),
            outcome = load.measure(rounds) => outcome,
        };
        lanes.iter().for_each(Lane::close);
        outcome
    };
    attack.run(measurement).await?
}

fn address(arm: &System) -> SocketAddr {
    arm.target().flows.points[0].request.origin.address
}

fn requests(address: SocketAddr) -> Result<Arc<RequestPool>, ArmsError> {
    let request = RequestBytes::encode("GET", "/", &address.to_string(), [], b"")?;
    Ok(RequestPool::new(
        vec![request],
        Box::new(|status, _| status == 200),
    ))
}

struct Load<'a> {
    arms: &'a [System; 2],
    swapped: bool,
    seed: u64,
    lanes: &'a [Lane],
}

impl Load<'_> {
    async fn measure(&self, rounds: usize) -> Result<Spawned, ArmsError> {
        self.stream(0, WARM_UP).await?;
        let mut counters = [
            store_counter(&self.arms[0]).await?,
            store_counter(&self.arms[1]).await?,
        ];
        for arm in self.arms {
            truth::reset(address(arm)).await?;
        }
        let before = read(&mut counters).await?;
        let mut measured: Vec<Round> = Vec::with_capacity(rounds);
        for round in 1..=rounds {
            measured.push(self.round(round as u64).await?);
            self.arms.iter().try_for_each(System::check_alive)?;
        }
        let after = read(&mut counters).await?;
        let counted = |arm: usize| {
            Some(Tally {
                // The earlier reading is in the later one.
                count: (after[arm]? - before[arm]?).saturating_sub(1),
                requests: measured.iter().map(|round| round[arm].requests).sum(),
            })
        };
        Ok(Spawned {
            store_commands: [counted(0), counted(1)],
            spun_us: [spun_us(&self.arms[0]).await?, spun_us(&self.arms[1]).await?],
            rounds: measured,
        })
    }

    async fn round(&self, round: u64) -> Result<Round, ArmsError> {
        let before = [cpu_ns(&self.arms[0])?, cpu_ns(&self.arms[1])?];
        let [a, b] = self.stream(round, ROUND).await?;
        let after = [cpu_ns(&self.arms[0])?, cpu_ns(&self.arms[1])?];
        let used = |arm: usize| after[arm].saturating_sub(before[arm]);
        Ok([arm_round(0, &a, used(0))?, arm_round(1, &b, used(1))?])
    }

    /// The lanes of A and B after a stretch of the stream.
    async fn stream(&self, round: u64, length: Duration) -> Result<[LaneRound; 2], ArmsError> {
        let schedule = Schedule::new(RATE_PER_S, length, 2, self.seed ^ (round << 32));
        let mut lanes = run_round(schedule, self.lanes)
            .await
            .map_err(ArmsError::Timer)?
            .lanes;
        if self.swapped {
            lanes.reverse();
        }
        let [a, b] = <[LaneRound; 2]>::try_from(lanes).expect("one lane per arm was made");
        Ok([a, b])
    }
}

/// CPU time of all processes of an arm.
fn cpu_ns(arm: &System) -> Result<u64, Errno> {
    let pids = arm.processes().iter().filter_map(|process| process.pid);
    pids.map(process_cpu_ns).sum()
}

fn arm_round(arm: usize, lane: &LaneRound, cpu_ns: u64) -> Result<ArmRound, ArmsError> {
    let recorder = &lane.recorder;
    let (requests, count) = (
        recorder.outcomes.expected,
        recorder.outcomes.unexpected() + lane.unsent,
    );
    if count > 0 {
        let arm = NAMES[arm];
        return Err(ArmsError::Unanswered { arm, count });
    }
    let quantile = |quantile| recorder.response.quantile_ms(quantile);
    let (Some(p50_ms), Some(p90_ms)) = (quantile(0.5), quantile(0.9)) else {
        return Err(ArmsError::TooFewRequests(requests));
    };
    Ok(ArmRound {
        requests,
        cpu_ns,
        p50_ms,
        p90_ms,
        wire_bytes: recorder.bytes_sent + recorder.bytes_received,
    })
}

async fn store_counter(arm: &System) -> Result<Option<StoreCounter>, ArmsError> {
    let stores = arm
        .processes()
        .iter()
        .filter(|process| process.ready.store().is_some());
    let url = stores
        .filter_map(|store| store.ready.members().remove("url"))
        .next();
    match url {
        Some(url) => StoreCounter::connect(&url)
            .await
            .map(Some)
            .map_err(ArmsError::Store),
        None => Ok(None),
    }
}

async fn read(counters: &mut [Option<StoreCounter>; 2]) -> Result<[Option<u64>; 2], ArmsError> {
    let mut readings = [None; 2];
    for (counter, reading) in counters.iter_mut().zip(&mut readings) {
        if let Some(counter) = counter {
            *reading = counter.read().await.map_err(ArmsError::Store)?;
        }
    }
    Ok(readings)
}

async fn spun_us(arm: &System) -> Result<f64, ArmsError> {
    Ok(truth::told(address(arm)).await?.spun_us_mean.unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_arm_gets_more_processors_than_the_other() {
        assert_eq!(halves(&[1]), [vec![1], vec![1]]);
        assert_eq!(halves(&[1, 2, 3]), [vec![1], vec![2]]);
        assert_eq!(halves(&[1, 2, 3, 4]), [vec![1, 2], vec![3, 4]]);
        assert_eq!(halves(&[]), [Vec::<usize>::new(), Vec::new()]);
    }
}
