//! Closed loop beside other tools, in rounds that take turns, so that all meet the same moments of a noisy machine.

use super::spread::{CostRound, Costs};
use super::tool::Tool;
use super::{GeneratorCostError, endpoint};
use crate::accounting::cpu::own_cpu_ns;
use crate::load::attack::Attack;
use crate::load::closed_loop::ClosedLoop;
use std::net::SocketAddr;
use std::time::Duration;

/// Name and version of this generator.
const OURS: &str = concat!("authbench ", env!("CARGO_PKG_VERSION"));

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
    /// Absent where it is not installed or failed.
    pub wrk: Option<Costs>,
    /// Absent where it is not installed or failed.
    pub oha: Option<Costs>,
    /// Tools that are installed and gave no figures, and why.
    pub failed: Vec<(Tool, String)>,
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

/// Measures `plan` in rounds of one turn each: ours, wrk's, oha's, and in the next round another begins. Whoever came always after the same
/// one would meet what that one left behind, a warm processor or connections that are still closing. CPU is each generator's whole process:
/// ours by its CPU clock, theirs by the resource usage of the child.
///
/// # Errors
/// [`GeneratorCostError`]. A tool that is not installed is no error, nor is one that fails: its figures are absent.
pub async fn beside_tools(plan: &ClosedPlan) -> Result<GeneratorCost, GeneratorCostError> {
    let mut turns = vec![Turn::new(None, OURS.to_owned())];
    for tool in [Tool::Wrk, Tool::Oha] {
        let version = tool.version().await;
        turns.extend(version.map(|version| Turn::new(Some(tool), version)));
    }
    for round in 0..plan.rounds.max(1) {
        for index in order(round, turns.len()) {
            turns[index].take(plan).await?;
        }
    }
    Ok(GeneratorCost {
        failed: turns.iter().filter_map(Turn::failure).collect(),
        wrk: measured(&turns, Tool::Wrk),
        oha: measured(&turns, Tool::Oha),
        // The first, and an error of ours has ended it all.
        ours: turns.swap_remove(0).costs,
    })
}

/// Who comes when in `round`, of so many `generators`.
fn order(round: usize, generators: usize) -> impl Iterator<Item = usize> {
    (0..generators).map(move |turn| (round + turn) % generators)
}

/// The rounds of `tool`, unless it failed.
fn measured(turns: &[Turn], tool: Tool) -> Option<Costs> {
    let turn = turns.iter().find(|turn| turn.tool == Some(tool))?;
    turn.failed.is_none().then(|| turn.costs.clone())
}

/// A generator and its rounds so far.
struct Turn {
    /// Absent: this generator.
    tool: Option<Tool>,
    costs: Costs,
    failed: Option<String>,
}

impl Turn {
    fn new(tool: Option<Tool>, version: String) -> Self {
        Self {
            tool,
            costs: Costs {
                version,
                rounds: Vec::new(),
            },
            failed: None,
        }
    }

    /// One round. A tool that failed has no more of them: what it did before is no fair part of a comparison.
    async fn take(&mut self, plan: &ClosedPlan) -> Result<(), GeneratorCostError> {
        let Some(tool) = self.tool else {
            return self.keep(our_round(plan).await?);
        };
        if self.failed.is_some() {
            return Ok(());
        }
        let round = tool.round(plan.server, plan.connections, plan.length).await;
        let kept = round
            .map_err(GeneratorCostError::from)
            .and_then(|round| self.keep(round));
        self.failed = kept.err().map(|error| error.to_string());
        Ok(())
    }

    fn keep(&mut self, round: CostRound) -> Result<(), GeneratorCostError> {
        if round.requests == 0 {
            let version = self.costs.version.clone();
            return Err(GeneratorCostError::NothingAnswered(version));
        }
        self.costs.rounds.push(round);
        Ok(())
    }

    fn failure(&self) -> Option<(Tool, String)> {
        self.tool.zip(self.failed.clone())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_comes_once_a_round_and_another_begins_each() {
        let orders: Vec<Vec<usize>> = (0..4).map(|round| order(round, 3).collect()).collect();
        assert_eq!(orders, [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 1, 2]]);
        assert_eq!(order(5, 1).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn a_tool_that_failed_has_no_figures_and_says_why() {
        let mut wrk = Turn::new(Some(Tool::Wrk), "wrk 4.0.0".to_owned());
        let round = CostRound {
            requests: 1000,
            errors: 0,
            cpu: Duration::from_millis(8),
            wall: Duration::from_secs(2),
        };
        wrk.keep(round).expect("answered");
        let mut turns = [Turn::new(None, OURS.to_owned()), wrk];
        assert!(measured(&turns, Tool::Wrk).is_some());
        assert!(turns[1].failure().is_none() && measured(&turns, Tool::Oha).is_none());
        turns[1].failed = Some("wrk failed: no rate".to_owned());
        assert!(measured(&turns, Tool::Wrk).is_none());
        assert_eq!(
            turns[1].failure(),
            Some((Tool::Wrk, "wrk failed: no rate".to_owned()))
        );
        let silent = CostRound {
            requests: 0,
            ..round
        };
        assert!(turns[0].keep(silent).is_err());
    }
}
