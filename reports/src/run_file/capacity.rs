//! The search for the highest rate that each target holds, as it was made.

use super::probe::{Probe, Slo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rounds of searches: in every round each target is searched once, one target at a time.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityRecord {
    /// Connections to the target under load, spread over its enforcement points.
    pub connections_per_target: u32,
    /// Distinct credentials of each target.
    pub credentials_per_target: u32,
    /// Traffic at the rate of a probe before it is measured.
    pub warm_up_s: f64,
    /// How long a probe is measured.
    pub slice_s: f64,
    /// A search ends when the rate that was not held is at most this share above the one that was.
    pub resolution: f64,
    /// Rounds that were planned.
    pub rounds: u32,
    /// The objective of each target.
    pub slo: BTreeMap<String, Slo>,
    /// The searches, in the order in which they were made.
    pub searches: Vec<SearchRecord>,
}

/// One search at one target.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRecord {
    /// The target's name.
    pub target: String,
    /// The round it belongs to, counted from 1.
    pub round: u32,
    /// How it ended.
    pub end: SearchEnd,
    /// The highest rate that was held; absent when none was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held_per_s: Option<f64>,
    /// The lowest rate that was not held, however often it was tried; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub missed_per_s: Option<f64>,
    /// Every probe, in order, those that were repeated and those that came to nothing included.
    pub probes: Vec<Probe>,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchEnd {
    /// The capacity lies between a rate that was held and one that was not.
    Bracketed,
    /// The highest rate that may be asked was held.
    Ceiling,
    /// Not even the lowest rate worth asking was held.
    NothingHeld,
    /// The run was ended first.
    Interrupted,
}

impl SearchRecord {
    /// The probes at `rate_per_s`.
    pub fn at(&self, rate_per_s: f64) -> impl DoubleEndedIterator<Item = &Probe> {
        // The very number that was asked, not one computed again.
        self.probes
            .iter()
            .filter(move |probe| probe.rate_per_s == rate_per_s)
    }
}
