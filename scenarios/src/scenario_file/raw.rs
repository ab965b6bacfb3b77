//! The scenario file as TOML types: nothing but shape is checked here.

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
    pub(super) load: RawLoad,
    pub(super) revocation: Option<Spanned<RawRevocation>>,
    pub(super) profile: RawProfiles,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLoad {
    pub(super) rate_per_s: Spanned<i64>,
    pub(super) connections_per_target: Spanned<i64>,
    pub(super) credentials_per_target: Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRevocation {
    pub(super) events: Spanned<Vec<Spanned<String>>>,
    pub(super) probe_every: Spanned<String>,
    pub(super) tail: Spanned<String>,
    pub(super) slots_per_target: Spanned<i64>,
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
    pub(super) revocations: Option<Spanned<i64>>,
}
