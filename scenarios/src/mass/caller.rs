//! Makes the event's calls: one account after another, on one connection, as fast as the target takes them and its limits let them.

use super::crowd::{Crowd, NextCall};
use super::seen::Called;
use crate::credentials::STEP_DEADLINE;
use crate::flow::{FlowClient, await_turn, run_steps_now};
use crate::load::attack::{Mirrored, VirtualUser};
use authbench_reports::revocation::Acknowledgement;
use std::sync::Arc;
use std::time::Instant;

/// One administrator, or one user after another.
pub struct MassCaller {
    crowd: Arc<Crowd>,
    client: FlowClient,
}

impl MassCaller {
    /// One who makes the calls of `crowd`.
    #[must_use]
    pub fn new(crowd: &Arc<Crowd>) -> Self {
        Self {
            crowd: Arc::clone(crowd),
            client: FlowClient::new(STEP_DEADLINE),
        }
    }
}

impl VirtualUser for MassCaller {
    /// Connects nowhere: where the first step goes is the step's business.
    async fn start(&mut self) {}

    async fn turn(&mut self, _limit: u32) -> Option<Mirrored> {
        if let Some(next) = self.crowd.next_call().await {
            self.call(next).await;
        }
        None
    }
}

impl MassCaller {
    async fn call(&mut self, next: NextCall) {
        let NextCall {
            nth,
            mut credential,
        } = next;
        let crowd = Arc::clone(&self.crowd);
        let (target, steps) = (&crowd.target, &crowd.event().steps);
        let turn = match await_turn(&mut self.client, target, steps).await {
            Ok(turn) => turn,
            // Nothing was sent.
            Err(_) => {
                let called = Called {
                    acknowledgement: Acknowledgement::Refused,
                    at: Instant::now(),
                    from: None,
                };
                return crowd.has_called(nth, None, called);
            }
        };
        if !crowd.is_calling(nth) {
            return;
        }
        let begun = Instant::now();
        let outcome = run_steps_now(&mut self.client, target, steps, &mut credential, turn).await;
        let (sent, at, acknowledgement, from) = match &outcome {
            Ok(Some(call)) => {
                let from = Some(call.not_before).filter(|from| *from < call.done);
                (call.started, call.done, Acknowledgement::Received, from)
            }
            Err(error) if error.is_outcome_unknown() => {
                (begun, Instant::now(), Acknowledgement::Unknown, None)
            }
            Ok(None) | Err(_) => (begun, Instant::now(), Acknowledgement::Refused, None),
        };
        let called = Called {
            acknowledgement,
            at,
            from,
        };
        crowd.has_called(nth, Some(sent), called);
    }
}
