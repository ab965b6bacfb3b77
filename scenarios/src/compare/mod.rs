//! Holds two arms of a target against each other: a base and a candidate, both of which are forms of one target.
//!
//! Both run at once, and each request of one open-loop stream is drawn to one of them at random, in short rounds, over several starts of both in
//! either order. A pilot says how many rounds it takes; at most three looks are taken at them. Where the two cannot run at once, they take
//! turns.
//!
//! * [`Pair`]: the two arms; [`promises`] of their files
//! * [`timing`]: the pilot, the rounds and the looks
//! * [`revocations`]: how long either lets callers in who should be out

mod error;
mod promises;
mod revocations;
mod scenario;
mod spawn;
mod timing;

pub use error::CompareError;
pub use promises::promises;
pub use revocations::revocations;
pub use scenario::{revocation_variables, stream_variables};
pub use timing::{Timed, timing};

use crate::process::RunSettings;
use crate::run::progress::Progress;
use crate::target::{Checkout, TargetFile};
use crate::undo::Journal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What follows the subject's name in that of the base, and of the candidate.
const SUFFIXES: [&str; 2] = ["-base", "-candidate"];

/// The two arms of one subject.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The target of which both are forms.
    pub subject: String,
    base: TargetFile,
    candidate: TargetFile,
}

/// How arms are measured.
pub struct Comparing<'a> {
    /// How processes are started.
    pub settings: RunSettings,
    /// Seed of every random draw that shapes the traffic.
    pub seed: u64,
    /// More rounds of one subject are not measured, whatever the pilot asked for.
    pub most_rounds: usize,
    /// How many subjects are compared in all: each spends a part of the level.
    pub subjects: usize,
    /// Whether both arms may run at once.
    pub mixed: bool,
    /// Where it is written down whom events touch.
    pub journal: Arc<Journal>,
    /// Told what happens.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl Pair {
    /// A pair of `base` and `candidate`, which get names of their own: the subject's with `-base` and `-candidate` behind it.
    #[must_use]
    pub fn new(subject: &str, base: TargetFile, candidate: TargetFile) -> Self {
        let [base_name, candidate_name] = SUFFIXES.map(|suffix| format!("{subject}{suffix}"));
        Self {
            subject: subject.to_owned(),
            base: base.as_variant(&base_name, &BTreeMap::new()),
            candidate: candidate.as_variant(&candidate_name, &BTreeMap::new()),
        }
    }

    /// What the arms are called in run files, the base first.
    #[must_use]
    pub fn names(&self) -> [&str; 2] {
        [&self.base.about.name, &self.candidate.about.name]
    }

    /// The arms, the base first.
    #[must_use]
    pub fn arms(&self) -> [&TargetFile; 2] {
        [&self.base, &self.candidate]
    }

    /// Runs the `build` of each arm that has one and has not been built. Blocks; call it on the main thread.
    ///
    /// # Errors
    /// With the first that fails.
    pub fn build(mut self, settings: &RunSettings) -> Result<Self, CompareError> {
        for arm in [&mut self.base, &mut self.candidate] {
            crate::process::build(arm, settings)?;
            if let Some(checkout) = arm.checkout() {
                let built = Checkout {
                    built: true,
                    ..checkout.clone()
                };
                *arm = arm.clone().in_checkout(built);
            }
        }
        Ok(self)
    }
}
