//! How long either arm lets callers in who should be out.

use super::scenario;
use super::spawn::{Gathered, once};
use super::{CompareError, Comparing, Pair};
use authbench_reports::comparison::lags;
use authbench_reports::comparison::rows::Row;
use authbench_reports::run_file::{ScenarioRecord, TargetRecord};

/// The built-in revocations at both arms of `pair`, in turn with each other and at the same time: a line for each event at each point. `None`
/// where neither arm has any of their events.
///
/// # Errors
/// [`CompareError`]; every process is ended then.
pub async fn revocations(
    pair: &Pair,
    comparing: &Comparing<'_>,
) -> Result<Option<(Vec<Row>, Vec<TargetRecord>, ScenarioRecord)>, CompareError> {
    let scenario = scenario::revocation();
    let has_events = |arm: &&crate::target::TargetFile| scenario.has_event_of(arm);
    if !pair.arms().iter().all(has_events) {
        return Ok(None);
    }
    let mut gathered = Gathered::default();
    let targets = pair.arms().map(Clone::clone).to_vec();
    gathered.add(once(scenario, targets, comparing.seed, comparing).await?);
    let Some(record) = gathered.records.pop() else {
        return Ok(None);
    };
    let [base, candidate] = pair.names();
    let rows = record
        .revocation
        .as_ref()
        .map(|revocation| lags::rows(&pair.subject, revocation, base, candidate));
    Ok(Some((rows.unwrap_or_default(), gathered.targets, record)))
}
