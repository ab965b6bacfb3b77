//! Whether requests ended as the scenario expects; an answer about the credential and a failure on the way to it are told apart.

use crate::number::count;
use crate::run_file::Outcomes;
use crate::validity::{Check, Finding, Verdict};

/// Bad gateway, service unavailable, gateway time-out (RFC 9110 §15.6): somebody in between or behind could not be asked.
const INFRASTRUCTURE: [u16; 3] = [502, 503, 504];

/// Answers with another status than expected, other than those of the infrastructure.
pub(super) fn unexpected(whose: &str, outcomes: &Outcomes, taints: &str) -> Option<Finding> {
    let kinds: Vec<(String, u64)> = statuses(outcomes, |status| !INFRASTRUCTURE.contains(&status));
    finding(whose, outcomes, &kinds, |told| {
        Finding {
        check: Check::UnexpectedOutcomes,
        verdict: Verdict::Invalid,
        what: format!("{told} did not end as expected ({})", listed(&kinds)),
        taints: format!("{taints}: an error is answered by another path than a success"),
        advice: "see whether its credentials live as long as the target file says and whether `accept` names the right answer, then look at the logs of its processes in the run directory".to_owned(),
    }
    })
}

/// Throttling, time-outs, broken connections, and statuses that say nothing about the credential.
pub(super) fn infrastructure(whose: &str, outcomes: &Outcomes, taints: &str) -> Option<Finding> {
    let mut kinds = statuses(outcomes, |status| INFRASTRUCTURE.contains(&status));
    kinds.extend(unanswered(outcomes));
    finding(whose, outcomes, &kinds, |told| {
        Finding {
        check: Check::InfrastructureErrors,
        verdict: Verdict::Invalid,
        what: format!(
            "{told} failed on the way, without a word about the credential ({})",
            listed(&kinds)
        ),
        taints: format!("{taints}: they are those of a system of which a part was out of order"),
        advice: "see whether its store, its authorization server and its connections hold (the logs of its processes are in the run directory), or ask for a lower rate".to_owned(),
    }
    })
}

/// Everything in `outcomes` that was not expected, by kind and number.
pub(super) fn unexpected_kinds(outcomes: &Outcomes) -> String {
    let mut kinds = statuses(outcomes, |_| true);
    kinds.extend(unanswered(outcomes));
    listed(&kinds)
}

/// Answers and ends that say nothing about the credential whatever the target.
fn unanswered(outcomes: &Outcomes) -> impl Iterator<Item = (String, u64)> {
    let kinds = [
        ("throttled (status 429)", outcomes.throttled),
        ("timed out", outcomes.timed_out),
        ("broken", outcomes.broken),
    ];
    kinds
        .into_iter()
        .filter(|(_, times)| *times > 0)
        .map(|(kind, times)| (kind.to_owned(), times))
}

fn finding(
    whose: &str,
    outcomes: &Outcomes,
    kinds: &[(String, u64)],
    tell: impl Fn(String) -> Finding,
) -> Option<Finding> {
    let times: u64 = kinds.iter().map(|(_, times)| times).sum();
    (times > 0).then(|| {
        let total = count(outcomes.total());
        tell(format!("{} of {total} requests to {whose}", count(times)))
    })
}

fn statuses(outcomes: &Outcomes, which: impl Fn(u16) -> bool) -> Vec<(String, u64)> {
    outcomes
        .unexpected_status
        .iter()
        .filter(|(status, times)| which(**status) && **times > 0)
        .map(|(status, times)| (format!("status {status}"), *times))
        .collect()
}

fn listed(kinds: &[(String, u64)]) -> String {
    let kinds: Vec<String> = kinds
        .iter()
        .map(|(kind, times)| format!("{kind}: {}", count(*times)))
        .collect();
    kinds.join(", ")
}
