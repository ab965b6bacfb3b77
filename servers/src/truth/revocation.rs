//! What follows the revocation of a credential: scripts whose every moment counts from the acknowledgement.

use std::time::Duration;

/// What becomes of a credential after the acknowledgement of its revocation has left the server. Spans are half-open:
/// `from` belongs to them, `to` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterRevocation {
    /// Accepted for this much longer, then refused. Zero: refused from *before* the acknowledgement leaves.
    Lag(Duration),
    /// Accepted for ever.
    NeverRefused,
    /// Refused at once, accepted again in a span, then refused.
    Flap {
        /// Accepted again from here.
        from: Duration,
        /// Refused again from here.
        to: Duration,
    },
    /// Answered 503 in a span and refused after it; before it, if it does not begin at 0, still accepted.
    Outage {
        /// 503 from here.
        from: Duration,
        /// Refused from here.
        to: Duration,
    },
}

/// What `GET /resource` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    Refused,
    Unavailable,
}

impl AfterRevocation {
    /// The verdict so long after the acknowledgement.
    pub(super) fn verdict(self, since: Duration) -> Verdict {
        let accepted = match self {
            Self::Lag(lag) => since < lag,
            Self::NeverRefused => true,
            Self::Flap { from, to } => (from..to).contains(&since),
            Self::Outage { from, to } if (from..to).contains(&since) => {
                return Verdict::Unavailable;
            }
            Self::Outage { from, .. } => since < from,
        };
        if accepted {
            Verdict::Accepted
        } else {
            Verdict::Refused
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Accepted, Refused, Unavailable};

    #[test]
    fn every_script() {
        let ms = Duration::from_millis;
        let (from, to) = (ms(100), ms(300));
        for (script, at_0, at_100, at_299, at_300) in [
            (
                AfterRevocation::Lag(ms(0)),
                Refused,
                Refused,
                Refused,
                Refused,
            ),
            (
                AfterRevocation::Lag(ms(300)),
                Accepted,
                Accepted,
                Accepted,
                Refused,
            ),
            (
                AfterRevocation::NeverRefused,
                Accepted,
                Accepted,
                Accepted,
                Accepted,
            ),
            (
                AfterRevocation::Flap { from, to },
                Refused,
                Accepted,
                Accepted,
                Refused,
            ),
            (
                AfterRevocation::Outage { from, to },
                Accepted,
                Unavailable,
                Unavailable,
                Refused,
            ),
            (
                AfterRevocation::Outage { from: ms(0), to },
                Unavailable,
                Unavailable,
                Unavailable,
                Refused,
            ),
        ] {
            let verdicts = [0, 100, 299, 300].map(|since| script.verdict(ms(since)));
            assert_eq!(verdicts, [at_0, at_100, at_299, at_300], "{script:?}");
        }
    }
}
