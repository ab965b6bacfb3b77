//! What the file alone says and does not say, before anything is sent.

use crate::scenario_file;
use crate::target::{Event, Target};
use authbench_reports::check::{Finding, Severity};
use std::collections::BTreeSet;

/// The one fact that is used without standing in a bound: renewals go by it.
const ALWAYS_USED: &str = "access_ttl";

/// What is missing, or stated for nothing.
pub(super) fn lacks(target: &Target) -> Vec<Finding> {
    let flows = &target.flows;
    let mut found = Vec::new();
    let mut note = |about: &str, says: &str| {
        found.push(Finding::new(Severity::Note, about, says));
    };
    if flows.login.is_empty() {
        note(
            "login",
            "none: nobody is told apart, so there is nothing to refuse or to revoke",
        );
        return found;
    }
    if flows.refresh.is_empty() {
        note("refresh", "none: credentials are renewed by a new login");
    }
    if flows.logout.is_empty() {
        note("logout", "none");
    }
    if flows.events.is_empty() {
        let says = "none: a run can measure latency and cost, but not how long a caller stays in who should be out";
        let advice = "add an [[event]], such as the logout or the disabling of the account";
        found.push(Finding::new(Severity::Warning, "event", says).advising(advice));
    }
    found.extend(
        flows
            .events
            .iter()
            .filter_map(|event| unbounded(target, event)),
    );
    found.extend(unused_facts(target));
    found.extend(flows.events.iter().filter_map(unasked));
    found
}

/// An event that nobody will make happen unless a scenario is written that names it.
fn unasked(event: &Event) -> Option<Finding> {
    if scenario_file::asking_for(&event.name).next().is_some() {
        return None;
    }
    let says = "no scenario of this program makes it happen";
    let advice = "name it in [revocation] events of a scenario file; if it is what they call logout or account_disabled, call it so";
    let about = format!("event.{}", event.name);
    Some(Finding::new(Severity::Note, about, says).advising(advice))
}

/// An event that promises nothing at some point.
fn unbounded(target: &Target, event: &Event) -> Option<Finding> {
    let points = target.flows.points.iter();
    let without: Vec<&str> = points
        .filter(|point| point.is_probed_in(&event.name) && !event.goes_on.contains(&point.name))
        .filter(|point| !event.bounds.contains_key(&point.name))
        .map(|point| point.name.as_str())
        .collect();
    let says = format!(
        "no bound for {}: the lag there is measured, and nothing is judged",
        without.join(", ")
    );
    let about = format!("event.{}.bound", event.name);
    (!without.is_empty()).then(|| Finding::new(Severity::Note, about, says))
}

fn unused_facts(target: &Target) -> impl Iterator<Item = Finding> {
    let bounds = target
        .flows
        .events
        .iter()
        .flat_map(|event| event.bounds.values());
    let used: BTreeSet<&str> = bounds.flat_map(|bound| bound.facts()).collect();
    let facts = target.about.facts.keys();
    let unused = facts.filter(move |fact| *fact != ALWAYS_USED && !used.contains(fact.as_str()));
    unused.map(|fact| {
        let says = "is in no bound";
        Finding::new(Severity::Note, format!("facts.{fact}"), says)
    })
}
