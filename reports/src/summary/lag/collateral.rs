//! Credentials that an event should have left alone.

use crate::revocation::{Trial, Verdict, WitnessOf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became, at one enforcement point, of the credentials that the event should have left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collateral {
    /// Credentials that were asked about after the acknowledgement, and got an answer.
    pub watched: u64,
    /// Those of them that were refused: callers who should have stayed in.
    pub put_out: u64,
    /// Those of the refused that were another session of the very user whose session ended.
    pub put_out_of_same_user: u64,
    /// Credentials whose answer said nothing: 503, time-out, broken connection. Not among the watched.
    pub unknown: u64,
}

impl Collateral {
    /// Over the witnesses of `trials` at `point`; `None` where there were none.
    pub(super) fn of(trials: &[Trial], point: &str) -> Option<Self> {
        let witnesses = trials.iter().flat_map(|trial| &trial.witnesses);
        let mut collateral = None;
        for witness in witnesses.filter(|witness| witness.point == point) {
            let counts: &mut Self = collateral.get_or_insert_default();
            match witness.verdict {
                Verdict::Gap => counts.unknown += 1,
                Verdict::Accepted => counts.watched += 1,
                Verdict::Refused => {
                    counts.watched += 1;
                    counts.put_out += 1;
                    counts.put_out_of_same_user += u64::from(witness.of == WitnessOf::SameUser);
                }
            }
        }
        collateral
    }
}
