//! One call, and what its answer means.

use super::act::Answer;
use crate::flow::{self, Credential, FlowClient};
use crate::target::{Judgement, Point, Target};
use crate::wire::ResponseReader;
use authbench_reports::recorder::Outcome;
use std::time::{Duration, Instant};

/// What a client waits when a 429 does not say how long.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// It never waits longer than this: a session lasts some seconds.
pub(super) const RETRY_AFTER_AT_MOST: Duration = Duration::from_secs(2);

/// What came of one call.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    /// As the client understands it.
    pub answer: Answer,
    /// As it came.
    pub outcome: Outcome,
    /// When it was sent; of a call of several steps, the last.
    pub sent: Instant,
    /// When it had been answered in full, or was given up.
    pub done: Instant,
}

/// Presents `credential` at `point`, when `target` may be sent one more request.
pub(super) async fn present(
    client: &mut FlowClient,
    target: &Target,
    point: &Point,
    credential: &Credential,
) -> Called {
    target.turns.requests.pass().await;
    let began = Instant::now();
    let failed = |outcome| Called {
        answer: Answer::Failed,
        outcome,
        sent: began,
        done: Instant::now(),
    };
    match flow::present(client, target, point, credential).await {
        Ok(exchange) => {
            let status = exchange.head.status;
            let (answer, outcome) = match point.judge(status, client.response()) {
                Judgement::Throttled => (
                    Answer::Throttled(retry_after(client.response())),
                    Outcome::Unexpected(status),
                ),
                Judgement::Accepted => (Answer::Accepted, Outcome::Expected),
                Judgement::Refused => (Answer::Refused, Outcome::Unexpected(status)),
                Judgement::Neither => (Answer::Failed, Outcome::Unexpected(status)),
            };
            Called {
                answer,
                outcome,
                sent: exchange.sent,
                done: exchange.done,
            }
        }
        Err(failure) => failed(failure.outcome()),
    }
}

/// Seconds (RFC 9110 §10.2.3); a date is taken for "does not say".
fn retry_after(response: &ResponseReader) -> Duration {
    let told = response.header("retry-after");
    let seconds = told.and_then(|value| std::str::from_utf8(value).ok()?.trim().parse().ok());
    seconds
        .map_or(RETRY_AFTER, Duration::from_secs)
        .min(RETRY_AFTER_AT_MOST)
}
