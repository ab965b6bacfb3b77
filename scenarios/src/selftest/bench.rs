//! What every truth needs to be measured.

use super::SelftestError;
use super::error_rates::Repetitions;
use super::fault::Fault;
use super::quiet::Watch;
use crate::process::RunSettings;
use crate::run::system::System;
use crate::target::TargetFile;
use authbench_reports::selftest::{Noise, Scope};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How truths are measured, and what is noted besides their rows.
#[derive(Debug)]
pub struct Bench {
    /// How processes are started.
    pub settings: RunSettings,
    /// Seed of every random draw, the servers' included.
    pub seed: u64,
    /// How long and how thorough.
    pub scope: Scope,
    /// The mistake to make on purpose, if any.
    pub fault: Option<Fault>,
    /// How often the error rates of comparisons are tried.
    pub repetitions: Repetitions,
    noise: Mutex<Vec<Noise>>,
}

impl Bench {
    /// A bench on which nothing was measured yet.
    #[must_use]
    pub fn new(settings: RunSettings, seed: u64, scope: Scope, fault: Option<Fault>) -> Self {
        Self {
            settings,
            seed,
            scope,
            fault,
            repetitions: Repetitions::default(),
            noise: Mutex::default(),
        }
    }

    /// With other numbers of repetitions.
    #[must_use]
    pub fn repeating(self, repetitions: Repetitions) -> Self {
        Self {
            repetitions,
            ..self
        }
    }

    /// Whether this mistake is to be made.
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// The one for the quick self-test or the one for the full one.
    pub(super) fn either<T>(&self, quick: T, full: T) -> T {
        match self.scope {
            Scope::Quick => quick,
            Scope::Full | Scope::Compare => full,
        }
    }

    /// A built-in target file called `name`, with `variables` in place of its own.
    pub(super) fn file(
        &self,
        name: &str,
        text: &str,
        variables: &[(&str, &str)],
    ) -> Result<TargetFile, SelftestError> {
        let seed = ("seed".to_owned(), self.seed.to_string());
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables: BTreeMap<String, String> = variables.chain([seed]).collect();
        let mut file = TargetFile::parse(name, text, &variables)?;
        // One file serves several truths, which stand beside each other in one scenario.
        name.clone_into(&mut Arc::make_mut(&mut file.about).name);
        Ok(file)
    }

    /// Starts what `file` describes. Blocks.
    pub(super) fn start(&self, file: TargetFile) -> Result<System, SelftestError> {
        if *self.settings.interrupted.borrow() {
            return Err(SelftestError::Interrupted);
        }
        System::start(file, &self.settings).map_err(|error| Box::new(error).into())
    }

    /// Gives `work` up when interrupted.
    pub(super) async fn unless_interrupted<T>(
        &self,
        work: impl Future<Output = Result<T, SelftestError>>,
    ) -> Result<T, SelftestError> {
        let mut interrupted = self.settings.interrupted.clone();
        tokio::select! {
            biased;
            Ok(_) = interrupted.wait_for(|interrupted| *interrupted) => Err(SelftestError::Interrupted),
            outcome = work => outcome,
        }
    }

    /// Looks at how quiet the machine is, until the watch is handed to [`Self::quiet_since`].
    pub(super) fn watch(&self) -> Watch {
        Watch::begin(&self.settings.cpus)
    }

    /// How quiet it was since then, noted for the file as what was around `what`.
    pub(super) fn quiet_since(&self, watch: Watch, what: &str) -> Noise {
        let noise = watch.end(what);
        self.noise
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(noise.clone());
        noise
    }

    /// Everything noted so far.
    pub(super) fn take_noise(&self) -> Vec<Noise> {
        std::mem::take(&mut self.noise.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
