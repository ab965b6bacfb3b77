//! Revocations at several truth servers, through the same code as any run.

use super::{Bench, SelftestError};
use crate::run::{self, Plan};
use crate::scenario_file::{Profile, Scenario};
use crate::target::TargetFile;
use crate::undo::Journal;
use authbench_reports::run_file::{EventRecord, RevocationRecord};

/// Makes the revocations of the built-in scenario `text` at `targets`, all at once.
pub(super) async fn revoke(
    bench: &Bench,
    name: &str,
    text: &str,
    targets: Vec<TargetFile>,
) -> Result<RevocationRecord, SelftestError> {
    let plan = Plan {
        scenarios: vec![(Scenario::parse(name, text)?, targets)],
        profile: bench.either(Profile::Quick, Profile::Full),
        settings: bench.settings.clone(),
        seed: bench.seed,
        goose_reports: None,
        journal: Journal::of_new_run(&bench.settings.dir),
    };
    let interrupted = bench.settings.interrupted.clone();
    let outcome = run::run(plan, interrupted.clone(), &|_| ()).await;
    if *interrupted.borrow() {
        return Err(SelftestError::Interrupted);
    }
    let measured = outcome.map_err(Box::new)?;
    let mut records = measured.scenarios.into_iter();
    // A scenario of revocations that ran to its end has them.
    records
        .find_map(|record| record.revocation)
        .ok_or(SelftestError::Interrupted)
}

/// What was measured at `target`.
pub(super) fn of<'a>(record: &'a RevocationRecord, target: &str) -> Option<&'a EventRecord> {
    record.events.iter().find(|event| event.target == target)
}
