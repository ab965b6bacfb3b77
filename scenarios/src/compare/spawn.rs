//! One start of both arms: logged in, warmed up, measured for some rounds, stopped.

use super::{CompareError, Comparing, Pair, scenario};
use crate::run::{self, Measured, Plan};
use crate::scenario_file::{Profile, Scenario};
use crate::target::TargetFile;
use authbench_reports::run_file::{ScenarioRecord, StoreInfo, TargetRecord};
use std::sync::Arc;

/// Credentials of each arm, if it has as many users: so many that no cache sees the same few over and over.
const CREDENTIALS: u32 = 500;

/// Everything that was measured so far of one subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    pub(super) store: Option<StoreInfo>,
    pub(super) targets: Vec<TargetRecord>,
    /// One record of all rounds if the arms shared a stream, one for each arm if they took turns.
    pub(super) records: Vec<ScenarioRecord>,
    pub(super) spawns: u64,
}

impl Gathered {
    /// Starts both arms once more, for `rounds` rounds at `rate_per_s` over both; every other time in the other order.
    pub(super) async fn spawn(
        &mut self,
        pair: &Pair,
        comparing: &Comparing<'_>,
        (rate_per_s, rounds): (u32, usize),
    ) -> Result<(), CompareError> {
        let [base, candidate] = pair.arms();
        let mut order = vec![base.clone(), candidate.clone()];
        if self.spawns % 2 == 1 {
            order.reverse();
        }
        let seed = comparing.seed ^ (self.spawns << 40);
        self.spawns += 1;
        let groups: Vec<Vec<TargetFile>> = match comparing.mixed {
            true => vec![order],
            // One after the other, each under its own share.
            false => order.into_iter().map(|arm| vec![arm]).collect(),
        };
        let share = (rate_per_s / groups.len() as u32).max(1);
        for group in groups {
            let names: Vec<&str> = group.iter().map(|arm| arm.about.name.as_str()).collect();
            let scenario =
                scenario::stream(&pair.subject, &names, share, rounds, credentials(&group))?;
            let measured = once(scenario, group, seed, comparing).await?;
            self.add(measured);
        }
        Ok(())
    }

    pub(super) fn add(&mut self, measured: Measured) {
        self.store = self.store.take().or(measured.store);
        for target in measured.targets {
            if !self.targets.iter().any(|known| known.name == target.name) {
                self.targets.push(target);
            }
        }
        for record in measured.scenarios {
            let same =
                |known: &&mut ScenarioRecord| known.settings.keys().eq(record.settings.keys());
            match self.records.iter_mut().find(same) {
                Some(known) => extend(known, record),
                None => self.records.push(record),
            }
        }
    }
}

/// The rounds of another start of the same arms.
fn extend(known: &mut ScenarioRecord, more: ScenarioRecord) {
    if let (Some(known), Some(more)) = (&mut known.steady, more.steady) {
        known.rounds.extend(more.rounds);
    }
}

fn credentials(arms: &[TargetFile]) -> u32 {
    let users = arms
        .iter()
        .filter_map(|arm| Some(arm.about.users.as_ref()?.count));
    users.min().unwrap_or(CREDENTIALS).min(CREDENTIALS)
}

/// Runs `scenario` at `targets`.
pub(super) async fn once(
    scenario: Scenario,
    targets: Vec<TargetFile>,
    seed: u64,
    comparing: &Comparing<'_>,
) -> Result<Measured, CompareError> {
    let plan = Plan {
        scenarios: vec![(scenario, targets)],
        profile: Profile::Quick,
        settings: comparing.settings.clone(),
        seed,
        goose_reports: None,
        journal: Arc::clone(&comparing.journal),
    };
    let interrupted = comparing.settings.interrupted.clone();
    let measured = run::run(plan, interrupted, comparing.progress).await;
    let measured = measured.map_err(Box::new)?;
    match measured.interrupted {
        true => Err(CompareError::Interrupted),
        false => Ok(measured),
    }
}
