//! The revoking call of a trial, and how it ended.

use super::probe::Answered;
use crate::flow::{Acknowledged, StepError};
use authbench_reports::revocation::Acknowledgement;
use std::time::Instant;

/// The revoking call.
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
