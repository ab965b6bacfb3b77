//! Who has a revoked caller out within a given time, and who of them is the cheapest.
//!
//! A target qualifies *by its bound* when what it promises after every event, at every point that guards the resource, is no longer than the
//! requirement, and no breach was measured. It qualifies *as measured* when its bounds are longer, or absent, and yet the longest lag that was
//! measured is not: nobody promises that it stays so. The first are preferred, however cheap the second.

mod candidate;

pub use candidate::{Candidate, KnownBy};

use crate::number::rounded;
use crate::summary::Summary;
use crate::validity::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The format of the answer as JSON.
pub const SCHEMA: &str = "authbench.choice/1";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Requirement {
    /// A revoked caller is to be out within so many milliseconds of the acknowledgement.
    pub within_ms: f64,
    /// Requests per second that have to be served; `None`: no cores are reckoned.
    pub rate_per_s: Option<f64>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The run it was made from.
    pub run_id: String,
    /// How far that run can be trusted.
    pub validity: Verdict,
    /// The requirement: out within so long of the acknowledgement.
    pub within_ms: f64,
    /// The rate that cores are reckoned for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rate_per_s: Option<f64>,
    /// Requests per second that each target served while its cost was measured: what cores are extrapolated from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub measured_at_per_s: Option<f64>,
    /// The cheapest that qualifies, by its bound if any does; absent where none does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub winner: Option<String>,
    /// Others that qualify alike and whose rounds are not told apart from the winner's: as cheap, as far as this run can tell.
    pub tied: Vec<String>,
    /// The next dearer one that qualifies; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_best: Option<NextBest>,
    /// Those that cost less than the winner, and only measured no longer than required.
    pub cheaper_without_promise: Vec<String>,
    /// All targets that check callers: those that qualify first, the cheapest of each kind first.
    pub candidates: Vec<Candidate>,
}

/// The one after the winner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NextBest {
    /// The target's name.
    pub target: String,
    /// By how many microseconds of CPU per request it is dearer.
    pub cpu_us_more: f64,
    /// The same as a share of the winner's cost.
    pub share_more: f64,
}

impl Choice {
    /// Of the targets in `summary`.
    #[must_use]
    pub fn of(summary: &Summary, requirement: Requirement) -> Self {
        let targets = summary.targets.iter().filter(|target| !target.is_control());
        let mut candidates: Vec<Candidate> = targets
            .map(|target| Candidate::of(target, summary, requirement))
            .collect();
        candidates.sort_by(|one, next| {
            let cost = |candidate: &Candidate| candidate.cpu_us.unwrap_or(f64::INFINITY);
            one.rank()
                .cmp(&next.rank())
                .then(cost(one).total_cmp(&cost(next)))
        });
        // An invalid run names nobody.
        let named = summary.validity.verdict != Verdict::Invalid;
        let winner = candidates
            .first()
            .filter(|candidate| candidate.qualifies() && named);
        let mut stream = summary
            .targets
            .iter()
            .filter_map(|target| target.load.as_ref());
        Self {
            schema: SCHEMA.to_owned(),
            run_id: summary.run_id.clone(),
            validity: summary.validity.verdict,
            within_ms: requirement.within_ms,
            rate_per_s: requirement.rate_per_s,
            measured_at_per_s: stream.next().map(|load| load.offered_per_s),
            winner: winner.map(|winner| winner.target.clone()),
            tied: winner.map_or_else(Vec::new, |winner| tied(winner, &candidates, summary)),
            next_best: winner.and_then(|winner| next_best(winner, &candidates, summary)),
            cheaper_without_promise: winner.map_or_else(Vec::new, |winner| {
                cheaper_without_promise(winner, &candidates)
            }),
            candidates,
        }
    }

    /// The candidate that won.
    #[must_use]
    pub fn winning(&self) -> Option<&Candidate> {
        let winner = self.winner.as_ref()?;
        self.candidates
            .iter()
            .find(|candidate| candidate.target == *winner)
    }

    /// 0 where a target is named, 1 where none qualifies, 4 where the run does not measure the targets.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (self.validity, &self.winner) {
            (Verdict::Invalid, _) => 4,
            (_, Some(_)) => 0,
            (_, None) => 1,
        }
    }
}

fn tied(winner: &Candidate, candidates: &[Candidate], summary: &Summary) -> Vec<String> {
    let tied = candidates
        .iter()
        .filter(|other| is_other(winner, other) && cost_alike(winner, other, summary));
    let alike = tied.filter(|other| other.rank() == winner.rank());
    alike.map(|other| other.target.clone()).collect()
}

/// The cheapest of those that are certainly dearer.
fn next_best(winner: &Candidate, candidates: &[Candidate], summary: &Summary) -> Option<NextBest> {
    let winner_us = winner.cpu_us?;
    let dearer = candidates
        .iter()
        .filter(|other| is_other(winner, other) && !cost_alike(winner, other, summary));
    let dearer = dearer.filter_map(|other| Some((other, other.cpu_us? - winner_us)));
    let (next, more_us) = dearer
        .filter(|(_, more_us)| *more_us > 0.0)
        .min_by(|(_, one), (_, other)| one.total_cmp(other))?;
    Some(NextBest {
        target: next.target.clone(),
        cpu_us_more: rounded(more_us),
        share_more: rounded(more_us / winner_us),
    })
}

fn cheaper_without_promise(winner: &Candidate, candidates: &[Candidate]) -> Vec<String> {
    let cheaper = candidates
        .iter()
        .filter(|other| is_other(winner, other) && other.rank() > winner.rank());
    let cheaper = cheaper.filter(|other| other.cpu_us < winner.cpu_us);
    cheaper.map(|other| other.target.clone()).collect()
}

/// As far as their rounds tell.
fn cost_alike(winner: &Candidate, other: &Candidate, summary: &Summary) -> bool {
    summary.by_cost(&winner.target, &other.target) == Ordering::Equal
}

fn is_other(winner: &Candidate, other: &Candidate) -> bool {
    other.qualifies() && other.target != winner.target
}
