//! Whether the generator sent its requests when it was free to.

use crate::histogram::{Histogram, SAMPLES_BEYOND};
use crate::number::{count, percent, significant};
use crate::validity::{Check, Finding, Verdict};

/// Judged at the highest of these that enough samples lie beyond; its name in a finding.
const QUANTILES: [(f64, &str); 3] = [(0.99, "p99"), (0.9, "p90"), (0.5, "p50")];
/// A send lag up to this many milliseconds is never held against a run…
const SEND_LAG_MS: f64 = 0.2;
/// …nor one up to this share of the response time it is part of.
const SEND_LAG_SHARE: f64 = 0.25;

/// A send lag that has to be mentioned.
pub(super) enum SendLag {
    /// Long, and a large part of what is reported.
    Late(String),
    /// Too few samples for any quantile.
    CannotTell(String),
}

impl SendLag {
    /// `verdict` is for late sends; where nobody can tell, nothing is known to be wrong either.
    pub(super) fn finding(self, verdict: Verdict, taints: &str) -> Finding {
        let (verdict, what, advice) = match self {
            Self::Late(what) => (
                verdict,
                what,
                "stop what else runs on this machine, or give the generator a processor of its own",
            ),
            Self::CannotTell(what) => (
                verdict.min(Verdict::Degraded),
                what,
                "ask for longer or more rounds",
            ),
        };
        Finding {
            check: Check::SendLag,
            verdict,
            what,
            taints: taints.to_owned(),
            advice: advice.to_owned(),
        }
    }
}

/// Of the requests to `whose`; `None` when they were sent in time, or there were none.
pub(super) fn late_sends(
    whose: &str,
    send_lag: &Histogram,
    response: &Histogram,
) -> Option<SendLag> {
    if send_lag.count() == 0 {
        return None;
    }
    let judged = QUANTILES.iter().find_map(|&(quantile, name)| {
        Some((
            name,
            send_lag.quantile_ms(quantile)?,
            response.quantile_ms(quantile)?,
        ))
    });
    let Some((name, lag_ms, response_ms)) = judged else {
        return Some(SendLag::CannotTell(format!(
            "cannot tell whether the generator sent late to {whose}: {} samples, and even a median needs {}",
            count(send_lag.count()),
            significant(2.0 * SAMPLES_BEYOND)
        )));
    };
    (lag_ms > SEND_LAG_MS && lag_ms > response_ms * SEND_LAG_SHARE).then(|| {
        SendLag::Late(format!(
            "the generator sent late to {whose}: {name} {} ms, which is {} of the response time {name} of {} ms",
            significant(lag_ms),
            percent(lag_ms / response_ms),
            significant(response_ms)
        ))
    })
}
