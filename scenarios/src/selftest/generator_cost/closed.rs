//! Closed loop beside other tools, in rounds that take turns, so that all meet the same moments of a noisy machine.

use super::spread::{CostRound, Costs};
use super::tool::Tool;
use super::{GeneratorCostError, endpoint};
use crate::accounting::cpu::own_cpu_ns;
use crate::load::attack::Attack;
use crate::load::closed_loop::ClosedLoop;
use std::net::SocketAddr;
use std::time::Duration;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct ClosedPlan {
    /// A server that answers `GET /` with 200, on other processors than the caller.
    pub server: SocketAddr,
    /// Keep-alive connections of every generator.
    pub connections: usize,
    /// How many rounds each generator gets; at least one.
    pub rounds: usize,
    /// How long a round lasts: whole seconds, for wrk knows no others. Every generator pays for its start, so two seconds at least.
    pub length: Duration,
}

/// CPU per request of this generator and of the tools that are installed, in one interleaved run.
#[derive(Clone, Debug)]
pub struct GeneratorCost {
    /// This generator.
    pub ours: Costs,
    /// Absent where it is not installed.
    pub wrk: Option<Costs>,
    /// Absent where it is not installed.
    pub oha: Option<Costs>,
}

impl GeneratorCost {
    /// Our median CPU per request over wrk's.
    #[must_use]
    pub fn over_wrk(&self) -> Option<f64> {
        self.wrk.as_ref().map(|wrk| self.over(wrk))
    }

    /// Our median CPU per request over oha's.
    #[must_use]
    pub fn over_oha(&self) -> Option<f64> {
        self.oha.as_ref().map(|oha| self.over(oha))
    }

    fn over(&self, other: &Costs) -> f64 {
        self.ours.cpu_us_per_request().median / other.cpu_us_per_request().median
    }
}

/// Measures `plan`: our round, wrk's, oha's, and again. CPU is each generator's whole process: ours by its CPU clock, theirs by the
/// resource usage of the child.
///
/// # Errors
/// [`GeneratorCostError`]. A tool that is not installed is no error: its figures are absent.
pub async fn beside_tools(plan: &ClosedPlan) -> Result<GeneratorCost, GeneratorCostError> {
    let (mut wrk, mut oha) = (found(Tool::Wrk).await, found(Tool::Oha).await);
    let mut ours = Costs {
        version: concat!("authbench ", env!("CARGO_PKG_VERSION")).to_owned(),
        rounds: Vec::new(),
    };
    for _ in 0..plan.rounds.max(1) {
        keep(&mut ours, our_round(plan).await?)?;
        for (tool, costs) in [(Tool::Wrk, &mut wrk), (Tool::Oha, &mut oha)] {
            if let Some(costs) = costs {
                let round = tool.round(plan.server, plan.connections, plan.length);
                keep(costs, round.await?)?;
            }
        }
    }
    Ok(GeneratorCost { ours, wrk, oha })
}

async fn found(tool: Tool) -> Option<Costs> {
    let version = tool.version().await?;
    Some(Costs {
        version,
        rounds: Vec::new(),
    })
}

fn keep(costs: &mut Costs, round: CostRound) -> Result<(), GeneratorCostError> {
    if round.requests == 0 {
        return Err(GeneratorCostError::NothingAnswered(costs.version.clone()));
    }
    costs.rounds.push(round);
    Ok(())
}

/// One goose attack, from its start to its end.
async fn our_round(plan: &ClosedPlan) -> Result<CostRound, GeneratorCostError> {
    let endpoints = [endpoint(plan.server)?];
    let before = own_cpu_ns()?;
    let (closed_loop, users) = ClosedLoop::new(&endpoints, plan.connections);
    let mut attack = Attack::new(None);
    attack.crew("closed loop", users)?;
    let measurement = async {
        let round = closed_loop.run(plan.length).await;
        closed_loop.close();
        round
    };
    let round = attack.run(measurement).await?;
    let outcomes = &round.recorder.outcomes;
    Ok(CostRound {
        requests: outcomes.expected,
        errors: outcomes.total() - outcomes.expected,
        cpu: Duration::from_nanos(own_cpu_ns()? - before),
        wall: round.wall,
    })
}
