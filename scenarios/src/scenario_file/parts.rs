//! The parts of a scenario that are measured one after another: what its targets cost, and its targets, so many at a time.

use std::collections::BTreeMap;

use super::{Load, Plan, Profile, Rounds, Scenario, check};
use crate::target::{LoadError, TargetFile};

/// `[steady]`: what the targets of a scenario of revocations cost.
#[derive(Debug, Clone)]
pub(super) struct Cost {
    pub(super) question: String,
    /// As those of a scenario.
    pub(super) targets: Vec<String>,
    /// Over the scenario's.
    pub(super) vars: BTreeMap<String, String>,
    pub(super) load: Load,
    pub(super) rounds: [Rounds; 3],
}

impl Scenario {
    /// What is measured in its place: itself with `targets`, in groups, after what they cost. `instead` are the targets that the caller put in the
    /// place of its own, if it did. A scenario of one part is that part.
    ///
    /// # Errors
    /// As [`Self::load_targets`], of the first part.
    pub fn into_parts(
        self,
        targets: Vec<TargetFile>,
        instead: &[String],
    ) -> Result<Vec<(Self, Vec<TargetFile>)>, LoadError> {
        let mut parts = Vec::new();
        if let Some(cost) = self.cost(instead) {
            let files = cost.load_all(&cost.targets)?;
            // Targets that were given in place of its own need not have its variables.
            if instead.is_empty() {
                check::fits(&cost.source, &cost.vars, &[], &files)?;
            }
            parts.push((cost, files));
        }
        let together = match self.plan(Profile::Quick) {
            Plan::Revocation(plan) => plan.together.map(|together| together as usize),
            _ => None,
        };
        let together = together.unwrap_or(targets.len()).max(1);
        let groups = targets.len().div_ceil(together);
        let mut targets = targets.into_iter();
        for number in 1..=groups {
            let mut group = self.clone();
            if groups > 1 {
                group.name = format!("{}-{number}", self.name);
            }
            parts.push((group, targets.by_ref().take(together).collect()));
        }
        Ok(parts)
    }

    /// The scenario that measures what its targets cost.
    fn cost(&self, instead: &[String]) -> Option<Self> {
        let cost = self.cost.clone()?;
        let mut vars = self.vars.clone();
        vars.extend(cost.vars);
        Some(Self {
            name: format!("{}-cost", self.name),
            question: cost.question,
            targets: match instead {
                [] => cost.targets,
                named => {
                    // What is there only to compare costs with stays.
                    let besides =
                        |target: &String| !self.targets.contains(target) && !named.contains(target);
                    let mut targets = cost.targets;
                    targets.retain(besides);
                    targets.extend_from_slice(named);
                    targets
                }
            },
            vars,
            load: cost.load,
            plans: cost.rounds.map(Plan::Steady),
            cost: None,
            ..self.clone()
        })
    }
}
