//! Whether there were as many callers as a cache would meet.

use crate::number::{count, exact};
use crate::run_file::TargetRecord;
use crate::validity::{Check, Finding, Verdict};

/// Fewer distinct credentials than this stay in every cache, the processor's included, whatever its size and policy.
const DISTINCT_AT_LEAST: u32 = 100;

/// In a load called `during`, with so many of each target, and so many requests to each of those that were `asked`.
pub(super) fn reuse(
    during: &str,
    credentials: u32,
    connections: u32,
    asked: &[(&TargetRecord, u64)],
) -> Option<Finding> {
    let named: Vec<String> = asked
        .iter()
        .filter(|(target, _)| has_logins(target))
        .map(|(target, _)| format!("`{}`", target.name))
        .collect();
    let requests = asked.iter().map(|(_, requests)| *requests).max()?;
    let few = credentials < DISTINCT_AT_LEAST.max(connections);
    (few && !named.is_empty()).then(|| Finding {
        check: Check::CredentialReuse,
        verdict: Verdict::Degraded,
        what: format!(
            "{during} presented {} credentials in turn on {} connections, each up to {} times; at least {} are needed",
            count(u64::from(credentials)),
            count(u64::from(connections)),
            exact((requests as f64 / f64::from(credentials.max(1))).ceil()),
            count(u64::from(DISTINCT_AT_LEAST.max(connections)))
        ),
        taints: format!(
            "latency, CPU and store round trips of {}: a few credentials over and over are what caches are best at",
            named.join(", ")
        ),
        advice: "raise credentials_per_target".to_owned(),
    })
}

/// A target without logins has no credentials to present.
fn has_logins(target: &TargetRecord) -> bool {
    let steps = target.file.get("login").and_then(|login| login.as_array());
    steps.is_some_and(|steps| !steps.is_empty())
}
