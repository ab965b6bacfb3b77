//! Whether the instrument can be trusted: the checks that a run makes of itself.
//!
//! A finding is never about what a target does well or badly, only about whether the figures mean what they say. What a
//! target promised and did not keep is a [`Failure`](crate::expectation::Failure).

mod capacity;
mod checks;
mod doubts;
mod kinds;
mod unjudged;

pub use doubts::{Doubts, Figures};
pub use kinds::Kind;
pub use unjudged::{Unjudged, unjudged};

use crate::histogram::Histogram;
use crate::number::rounded;
use crate::run_file::RunFile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The verdict, with its reasons and the figures behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// The worst of the findings.
    pub verdict: Verdict,
    /// Everything that is not as it should be.
    pub findings: Vec<Finding>,
    /// Checks that could not be made: they have not passed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unjudged: Vec<Unjudged>,
    /// Rate asked over all targets; absent without a steady stream.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offered_per_s: Option<f64>,
    /// Rate answered, over the rounds; one lasts until half a second before its last answer if that came after its schedule, so that a
    /// backlog shows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub achieved_per_s: Option<f64>,
    /// 99th percentile of the generator's own delay in microseconds; absent with too few samples.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub send_lag_p99_us: Option<f64>,
}

/// How far the figures can be trusted, from best to worst.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As far as the instrument can tell, they mean what they say.
    Valid,
    /// They hold, with the reservations listed.
    Degraded,
    /// They do not measure the targets: nothing may be ranked by them.
    Invalid,
}

impl Verdict {
    /// As it stands in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Degraded => "degraded",
            Self::Invalid => "invalid",
        }
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Which check found it.
    pub check: Check,
    /// What it makes of the run.
    pub verdict: Verdict,
    /// What, and by how much.
    pub what: String,
    /// Which figures it touches.
    pub taints: String,
    /// What to do about it.
    pub advice: String,
}

/// The checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The rate asked was not reached.
    AchievedRate,
    /// The generator sent late, or so little that nobody can tell.
    SendLag,
    /// The generator's processors had no time left.
    GeneratorSaturated,
    /// Requests were answered with something about the credential that the scenario does not expect.
    UnexpectedOutcomes,
    /// Requests failed on the way: 502, 503, 504, time-outs, broken connections.
    InfrastructureErrors,
    /// Intended starts were never sent.
    UnsentStarts,
    /// Rate, service time and connections cannot be true together, or leave the connections no time (Little's law).
    Concurrency,
    /// The hypervisor took processor time.
    Steal,
    /// The same arithmetic did not take the same time before and after every round.
    Canary,
    /// The wall clock was set, or the machine was suspended.
    ClockSteps,
    /// The first measured round was not like the later ones.
    WarmUp,
    /// The target closed its connections.
    ConnectionChurn,
    /// Fewer credentials than a cache would notice.
    CredentialReuse,
    /// Tokens live longer, or less long, than the target file states.
    FactsContradicted,
    /// The store threw keys away, or refused writes.
    StoreEvictions,
    /// Too few rounds, requests or revocations for what is printed.
    TooFewSamples,
    /// An event for many accounts was not made for all of them, or could not be watched as asked.
    MassEvent,
    /// Revocations gave no sample.
    UnknownRevocations,
    /// An event that ends many credentials happened too rarely.
    TooFewOccurrences,
    /// Nobody watched whether an event left alone whom it does not concern.
    WitnessesMissing,
    /// The events that everything is compared by have fewer revocations than a p99 needs.
    HeadlineCells,
    /// A negative control did not show the failure that it is there for.
    ControlWithoutFailure,
    /// A connection that stays open brought nothing before the revocation.
    StreamWithoutEvents,
    /// Targets that were not under load used CPU.
    OthersBusy,
    /// No target held any rate.
    NothingHeld,
    /// A rate was not held, and yet no processor was full.
    NothingGaveOut,
    /// The rounds lie too far apart.
    RoundsDisagree,
    /// The build is not optimised.
    DebugBuild,
    /// The run was ended before its time.
    Interrupted,
}

impl Check {
    /// As it stands in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AchievedRate => "achieved_rate",
            Self::SendLag => "send_lag",
            Self::GeneratorSaturated => "generator_saturated",
            Self::UnexpectedOutcomes => "unexpected_outcomes",
            Self::InfrastructureErrors => "infrastructure_errors",
            Self::UnsentStarts => "unsent_starts",
            Self::Concurrency => "concurrency",
            Self::Steal => "steal",
            Self::Canary => "canary",
            Self::ClockSteps => "clock_steps",
            Self::WarmUp => "warm_up",
            Self::ConnectionChurn => "connection_churn",
            Self::CredentialReuse => "credential_reuse",
            Self::FactsContradicted => "facts_contradicted",
            Self::StoreEvictions => "store_evictions",
            Self::TooFewSamples => "too_few_samples",
            Self::MassEvent => "mass_event",
            Self::UnknownRevocations => "unknown_revocations",
            Self::TooFewOccurrences => "too_few_occurrences",
            Self::WitnessesMissing => "witnesses_missing",
            Self::HeadlineCells => "headline_cells",
            Self::ControlWithoutFailure => "control_without_failure",
            Self::StreamWithoutEvents => "stream_without_events",
            Self::OthersBusy => "others_busy",
            Self::NothingHeld => "nothing_held",
            Self::NothingGaveOut => "nothing_gave_out",
            Self::RoundsDisagree => "rounds_disagree",
            Self::DebugBuild => "debug_build",
            Self::Interrupted => "interrupted",
        }
    }
}

impl Validity {
    /// Applies every check to `run`.
    #[must_use]
    pub fn of(run: &RunFile) -> Self {
        let findings = checks::all(run);
        let verdict = findings
            .iter()
            .map(|finding| finding.verdict)
            .max()
            .unwrap_or(Verdict::Valid);
        let steady = checks::steady(run);
        Self {
            verdict,
            findings,
            unjudged: unjudged(run),
            offered_per_s: steady.map(|steady| rounded(steady.offered_per_s)),
            achieved_per_s: steady.and_then(checks::achieved_per_s).map(rounded),
            send_lag_p99_us: steady.and_then(|steady| {
                let mut send_lag = Histogram::default();
                let parts = steady.rounds.iter().flat_map(|round| &round.targets);
                parts.for_each(|part| send_lag.merge(&part.send_lag));
                send_lag.quantile_ms(0.99).map(|ms| rounded(ms * 1e3))
            }),
        }
    }
}
