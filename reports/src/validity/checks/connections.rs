//! Whether connections were kept.

use crate::number::{count, significant};
use crate::validity::{Check, Finding, Verdict};

/// Connections made again per request from which handshakes stand in a reported p99.
const CHURN_FROM: f64 = 0.01;

/// Of a target, called `whose`, that had `made` connections made again.
pub(super) fn churn(whose: &str, target: &str, made: u64, requests: u64) -> Option<Finding> {
    let per_request = made as f64 / requests.max(1) as f64;
    (per_request >= CHURN_FROM).then(|| Finding {
        check: Check::ConnectionChurn,
        verdict: Verdict::Degraded,
        what: format!(
            "{whose} closed {} connections in {} requests: {} per 1,000",
            count(made),
            count(requests),
            significant(per_request * 1e3)
        ),
        taints: format!(
            "latency and CPU of `{target}`: part of it is connecting, which the others did before they were measured"
        ),
        advice: "raise the keep-alive limits of the target (requests per connection, idle time-out), unless it serves its real callers that way".to_owned(),
    })
}
