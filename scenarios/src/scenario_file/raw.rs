//! The scenario file as TOML types: nothing but shape is checked here.

mod journey;
mod slo;
mod thresholds;

pub(super) use journey::{RawClient, RawJourney};
pub(super) use slo::{RawLimit, RawLimits};
pub(super) use thresholds::RawThresholds;

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    #[expect(dead_code, reason = "checked before the rest of the file is read")]
    pub(super) schema: String,
    pub(super) name: Spanned<String>,
    pub(super) kind: Spanned<String>,
    pub(super) question: Spanned<String>,
    pub(super) targets: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) vars: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) variant: BTreeMap<String, Spanned<RawVariant>>,
    pub(super) load: Option<Spanned<RawLoad>>,
    pub(super) revocation: Option<Spanned<RawRevocation>>,
    pub(super) steady: Option<Spanned<RawSteady>>,
    pub(super) default_profile: Option<Spanned<String>>,
    pub(super) thresholds: Option<Spanned<RawThresholds>>,
    pub(super) slo: Option<Spanned<RawLimits>>,
    pub(super) capacity: Option<Spanned<RawCapacity>>,
    pub(super) sweep: Option<Spanned<RawSweep>>,
    pub(super) login: Option<Spanned<RawLogin>>,
    pub(super) mass: Option<Spanned<RawMass>>,
    pub(super) journey: Option<Spanned<RawJourney>>,
    #[serde(default)]
    pub(super) client: Vec<Spanned<RawClient>>,
    pub(super) profile: RawProfiles,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVariant {
    pub(super) target: Spanned<String>,
    pub(super) vars: BTreeMap<String, Spanned<String>>,
    pub(super) events: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLoad {
    pub(super) rate_per_s: Option<Spanned<i64>>,
    pub(super) connections_per_target: Spanned<i64>,
    pub(super) credentials_per_target: Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRevocation {
    pub(super) events: Spanned<Vec<Spanned<String>>>,
    pub(super) probe_every: Spanned<String>,
    pub(super) tail: Spanned<String>,
    pub(super) observe: Option<Spanned<String>>,
    pub(super) slots_per_target: Spanned<i64>,
    pub(super) resolution: Option<Spanned<f64>>,
    pub(super) headline: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) occurrences: Option<Spanned<i64>>,
    pub(super) together: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSteady {
    pub(super) question: Spanned<String>,
    pub(super) targets: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) vars: BTreeMap<String, Spanned<String>>,
    pub(super) rate_per_s: Spanned<i64>,
    pub(super) connections_per_target: Spanned<i64>,
    pub(super) credentials_per_target: Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCapacity {
    pub(super) start_per_s: Spanned<i64>,
    pub(super) resolution: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSweep {
    pub(super) start_per_s: Option<Spanned<i64>>,
    pub(super) fractions: Option<Spanned<Vec<Spanned<f64>>>>,
    pub(super) rates: Option<Spanned<Vec<Spanned<i64>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLogin {
    pub(super) rates: Spanned<Vec<Spanned<i64>>>,
    pub(super) connections: Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMass {
    pub(super) event: Spanned<String>,
    pub(super) calls_at_once: Spanned<i64>,
    pub(super) probes_per_s: Spanned<i64>,
    pub(super) probe_connections: Spanned<i64>,
    pub(super) probe_every: Spanned<String>,
    pub(super) observe: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProfiles {
    pub(super) quick: Spanned<RawProfile>,
    pub(super) standard: Spanned<RawProfile>,
    pub(super) full: Spanned<RawProfile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProfile {
    pub(super) warm_up: Spanned<String>,
    pub(super) rounds: Option<Spanned<i64>>,
    pub(super) round: Option<Spanned<String>>,
    pub(super) slice: Option<Spanned<String>>,
    pub(super) revocations: Option<Spanned<i64>>,
    pub(super) headline_revocations: Option<Spanned<i64>>,
    pub(super) accounts: Option<Spanned<i64>>,
}
