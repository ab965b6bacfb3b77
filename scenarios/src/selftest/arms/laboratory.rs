//! Two arms and all the rounds that were measured at them.

use super::error::ArmsError;
use super::spawn::{Round, Spawned, spawn};
use crate::process::RunSettings;
use crate::target::TargetFile;
use authbench_reports::comparison::exact::Tally;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Over how many spawns of both arms each call of [`Laboratory::measure`] spreads its rounds. Where a process happens to lie in memory makes it
/// faster or slower for as long as it lives.
const SPAWNS: usize = 4;

/// How two arms are started.
pub(super) struct Laboratory {
    files: [TargetFile; 2],
    settings: RunSettings,
    seed: u64,
    /// Over so many spawns each call of [`Self::measure`] spreads its rounds.
    spread: usize,
    spawns: u64,
}

/// What was measured at two arms so far.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// In the order in which they were measured.
    pub(super) rounds: Vec<Round>,
    /// A first; absent for arms whose stores do not count.
    pub(super) store_commands: Option<[Tally; 2]>,
    /// CPU burnt on purpose per request, in microseconds; A first, one pair per spawn with its number of rounds.
    pub(super) spun_us: Vec<([f64; 2], usize)>,
}

impl Laboratory {
    /// Arms that both follow the target file `text`, each with variables of its own.
    ///
    /// # Errors
    /// When the file is wrong.
    pub(super) fn new(
        text: &str,
        variables: [(&str, String); 2],
        settings: &RunSettings,
        seed: u64,
    ) -> Result<Self, ArmsError> {
        let [a, b] = variables;
        Ok(Self {
            files: [file("arm-a", text, a)?, file("arm-b", text, b)?],
            settings: RunSettings {
                // A store that both use would be nobody's.
                store_url: None,
                ..settings.clone()
            },
            seed,
            spread: SPAWNS,
            spawns: 0,
        })
    }

    /// With rounds spread over `spawns` spawns.
    pub(super) fn spread_over(self, spawns: usize) -> Self {
        Self {
            spread: spawns,
            ..self
        }
    }

    /// Measures `rounds` rounds more, over several spawns, every other one the other way round.
    ///
    /// # Errors
    /// [`ArmsError`]; every process is ended then.
    pub(super) async fn measure(
        &mut self,
        rounds: usize,
        measured: &mut Measured,
    ) -> Result<(), ArmsError> {
        for share in shares(rounds, self.spread) {
            if *self.settings.interrupted.borrow() {
                return Err(ArmsError::Interrupted);
            }
            let swapped = self.spawns % 2 == 1;
            let seed = self.seed ^ (self.spawns << 48);
            self.spawns += 1;
            let files = self.files.clone();
            measured.add(spawn(files, swapped, share, seed, &self.settings).await?);
        }
        Ok(())
    }
}

impl Measured {
    fn add(&mut self, spawned: Spawned) {
        if let [Some(a), Some(b)] = spawned.store_commands {
            let [before_a, before_b] = self.store_commands.unwrap_or_default();
            self.store_commands = Some([before_a.plus(a), before_b.plus(b)]);
        }
        self.spun_us.push((spawned.spun_us, spawned.rounds.len()));
        self.rounds.extend(spawned.rounds);
    }
}

/// As even as possible, and none without rounds.
fn shares(rounds: usize, spawns: usize) -> impl Iterator<Item = usize> {
    (0..spawns)
        .map(move |spawn| (rounds + spawn) / spawns)
        .filter(|share| *share > 0)
}

fn file(
    name: &str,
    text: &str,
    (variable, value): (&str, String),
) -> Result<TargetFile, ArmsError> {
    let variables = BTreeMap::from([(variable.to_owned(), value)]);
    let mut file = TargetFile::parse(name, text, &variables)?;
    name.clone_into(&mut Arc::make_mut(&mut file.about).name);
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_none_is_empty() {
        for rounds in 0..40 {
            let shares: Vec<usize> = shares(rounds, SPAWNS).collect();
            assert_eq!(shares.iter().sum::<usize>(), rounds);
            assert!(shares.iter().all(|share| *share > 0));
            assert!(shares.len() == SPAWNS || rounds < SPAWNS);
        }
    }
}
