//! How quiet the machine was around one measurement.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Coefficient of variation of the canary above which a machine is not quiet.
pub const QUIET_CANARY_CV: f64 = 0.05;
/// Stolen share (0 to 1) of the machine's time above which it is not quiet.
pub const QUIET_STEAL_SHARE: f64 = 0.02;
/// Share (0 to 1) of a processor that other threads of this machine may take: what may be stolen, for it is the same loss.
const QUIET_PREEMPTED_SHARE: f64 = QUIET_STEAL_SHARE;

/// How quiet the machine was around one measurement. The canary is a fixed amount of work done over and over on the generator's
/// processor and on one of the targets', the worse of which counts. Timed on its thread's CPU clock it shows how evenly the processor
/// works; what that clock lacks of the time that passed, others on this machine took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// What was measured meanwhile.
    pub around: String,
    /// Standard deviation ÷ mean of the canary's times before.
    pub canary_cv_before: f64,
    /// The same afterwards.
    pub canary_cv_after: f64,
    /// Share (0 to 1) of the canary's time in which other threads of this machine ran, before or afterwards, the larger; absent in files of
    /// versions that did not tell it apart, where it is in the canary's variation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub preempted_share: Option<f64>,
    /// Stolen share (0 to 1) of the machine's time meanwhile; absent where the kernel does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steal_share: Option<f64>,
}

impl Noise {
    /// Whether timings taken meanwhile can be judged. A kernel that does not say how much was stolen is taken at the canary's word.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.canary_cv() <= QUIET_CANARY_CV
            && self.preempted_share.unwrap_or(0.0) <= QUIET_PREEMPTED_SHARE
            && self.steal_share.unwrap_or(0.0) <= QUIET_STEAL_SHARE
    }

    /// The larger of the two.
    #[must_use]
    pub fn canary_cv(&self) -> f64 {
        self.canary_cv_before.max(self.canary_cv_after)
    }

    /// `canary CV 7.2 % (≤ 5 % is quiet), others 0.4 % (≤ 2 %), steal 0.3 % (≤ 2 %)`.
    #[must_use]
    pub fn told(&self) -> String {
        let share = |name: &str, share: Option<f64>, limit: f64| match share {
            Some(share) => format!("{name} {:.1} % (≤ {:.0} %)", share * 100.0, limit * 100.0),
            None => format!("{name} unknown"),
        };
        format!(
            "canary CV {:.1} % (≤ {:.0} % is quiet), {}, {}",
            self.canary_cv() * 100.0,
            QUIET_CANARY_CV * 100.0,
            share("others", self.preempted_share, QUIET_PREEMPTED_SHARE),
            share("steal", self.steal_share, QUIET_STEAL_SHARE)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(before: f64, after: f64, steal_share: Option<f64>) -> Noise {
        Noise {
            around: "stall".to_owned(),
            canary_cv_before: before,
            canary_cv_after: after,
            preempted_share: Some(0.004),
            steal_share,
        }
    }

    #[test]
    fn quiet_means_before_and_after_and_nothing_stolen() {
        assert!(noise(0.05, 0.05, Some(0.02)).is_quiet());
        assert!(noise(0.01, 0.01, None).is_quiet());
        assert!(!noise(0.051, 0.01, Some(0.0)).is_quiet());
        assert!(!noise(0.01, 0.051, Some(0.0)).is_quiet());
        assert!(!noise(0.01, 0.01, Some(0.021)).is_quiet());
        let shared = |preempted_share| Noise {
            preempted_share,
            ..noise(0.01, 0.01, Some(0.0))
        };
        assert!(shared(None).is_quiet() && shared(Some(0.02)).is_quiet());
        assert!(!shared(Some(0.021)).is_quiet());
    }

    #[test]
    fn what_is_told_are_the_worse_canary_and_the_limits() {
        assert_eq!(
            noise(0.01, 0.0724, Some(0.003)).told(),
            "canary CV 7.2 % (≤ 5 % is quiet), others 0.4 % (≤ 2 %), steal 0.3 % (≤ 2 %)"
        );
    }
}
