//! Errors that are put into the instrument on purpose. Each is a mistake that load testers make; a self-test that passes with one of them
//! would prove nothing, so every one of them is tried (`tests/selftest`).

use authbench_reports::revocation::{Lag, Trial, Verdict};
use std::fmt;
use std::str::FromStr;

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The pacer waits on tokio's timer, which rounds up to a whole millisecond.
    TokioSleep,
    /// The clock starts when a request is sent, not when it should have been: coordinated omission.
    ClockAtSend,
    /// The lag ends at the first refusal, not after the last acceptance.
    FirstReject,
    /// The target that is honest about its expiry gets a leeway of 500 ms that it keeps quiet about.
    HiddenLeeway,
    /// Comparisons of many figures give each the whole level to itself.
    NoHolm,
    /// Comparisons look at one round and call 5 % a change.
    OneRound,
}

/// No fault has this name.
#[derive(Debug, thiserror::Error)]
#[error("no fault is called {0:?} (there are {names})", names = Fault::ALL.map(Fault::name).join(", "))]
pub struct UnknownFault(String);

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::TokioSleep,
        Self::ClockAtSend,
        Self::FirstReject,
        Self::HiddenLeeway,
        Self::NoHolm,
        Self::OneRound,
    ];

    /// As the command line and the file name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TokioSleep => "tokio-sleep",
            Self::ClockAtSend => "clock-at-send",
            Self::FirstReject => "first-reject",
            Self::HiddenLeeway => "hidden-leeway",
            Self::NoHolm => "no-holm",
            Self::OneRound => "one-round",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        let found = Self::ALL.into_iter().find(|fault| fault.name() == name);
        found.ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

/// The lag as [`Fault::FirstReject`] reads it off the timeline of `trial` at `point`.
pub(super) fn lag_to_first_refusal(trial: &Trial, point: &str) -> Lag {
    let t0_ns = trial.answered_ns;
    let segments = trial.points.get(point).map_or(&[][..], Vec::as_slice);
    let after = || segments.iter().filter(|one| one.first_sent_ns > t0_ns);
    let Some(refused) = after().find(|one| one.verdict == Verdict::Refused) else {
        return trial.lag(point);
    };
    let until_ns = refused.first_done_ns - t0_ns;
    let accepted = after()
        .take_while(|one| one.first_sent_ns < refused.first_sent_ns)
        .filter(|one| one.verdict == Verdict::Accepted)
        .last();
    match accepted {
        Some(accepted) => Lag::Interval {
            after_ns: accepted.last_sent_ns - t0_ns,
            until_ns,
        },
        None => Lag::NeverAccepted { until_ns },
    }
}
