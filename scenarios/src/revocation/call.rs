//! The revoking call of a trial, when it is made, and how it ended.

use super::occurrence::Member;
use super::probe::{Answered, Watch};
use super::trial_user::NoTrial;
use crate::flow::{Acknowledged, Credential, FlowClient, StepError, await_turn, run_steps_now};
use crate::target::{Event, Target};
use crate::undo::{Journal, about_to_touch};
use authbench_reports::revocation::Acknowledgement;
use std::sync::Arc;
use std::time::Instant;

/// What it takes to make an event happen.
pub(super) struct Caller<'a> {
    pub(super) client: &'a mut FlowClient,
    pub(super) target: &'a Target,
    pub(super) journal: &'a Arc<Journal>,
    pub(super) event: &'a Event,
    pub(super) user: u32,
}

impl Caller<'_> {
    /// Makes the call, as soon as everything that it has to wait for lets it.
    pub(super) async fn call(
        &mut self,
        credential: &mut Credential,
        watch: &Watch,
    ) -> Result<Call, NoTrial> {
        let steps = &self.event.steps;
        let turn = watch.unless_cut(await_turn(self.client, self.target, steps));
        let turn = match turn.await.ok_or(NoTrial::Cut)? {
            Ok(turn) => turn,
            // Nothing was sent, so nobody is to be brought back.
            Err(error) => return Ok(Call::of(Instant::now(), None, Err(error))),
        };
        let entry = about_to_touch(self.journal, self.target, self.event, self.user).await;
        let entry = entry.map_err(NoTrial::failed)?;
        let sent = Instant::now();
        let call = run_steps_now(self.client, self.target, steps, credential, turn);
        Ok(Call::of(sent, entry, call.await))
    }

    /// The same for all the trials that `member` shares the event with: made by the one that leads, when all are ready.
    pub(super) async fn call_for_all(
        &mut self,
        member: &Member,
        credential: &mut Credential,
        watch: &Watch,
    ) -> Result<Call, NoTrial> {
        const GIVEN_UP: &str = "another credential of the same event could not be had";
        let occurrence = &member.of;
        occurrence.one_is_ready();
        if !member.leads {
            let call = watch.unless_cut(occurrence.call()).await;
            return call
                .ok_or(NoTrial::Cut)?
                .ok_or_else(|| NoTrial::failed(GIVEN_UP));
        }
        let call = match watch.unless_cut(occurrence.all_are_ready()).await {
            None => Err(NoTrial::Cut),
            Some(false) => Err(NoTrial::failed(GIVEN_UP)),
            Some(true) => self.call(credential, watch).await,
        };
        match &call {
            Ok(call) => occurrence.made(*call),
            Err(_) => occurrence.give_up(),
        }
        call
    }
}

/// The revoking call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// Its number in the journal, where it can be undone.
    pub(super) entry: Option<u64>,
    pub(super) sent: Instant,
    pub(super) answered: Answered,
    /// Where it is a command, which may have had its answer any time: its start.
    pub(super) acknowledged_from: Option<Instant>,
}

impl Call {
    /// `begun`: just before the call was made, after everything that it had to wait for.
    pub(super) fn of(
        begun: Instant,
        entry: Option<u64>,
        outcome: Result<Option<Acknowledged>, StepError>,
    ) -> Self {
        let (sent, at, acknowledgement) = match &outcome {
            Ok(Some(call)) => (call.started, call.done, Acknowledgement::Received),
            // An event without steps is refused when the target file is read.
            Ok(None) => (begun, Instant::now(), Acknowledgement::Refused),
            Err(error) if error.is_outcome_unknown() => {
                (begun, Instant::now(), Acknowledgement::Unknown)
            }
            Err(_) => (begun, Instant::now(), Acknowledgement::Refused),
        };
        let call = outcome.ok().flatten();
        Self {
            entry,
            sent,
            answered: Answered {
                at,
                acknowledgement,
            },
            acknowledged_from: call.map(|call| call.not_before).filter(|from| *from < at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A call that took a second, acknowledged not before `not_before` of it.
    fn call(not_before: Duration) -> (Call, Instant) {
        let started = Instant::now();
        let acknowledged = Acknowledged {
            started,
            sent: started,
            not_before: started + not_before,
            done: started + Duration::from_secs(1),
            status: None,
        };
        (Call::of(started, None, Ok(Some(acknowledged))), started)
    }

    #[test]
    fn a_response_is_acknowledged_at_its_end_and_a_command_at_any_time() {
        let (response, started) = call(Duration::from_secs(1));
        assert_eq!(response.acknowledged_from, None);
        assert_eq!(response.answered.at, started + Duration::from_secs(1));
        let (command, started) = call(Duration::ZERO);
        assert_eq!(command.acknowledged_from, Some(started));
        assert_eq!(command.answered.acknowledgement, Acknowledgement::Received);
    }
}
