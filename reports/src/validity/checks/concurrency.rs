//! Whether rate, service time and connections can be true together.
//!
//! Little's law: the mean number of requests in service is their rate × their mean service time, whatever the distributions. A
//! connection carries one at a time, so that number cannot exceed the connections; and where it comes near them the target
//! answers as fast as the connections let it, the open loop has become a closed one, and its latency is that of a queue.

use super::stream::{Part, Stream};
use crate::number::{percent, significant, span};
use crate::validity::{Check, Finding, Verdict};

/// Share of the connections in use, on average, from which the queue before them is what is measured: at 0.9, requests
/// that find all of them busy are the rule.
const BUSY_FROM: f64 = 0.9;
/// Above this the record contradicts itself; a few percent are the ends of rounds.
const IMPOSSIBLE_FROM: f64 = 1.05;

pub(super) fn implied(stream: &Stream, part: &Part) -> Option<Finding> {
    let connections = f64::from(stream.steady.connections_per_target);
    let wall_s: f64 = part.rounds.iter().map(|(round, _)| round.wall_s).sum();
    let mean_s = part.service.mean_ms()? / 1e3;
    let per_s = part.service.count() as f64 / wall_s;
    let in_service = per_s * mean_s;
    let share = in_service / connections;
    (share >= BUSY_FROM).then(|| Finding {
        check: Check::Concurrency,
        verdict: Verdict::Invalid,
        what: format!(
            "{} answered {} requests/s in {} each, so {} were in service at a time, on {} connections: {}",
            part.whose,
            significant(per_s),
            span(mean_s * 1e3),
            significant(in_service),
            connections,
            if share >= IMPOSSIBLE_FROM {
                "that cannot be (Little's law)".to_owned()
            } else {
                format!("they were busy {} of the time", percent(share.min(1.0)))
            }
        ),
        taints: format!(
            "latency of `{}`: it is past its capacity, so it shows how long the queue was and not how long a request takes",
            part.target.name
        ),
        advice: "ask for a lower rate; where the target is slow and not busy, give it more connections (connections_per_target)".to_owned(),
    })
}
