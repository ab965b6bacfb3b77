//! Whether connections were kept.

use super::stream::Part;
use crate::number::{count, significant};
use crate::validity::{Check, Finding, Verdict};

/// Connections made again per request from which handshakes stand in a reported p99.
const CHURN_FROM: f64 = 0.01;

pub(super) fn churn(part: &Part) -> Option<Finding> {
    let made = part.rounds.iter().filter_map(|(_, round)| round.reconnects);
    let made: u64 = made.sum();
    let requests = part.outcomes.total();
    let per_request = made as f64 / requests.max(1) as f64;
    (per_request >= CHURN_FROM).then(|| Finding {
        check: Check::ConnectionChurn,
        verdict: Verdict::Degraded,
        what: format!(
            "{} closed {} connections in {} requests: {} per 1,000",
            part.whose,
            count(made),
            count(requests),
            significant(per_request * 1e3)
        ),
        taints: format!(
            "latency and CPU of `{}`: part of it is connecting, which the others did before the stream began",
            part.target.name
        ),
        advice: "raise the keep-alive limits of the target (requests per connection, idle time-out), unless it serves its real callers that way".to_owned(),
    })
}
