//! Each target under a ladder of rates, as it was measured.

use super::IdleUse;
use super::capacity::SearchRecord;
use super::probe::{Probe, Slo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rounds of ladders: in every round each target climbs its own once, one target at a time.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepRecord {
    /// Connections to the target under load, spread over its enforcement points.
    pub connections_per_target: u32,
    /// Distinct credentials of each target.
    pub credentials_per_target: u32,
    /// Traffic at the rate of a probe before it is measured.
    pub warm_up_s: f64,
    /// How long a probe is measured.
    pub slice_s: f64,
    /// Rounds that were planned.
    pub rounds: u32,
    /// The objective of each target.
    pub slo: BTreeMap<String, Slo>,
    /// CPU that each process used in a second without traffic, measured beforehand.
    pub idle: Vec<IdleUse>,
    /// The short searches that the ladders were made from; empty where the scenario names the rates itself.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub searches: Vec<SearchRecord>,
    /// The steps, in the order in which they were measured.
    pub steps: Vec<SweepStep>,
}

/// One step of one ladder.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepStep {
    /// The target's name.
    pub target: String,
    /// The round it belongs to, counted from 1.
    pub round: u32,
    /// What was measured.
    pub probe: Probe,
}
