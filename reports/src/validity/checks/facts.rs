//! Whether a target file's facts are those of the system: what tokens say of how long they live, against `access_ttl`.

use crate::number::{count, span};
use crate::run_file::{LifetimeRecord, ScenarioRecord};
use crate::validity::{Check, Finding, Verdict};

/// Tokens may say less by this: what was left when the answer was written, in whole seconds.
const ROUNDED_OFF_S: f64 = 1.0;

/// What the tokens of one scenario contradict.
pub(super) fn contradicted(scenario: &ScenarioRecord) -> impl Iterator<Item = Finding> {
    let lifetimes = scenario.lifetimes.iter();
    lifetimes.filter_map(|lifetime| contradiction(&scenario.name, lifetime))
}

fn contradiction(scenario: &str, named: &LifetimeRecord) -> Option<Finding> {
    let stated_s = named.stated_s?;
    // Whole seconds may round up what a fact says in parts of one.
    let longer = named.longest_s > stated_s.ceil();
    let shorter = named.shortest_s < stated_s - ROUNDED_OFF_S;
    let contradicting_s = match (longer, shorter) {
        (true, _) => named.longest_s,
        (false, true) => named.shortest_s,
        (false, false) => return None,
    };
    let target = &named.target;
    Some(Finding {
        check: Check::FactsContradicted,
        verdict: Verdict::Degraded,
        what: format!(
            "the file of `{target}` states an access_ttl of {} in `{scenario}`, and its tokens one of {} ({} of {} tokens)",
            span(stated_s * 1e3),
            span(contradicting_s * 1e3),
            named.source.name(),
            count(named.n)
        ),
        taints: format!(
            "the bounds of `{target}` that are made of access_ttl, what renewals add to a request, and what is projected"
        ),
        advice: "state in facts.access_ttl what the system is set to, or set the system to what is stated".to_owned(),
    })
}
